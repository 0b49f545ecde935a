package io.ostraka.tx.deadlock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.decision.ShardNumber;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Backends of transaction n have pid n on every shard, and n + 100 and n + 200 beside it; pids from 900 are nobody's. */
class DeadlocksTest {
    private final Deadlocks deadlocks = new Deadlocks();

    private static ShardId shard(int number) {
        return new ShardId("shop", new ShardNumber(number));
    }

    private static Optional<Waiter> owner(ShardId shard, int pid) {
        return pid < 900 ? Optional.of(new Waiter("t" + pid % 100, pid % 100)) : Optional.empty();
    }

    private static Wait wait(int shard, int pid, int... blockers) {
        Map<Integer, String> starts = new TreeMap<>();
        for (int blocker : blockers) {
            starts.put(blocker, "began " + blocker);
        }
        return new Wait(shard(shard), pid, "since " + pid, new TreeMap<>(starts));
    }

    private List<Victim> twice(Wait... waits) {
        assertEquals(List.of(), deadlocks.onSample(List.of(waits), DeadlocksTest::owner), "one sample is no proof");
        return deadlocks.onSample(List.of(waits), DeadlocksTest::owner);
    }

    @Test
    void twoTransactionsInOppositeOrderLoseTheYounger() {
        List<Victim> victims = twice(wait(0, 1, 2), wait(1, 2, 1));
        assertEquals(1, victims.size());
        assertEquals(new Waiter("t2", 2), victims.get(0).transaction());
        assertEquals(shard(1), victims.get(0).shard(), "where it waits");
        assertEquals(2, victims.get(0).pid());
        assertEquals(SqlState.DEADLOCK_DETECTED, victims.get(0).error().state());
        assertEquals(
                "t1 waits on shard shop/0 for t2. t2 waits on shard shop/1 for t1.",
                victims.get(0).error().detail());
    }

    @Test
    void aCycleOverThreeShardsAndAStrangerIsFound() {
        List<Victim> victims = twice(wait(0, 1, 950), wait(0, 950, 2), wait(1, 2, 3), wait(2, 3, 1));
        assertEquals(
                List.of("t3"), victims.stream().map(v -> v.transaction().name()).toList());
    }

    @Test
    void longWaitsWithoutACycleAreLeftAlone() {
        assertEquals(List.of(), twice(wait(0, 1, 2), wait(1, 2, 3), wait(1, 4, 2, 3)));
    }

    @Test
    void aPreparedTransactionWaitsForNothing() {
        assertEquals(List.of(), twice(wait(0, 1, 0), wait(1, 2, 0)));
    }

    @Test
    void aCycleOnOneShardIsItsOwnToBreak() {
        assertEquals(List.of(), twice(wait(0, 1, 2), wait(0, 2, 1)));
    }

    @Test
    void aTransactionThatWaitsForItselfIsEnded() {
        List<Victim> victims = twice(wait(0, 101, 1));
        assertEquals(1, victims.size());
        assertEquals(101, victims.get(0).pid());
        assertEquals("t1 waits on shard shop/0 for t1.", victims.get(0).error().detail());
    }

    @Test
    void aCycleThroughTwoBackendsOfOneTransactionIsNotSeenByTheirShard() {
        List<Victim> victims = twice(wait(0, 102, 1), wait(0, 1, 2));
        assertEquals(1, victims.size());
        assertEquals(new Waiter("t2", 2), victims.get(0).transaction());
        assertEquals(102, victims.get(0).pid());
    }

    @Test
    void anEdgeThatIsAnotherWaitOrForAnotherTransactionDoesNotCount() {
        List<Wait> first = List.of(wait(0, 1, 2), wait(1, 2, 1));
        assertEquals(List.of(), deadlocks.onSample(first, DeadlocksTest::owner));
        Wait anotherWait = new Wait(shard(1), 2, "later", wait(1, 2, 1).blockers());
        assertEquals(List.of(), deadlocks.onSample(List.of(wait(0, 1, 2), anotherWait), DeadlocksTest::owner));
        Wait anotherHolder = new Wait(shard(0), 1, "since 1", new TreeMap<>(Map.of(2, "began anew")));
        assertEquals(List.of(), deadlocks.onSample(List.of(anotherHolder, anotherWait), DeadlocksTest::owner));
        assertEquals(
                1,
                deadlocks
                        .onSample(List.of(anotherHolder, anotherWait), DeadlocksTest::owner)
                        .size());
    }

    @Test
    void twoDeadlocksHaveTwoVictims() {
        List<Victim> victims = twice(wait(0, 1, 2), wait(1, 2, 1), wait(0, 3, 4), wait(1, 4, 3));
        assertEquals(
                List.of("t2", "t4"),
                victims.stream().map(v -> v.transaction().name()).sorted().toList());
    }

    /** I13: no victim without a cycle, and no cycle without a victim. */
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void victimsAreInCyclesAndNoneIsLeft(long seed) {
        Random random = new Random(seed);
        int found = 0;
        for (int round = 0; round < 200; round++) {
            List<Wait> waits = new ArrayList<>();
            for (int pid = 1; pid <= 12; pid++) {
                // A transaction waits on one shard at a time, and on different ones.
                if (random.nextInt(3) > 0) {
                    waits.add(wait(pid, pid, 1 + random.nextInt(12), 1 + random.nextInt(12)));
                }
            }
            Deadlocks fresh = new Deadlocks();
            fresh.onSample(waits, DeadlocksTest::owner);
            List<Victim> victims = fresh.onSample(waits, DeadlocksTest::owner);
            Set<Integer> ended = new TreeSet<>();
            for (Victim victim : victims) {
                assertTrue(reaches(waits, Set.of(), victim.pid(), victim.pid()), victim + " in " + waits);
                ended.add(victim.pid());
            }
            for (Wait wait : waits) {
                assertTrue(
                        ended.contains(wait.pid()) || !reaches(waits, ended, wait.pid(), wait.pid()),
                        wait + " is still in a cycle of " + waits);
            }
            found += victims.size();
        }
        assertTrue(found > 50, found + " victims");
    }

    /** Whether one waits for the other over at least one wait that is not its own, through nobody who was ended. */
    private static boolean reaches(List<Wait> waits, Set<Integer> ended, int from, int to) {
        Set<Integer> seen = new TreeSet<>();
        List<Integer> next = new ArrayList<>(List.of(from));
        while (!next.isEmpty()) {
            int at = next.remove(next.size() - 1);
            for (Wait wait : waits) {
                if (wait.pid() == at && !ended.contains(at)) {
                    for (int blocker : wait.blockers().keySet()) {
                        if (blocker == to && at != to) {
                            return true;
                        }
                        if (blocker != at && seen.add(blocker)) {
                            next.add(blocker);
                        }
                    }
                }
            }
        }
        return false;
    }
}
