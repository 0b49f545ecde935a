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
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Laws of the rules that hold for any number of shards, slots, ranges and any keys. */
class TableRulePropertyTest {
    private static final int TRIES = 1_000;

    /** Holds for each of many sources of values; the failure names the one for which it does not. */
    private static void forAll(int tries, Consumer<Values> law) {
        for (int seed = 0; seed < tries; seed++) {
            try {
                law.accept(new Values(new Random(seed)));
            } catch (RuntimeException | AssertionError broken) {
                throw new AssertionError("with seed " + seed + ": " + broken.getMessage(), broken);
            }
        }
    }

    /** Random values in which the limits come often. */
    private record Values(Random random) {
        int number(int least, int most) {
            return switch (random.nextInt(8)) {
                case 0 -> least;
                case 1 -> most;
                default -> least + random.nextInt(most - least + 1);
            };
        }

        long key() {
            return switch (random.nextInt(8)) {
                case 0 -> Long.MIN_VALUE;
                case 1 -> Long.MAX_VALUE;
                case 2, 3, 4 -> number(-100, 100);
                default -> random.nextLong();
            };
        }

        List<Integer> numbers(int longest, int least, int most) {
            return IntStream.range(0, number(0, longest))
                    .mapToObj(i -> number(least, most))
                    .toList();
        }

        boolean either() {
            return random.nextBoolean();
        }
    }

    @Test
    void aHashedKeyIsOnJustTheShardOfItsSlot() {
        forAll(TRIES, values -> {
            long key = values.key();
            int slotBits = values.number(0, 12);
            int count = values.number(1, 9);
            HashRule rule = new HashRule(List.of("id"), List.of(KeyType.INT8), 1 << slotBits, shards(count));
            int slot = rule.slotOf(key(key));
            assertTrue(slot >= 0 && slot < rule.slots());
            assertEquals(Optional.of(shard(slot * count / rule.slots())), rule.shardFor(key(key)));
            assertTrue(rule.shards().contains(rule.shardFor(key(key)).orElseThrow()));
        });
    }

    @Test
    void slotsAreDealtEvenly() {
        forAll(50, values -> {
            int count = values.number(1, 20);
            HashRule rule = new HashRule(List.of("id"), List.of(KeyType.INT8), 1024, shards(count));
            Map<Integer, ShardName> owners = new TreeMap<>();
            for (long i = 0; owners.size() < 1024; i++) {
                owners.put(rule.slotOf(key(i)), rule.shardFor(key(i)).orElseThrow());
            }
            for (ShardName shard : rule.shards()) {
                int slots = Collections.frequency(owners.values(), shard);
                assertTrue(slots == 1024 / count || slots == 1024 / count + 1, shard + " has " + slots);
            }
        });
    }

    @Test
    void theOrderOfShardsInTheFileDoesNotMatter() {
        forAll(TRIES, values -> {
            long key = values.key();
            Random random = values.random();
            List<ShardName> shuffled = new ArrayList<>(shards(7));
            Collections.shuffle(shuffled, random);
            assertEquals(hash(shards(7)).shardFor(key(key)), hash(shuffled).shardFor(key(key)));
            assertTrue(hash(shards(7)).placesAs(hash(shuffled)));
            assertEquals(
                    ring(shards(7), 40).shardFor(key(key)), ring(shuffled, 40).shardFor(key(key)));
            assertTrue(ring(shards(7), 40).placesAs(ring(shuffled, 40)));
        });
    }

    @Test
    void aNewShardOfARingTakesItsShareAndNothingElseMoves() {
        forAll(30, values -> {
            int count = values.number(1, 12);
            long seed = values.key();
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
        });
    }

    @Test
    void aRangedKeyIsWhereTheOneRangeThatHoldsItIs() {
        forAll(TRIES, values -> {
            List<Integer> bounds = values.numbers(12, -50, 50);
            boolean openBelow = values.either();
            boolean openAbove = values.either();
            long gaps = values.random().nextLong();
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
        });
    }

    @Test
    void noShardOfAKeyInAnIntervalIsPruned() {
        forAll(TRIES, values -> {
            List<Integer> bounds = values.numbers(12, -20, 20);
            boolean openBelow = values.either();
            boolean openAbove = values.either();
            long gaps = values.random().nextLong();
            int low = values.number(-25, 25);
            int high = values.number(-25, 25);
            int form = values.number(0, 15);
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
        });
    }

    @Test
    void aPointPrunesToItsShard() {
        forAll(TRIES, values -> {
            int key = values.number(-40, 40);
            RangeRule rule = new RangeRule("id", KeyType.INT8, intervals(List.of(-10, 0, 10), true, true, 0));
            Optional<KeyValue> point = Optional.of(key(key).get(0));
            assertEquals(
                    new TreeSet<>(List.of(rule.shardFor(key(key)).orElseThrow())),
                    rule.shardsWithin(new KeyInterval(point, true, point, true)));
        });
    }

    @Test
    void overlappingRangesAreNoRule() {
        forAll(TRIES, values -> {
            int from = values.number(-9, 9);
            int length = values.number(1, 9);
            int inside = values.number(0, 8);
            RangeRule.Interval first = interval(from, from + length, 0);
            RangeRule.Interval second = interval(from + inside % length, from + 30, 1);
            assertThrows(
                    IllegalArgumentException.class, () -> new RangeRule("id", KeyType.INT8, List.of(first, second)));
            assertThrows(
                    IllegalArgumentException.class, () -> new RangeRule("id", KeyType.INT8, List.of(second, first)));
        });
    }

    @Test
    void aListedValueHasItsShardAndOthersTheRest() {
        forAll(TRIES, values -> {
            Map<Integer, Integer> listed = new HashMap<>();
            values.numbers(30, 0, 40).forEach(key -> listed.put(key, values.number(0, 5)));
            boolean rest = values.either();
            Map<KeyValue, ShardName> owners = new HashMap<>();
            listed.forEach((key, shard) -> owners.put(key(key).get(0), shard(shard)));
            Optional<ShardName> otherwise = rest ? Optional.of(shard(9)) : Optional.empty();
            ListRule rule = new ListRule("id", KeyType.INT8, owners, otherwise);
            for (int key = 0; key <= 50; key++) {
                Optional<ShardName> expected =
                        listed.containsKey(key) ? Optional.of(shard(listed.get(key))) : otherwise;
                assertEquals(expected, rule.shardFor(key(key)));
                assertTrue(expected.isEmpty() || rule.shards().contains(expected.get()));
            }
        });
    }

    @Test
    void integersOfAnyWidthAreOneKey() {
        forAll(TRIES, values -> {
            short key = (short) values.number(Short.MIN_VALUE, Short.MAX_VALUE);
            for (KeyType type : List.of(KeyType.INT2, KeyType.INT4)) {
                KeyValue narrow = type.fromText(Short.toString(key)).orElseThrow();
                assertEquals(key(key).get(0), narrow);
                assertEquals(key(key).get(0).hashCode(), narrow.hashCode());
                assertEquals(hash(shards(5)).shardFor(key(key)), hash(shards(5)).shardFor(List.of(narrow)));
            }
            KeyValue text = KeyType.TEXT.fromText(Short.toString(key)).orElseThrow();
            assertFalse(key(key).get(0).equals(text));
            assertThrows(IllegalArgumentException.class, () -> hash(shards(5)).shardFor(List.of(text)));
        });
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
