package io.ostraka.tx.decision;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What entries about transactions do to the replicated state. */
class TransactionFatesTest {
    private static final Answer ACCEPTED = new Answer.Decided(List.of(true));
    private static final Answer REJECTED = new Answer.Decided(List.of(false));

    private final DecisionState state = new DecisionState();
    private long index;
    private Epoch n1;
    private Epoch n2;

    @BeforeEach
    void twoNodesLive() {
        apply(new LogEntry.CreateCluster(new ClusterNumber(7)));
        n1 = register("n1");
        n2 = register("n2");
    }

    private Answer apply(LogEntry entry) {
        return state.apply(1, ++index, entry);
    }

    private Epoch register(String node) {
        return ((Answer.Registered) apply(new LogEntry.Register(node, new UUID(0, index)))).epoch();
    }

    private static PreparedBranches transaction(Gtid gtid, int... shards) {
        List<Branch> branches = new ArrayList<>();
        for (int shard : shards) {
            branches.add(new Branch(new ShardNumber(shard), 0, "app", 700 + shard, Branch.NO_MARK));
        }
        return new PreparedBranches(gtid, "shop", branches);
    }

    private static TransactionEntry.Commit commit(Gtid gtid) {
        return new TransactionEntry.Commit(List.of(transaction(gtid, 0, 1)));
    }

    private static TransactionEntry.Done done(Gtid... gtids) {
        return new TransactionEntry.Done(List.of(gtids));
    }

    private static SortedShards shards(int... numbers) {
        return new SortedShards(numbers);
    }

    /** Short for a sorted set of shard numbers. */
    private static final class SortedShards extends TreeSet<ShardNumber> {
        private static final long serialVersionUID = 1L;

        SortedShards(int... numbers) {
            for (int number : numbers) {
                add(new ShardNumber(number));
            }
        }
    }

    private static ShardId shard(int number) {
        return new ShardId("shop", new ShardNumber(number));
    }

    @Test
    void aCommitOfALiveEpochStandsUntilItIsDone() {
        Gtid gtid = new Gtid(n1, 1);
        assertEquals(Fate.UNDECIDED, state.fateOf(gtid));
        assertEquals(ACCEPTED, apply(commit(gtid)));
        assertEquals(Fate.COMMIT, state.fateOf(gtid));
        assertEquals(Optional.of(transaction(gtid, 0, 1)), state.commitOf(gtid));
        assertEquals(ACCEPTED, apply(commit(gtid)), "a repeated one is accepted");
        apply(done(gtid));
        assertEquals(Optional.empty(), state.commitOf(gtid));
        assertTrue(state.storedCommits().isEmpty());
    }

    @Test
    void anExpelledEpochCommitsNothingAndKeepsWhatItHadCommitted() {
        Gtid before = new Gtid(n1, 1);
        Gtid after = new Gtid(n1, 2);
        apply(commit(before));
        apply(new LogEntry.Expel(n1, 1));
        assertEquals(REJECTED, apply(commit(after)));
        assertEquals(Fate.ROLL_BACK, state.fateOf(after));
        assertEquals(Fate.COMMIT, state.fateOf(before));
        assertEquals(ACCEPTED, apply(commit(before)), "what stands may be asked for again");
    }

    @Test
    void aRestartedNodeIsExpelledByItsOwnRegistration() {
        Gtid old = new Gtid(n1, 1);
        Epoch reborn = register("n1");
        assertEquals(REJECTED, apply(commit(old)));
        assertEquals(ACCEPTED, apply(commit(new Gtid(reborn, 1))));
    }

    @Test
    void anEpochThatThisNodeHasNotAppliedYetIsNotADeadOne() {
        assertEquals(Fate.UNDECIDED, state.fateOf(new Gtid(new Epoch(index + 1), 1)));
        assertEquals(Fate.ROLL_BACK, state.fateOf(new Gtid(new Epoch(1), 1)), "an index that was no registration");
    }

    @Test
    void eachDecisionOfABatchIsJudgedByItself() {
        Gtid aborted = new Gtid(n1, 1);
        Gtid fine = new Gtid(n1, 2);
        Gtid unknown = new Gtid(new Epoch(1), 3);
        apply(new TransactionEntry.Abort(aborted));
        assertEquals(
                new Answer.Decided(List.of(false, true, false)),
                apply(new TransactionEntry.Commit(
                        List.of(transaction(aborted, 0), transaction(fine, 0), transaction(unknown, 0)))));
    }

    @Test
    void anAbortComesBeforeTheCommitOrNotAtAll() {
        Gtid gtid = new Gtid(n1, 1);
        apply(commit(gtid));
        assertEquals(
                new Answer.Rejected("transaction " + gtid + " is committed"), apply(new TransactionEntry.Abort(gtid)));
        Gtid other = new Gtid(n1, 2);
        assertEquals(new Answer.Accepted(index + 1), apply(new TransactionEntry.Abort(other)));
        assertEquals(new Answer.Accepted(index + 1), apply(new TransactionEntry.Abort(other)));
        assertEquals(Fate.ROLL_BACK, state.fateOf(other));
        assertEquals(REJECTED, apply(commit(other)));
    }

    @Test
    void shardsThatWereLeftBehindAreHalfShownUntilTheyCatchUp() {
        Gtid gtid = new Gtid(n1, 1);
        apply(commit(gtid));
        assertEquals(Set.of(), state.halfShown(), "the keeper's window is open");
        assertEquals(new Answer.Accepted(index + 1), apply(new TransactionEntry.Behind(gtid, shards(1))));
        assertEquals(Set.of(shard(1)), state.halfShown());
        apply(new LogEntry.Expel(n1, 1));
        assertEquals(Set.of(shard(1)), state.halfShown(), "the others show it since the window was closed");
        apply(new TransactionEntry.Behind(gtid, shards()));
        assertEquals(Set.of(), state.halfShown());
        apply(done(gtid));
        assertInstanceOf(Answer.Rejected.class, apply(new TransactionEntry.Behind(gtid, shards(1))));
    }

    @Test
    void allShardsOfADeadNodesCommitAreHalfShownUntilItIsDone() {
        Gtid gtid = new Gtid(n1, 1);
        apply(commit(gtid));
        apply(new LogEntry.Expel(n1, 1));
        assertEquals(Set.of(shard(0), shard(1)), state.halfShown());
        apply(done(gtid));
        assertEquals(Set.of(), state.halfShown());
    }

    @Test
    void whatAClientPreparedSurvivesItsNodeAndOnlyAClientDecidesIt() {
        Gtid gtid = new Gtid(n1, 1);
        apply(new TransactionEntry.ClientPrepared("x", transaction(gtid, 0, 1), 7));
        apply(new LogEntry.Expel(n1, 1));
        assertEquals(Fate.CLIENTS, state.fateOf(gtid));
        assertInstanceOf(Answer.Rejected.class, apply(new TransactionEntry.Abort(gtid)));
        assertEquals(REJECTED, apply(commit(gtid)));
        TransactionEntry commit = new TransactionEntry.ClientDecided("x", gtid, true, n2);
        assertInstanceOf(Answer.Accepted.class, apply(commit));
        assertInstanceOf(Answer.Accepted.class, apply(commit), "a repeated one is known for what it is");
        assertEquals(Fate.COMMIT, state.fateOf(gtid));
        assertEquals(
                n2, state.storedCommits().iterator().next().keeper(), "who decided carries it out, not who prepared");
        assertInstanceOf(
                Answer.Rejected.class, apply(new TransactionEntry.ClientDecided("x", gtid, false, n2)), "too late");
    }

    @Test
    void aClientsRollbackIsRememberedWhileTheNodeLives() {
        Gtid gtid = new Gtid(n1, 1);
        apply(new TransactionEntry.ClientPrepared("x", transaction(gtid, 0), 7));
        TransactionEntry rollback = new TransactionEntry.ClientDecided("x", gtid, false, n2);
        apply(rollback);
        assertInstanceOf(Answer.Accepted.class, apply(rollback));
        assertEquals(Fate.ROLL_BACK, state.fateOf(gtid));
        apply(done(gtid));
        assertEquals(Fate.UNDECIDED, state.fateOf(gtid), "nothing is left of it, and its node does not want it");
    }

    @Test
    void aNameIsTakenOnceAndFreeAgainAfterTheDecision() {
        Gtid first = new Gtid(n1, 1);
        Gtid second = new Gtid(n1, 2);
        assertEquals(
                new Answer.Accepted(index + 1),
                apply(new TransactionEntry.ClientPrepared("x", transaction(first, 0), 7)));
        assertEquals(
                new Answer.Rejected("transaction identifier \"x\" is already in use"),
                apply(new TransactionEntry.ClientPrepared("x", transaction(second, 0), 7)));
        apply(new TransactionEntry.ClientDecided("x", first, true, n1));
        assertEquals(
                new Answer.Accepted(index + 1),
                apply(new TransactionEntry.ClientPrepared("x", transaction(second, 0), 7)));
        assertInstanceOf(
                Answer.Accepted.class,
                apply(new TransactionEntry.ClientDecided("x", first, true, n1)),
                "a late repetition does not decide the next transaction of that name");
        assertEquals(Fate.CLIENTS, state.fateOf(second));
        assertEquals(
                new Answer.Rejected("prepared transaction with identifier \"y\" does not exist"),
                apply(new TransactionEntry.ClientDecided("y", first, false, n1)));
    }

    @Test
    void aShardsEpochsFollowOneAnother() {
        assertEquals(0, state.shardEpoch(shard(3)));
        assertEquals(
                new Answer.Rejected("shard shop/3 is in epoch 0, 2 is not the next one"),
                apply(new ShardEntry.FenceShard(shard(3), 2, "b", 9)));
        assertInstanceOf(Answer.Rejected.class, apply(new ShardEntry.AdmitShard(shard(3), 1, "b")));
        assertInstanceOf(Answer.Accepted.class, apply(new ShardEntry.FenceShard(shard(3), 1, "b", 9)));
        assertTrue(state.isFenced(shard(3)));
        assertInstanceOf(Answer.Accepted.class, apply(new ShardEntry.FenceShard(shard(3), 1, "b", 9)), "repeated");
        assertInstanceOf(Answer.Accepted.class, apply(new ShardEntry.AdmitShard(shard(3), 1, "b")));
        assertInstanceOf(Answer.Accepted.class, apply(new ShardEntry.AdmitShard(shard(3), 1, "b")), "repeated");
        assertInstanceOf(Answer.Rejected.class, apply(new ShardEntry.AdmitShard(shard(3), 1, "c")));
        assertInstanceOf(
                Answer.Rejected.class, apply(new ShardEntry.FenceShard(shard(3), 1, "b", 9)), "admitted since");
        assertEquals(Optional.of("b"), state.endpointOf(shard(3)));
        assertEquals(1, state.shardEpoch(shard(3)));
    }

    @Test
    void aServerThatLacksWhatIsForgottenIsNoPrimary() throws MalformedBytesException {
        apply(new ShardEntry.FenceShard(shard(3), 1, "a", ShardEntry.FenceShard.SAME_SERVER));
        apply(new ShardEntry.AdmitShard(shard(3), 1, "a"));
        assertInstanceOf(Answer.Accepted.class, apply(new ShardEntry.ForgetUpTo(shard(3), 1, 100)));
        assertInstanceOf(Answer.Accepted.class, apply(new ShardEntry.ForgetUpTo(shard(3), 1, 50)));
        assertEquals(100, state.floorOf(shard(3)));
        assertInstanceOf(Answer.Rejected.class, apply(new ShardEntry.FenceShard(shard(3), 2, "b", 99)));
        assertEquals(Optional.of("a"), state.endpointOf(shard(3)));
        assertInstanceOf(Answer.Accepted.class, apply(new ShardEntry.FenceShard(shard(3), 2, "b", 100)));
        assertEquals(Optional.empty(), state.endpointOf(shard(3)));
        assertEquals(Optional.of("b"), state.primaryOf(shard(3)));
        assertInstanceOf(
                Answer.Rejected.class, apply(new ShardEntry.ForgetUpTo(shard(3), 1, 200)), "the old one's word");
        assertInstanceOf(Answer.Rejected.class, apply(new ShardEntry.AdmitShard(shard(3), 2, "a")));
        assertEquals(Optional.of("b"), DecisionState.restore(state.snapshot()).primaryOf(shard(3)));
        assertEquals(100, DecisionState.restore(state.snapshot()).reachOf(shard(3)));
    }

    private static PreparedBranches prepared(Gtid gtid, long shardEpoch, long mark) {
        return new PreparedBranches(
                gtid, "shop", List.of(new Branch(new ShardNumber(3), shardEpoch, "app", 703, mark)));
    }

    private Answer fence(long epoch, String endpoint, long reaches) {
        return apply(new ShardEntry.FenceShard(shard(3), epoch, endpoint, reaches));
    }

    @Test
    void aServerThatHasNeverHeardOfWhatIsDecidedOrAClientsIsNoPrimary() {
        fence(1, "a", ShardEntry.FenceShard.SAME_SERVER);
        Gtid decided = new Gtid(n1, 1);
        Gtid clients = new Gtid(n1, 2);
        apply(new TransactionEntry.Commit(List.of(prepared(decided, 1, 100))));
        assertInstanceOf(
                Answer.Accepted.class, apply(new TransactionEntry.ClientPrepared("x", prepared(clients, 1, 150), 7)));
        assertEquals(150, state.floorOf(shard(3)));
        assertEquals(0, state.floorOf(shard(2)));
        assertInstanceOf(Answer.Rejected.class, fence(2, "b", 149));
        apply(new TransactionEntry.ClientDecided("x", clients, false, n1));
        assertInstanceOf(Answer.Rejected.class, fence(2, "b", 99));
        assertInstanceOf(Answer.Accepted.class, fence(2, "b", 100));
        assertEquals(0, state.floorOf(shard(3)), "on the new one nothing is prepared yet");
    }

    @Test
    void whatAFailoverHasLostIsNotDecidedAfterIt() {
        fence(1, "a", ShardEntry.FenceShard.SAME_SERVER);
        fence(2, "b", 100);
        Answer answer = apply(new TransactionEntry.Commit(
                List.of(prepared(new Gtid(n1, 1), 1, 101), prepared(new Gtid(n1, 2), 1, 100))));
        assertEquals(new Answer.Decided(List.of(false, true)), answer);
        assertInstanceOf(
                Answer.Rejected.class,
                apply(new TransactionEntry.ClientPrepared("x", prepared(new Gtid(n1, 3), 1, 101), 7)));
    }

    @Test
    void aMarkIsFollowedThroughAsManyFailoversAsThereWere() throws MalformedBytesException {
        fence(1, "a", ShardEntry.FenceShard.SAME_SERVER);
        fence(2, "b", 100);
        fence(3, "b", ShardEntry.FenceShard.SAME_SERVER);
        fence(4, "c", 50);
        Branch kept = new Branch(new ShardNumber(3), 1, "app", 703, 100);
        Branch lost = new Branch(new ShardNumber(3), 1, "app", 704, 101);
        Branch lostLater = new Branch(new ShardNumber(3), 3, "app", 705, 51);
        Branch unmarked = new Branch(new ShardNumber(3), 0, "app", 706, Branch.NO_MARK);
        for (DecisionState one : List.of(state, DecisionState.restore(state.snapshot()))) {
            assertTrue(one.hasMark(shard(3), kept));
            assertFalse(one.hasMark(shard(3), lost));
            assertFalse(one.hasMark(shard(3), lostLater));
            assertFalse(one.hasMark(shard(3), unmarked));
            assertTrue(one.hasMark(shard(2), unmarked), "never failed over");
        }
        for (int epoch = 5; epoch < 20; epoch++) {
            fence(epoch, "d" + epoch, 1_000);
        }
        assertFalse(state.hasMark(shard(3), kept), "nobody knows any more");
    }

    /** I16: a million transactions, and while a shard was down a few that could not be done. */
    @Test
    void theStateHoldsWhatIsInFlightAndNothingElse() {
        List<Gtid> stuck = new ArrayList<>();
        int empty = state.snapshot().length;
        for (long sequence = 1; sequence <= 1_000_000; sequence++) {
            Gtid gtid = new Gtid(n1, sequence);
            apply(commit(gtid));
            if (sequence % 100_000 == 0) {
                stuck.add(gtid);
            } else {
                apply(done(gtid));
            }
        }
        assertEquals(
                stuck,
                state.storedCommits().stream()
                        .map(stored -> stored.transaction().gtid())
                        .toList());
        assertTrue(state.snapshot().length < empty + stuck.size() * 64, state.snapshot().length + " bytes");
        apply(new TransactionEntry.Done(stuck));
        // The index has grown by two bytes meanwhile.
        assertTrue(state.snapshot().length <= empty + 2, state.snapshot().length + " bytes after " + empty);
    }

    /**
     * Any log with any entry repeated later and any cut by a snapshot: the same answers and bytes, and what is decided
     * stays decided.
     */
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void decisionsNeverChangeAndSnapshotsStandForTheirLog(long seed) throws MalformedBytesException {
        Random random = new Random(seed);
        DecisionState restored = DecisionState.restore(state.snapshot());
        Map<Gtid, Boolean> decided = new TreeMap<>();
        Set<Gtid> finished = new TreeSet<>();
        List<LogEntry> proposed = new ArrayList<>();
        int[] seen = new int[2];
        for (int step = 0; step < 800; step++) {
            LogEntry entry = !proposed.isEmpty() && random.nextInt(4) == 0
                    ? proposed.get(random.nextInt(proposed.size()))
                    : anyEntry(random);
            proposed.add(entry);
            long at = ++index;
            Answer answer = state.apply(1, at, entry);
            if (random.nextInt(8) == 0) {
                restored = DecisionState.restore(restored.snapshot());
            }
            assertEquals(answer, restored.apply(1, at, LogEntry.decode(entry.encode())), entry.toString());
            assertArrayEquals(state.snapshot(), restored.snapshot());
            if (entry instanceof TransactionEntry.Done done) {
                finished.addAll(done.gtids());
            }
            if (entry instanceof TransactionEntry.Commit commit && answer instanceof Answer.Decided verdict) {
                for (int i = 0; i < verdict.accepted().size(); i++) {
                    Gtid gtid = commit.transactions().get(i).gtid();
                    boolean stands = verdict.accepted().get(i);
                    seen[stands ? 1 : 0]++;
                    if (!finished.contains(gtid)) {
                        Boolean before = decided.putIfAbsent(gtid, stands);
                        assertTrue(before == null || before == stands, gtid + " was " + before + ", is " + stands);
                        assertEquals(stands, state.fateOf(gtid) == Fate.COMMIT, gtid.toString());
                    }
                }
            }
        }
        assertTrue(seen[0] > 10 && seen[1] > 10, "the log was too tame: " + seen[1] + " commits, " + seen[0] + " not");
    }

    private LogEntry anyEntry(Random random) {
        Gtid gtid = new Gtid(
                Stream.concat(state.liveEpochs().stream(), Stream.of(n1, n2))
                        .skip(random.nextInt(3))
                        .findFirst()
                        .orElse(n1),
                random.nextInt(40));
        return switch (random.nextInt(12)) {
            case 0 -> new LogEntry.Register("n" + (1 + random.nextInt(2)), new UUID(1, random.nextInt(50)));
            case 1 -> random.nextInt(4) == 0 ? new LogEntry.Expel(gtid.epoch(), 1) : new TransactionEntry.Abort(gtid);
            case 2 -> new TransactionEntry.Done(List.of(gtid));
            case 3 -> new TransactionEntry.Behind(gtid, shards(random.nextInt(2)));
            case 4 -> new TransactionEntry.ClientPrepared("x" + random.nextInt(5), anyOf(gtid), 7);
            case 5 ->
                new TransactionEntry.ClientDecided("x" + random.nextInt(5), gtid, random.nextBoolean(), gtid.epoch());
            case 6 ->
                new ShardEntry.FenceShard(shard(0), random.nextInt(4), "h" + random.nextInt(2), random.nextInt(3));
            case 7 -> new ShardEntry.AdmitShard(shard(0), random.nextInt(4), "h" + random.nextInt(2));
            default ->
                new TransactionEntry.Commit(List.of(anyOf(gtid), anyOf(new Gtid(gtid.epoch(), random.nextInt(40)))));
        };
    }

    /** The same branches for each name. */
    private static PreparedBranches anyOf(Gtid gtid) {
        return gtid.sequence() % 2 == 0 ? transaction(gtid, 0, 1) : transaction(gtid, 1, 2);
    }
}
