package io.ostraka.rules.rule;

import io.ostraka.rules.config.ShardName;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/** The whole table on one shard: by a rule of its own or of its schema, or because there is none. */
public record PinnedRule(ShardName shard) implements TableRule {

    @Override
    public SortedSet<ShardName> shards() {
        return Collections.unmodifiableSortedSet(new TreeSet<>(List.of(shard)));
    }

    @Override
    public boolean placesAs(TableRule other) {
        return equals(other);
    }
}
