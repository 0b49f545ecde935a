package io.ostraka.rules.rule;

import io.ostraka.rules.config.ShardName;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/** {@code list}: each listed value is on a shard, all others on one more shard or nowhere. */
public final class ListRule implements KeyedRule {
    private final ShardKey key;
    private final Map<KeyValue, Optional<ShardName>> owners;
    private final Optional<ShardName> otherwise;
    private final SortedSet<ShardName> shards;

    public ListRule(String column, KeyType type, Map<KeyValue, ShardName> values, Optional<ShardName> otherwise) {
        this.key = new ShardKey(List.of(column), List.of(type));
        Map<KeyValue, Optional<ShardName>> ownerOf = new HashMap<>();
        values.forEach((value, shard) -> ownerOf.put(value, Optional.of(shard)));
        this.owners = Map.copyOf(ownerOf);
        this.otherwise = otherwise;
        TreeSet<ShardName> names = new TreeSet<>(values.values());
        otherwise.ifPresent(names::add);
        this.shards = Collections.unmodifiableSortedSet(names);
    }

    @Override
    public List<String> keyColumns() {
        return key.columns();
    }

    @Override
    public List<KeyType> keyTypes() {
        return key.types();
    }

    @Override
    public SortedSet<ShardName> shards() {
        return shards;
    }

    @Override
    public Optional<ShardName> shardFor(List<KeyValue> values) {
        key.check(values);
        return owners.getOrDefault(values.get(0), otherwise);
    }

    @Override
    public boolean placesAs(TableRule other) {
        return other instanceof ListRule that
                && key.joins(that.key)
                && owners.equals(that.owners)
                && otherwise.equals(that.otherwise);
    }
}
