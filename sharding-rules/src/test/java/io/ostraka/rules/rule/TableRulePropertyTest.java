package io.ostraka.rules.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.config.ShardName;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Laws of the rules that hold for any number of shards, slots, ranges and any keys. */
class TableRulePropertyTest {

    @Property
    void aHashedKeyIsOnJustTheShardOfItsSlot(
            @ForAll long key, @ForAll @IntRange(max = 12) int slotBits, @ForAll @IntRange(min = 1, max = 9) int count) {
        HashRule rule = new HashRule(List.of("id"), List.of(KeyType.INT8), 1 << slotBits, shards(count));
        int slot = rule.slotOf(key(key));
        assertTrue(slot >= 0 && slot < rule.slots());
        assertEquals(Optional.of(shard(slot * count / rule.slots())), rule.shardFor(key(key)));
        assertTrue(rule.shards().contains(rule.shardFor(key(key)).orElseThrow()));
    }

    @Property(tries = 50)
    void slotsAreDealtEvenly(@ForAll @IntRange(min = 1, max = 20) int count) {
        HashRule rule = new HashRule(List.of("id"), List.of(KeyType.INT8), 1024, shards(count));
        Map<Integer, ShardName> owners = new TreeMap<>();
        for (long i = 0; owners.size() < 1024; i++) {
            owners.put(rule.slotOf(key(i)), rule.shardFor(key(i)).orElseThrow());
        }
        for (ShardName shard : rule.shards()) {
            int slots = Collections.frequency(owners.values(), shard);
            assertTrue(slots == 1024 / count || slots == 1024 / count + 1, shard + " has " + slots);
        }
    }

    @Property
    void theOrderOfShardsInTheFileDoesNotMatter(@ForAll long key, @ForAll Random random) {
        List<ShardName> shuffled = new ArrayList<>(shards(7));
        Collections.shuffle(shuffled, random);
        assertEquals(hash(shards(7)).shardFor(key(key)), hash(shuffled).shardFor(key(key)));
        assertTrue(hash(shards(7)).placesAs(hash(shuffled)));
        assertEquals(ring(shards(7), 40).shardFor(key(key)), ring(shuffled, 40).shardFor(key(key)));
        assertTrue(ring(shards(7), 40).placesAs(ring(shuffled, 40)));
    }

    @Property(tries = 30)
    void aNewShardOfARingTakesItsShareAndNothingElseMoves(
            @ForAll @IntRange(min = 1, max = 12) int count, @ForAll long seed) {
        ConsistentHashRule before = ring(shards(count), 160);
        ConsistentHashRule after = ring(shards(count + 1), 160);
        ShardName added = shard(count);
        int keys = 20_000;
        int moved = 0;
        for (long i = 0; i < keys; i++) {
            Optional<ShardName> owner = after.shardFor(key(seed + i));
            if (!owner.equals(before.shardFor(key(seed + i)))) {
                moved++;
                assertEquals(Optional.of(added), owner);
            }
        }
        double share = (double) moved / keys;
        double fair = 1.0 / (count + 1);
        // 160 points on each shard leave its share with a standard deviation of about 1/sqrt(160), or 8 %.
        assertTrue(Math.abs(share - fair) < fair * 0.35, "moved " + share + ", fair would be " + fair);
    }

    @Property
    void aRangedKeyIsWhereTheOneRangeThatHoldsItIs(
            @ForAll @Size(max = 12) List<@IntRange(min = -50, max = 50) Integer> bounds,
            @ForAll boolean openBelow,
            @ForAll boolean openAbove,
            @ForAll long gaps) {
        List<RangeRule.Interval> intervals = intervals(bounds, openBelow, openAbove, gaps);
        RangeRule rule = new RangeRule("id", KeyType.INT8, shuffled(intervals, gaps));
        for (long key = -60; key <= 60; key++) {
            List<ShardName> holders = new ArrayList<>();
            for (RangeRule.Interval interval : intervals) {
                if (holds(interval, key)) {
                    holders.add(interval.shard());
                }
            }
            assertTrue(holders.size() <= 1);
            assertEquals(holders.stream().findFirst(), rule.shardFor(key(key)), "key " + key);
        }
    }

    @Property
    void noShardOfAKeyInAnIntervalIsPruned(
            @ForAll @Size(max = 12) List<@IntRange(min = -20, max = 20) Integer> bounds,
            @ForAll boolean openBelow,
            @ForAll boolean openAbove,
            @ForAll long gaps,
            @ForAll @IntRange(min = -25, max = 25) int low,
            @ForAll @IntRange(min = -25, max = 25) int high,
            @ForAll @IntRange(max = 15) int form) {
        RangeRule rule = new RangeRule("id", KeyType.INT8, intervals(bounds, openBelow, openAbove, gaps));
        boolean lowIncluded = (form & 1) != 0;
        boolean highIncluded = (form & 2) != 0;
        Optional<KeyValue> lower = (form & 4) != 0 ? Optional.of(key(low).get(0)) : Optional.empty();
        Optional<KeyValue> upper = (form & 8) != 0 ? Optional.of(key(high).get(0)) : Optional.empty();
        SortedSet<ShardName> kept = rule.shardsWithin(new KeyInterval(lower, lowIncluded, upper, highIncluded));
        assertTrue(rule.shards().containsAll(kept));
        for (long key = -30; key <= 30; key++) {
            boolean inside = (lower.isEmpty() || key > low || (key == low && lowIncluded))
                    && (upper.isEmpty() || key < high || (key == high && highIncluded));
            Optional<ShardName> owner = rule.shardFor(key(key));
            assertTrue(!inside || owner.isEmpty() || kept.contains(owner.get()), "key " + key + " on " + owner);
        }
    }

    @Property
    void aPointPrunesToItsShard(@ForAll @IntRange(min = -40, max = 40) int key) {
        RangeRule rule = new RangeRule("id", KeyType.INT8, intervals(List.of(-10, 0, 10), true, true, 0));
        Optional<KeyValue> point = Optional.of(key(key).get(0));
        assertEquals(
                new TreeSet<>(List.of(rule.shardFor(key(key)).orElseThrow())),
                rule.shardsWithin(new KeyInterval(point, true, point, true)));
    }

    @Property
    void overlappingRangesAreNoRule(
            @ForAll @IntRange(min = -9, max = 9) int from,
            @ForAll @IntRange(min = 1, max = 9) int length,
            @ForAll @IntRange(max = 8) int inside) {
        RangeRule.Interval first = interval(from, from + length, 0);
        RangeRule.Interval second = interval(from + inside % length, from + 30, 1);
        assertThrows(IllegalArgumentException.class, () -> new RangeRule("id", KeyType.INT8, List.of(first, second)));
        assertThrows(IllegalArgumentException.class, () -> new RangeRule("id", KeyType.INT8, List.of(second, first)));
    }

    @Property
    void aListedValueHasItsShardAndOthersTheRest(
            @ForAll Map<@IntRange(max = 40) Integer, @IntRange(max = 5) Integer> listed, @ForAll boolean rest) {
        Map<KeyValue, ShardName> values = new HashMap<>();
        listed.forEach((key, shard) -> values.put(key(key).get(0), shard(shard)));
        Optional<ShardName> otherwise = rest ? Optional.of(shard(9)) : Optional.empty();
        ListRule rule = new ListRule("id", KeyType.INT8, values, otherwise);
        for (int key = 0; key <= 50; key++) {
            Optional<ShardName> expected = listed.containsKey(key) ? Optional.of(shard(listed.get(key))) : otherwise;
            assertEquals(expected, rule.shardFor(key(key)));
            assertTrue(expected.isEmpty() || rule.shards().contains(expected.get()));
        }
    }

    @Property
    void integersOfAnyWidthAreOneKey(@ForAll short key) {
        for (KeyType type : List.of(KeyType.INT2, KeyType.INT4)) {
            KeyValue narrow = type.fromText(Short.toString(key)).orElseThrow();
            assertEquals(key(key).get(0), narrow);
            assertEquals(key(key).get(0).hashCode(), narrow.hashCode());
            assertEquals(hash(shards(5)).shardFor(key(key)), hash(shards(5)).shardFor(List.of(narrow)));
        }
        KeyValue text = KeyType.TEXT.fromText(Short.toString(key)).orElseThrow();
        assertFalse(key(key).get(0).equals(text));
        assertThrows(IllegalArgumentException.class, () -> hash(shards(5)).shardFor(List.of(text)));
    }

    private static HashRule hash(List<ShardName> shards) {
        return new HashRule(List.of("id"), List.of(KeyType.INT8), 1024, shards);
    }

    private static ConsistentHashRule ring(List<ShardName> shards, int virtualNodes) {
        return new ConsistentHashRule(List.of("id"), List.of(KeyType.INT8), virtualNodes, shards);
    }

    private static List<KeyValue> key(long value) {
        return List.of(new IntegerKey(KeyType.INT8, value));
    }

    private static ShardName shard(int number) {
        return new ShardName(String.format("s%02d", number));
    }

    private static List<ShardName> shards(int count) {
        return IntStream.range(0, count).mapToObj(TableRulePropertyTest::shard).toList();
    }

    /** Intervals between neighbouring bounds; the bits of {@code gaps} leave some of them out. */
    private static List<RangeRule.Interval> intervals(
            List<Integer> bounds, boolean openBelow, boolean openAbove, long gaps) {
        List<Integer> sorted = new ArrayList<>(new TreeSet<>(bounds));
        List<RangeRule.Interval> intervals = new ArrayList<>();
        if (sorted.isEmpty()) {
            return intervals;
        }
        if (openBelow) {
            intervals.add(new RangeRule.Interval(Optional.empty(), bound(sorted.get(0)), shard(30)));
        }
        for (int i = 0; i + 1 < sorted.size(); i++) {
            if ((gaps >> i & 1) == 0) {
                intervals.add(interval(sorted.get(i), sorted.get(i + 1), i));
            }
        }
        if (openAbove) {
            intervals.add(new RangeRule.Interval(bound(sorted.get(sorted.size() - 1)), Optional.empty(), shard(31)));
        }
        return intervals;
    }

    private static RangeRule.Interval interval(int from, int to, int shard) {
        return new RangeRule.Interval(bound(from), bound(to), shard(shard));
    }

    private static Optional<KeyValue> bound(long value) {
        return Optional.of(key(value).get(0));
    }

    private static boolean holds(RangeRule.Interval interval, long key) {
        long from = interval.from().map(bound -> ((IntegerKey) bound).value()).orElse(Long.MIN_VALUE);
        long to = interval.to().map(bound -> ((IntegerKey) bound).value()).orElse(Long.MAX_VALUE);
        return from <= key && key < to;
    }

    private static <T> List<T> shuffled(List<T> list, long seed) {
        List<T> copy = new ArrayList<>(list);
        Collections.shuffle(copy, new Random(seed));
        return copy;
    }
}
