package io.ostraka.tx.commit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.commit.Participant.Writes;
import io.ostraka.tx.decision.Branch;
import io.ostraka.tx.decision.ClusterNumber;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.decision.PreparedBranches;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.decision.ShardNumber;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is sent to whom, step by step. What happens when everything goes wrong at once is the simulation's. */
class CoordinatorTest {
    private final RecordingPort port = new RecordingPort();
    private final Coordinator coordinator = new Coordinator(
            new ClusterNumber(7),
            new Epoch(5),
            new CommitSettings(Duration.ofSeconds(30), Duration.ofSeconds(5), Duration.ofMillis(100)),
            port);
    private Gtid gtid;

    private static Participant participant(int shard, Writes writes) {
        return new Participant(new ShardNumber(shard), 0, writes, "app", false, true);
    }

    private void commit(Participant... participants) {
        gtid = coordinator.next();
        coordinator.commit(gtid, "shop", List.of(participants));
    }

    private void commitTwoWriters() {
        commit(participant(0, Writes.YES), participant(1, Writes.YES));
    }

    private void reply(int shard, Step step, ShardReply reply) {
        coordinator.onReply(gtid, new ShardNumber(shard), step, reply);
    }

    private void completes(int shard, Step step, String tag) {
        reply(shard, step, new ShardReply.Completed(tag, false, Optional.of("70" + shard), 0));
    }

    private void votes(int shard) {
        completes(shard, Step.PREPARE, "PREPARE TRANSACTION");
    }

    private void decideTwoWriters() {
        commitTwoWriters();
        votes(0);
        votes(1);
        coordinator.onDecided(gtid, true);
        coordinator.onWindowOpen(gtid);
        port.taken();
    }

    private static ShardReply fails(String state) {
        return new ShardReply.Failed(new ShardError(state, "no"), 0);
    }

    private static ShardReply status(String status) {
        return new ShardReply.Completed("SELECT 1", false, Optional.of(status), 0);
    }

    // One phase

    @Test
    void oneShardCommitsByItself() {
        commit(participant(0, Writes.YES));
        assertEquals(List.of("shop/0: COMMIT"), port.taken());
        completes(0, Step.COMMIT, "COMMIT");
        assertEquals(List.of("answer Committed"), port.taken());
        assertFalse(coordinator.isRunning(gtid));
    }

    @Test
    void oneWriterAmongReadersPassesTheGateAndReadersComeLast() {
        commit(participant(0, Writes.YES), participant(1, Writes.NO));
        assertEquals(List.of("open window"), port.taken());
        coordinator.onWindowOpen(gtid);
        assertEquals(List.of("shop/0: COMMIT"), port.taken());
        completes(0, Step.COMMIT, "COMMIT");
        assertEquals(List.of("close window", "shop/1: COMMIT", "answer Committed"), port.taken());
    }

    @Test
    void whoMayHaveWrittenIsAskedAndOneWriterIsLeft() {
        commit(participant(0, Writes.PERHAPS), participant(1, Writes.PERHAPS));
        assertEquals(
                List.of(
                        "shop/0: SELECT pg_catalog.pg_current_xact_id_if_assigned()",
                        "shop/1: SELECT pg_catalog.pg_current_xact_id_if_assigned()"),
                port.taken());
        reply(0, Step.ASK, new ShardReply.Completed("SELECT 1", false, Optional.empty(), 0));
        completes(1, Step.ASK, "SELECT 1");
        coordinator.onWindowOpen(gtid);
        assertEquals(List.of("open window", "shop/1: COMMIT"), port.taken());
    }

    @Test
    void aReadOnlyTransactionCommitsEverywhereAtOnceWithoutTheGate() {
        commit(participant(0, Writes.NO), participant(1, Writes.NO));
        assertEquals(List.of("shop/0: COMMIT", "shop/1: COMMIT"), port.taken());
    }

    @Test
    void aConnectionLostDuringTheOnlyWritersCommitLeavesTheOutcomeUnknown() {
        commit(participant(0, Writes.YES), participant(1, Writes.NO));
        coordinator.onWindowOpen(gtid);
        port.taken();
        reply(0, Step.COMMIT, new ShardReply.Lost());
        assertEquals(List.of("close window", "shop/1: ROLLBACK", "answer Unknown"), port.taken());
        assertEquals(
                SqlState.TRANSACTION_RESOLUTION_UNKNOWN,
                assertInstanceOf(Outcome.Unknown.class, port.answered).error().state());
    }

    @Test
    void theShardsOwnErrorReachesTheClientWithItsState() {
        commit(participant(0, Writes.YES));
        reply(0, Step.COMMIT, fails("23503"));
        assertEquals(
                "23503",
                assertInstanceOf(Outcome.RolledBack.class, port.answered)
                        .error()
                        .sqlState());
    }

    @Test
    void whatIsOnOneShardAloneDoesNotWaitForSnapshots() {
        commit(participant(0, Writes.YES));
        assertEquals(List.of("shop/0: COMMIT"), port.taken());
        commit(participant(0, Writes.YES), participant(1, Writes.NO));
        assertEquals(List.of("open window"), port.taken());
        commit(participant(0, Writes.NO), participant(1, Writes.NO));
        assertEquals(List.of("shop/0: COMMIT", "shop/1: COMMIT"), port.taken());
    }

    // Two phases

    @Test
    void whoFindsNoRoomToBePreparedWaitsAndHoldsUpNobodyElse() {
        coordinator.limitPrepared(new ShardId("shop", new ShardNumber(0)), 1);
        commitTwoWriters();
        Gtid first = gtid;
        port.taken();
        commitTwoWriters();
        assertEquals(List.of(), port.taken());
        assertEquals(CommitState.WAITING, coordinator.stateOf(gtid));
        commit(participant(0, Writes.YES));
        assertEquals(List.of("shop/0: COMMIT"), port.taken());
        Gtid second = new Gtid(new Epoch(5), 2);
        gtid = first;
        reply(0, Step.PREPARE, fails("23503"));
        port.taken();
        votes(1);
        assertEquals(List.of("shop/1: ROLLBACK PREPARED 'ostraka_00000007_5_1_1'"), port.taken());
        completes(1, Step.ROLLBACK_PREPARED, "ROLLBACK PREPARED");
        assertEquals(
                List.of(
                        "answer RolledBack",
                        "shop/0: SELECT pg_catalog.pg_current_xact_id(); PREPARE TRANSACTION 'ostraka_00000007_5_2_0'",
                        "shop/1: SELECT pg_catalog.pg_current_xact_id(); PREPARE TRANSACTION 'ostraka_00000007_5_2_1'"),
                port.taken());
        assertEquals(CommitState.PREPARING, coordinator.stateOf(second));
    }

    @Test
    void whoWaitsForRoomForTooLongIsRolledBack() {
        coordinator.limitPrepared(new ShardId("shop", new ShardNumber(0)), 1);
        commitTwoWriters();
        commitTwoWriters();
        port.taken();
        coordinator.onAlarm(gtid, Alarm.COMMIT_TIMEOUT);
        assertEquals(List.of("shop/0: ROLLBACK", "shop/1: ROLLBACK"), port.taken());
        completes(0, Step.ROLLBACK, "ROLLBACK");
        completes(1, Step.ROLLBACK, "ROLLBACK");
        assertEquals(List.of("answer Refused"), port.taken());
    }

    @Test
    void whatAClientPreparesTakesNoRoom() {
        coordinator.limitPrepared(new ShardId("shop", new ShardNumber(0)), 1);
        commitTwoWriters();
        port.taken();
        gtid = coordinator.next();
        coordinator.prepare(gtid, "x", "shop", List.of(participant(0, Writes.YES), participant(1, Writes.YES)));
        assertEquals(CommitState.PREPARING, coordinator.stateOf(gtid));
    }

    @Test
    void twoWritersArePreparedDecidedAndCommittedAndOnlyThenTheClientHears() {
        commit(participant(0, Writes.YES), participant(1, Writes.YES), participant(2, Writes.NO));
        assertEquals(
                List.of(
                        "shop/0: SELECT pg_catalog.pg_current_xact_id(); PREPARE TRANSACTION 'ostraka_00000007_5_1_0'",
                        "shop/1: SELECT pg_catalog.pg_current_xact_id(); PREPARE TRANSACTION 'ostraka_00000007_5_1_1'"),
                port.taken());
        votes(1);
        assertEquals(List.of(), port.taken());
        votes(0);
        assertEquals(List.of("decide [shop/0, shop/1]"), port.taken());
        assertEquals(
                new PreparedBranches(
                        gtid,
                        "shop",
                        List.of(
                                new Branch(new ShardNumber(0), 0, "app", 700, Branch.NO_MARK),
                                new Branch(new ShardNumber(1), 0, "app", 701, Branch.NO_MARK))),
                port.decided);
        coordinator.onDecided(gtid, true);
        assertEquals(List.of("open window"), port.taken());
        coordinator.onWindowOpen(gtid);
        assertEquals(
                List.of(
                        "shop/0: COMMIT PREPARED 'ostraka_00000007_5_1_0'",
                        "shop/1: COMMIT PREPARED 'ostraka_00000007_5_1_1'"),
                port.taken());
        completes(0, Step.COMMIT_PREPARED, "COMMIT PREPARED");
        assertEquals(List.of(), port.taken());
        completes(1, Step.COMMIT_PREPARED, "COMMIT PREPARED");
        assertEquals(List.of("close window", "shop/2: COMMIT", "answer Committed", "forget"), port.taken());
        assertTrue(coordinator.isRunning(gtid), "until the log has forgotten it");
        coordinator.onForgotten(gtid);
        assertFalse(coordinator.isRunning(gtid));
    }

    @Test
    void aSessionWithARoleAndWeakCommitsIsPreparedForRecovery() {
        commit(new Participant(new ShardNumber(0), 0, Writes.YES, "service", true, false), participant(1, Writes.YES));
        assertEquals(
                "shop/0: SELECT pg_catalog.pg_current_xact_id(); SET LOCAL synchronous_commit TO on;"
                        + " SET CONSTRAINTS ALL IMMEDIATE; RESET ROLE;"
                        + " PREPARE TRANSACTION 'ostraka_00000007_5_1_0'",
                port.taken().get(0));
    }

    @Test
    void onAShardThatFailsOverTheDecisionTellsFromWhereItsTransactionIdIsKnown() {
        commit(new Participant(new ShardNumber(0), 1, Writes.YES, "app", false, true), participant(1, Writes.YES));
        assertEquals(
                "shop/0: SELECT pg_catalog.concat(pg_catalog.pg_current_xact_id(), ' ',"
                        + " pg_catalog.pg_logical_emit_message(true, 'ostraka', ''));"
                        + " PREPARE TRANSACTION 'ostraka_00000007_5_1_0'",
                port.taken().get(0));
        reply(0, Step.PREPARE, new ShardReply.Completed("PREPARE TRANSACTION", false, Optional.of("700 2/1F"), 1));
        votes(1);
        assertEquals(
                new Branch(new ShardNumber(0), 1, "app", 700, 0x2_0000_001FL),
                port.decided.branches().get(0));
    }

    @ParameterizedTest(name = "tag {0}, warned {1}")
    @CsvSource({"ROLLBACK, false", "PREPARE TRANSACTION, true"})
    void onlyAnUnconditionalPromiseIsAVote(String tag, boolean warned) {
        commitTwoWriters();
        votes(0);
        port.taken();
        reply(1, Step.PREPARE, new ShardReply.Completed(tag, warned, Optional.of("701"), 0));
        List<String> undone = port.taken();
        assertTrue(undone.contains("shop/0: ROLLBACK PREPARED 'ostraka_00000007_5_1_0'"), undone.toString());
        assertEquals(warned, undone.contains("shop/1: ROLLBACK PREPARED 'ostraka_00000007_5_1_1'"));
        completes(0, Step.ROLLBACK_PREPARED, "ROLLBACK PREPARED");
        completes(1, Step.ROLLBACK_PREPARED, "ROLLBACK PREPARED");
        assertEquals(
                "40000",
                assertInstanceOf(Outcome.RolledBack.class, port.answered)
                        .error()
                        .sqlState());
        assertFalse(coordinator.isRunning(gtid));
    }

    @Test
    void aVoteThatComesAfterANoIsRolledBackToo() {
        commitTwoWriters();
        reply(0, Step.PREPARE, fails("40001"));
        port.taken();
        votes(1);
        assertEquals(List.of("shop/1: ROLLBACK PREPARED 'ostraka_00000007_5_1_1'"), port.taken());
        reply(1, Step.ROLLBACK_PREPARED, new ShardReply.Lost());
        assertEquals(List.of("answer RolledBack"), port.taken());
        assertEquals(
                "40001",
                assertInstanceOf(Outcome.RolledBack.class, port.answered)
                        .error()
                        .sqlState());
        assertFalse(coordinator.isRunning(gtid), "the sweeper may have what is left");
    }

    @Test
    void aRejectedCommitIsRolledBackEverywhere() {
        commitTwoWriters();
        votes(0);
        votes(1);
        port.taken();
        coordinator.onDecided(gtid, false);
        assertEquals(
                List.of(
                        "shop/0: ROLLBACK PREPARED 'ostraka_00000007_5_1_0'",
                        "shop/1: ROLLBACK PREPARED 'ostraka_00000007_5_1_1'"),
                port.taken());
        completes(0, Step.ROLLBACK_PREPARED, "ROLLBACK PREPARED");
        completes(1, Step.ROLLBACK_PREPARED, "ROLLBACK PREPARED");
        assertEquals(
                SqlState.TRANSACTION_ROLLBACK,
                assertInstanceOf(Outcome.Refused.class, port.answered).error().state());
    }

    @Test
    void aDecisionWithoutAnAnswerIsToldAsUnknownAndNothingIsRolledBack() {
        commitTwoWriters();
        votes(0);
        votes(1);
        port.taken();
        coordinator.onAlarm(gtid, Alarm.COMMIT_TIMEOUT);
        assertEquals(List.of("answer Unknown"), port.taken());
        coordinator.onDecided(gtid, true);
        coordinator.onWindowOpen(gtid);
        completes(0, Step.COMMIT_PREPARED, "COMMIT PREPARED");
        completes(1, Step.COMMIT_PREPARED, "COMMIT PREPARED");
        assertFalse(port.taken().contains("answer Committed"), "the client was told already");
    }

    @Test
    void aShardThatDoesNotPrepareInTimeIsGivenUpAndTheRestRolledBack() {
        commitTwoWriters();
        votes(0);
        port.taken();
        coordinator.onAlarm(gtid, Alarm.COMMIT_TIMEOUT);
        assertEquals(List.of("shop/0: ROLLBACK PREPARED 'ostraka_00000007_5_1_0'"), port.taken());
        completes(0, Step.ROLLBACK_PREPARED, "ROLLBACK PREPARED");
        assertEquals(List.of("answer RolledBack"), port.taken());
    }

    // Phase two, when shards do not answer as they should

    @Test
    void aLostBranchIsCommittedOnAnotherConnectionUntilItIs() {
        decideTwoWriters();
        completes(0, Step.COMMIT_PREPARED, "COMMIT PREPARED");
        reply(1, Step.COMMIT_PREPARED, new ShardReply.Lost());
        for (String state : List.of("55000", "57P03")) {
            coordinator.onAlarm(gtid, Alarm.RETRY);
            assertEquals(List.of("shop/1 as app: COMMIT PREPARED 'ostraka_00000007_5_1_1'"), port.taken());
            reply(1, Step.COMMIT_PREPARED, fails(state));
        }
        coordinator.onAlarm(gtid, Alarm.RETRY);
        completes(1, Step.COMMIT_PREPARED, "COMMIT PREPARED");
        assertTrue(port.taken().contains("forget"));
    }

    @Test
    void whatDoesNotExistIsLookedForAndForgottenOnlyBehindABarrier() {
        decideTwoWriters();
        completes(0, Step.COMMIT_PREPARED, "COMMIT PREPARED");
        reply(1, Step.COMMIT_PREPARED, fails("42704"));
        assertEquals(List.of("shop/1 as app: SELECT pg_catalog.pg_xact_status('701'::pg_catalog.xid8)"), port.taken());
        reply(1, Step.LOOK, status("committed"));
        assertEquals(
                List.of(
                        "shop/1 as app: SELECT pg_catalog.pg_logical_emit_message(true, 'ostraka', '')",
                        "close window",
                        "answer Committed"),
                port.taken());
        reply(1, Step.BARRIER, new ShardReply.Completed("SELECT 1", true, Optional.empty(), 0));
        coordinator.onAlarm(gtid, Alarm.RETRY);
        assertEquals(
                List.of("shop/1 as app: SELECT pg_catalog.pg_logical_emit_message(true, 'ostraka', '')"), port.taken());
        reply(1, Step.BARRIER, status(""));
        assertEquals(List.of("forget"), port.taken());
    }

    @Test
    void aBarrierAfterAFailoverProvesNothingAboutWhatWasSeenBefore() {
        decideTwoWriters();
        completes(0, Step.COMMIT_PREPARED, "COMMIT PREPARED");
        reply(1, Step.COMMIT_PREPARED, new ShardReply.Completed("COMMIT PREPARED", true, Optional.empty(), 0));
        port.taken();
        reply(1, Step.BARRIER, new ShardReply.Completed("SELECT 1", false, Optional.empty(), 1));
        coordinator.onAlarm(gtid, Alarm.RETRY);
        assertEquals(List.of("shop/1 as app: COMMIT PREPARED 'ostraka_00000007_5_1_1'"), port.taken());
    }

    @ParameterizedTest(name = "synchronous standbys: {0}")
    @CsvSource({"true", "false"})
    void afterAFailoverAbsenceMeansDoneOnlyIfNothingAcknowledgedIsLost(boolean synchronous) {
        port.synchronous = synchronous;
        decideTwoWriters();
        reply(1, Step.COMMIT_PREPARED, new ShardReply.Failed(new ShardError("42704", "no"), 1));
        assertEquals(
                synchronous
                        ? "shop/1 as app: SELECT pg_catalog.pg_logical_emit_message(true, 'ostraka', '')"
                        : "broken promise of shop/1: the prepared transaction is gone after a failover, and nobody can"
                                + " tell how it ended",
                port.taken().get(0));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "aborted, the prepared transaction was rolled back",
        "'', the prepared transaction is gone for so long that nobody can tell how",
    })
    void aBrokenPromiseKeepsTheDecisionAndCallsForAPerson(String status, String told) {
        decideTwoWriters();
        completes(0, Step.COMMIT_PREPARED, "COMMIT PREPARED");
        reply(1, Step.COMMIT_PREPARED, fails("42704"));
        port.taken();
        reply(1, Step.LOOK, status(status));
        assertEquals(List.of("broken promise of shop/1: " + told), port.taken());
        coordinator.onAlarm(gtid, Alarm.COMMIT_TIMEOUT);
        assertEquals(List.of("answer Unknown"), port.taken());
        assertTrue(coordinator.isRunning(gtid));
        coordinator.onAlarm(gtid, Alarm.RETRY);
        assertEquals(List.of(), port.taken());
        coordinator.onAlarm(gtid, Alarm.LOOK_AGAIN);
        assertEquals(List.of("shop/1 as app: COMMIT PREPARED 'ostraka_00000007_5_1_1'"), port.taken());
        reply(1, Step.COMMIT_PREPARED, fails("42704"));
        port.taken();
        reply(1, Step.LOOK, status(status));
        assertEquals(List.of(), port.taken(), "it is told once");
        coordinator.onAlarm(gtid, Alarm.LOOK_AGAIN);
        port.taken();
        completes(1, Step.COMMIT_PREPARED, "COMMIT PREPARED");
        assertEquals(List.of("close window", "forget"), port.taken(), "a person has prepared it again");
    }

    @Test
    void aShardThatStaysAwayIsLeftBehindAndTheClientHearsWhenAllKnow() {
        decideTwoWriters();
        completes(0, Step.COMMIT_PREPARED, "COMMIT PREPARED");
        reply(1, Step.COMMIT_PREPARED, new ShardReply.Lost());
        coordinator.onAlarm(gtid, Alarm.PHASE_TWO_TIMEOUT);
        assertEquals(List.of("leave behind [1]"), port.taken());
        coordinator.onLeftBehind(gtid);
        assertEquals(List.of("close window", "answer Committed"), port.taken());
        assertEquals(
                Set.of(new ShardNumber(1)),
                assertInstanceOf(Outcome.Committed.class, port.answered).behind());
        coordinator.onAlarm(gtid, Alarm.RETRY);
        port.taken();
        completes(1, Step.COMMIT_PREPARED, "COMMIT PREPARED");
        assertEquals(List.of("forget"), port.taken());
    }

    @Test
    void aDeadNodesCommitIsFinishedThroughTheGateOnOtherConnections() {
        PreparedBranches theirs = new PreparedBranches(
                new Gtid(new Epoch(3), 9),
                "shop",
                List.of(
                        new Branch(new ShardNumber(0), 0, "alice", 700, Branch.NO_MARK),
                        new Branch(new ShardNumber(1), 0, "bob", 701, Branch.NO_MARK)));
        gtid = theirs.gtid();
        coordinator.finish(theirs);
        coordinator.finish(theirs);
        assertEquals(List.of("open window"), port.taken());
        coordinator.onWindowOpen(gtid);
        assertEquals(
                List.of(
                        "shop/0 as alice: COMMIT PREPARED 'ostraka_00000007_3_9_0'",
                        "shop/1 as bob: COMMIT PREPARED 'ostraka_00000007_3_9_1'"),
                port.taken());
        completes(0, Step.COMMIT_PREPARED, "COMMIT PREPARED");
        reply(1, Step.COMMIT_PREPARED, fails("42704"));
        reply(1, Step.LOOK, status("committed"));
        port.taken();
        reply(1, Step.BARRIER, status(""));
        assertEquals(List.of("forget"), port.taken());
    }

    @Test
    void aReadersLateReplyIsNobodysWhenItsTransactionIsFinishedAnew() {
        commit(participant(0, Writes.YES), participant(1, Writes.YES), participant(2, Writes.NO));
        votes(0);
        votes(1);
        coordinator.onDecided(gtid, true);
        coordinator.onWindowOpen(gtid);
        completes(0, Step.COMMIT_PREPARED, "COMMIT PREPARED");
        completes(1, Step.COMMIT_PREPARED, "COMMIT PREPARED");
        coordinator.onForgotten(gtid);
        port.taken();
        // This node has not applied yet what another one has answered.
        coordinator.finish(port.decided);
        completes(2, Step.COMMIT, "COMMIT");
        assertEquals(List.of("open window"), port.taken());
        coordinator.onWindowOpen(gtid);
        assertEquals(2, port.taken().size());
    }

    // Clients' own

    @Test
    void aClientsOwnPrepareIsRegisteredUnderItsNameAndStaysPrepared() {
        gtid = coordinator.next();
        coordinator.prepare(gtid, "x", "shop", List.of(participant(0, Writes.YES), participant(1, Writes.NO)));
        votes(0);
        votes(1);
        assertTrue(port.taken().contains("register x [shop/0, shop/1]"));
        coordinator.onDecided(gtid, true);
        assertEquals(List.of("answer Prepared"), port.taken());
        assertTrue(coordinator.isRunning(gtid), "or this node's sweeper would not know what the log knows");
        coordinator.onForgotten(gtid);
        assertFalse(coordinator.isRunning(gtid));
    }
}
