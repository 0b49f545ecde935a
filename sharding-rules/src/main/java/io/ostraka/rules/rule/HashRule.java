package io.ostraka.rules.rule;

import io.ostraka.rules.config.ShardName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * {@code hash}: PostgreSQL's partition hash of the key, modulo a power of two, is a slot; each slot is on a shard.
 *
 * <p>Slots are dealt in contiguous blocks, as even as can be, to the shards in the order of their names: slot {@code i} of
 * {@code m} goes to shard {@code i * n / m} of {@code n}. So the order of the file does not matter, and a shard's slots
 * are one BETWEEN in SQL. (A map of slots kept by the cluster will take the place of this deal once slots can move.)
 */
public final class HashRule implements KeyedRule {
    private final ShardKey key;
    private final SortedSet<ShardName> shards;

    /** The shard of each slot, ready to be returned: every shard has one Optional. */
    private final List<Optional<ShardName>> ownerOfSlot;

    /** {@code slots} is a power of two. */
    public HashRule(List<String> columns, List<KeyType> types, int slots, Collection<ShardName> shards) {
        if (Integer.bitCount(slots) != 1 || shards.isEmpty()) {
            throw new IllegalArgumentException(slots + " slots on " + shards.size() + " shards");
        }
        this.key = new ShardKey(columns, types);
        this.shards = Collections.unmodifiableSortedSet(new TreeSet<>(shards));
        List<Optional<ShardName>> named = this.shards.stream().map(Optional::of).toList();
        List<Optional<ShardName>> owners = new ArrayList<>(slots);
        for (int slot = 0; slot < slots; slot++) {
            owners.add(named.get((int) ((long) slot * named.size() / slots)));
        }
        this.ownerOfSlot = List.copyOf(owners);
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

    public int slots() {
        return ownerOfSlot.size();
    }

    /** As a hash-partitioned table of {@link #slots} partitions would number it. */
    public int slotOf(List<KeyValue> values) {
        key.check(values);
        return PgHash.slot(values, ownerOfSlot.size());
    }

    @Override
    public Optional<ShardName> shardFor(List<KeyValue> values) {
        return ownerOfSlot.get(slotOf(values));
    }

    @Override
    public boolean placesAs(TableRule other) {
        return other instanceof HashRule that && key.joins(that.key) && ownerOfSlot.equals(that.ownerOfSlot);
    }
}
