package io.ostraka.rules.rule;

import io.ostraka.rules.config.ShardName;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * {@code range}: intervals {@code [from, to)} that do not overlap, each on a shard. Keys in a gap belong nowhere. Text is
 * ordered by its UTF-8 bytes, whatever the column's collation.
 */
public final class RangeRule implements KeyedRule {
    private final ShardKey key;
    private final List<Interval> intervals;
    private final SortedSet<ShardName> shards;
    private final List<Optional<ShardName>> owners;

    /** One interval; an absent bound is open. */
    public record Interval(Optional<KeyValue> from, Optional<KeyValue> to, ShardName shard) {

        /** Below every interval that begins where this one ends, or later. */
        static final Comparator<Interval> BY_BEGINNING = (a, b) -> {
            if (a.from.isEmpty() || b.from.isEmpty()) {
                return Boolean.compare(a.from.isPresent(), b.from.isPresent());
            }
            return a.from.get().compareTo(b.from.get());
        };

        boolean isEmpty() {
            return from.isPresent() && to.isPresent() && from.get().compareTo(to.get()) >= 0;
        }

        /** Whether {@code later}, which does not begin before this one, begins before this one ends. */
        boolean overlaps(Interval later) {
            return to.isEmpty() || later.from.isEmpty() || later.from.get().compareTo(to.get()) < 0;
        }
    }

    /**
     * @throws IllegalArgumentException when an interval is empty or two overlap
     */
    public RangeRule(String column, KeyType type, Collection<Interval> intervals) {
        this.key = new ShardKey(List.of(column), List.of(type));
        this.intervals = intervals.stream().sorted(Interval.BY_BEGINNING).toList();
        for (int i = 0; i < this.intervals.size(); i++) {
            Interval interval = this.intervals.get(i);
            if (interval.isEmpty() || (i > 0 && this.intervals.get(i - 1).overlaps(interval))) {
                throw new IllegalArgumentException("interval " + interval + " is empty or overlaps another");
            }
        }
        TreeSet<ShardName> names = new TreeSet<>();
        this.intervals.forEach(interval -> names.add(interval.shard()));
        this.shards = Collections.unmodifiableSortedSet(names);
        this.owners = this.intervals.stream()
                .map(interval -> Optional.of(interval.shard()))
                .toList();
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

    /** In their order. */
    public List<Interval> intervals() {
        return intervals;
    }

    @Override
    public Optional<ShardName> shardFor(List<KeyValue> values) {
        key.check(values);
        KeyValue value = values.get(0);
        // The last interval that begins at or below the value is the only one that can hold it.
        int low = 0;
        int high = intervals.size() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            Optional<KeyValue> from = intervals.get(middle).from();
            if (from.isEmpty() || from.get().compareTo(value) <= 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        if (high < 0) {
            return Optional.empty();
        }
        Optional<KeyValue> to = intervals.get(high).to();
        return to.isEmpty() || value.compareTo(to.get()) < 0 ? owners.get(high) : Optional.empty();
    }

    /**
     * Every shard that may hold a key of the interval as the server compares keys; perhaps none. For text, whose order on
     * the server is the collation's, these are all shards.
     */
    public SortedSet<ShardName> shardsWithin(KeyInterval wanted) {
        if (!keyTypes().get(0).ordersAsServer()) {
            return shards;
        }
        TreeSet<ShardName> found = new TreeSet<>();
        if (!wanted.isEmpty()) {
            for (Interval interval : intervals) {
                boolean below = interval.to().isPresent()
                        && wanted.startsAtOrAfter(interval.to().get());
                boolean above = interval.from().isPresent()
                        && wanted.endsBefore(interval.from().get());
                if (!below && !above) {
                    found.add(interval.shard());
                }
            }
        }
        return found;
    }

    @Override
    public boolean placesAs(TableRule other) {
        return other instanceof RangeRule that && key.joins(that.key) && intervals.equals(that.intervals);
    }
}
