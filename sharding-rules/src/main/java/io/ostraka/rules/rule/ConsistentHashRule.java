package io.ostraka.rules.rule;

import io.ostraka.rules.config.ShardName;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * {@code consistent_hash}: shards have many points each on a ring of 2^64 places, and a key belongs to the shard of the
 * first point at or after the key's own place. A new shard takes keys only where its points are, about 1/N of them, and
 * what it does not take stays where it was.
 *
 * <p>A key's place is its {@link PgHash#row row hash}. A point's is the hash of the shard's name (UTF-8), a zero byte and
 * the virtual node's number (Int32, big-endian). Both are part of the data's layout: changing them moves rows. Source:
 * Karger et al., "Consistent Hashing and Random Trees", 1997.
 */
public final class ConsistentHashRule implements KeyedRule {
    private final ShardKey key;
    private final SortedSet<ShardName> shards;
    private final int virtualNodes;

    /** Sorted with the sign bit flipped, so that the signed order is the ring's. */
    private final long[] points;

    private final List<Optional<ShardName>> ownerOfPoint;

    private record Point(long place, Optional<ShardName> owner) {}

    public ConsistentHashRule(
            List<String> columns, List<KeyType> types, int virtualNodes, Collection<ShardName> shards) {
        if (virtualNodes < 1 || shards.isEmpty()) {
            throw new IllegalArgumentException(virtualNodes + " virtual nodes on " + shards.size() + " shards");
        }
        this.key = new ShardKey(columns, types);
        this.shards = Collections.unmodifiableSortedSet(new TreeSet<>(shards));
        this.virtualNodes = virtualNodes;
        List<Point> ring = new ArrayList<>(virtualNodes * this.shards.size());
        for (ShardName shard : this.shards) {
            Optional<ShardName> owner = Optional.of(shard);
            for (int node = 0; node < virtualNodes; node++) {
                ring.add(new Point(place(PgHash.bytes(pointBytes(shard, node))), owner));
            }
        }
        // The sort is stable: of two shards at one place, the first by name has it.
        ring.sort(Comparator.comparingLong(Point::place));
        this.points = ring.stream().mapToLong(Point::place).toArray();
        this.ownerOfPoint = ring.stream().map(Point::owner).toList();
    }

    private static byte[] pointBytes(ShardName shard, int node) {
        byte[] name = shard.value().getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(name.length + 1 + Integer.BYTES)
                .put(name)
                .put((byte) 0)
                .putInt(node)
                .array();
    }

    private static long place(long hash) {
        return hash ^ Long.MIN_VALUE;
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
        long place = place(PgHash.row(values));
        int found = Arrays.binarySearch(points, place);
        int next = found < 0 ? -found - 1 : firstOf(found);
        return ownerOfPoint.get(next == points.length ? 0 : next);
    }

    /** Binary search may find any of several equal points. */
    private int firstOf(int found) {
        int first = found;
        while (first > 0 && points[first - 1] == points[found]) {
            first--;
        }
        return first;
    }

    @Override
    public boolean placesAs(TableRule other) {
        return other instanceof ConsistentHashRule that
                && key.joins(that.key)
                && virtualNodes == that.virtualNodes
                && shards.equals(that.shards);
    }
}
