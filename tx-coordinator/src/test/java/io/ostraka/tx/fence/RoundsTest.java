package io.ostraka.tx.fence;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.decision.ShardNumber;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class RoundsTest implements Rounds.Port<String> {
    private static final RoundId FIRST = new RoundId(4, 1);
    private static final RoundId SECOND = new RoundId(4, 2);
    private static final Epoch A = new Epoch(10);
    private static final Epoch B = new Epoch(11);
    private static final ShardId S0 = new ShardId("shop", new ShardNumber(0));
    private static final ShardId S1 = new ShardId("shop", new ShardNumber(1));

    private final Rounds<String> rounds = new Rounds<>(4, Duration.ofMillis(200), this);
    private final List<String> told = new ArrayList<>();
    private final SortedSet<Epoch> living = new TreeSet<>(List.of(A, B));
    private final SortedSet<ShardId> readable = new TreeSet<>(List.of(S0, S1));

    private List<String> taken() {
        List<String> now = List.copyOf(told);
        told.clear();
        return now;
    }

    @Override
    public SortedSet<Epoch> liveEpochs() {
        return living;
    }

    @Override
    public SortedSet<ShardId> readableShards() {
        return readable;
    }

    @Override
    public void close(Epoch node, RoundId round) {
        told.add("close " + node);
    }

    @Override
    public void open(Epoch node, RoundId round) {
        told.add("open " + node);
    }

    @Override
    public void snapshot(RoundId round, ShardId shard) {
        told.add("snapshot " + shard);
    }

    @Override
    public void release(RoundId round, ShardId shard) {
        told.add("release " + shard);
    }

    @Override
    public void confirmLeadership(RoundId round) {
        told.add("confirm");
    }

    @Override
    public void wake(RoundId round, Duration after) {}

    @Override
    public void enter(RoundId round, String visitor) {
        told.add("enter " + visitor);
    }

    @Override
    public void deliver(String requester, Vector vector) {
        told.add(requester + " " + vector.snapshots());
    }

    @Override
    public void failed(String requester) {
        told.add(requester + " failed");
    }

    private void closeAll(RoundId round) {
        rounds.onClosed(A, round);
        rounds.onClosed(B, round);
    }

    private void takeAll(RoundId round) {
        rounds.onSnapshot(round, S0, "x");
        rounds.onSnapshot(round, S1, "y");
    }

    @Test
    void aVectorIsHandedOutWhenEveryGateHeldAndTheLeaderLeads() {
        rounds.request("r");
        assertEquals(List.of("close 10", "close 11"), taken());
        rounds.onClosed(A, FIRST);
        assertEquals(List.of(), taken());
        rounds.onClosed(B, FIRST);
        assertEquals(List.of("snapshot shop/0", "snapshot shop/1"), taken());
        takeAll(FIRST);
        assertEquals(List.of("open 10", "open 11", "confirm"), taken());
        rounds.onOpened(A, FIRST, true);
        rounds.onLeading(FIRST, living);
        assertEquals(List.of(), taken());
        rounds.onOpened(B, FIRST, true);
        assertEquals(List.of("r {shop/0=x, shop/1=y}"), taken());
    }

    @Test
    void visitorsAloneNeedNoSnapshot() {
        rounds.visit("v");
        assertEquals(List.of("close 10", "close 11"), taken());
        closeAll(FIRST);
        assertEquals(List.of("enter v"), taken());
        rounds.onLeft(FIRST, "v");
        assertEquals(List.of("open 10", "open 11", "confirm"), taken());
        rounds.onOpened(A, FIRST, true);
        rounds.onLeading(FIRST, living);
        rounds.onOpened(B, FIRST, true);
        assertEquals(List.of("v {}"), taken());
    }

    @Test
    void aVisitorIsToldThatAGateHasNotHeld() {
        rounds.visit("v");
        closeAll(FIRST);
        rounds.onLeft(FIRST, "v");
        taken();
        rounds.onOpened(A, FIRST, false);
        assertEquals(List.of("open 10", "open 11", "v failed"), taken());
    }

    @Test
    void aVisitorThatStaysTooLongIsLeftBehind() {
        rounds.visit("v");
        closeAll(FIRST);
        taken();
        rounds.onTooLong(FIRST);
        assertEquals(List.of("v failed", "open 10", "open 11", "confirm"), taken());
        rounds.onLeft(FIRST, "v");
        assertEquals(List.of(), taken());
    }

    @Test
    void snapshotsWaitForVisitorsOfTheSameRound() {
        rounds.visit("first");
        rounds.request("r");
        rounds.visit("v");
        closeAll(FIRST);
        rounds.onLeft(FIRST, "first");
        rounds.onOpened(A, FIRST, true);
        rounds.onOpened(B, FIRST, true);
        rounds.onLeading(FIRST, living);
        closeAll(SECOND);
        takeAll(SECOND);
        taken();
        rounds.onLeft(SECOND, "v");
        assertEquals(List.of("open 10", "open 11", "confirm"), taken());
    }

    @Test
    void whoAsksDuringARoundIsServedByTheNext() {
        rounds.request("early");
        rounds.request("late");
        closeAll(FIRST);
        takeAll(FIRST);
        rounds.onOpened(A, FIRST, true);
        rounds.onOpened(B, FIRST, true);
        taken();
        rounds.onLeading(FIRST, living);
        assertEquals(List.of("early {shop/0=x, shop/1=y}", "close 10", "close 11"), taken());
    }

    @Test
    void aGateThatOpenedByItselfSpoilsTheRound() {
        rounds.request("r");
        closeAll(FIRST);
        takeAll(FIRST);
        taken();
        rounds.onOpened(A, FIRST, false);
        assertEquals(List.of("open 10", "open 11", "release shop/0", "release shop/1", "r failed"), taken());
    }

    @Test
    void aNodeThatCameToLifeMeanwhileSpoilsTheRound() {
        rounds.request("r");
        closeAll(FIRST);
        takeAll(FIRST);
        rounds.onOpened(A, FIRST, true);
        rounds.onOpened(B, FIRST, true);
        taken();
        rounds.onLeading(FIRST, List.of(A, B, new Epoch(12)));
        assertEquals("r failed", taken().get(4));
    }

    @Test
    void aLeaderThatCannotMakeSureItLeadsHandsNothingOut() {
        rounds.request("r");
        closeAll(FIRST);
        takeAll(FIRST);
        rounds.onOpened(A, FIRST, true);
        rounds.onOpened(B, FIRST, true);
        taken();
        rounds.onTooLong(FIRST);
        assertEquals(List.of(), taken(), "that call was meant for the gates' closing");
        rounds.onTooLong(FIRST);
        assertEquals("r failed", taken().get(4));
        rounds.onLeading(FIRST, living);
        assertEquals(List.of(), taken());
    }

    @Test
    void aShardThatDoesNotAnswerIsLeftOut() {
        rounds.request("r");
        closeAll(FIRST);
        rounds.onSnapshot(FIRST, S0, "x");
        rounds.onTooLong(FIRST);
        rounds.onOpened(A, FIRST, true);
        rounds.onOpened(B, FIRST, true);
        taken();
        rounds.onLeading(FIRST, living);
        assertEquals(List.of("r {shop/0=x}"), taken());
        rounds.onSnapshot(FIRST, S1, "y");
        assertEquals(List.of("release shop/1"), taken(), "too late for its round");
    }

    @Test
    void shardsThatMayNotBeReadAreAskedForWhenTheGatesAreClosed() {
        rounds.request("r");
        readable.remove(S1);
        closeAll(FIRST);
        assertEquals(List.of("close 10", "close 11", "snapshot shop/0"), taken());
    }

    @Test
    void aGateThatDoesNotCloseFailsTheRoundAndTheNextBegins() {
        rounds.request("r");
        rounds.onClosed(A, FIRST);
        rounds.request("next");
        taken();
        rounds.onTooLong(FIRST);
        assertEquals(List.of("open 10", "open 11", "r failed", "close 10", "close 11"), taken());
        rounds.onClosed(B, FIRST);
        assertEquals(List.of(), taken(), "of a round that is over");
        closeAll(SECOND);
        assertEquals(List.of("snapshot shop/0", "snapshot shop/1"), taken());
    }
}
