package io.ostraka.tx.decision;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.config.ShardName;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecisionStateTest {
    private static final UUID BOOT_A = new UUID(0, 0xa);
    private static final UUID BOOT_B = new UUID(0, 0xb);

    private final DecisionState state = new DecisionState();

    private Answer create(long index) {
        return state.apply(1, index, new LogEntry.CreateCluster(new ClusterNumber(7)));
    }

    private Answer number(String shard) {
        return state.apply(1, 100, new LogEntry.NumberShard("shop", new ShardName(shard), Optional.empty()));
    }

    private Answer number(String shard, int wished) {
        return state.apply(
                1, 100, new LogEntry.NumberShard("shop", new ShardName(shard), Optional.of(new ShardNumber(wished))));
    }

    @Test
    void theFirstNumberOfTheClusterStays() {
        assertEquals(new Answer.ClusterNumbered(new ClusterNumber(7)), create(1));
        assertEquals(
                new Answer.ClusterNumbered(new ClusterNumber(7)),
                state.apply(1, 2, new LogEntry.CreateCluster(new ClusterNumber(8))));
        assertEquals(Optional.of(new ClusterNumber(7)), state.cluster());
    }

    @Test
    void aNodeCannotRegisterBeforeTheClusterExists() {
        assertEquals(
                new Answer.Rejected("node \"n1\" cannot register before the cluster exists"),
                state.apply(1, 1, new LogEntry.Register("n1", BOOT_A)));
        assertEquals(Optional.empty(), state.epochOf("n1"));
    }

    @Test
    void anEpochIsTheIndexOfItsRegistration() {
        create(1);
        assertEquals(new Answer.Registered(new Epoch(5)), state.apply(1, 5, new LogEntry.Register("n1", BOOT_A)));
        assertTrue(state.isLive(new Epoch(5)));
        assertFalse(state.isLive(new Epoch(1)));
    }

    @Test
    void registeringAgainExpelsTheEarlierLifeInTheSameEntry() {
        create(1);
        state.apply(1, 2, new LogEntry.Register("n1", BOOT_A));
        state.apply(1, 3, new LogEntry.Register("n2", BOOT_A));
        assertEquals(new Answer.Registered(new Epoch(4)), state.apply(1, 4, new LogEntry.Register("n1", BOOT_B)));
        assertFalse(state.isLive(new Epoch(2)));
        assertTrue(state.isLive(new Epoch(3)), "another node's life is not touched");
    }

    @Test
    void theSameRegistrationProposedTwiceIsOneLife() {
        create(1);
        state.apply(1, 2, new LogEntry.Register("n1", BOOT_A));
        assertEquals(new Answer.Registered(new Epoch(2)), state.apply(1, 3, new LogEntry.Register("n1", BOOT_A)));
    }

    @Test
    void anExpelledEpochIsDeadForEver() {
        create(1);
        state.apply(1, 2, new LogEntry.Register("n1", BOOT_A));
        assertEquals(new Answer.Expelled(new Epoch(2)), state.apply(1, 3, new LogEntry.Expel(new Epoch(2), 1)));
        assertFalse(state.isLive(new Epoch(2)));
        assertEquals(new Answer.Expelled(new Epoch(2)), state.apply(1, 4, new LogEntry.Expel(new Epoch(2), 1)));
        assertEquals(new Answer.Registered(new Epoch(5)), state.apply(1, 5, new LogEntry.Register("n1", BOOT_A)));
    }

    @Test
    void anExpulsionFromAnEarlierTermDoesNotCount() {
        create(1);
        state.apply(1, 2, new LogEntry.Register("n1", BOOT_A));
        assertEquals(
                new Answer.Rejected("epoch 2 was found dead in term 1, and this is term 2"),
                state.apply(2, 3, new LogEntry.Expel(new Epoch(2), 1)));
        assertTrue(state.isLive(new Epoch(2)));
        assertEquals(new Answer.Expelled(new Epoch(2)), state.apply(2, 4, new LogEntry.Expel(new Epoch(2), 2)));
    }

    @Test
    void anEpochThatMayStillComeCannotBeExpelled() {
        create(1);
        assertEquals(
                new Answer.Rejected("epoch 2 does not exist"), state.apply(1, 2, new LogEntry.Expel(new Epoch(2), 1)));
        assertEquals(
                new Answer.Rejected("epoch 9 does not exist"), state.apply(1, 2, new LogEntry.Expel(new Epoch(9), 1)));
    }

    @Test
    void numbersAreDealtInLogOrderWithinADatabase() {
        assertEquals(new Answer.ShardNumbered(new ShardNumber(0)), number("b"));
        assertEquals(new Answer.ShardNumbered(new ShardNumber(1)), number("a"));
        assertEquals(new Answer.ShardNumbered(new ShardNumber(0)), number("b"));
        assertEquals(
                new Answer.ShardNumbered(new ShardNumber(0)),
                state.apply(1, 100, new LogEntry.NumberShard("other", new ShardName("a"), Optional.empty())));
    }

    @Test
    void theFilesNumberIsTakenAndNeverDealtAgain() {
        assertEquals(new Answer.ShardNumbered(new ShardNumber(5)), number("s5", 5));
        assertEquals(new Answer.ShardNumbered(new ShardNumber(6)), number("dealt"));
        assertEquals(new Answer.ShardNumbered(new ShardNumber(2)), number("s2", 2));
        assertEquals(new Answer.ShardNumbered(new ShardNumber(7)), number("next"));
    }

    @Test
    void aFileThatContradictsTheLogIsToldBothNumbers() {
        number("s0");
        assertEquals(
                new Answer.Rejected(
                        "shard \"s0\" of database \"shop\" has number 0 in the decision log, the file says 3"),
                number("s0", 3));
        assertEquals(
                new Answer.Rejected(
                        "shard \"s1\" of database \"shop\" cannot have number 0: it is shard \"s0\"'s in the"
                                + " decision log"),
                number("s1", 0));
        assertEquals(Optional.empty(), state.numberOf("shop", new ShardName("s1")));
    }

    @Test
    void theLastNumberIsNotFollowedByAnother() {
        number("last", ShardNumber.MAX);
        assertEquals(
                new Answer.Rejected("no number is left for shard \"more\" of database \"shop\": 1000000 is taken"),
                number("more"));
    }

    @Test
    void aDamagedSnapshotIsRefused() {
        create(1);
        state.apply(1, 2, new LogEntry.Register("n1", BOOT_A));
        number("s0");
        byte[] whole = state.snapshot();
        for (int length = 0; length < whole.length; length++) {
            byte[] part = Arrays.copyOf(whole, length);
            assertThrows(MalformedBytesException.class, () -> DecisionState.restore(part));
        }
    }

    /** Any log, cut anywhere by a snapshot: same answers, same state; and the laws hold after every entry. */
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
    void everyPrefixCanBeReplacedByItsSnapshot(long seed) throws MalformedBytesException {
        Random random = new Random(seed);
        DecisionState whole = new DecisionState();
        DecisionState restored = new DecisionState();
        Laws laws = new Laws();
        for (long index = 1; index <= 500; index++) {
            LogEntry entry = LogEntry.decode(anyEntry(random, index).encode());
            if (random.nextInt(10) == 0) {
                restored = DecisionState.restore(restored.snapshot());
            }
            Answer answer = whole.apply(1, index, entry);
            assertEquals(answer, restored.apply(1, index, entry), "entry " + index + " " + entry);
            assertArrayEquals(whole.snapshot(), restored.snapshot());
            laws.check(entry, answer, whole);
        }
        assertTrue(laws.rejections > 0 && laws.numbered.size() > 3, "the log was too tame to show anything");
    }

    private static LogEntry anyEntry(Random random, long index) {
        return switch (random.nextInt(8)) {
            case 0 -> new LogEntry.CreateCluster(new ClusterNumber(random.nextInt()));
            case 1, 2 -> new LogEntry.Register("n" + random.nextInt(3), new UUID(0, random.nextInt(40)));
            case 3 -> new LogEntry.Expel(new Epoch(random.nextLong(index + 2)), 1);
            default ->
                new LogEntry.NumberShard(
                        "db" + random.nextInt(2),
                        new ShardName("s" + random.nextInt(12)),
                        random.nextBoolean() ? Optional.empty() : Optional.of(new ShardNumber(random.nextInt(20))));
        };
    }

    /** What must be true of every history. */
    private static final class Laws {
        private final Map<String, ShardNumber> numbered = new HashMap<>();
        private final List<Epoch> given = new ArrayList<>();
        private Optional<ClusterNumber> cluster = Optional.empty();
        private int rejections;

        void check(LogEntry entry, Answer answer, DecisionState state) {
            if (answer instanceof Answer.Rejected) {
                rejections++;
            }
            cluster.ifPresent(
                    number -> assertEquals(Optional.of(number), state.cluster(), "the cluster's number changed"));
            cluster = state.cluster();
            if (answer instanceof Answer.Registered registered) {
                if (!given.contains(registered.epoch())) {
                    given.forEach(earlier -> assertTrue(earlier.compareTo(registered.epoch()) < 0, "epochs must grow"));
                    given.add(registered.epoch());
                }
                assertTrue(state.isLive(registered.epoch()));
            }
            if (entry instanceof LogEntry.NumberShard shard && answer instanceof Answer.ShardNumbered number) {
                ShardNumber before = numbered.putIfAbsent(shard.database() + "/" + shard.shard(), number.number());
                assertTrue(before == null || before.equals(number.number()), "a shard's number changed");
                for (String database : List.of("db0/", "db1/")) {
                    List<ShardNumber> numbers = numbered.entrySet().stream()
                            .filter(known -> known.getKey().startsWith(database))
                            .map(Map.Entry::getValue)
                            .toList();
                    assertEquals(new HashSet<>(numbers).size(), numbers.size(), "two shards share a number");
                }
            }
        }
    }
}
