package io.ostraka.tx.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.tx.decision.Answer;
import io.ostraka.tx.decision.Branch;
import io.ostraka.tx.decision.ClusterNumber;
import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.Gid;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.decision.LogEntry;
import io.ostraka.tx.decision.PreparedBranches;
import io.ostraka.tx.decision.ShardEntry;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.decision.ShardNumber;
import io.ostraka.tx.decision.TransactionEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sweeps, leases and admission, on a log of two nodes. */
class RecoveryTest implements Recovery.Port, Leases.Port<String>, Admission.Port {
    private static final ClusterNumber CLUSTER = new ClusterNumber(7);
    private static final ShardId S0 = new ShardId("shop", new ShardNumber(0));

    private final DecisionState state = new DecisionState();
    private final List<String> told = new ArrayList<>();
    private final Set<Gtid> running = new TreeSet<>();
    private Epoch self;
    private Epoch other;
    private Recovery recovery;

    @BeforeEach
    void twoNodesLive() {
        apply(new LogEntry.CreateCluster(CLUSTER));
        self = ((Answer.Registered) apply(new LogEntry.Register("self", new UUID(0, 1)))).epoch();
        other = ((Answer.Registered) apply(new LogEntry.Register("other", new UUID(0, 2)))).epoch();
        recovery = new Recovery(CLUSTER, self, this);
    }

    private Answer apply(LogEntry entry) {
        return state.apply(1, state.appliedIndex() + 1, entry);
    }

    private static PreparedBranches transaction(Gtid gtid) {
        return new PreparedBranches(
                gtid, "shop", List.of(new Branch(new ShardNumber(0), 0, "app", 700, Branch.NO_MARK)));
    }

    private void committed(Gtid gtid) {
        apply(new TransactionEntry.Commit(List.of(transaction(gtid))));
    }

    private List<String> found(Gtid... gtids) {
        List<Found> rows = new ArrayList<>();
        for (Gtid gtid : gtids) {
            rows.add(new Found(new Gid(CLUSTER, gtid, new ShardNumber(0)).toString(), "app"));
        }
        recovery.onScan(S0, rows);
        return taken();
    }

    private List<String> taken() {
        List<String> now = List.copyOf(told);
        told.clear();
        return now;
    }

    @Override
    public DecisionState state() {
        return state;
    }

    @Override
    public boolean isRunning(Gtid gtid) {
        return running.contains(gtid);
    }

    @Override
    public void scan(ShardId shard) {
        told.add("scan " + shard);
    }

    @Override
    public void rollBack(ShardId shard, Gid gid, String owner) {
        told.add("roll back " + gid.gtid());
    }

    @Override
    public void endBackends(ShardId shard, Epoch dead) {
        told.add("end backends of " + dead);
    }

    @Override
    public void finish(PreparedBranches transaction) {
        told.add("finish " + transaction.gtid());
    }

    @Override
    public void expel(Epoch epoch) {
        told.add("expel " + epoch);
    }

    @Override
    public void confirmLeadership(Epoch epoch, long renewal) {
        told.add("does this node lead? " + epoch + " " + renewal);
    }

    @Override
    public void renewed(Epoch epoch, long renewal) {
        told.add("renewed " + epoch + " " + renewal);
    }

    @Override
    public void appliedEverywhere(String requester) {
        told.add("everywhere " + requester);
    }

    @Override
    public void propose(ShardEntry entry) {
        told.add("propose " + entry.getClass().getSimpleName());
    }

    @Override
    public void awaitEverywhere(ShardId shard, long epoch, long index) {
        told.add("await " + shard + " " + epoch);
    }

    // Sweeping

    @Test
    void aNodeRollsBackItsOwnBranchesThatItDoesNotRunAndLeavesEverybodyElses() {
        Gtid left = new Gtid(self, 1);
        Gtid underWay = new Gtid(self, 2);
        running.add(underWay);
        assertEquals(List.of("roll back " + left), found(left, underWay, new Gtid(other, 1)));
    }

    @Test
    void onlyTheLeaderSettlesTheDead() {
        Gtid undecided = new Gtid(other, 1);
        Gtid decided = new Gtid(other, 2);
        committed(decided);
        assertEquals(List.of(), found(undecided, decided));
        apply(new LogEntry.Expel(other, 1));
        assertEquals(List.of(), found(undecided, decided));
        recovery.lead(true);
        assertEquals(List.of("roll back " + undecided, "finish " + decided), found(undecided, decided));
    }

    @Test
    void aCommitOfALiveNodeIsItsOwnToFinish() {
        Gtid theirs = new Gtid(other, 1);
        Gtid own = new Gtid(self, 1);
        committed(theirs);
        committed(own);
        recovery.lead(true);
        running.add(own);
        assertEquals(List.of(), found(theirs, own));
        running.clear();
        assertEquals(List.of("finish " + own), found(theirs, own), "it has lost sight of it");
    }

    @Test
    void aNodeThatTheLogHasNotHeardOfYetIsNotDead() {
        recovery.lead(true);
        assertEquals(List.of(), found(new Gtid(new Epoch(99), 1)));
    }

    @Test
    void whatAClientPreparedIsLeftAlone() {
        Gtid theirs = new Gtid(other, 1);
        apply(new TransactionEntry.ClientPrepared("x", transaction(theirs), 7));
        apply(new LogEntry.Expel(other, 1));
        recovery.lead(true);
        assertEquals(List.of(), found(theirs));
    }

    @Test
    void foreignNamesAreNeverTouched() {
        recovery.lead(true);
        recovery.onScan(
                S0,
                List.of(
                        new Found("x", "app"),
                        new Found("ostraka_", "app"),
                        new Found("ostraka_00000008_1_1_0", "app"),
                        new Found("ostraka_00000007_1_1_0x", "app")));
        assertEquals(List.of(), taken());
    }

    @Test
    void anExpulsionEndsBackendsAndSweepsAtOnce() {
        Gtid decided = new Gtid(other, 2);
        committed(decided);
        apply(new LogEntry.Expel(other, 1));
        recovery.onExpelled(List.of(other), List.of(S0));
        assertEquals(List.of(), taken());
        recovery.lead(true);
        recovery.onExpelled(List.of(other), List.of(S0));
        assertEquals(List.of("end backends of " + other, "finish " + decided, "scan " + S0), taken());
    }

    // Leases

    @Test
    void aNodeThatDoesNotRenewIsExpelledAndOneJustSeenHasAFullLease() {
        Leases<String> leases = new Leases<>(Duration.ofNanos(100), this);
        leases.onTick(1_000);
        leases.onRenewal(self, 1, 1, 1_090);
        taken();
        leases.onTick(1_100);
        assertEquals(List.of(), taken());
        leases.onTick(1_101);
        assertEquals(List.of("expel " + other), taken());
        leases.onRenewal(other, 1, 1, 1_110);
        assertEquals(List.of(), taken(), "too late: the expulsion may be in the log already");
        apply(new LogEntry.Expel(other, 1));
        leases.onRenewal(other, 2, 1, 1_120);
        assertEquals(List.of(), taken(), "it must register anew");
    }

    @Test
    void aRenewalHoldsWhenAMajorityHasSaidThatThisNodeLeadsStill() {
        Leases<String> leases = new Leases<>(Duration.ofNanos(100), this);
        leases.onRenewal(other, 17, 1, 0);
        assertEquals(List.of("does this node lead? " + other + " 17"), taken());
        leases.onLeading(other, 17);
        assertEquals(List.of("renewed " + other + " 17"), taken());
        leases.onRenewal(other, 18, 1, 10);
        leases.onRenewal(self, 1, 1, 100);
        taken();
        leases.onTick(111);
        assertEquals(List.of("expel " + other), taken());
        leases.onLeading(other, 18);
        assertEquals(List.of(), taken(), "the majority's word came too late");
    }

    @Test
    void anEntryIsAppliedEverywhereWhenEveryNodeThatLivesHasSaidSo() {
        Leases<String> leases = new Leases<>(Duration.ofNanos(100), this);
        long index = state.appliedIndex();
        leases.awaitEverywhere(index, "r");
        leases.onRenewal(self, 1, index, 0);
        leases.onRenewal(other, 1, index - 1, 0);
        assertFalse(taken().contains("everywhere r"));
        leases.onRenewal(other, 2, index, 1);
        assertTrue(taken().contains("everywhere r"));
        leases.awaitEverywhere(index + 1, "next");
        leases.onRenewal(self, 2, index + 1, 2);
        leases.onRenewal(other, 3, index + 1, 2);
        assertFalse(taken().contains("everywhere next"), "this node knows of no node beyond what it has applied");
        apply(new LogEntry.Expel(other, 1));
        leases.onTick(3);
        assertEquals(List.of("everywhere next"), taken());
    }

    @Test
    void aNodesOwnLeaseCountsFromWhenItSentTheRenewal() {
        Lease lease = new Lease(Duration.ofNanos(100));
        assertFalse(lease.isValid(0));
        lease.onRenewed(1_000);
        lease.onRenewed(950);
        assertTrue(lease.isValid(1_099));
        assertFalse(lease.isValid(1_100));
    }

    // Admission

    @Test
    void aPromotedServerIsFencedSettledAndAdmitted() {
        Admission admission = new Admission(CLUSTER, this);
        Gtid decided = new Gtid(other, 1);
        committed(decided);
        List<Found> left = List.of(new Found(new Gid(CLUSTER, decided, new ShardNumber(0)).toString(), "app"));
        admission.onPromoted(S0, 1, "b", 9);
        admission.onTick();
        assertEquals(List.of(), taken(), "what it was compared with is not the primary");
        admission.onPromoted(S0, 0, "b", 9);
        admission.onTick();
        assertEquals(List.of("propose FenceShard"), taken());
        apply(new ShardEntry.FenceShard(S0, 1, "b", 9));
        admission.onTick();
        assertEquals(List.of("await " + S0 + " 1"), taken());
        admission.onScan(S0, "b", List.of());
        assertEquals(List.of(), taken(), "somebody may still use the old primary");
        admission.onFencedEverywhere(S0, 1);
        admission.onTick();
        assertEquals(List.of("scan " + S0), taken());
        admission.onScan(S0, "b", left);
        assertEquals(List.of(), taken(), "a decided branch is prepared there still");
        admission.onScan(S0, "b", List.of());
        assertEquals(List.of(), taken(), "nobody has said yet that it is committed there, and not lost");
        apply(new TransactionEntry.Done(List.of(decided)));
        admission.onScan(S0, "c", List.of());
        assertEquals(List.of(), taken(), "that was another server");
        admission.onScan(S0, "b", List.of());
        assertEquals(List.of("propose AdmitShard"), taken());
        apply(new ShardEntry.AdmitShard(S0, 1, "b"));
        admission.onTick();
        assertEquals(List.of(), taken());
    }
}
