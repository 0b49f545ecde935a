package io.ostraka.rules.rule;

import io.ostraka.rules.config.ShardName;
import java.util.Collection;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/** A whole copy on every shard. */
public record ReferenceRule(SortedSet<ShardName> shards) implements TableRule {
    public ReferenceRule {
        shards = Collections.unmodifiableSortedSet(new TreeSet<>(shards));
    }

    static ReferenceRule on(Collection<ShardName> shards) {
        return new ReferenceRule(new TreeSet<>(shards));
    }

    @Override
    public boolean placesAs(TableRule other) {
        return equals(other);
    }
}
