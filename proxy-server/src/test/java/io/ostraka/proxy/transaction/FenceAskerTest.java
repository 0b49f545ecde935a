package io.ostraka.proxy.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ostraka.proxy.transaction.FenceMessage.Kind;
import io.ostraka.proxy.transaction.FenceMessage.Node;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.fence.RoundId;
import io.ostraka.tx.raft.ClusterMembership;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a node makes of the leader's answers, whatever order they come in. */
@Timeout(60)
class FenceAskerTest {
    private static final Node LEADER = new Node("n1@1", new Epoch(1));
    private static final Node SELF = new Node("n2@2", new Epoch(2));
    private static final RoundId FIRST = new RoundId(7, 1);
    private static final RoundId SECOND = new RoundId(7, 2);

    private final CoordinatorQueue queue = new CoordinatorQueue(true);
    private final BlockingQueue<FenceMessage> sent = new LinkedBlockingQueue<>();
    private final FencePost post = new FencePost(queue, SELF, this::bring, message -> {});
    private final FenceAsker asker =
            new FenceAsker(post, () -> Optional.of(new ClusterMembership.Leader(LEADER.member(), 7)));

    /** A session that reads several shards. */
    private static final class Reader implements ClosedGate, SnapshotRequest {
        private final List<String> heard = new ArrayList<>();
        private Runnable leave = () -> {};

        @Override
        public void onClosed(Set<ShardName> unreadable, Runnable left) {
            heard.add("closed");
            leave = left;
        }

        @Override
        public void onOpened(boolean held) {
            heard.add("held " + held);
        }

        @Override
        public Set<ShardName> needed() {
            return Set.of(new ShardName("s0"));
        }

        @Override
        public void onSnapshot(Snapshot snapshot) {
            heard.add("snapshot " + snapshot.names());
            leave = snapshot::release;
        }

        @Override
        public void onNoSnapshot(PgError why) {
            heard.add(why.message());
        }
    }

    @AfterEach
    void stop() {
        queue.close();
    }

    private CompletableFuture<Void> bring(String member, byte[] message) {
        try {
            assertEquals(LEADER.member(), member);
            sent.add(FenceMessage.decode(message));
            return CompletableFuture.completedFuture(null);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void run(Runnable what) {
        CompletableFuture.runAsync(what, queue).join();
    }

    /** The next message of this kind: questions may have been repeated meanwhile. */
    private FenceMessage next(Kind kind) throws InterruptedException {
        FenceMessage message = sent.take();
        while (message.kind() != kind) {
            message = sent.take();
        }
        return message;
    }

    private long visit(Reader reader) throws InterruptedException {
        run(() -> asker.visit("shop", reader));
        return next(Kind.ASK_VISIT).ask();
    }

    private void enter(long ask, RoundId round) {
        run(() -> asker.hear(FenceMessage.of(Kind.ENTER, "shop", LEADER, ask).in(round)));
    }

    private void over(long ask, RoundId round, boolean held) {
        run(() -> asker.hear(
                FenceMessage.of(Kind.OVER, "shop", LEADER, ask).in(round).held(held)));
    }

    private void leave(Reader reader, RoundId of) throws InterruptedException {
        run(reader.leave);
        assertEquals(of, next(Kind.LEFT).round());
    }

    @Test
    void aVisitorIsToldThatTheGatesStayedClosed() throws InterruptedException {
        Reader reader = new Reader();
        long ask = visit(reader);
        enter(ask, FIRST);
        leave(reader, FIRST);
        over(ask, FIRST, true);
        assertEquals(List.of("closed", "held true"), reader.heard);
    }

    @Test
    void anEarlierRoundsEndSaysNothingOfTheOneTheVisitorIsIn() throws InterruptedException {
        Reader reader = new Reader();
        long ask = visit(reader);
        enter(ask, SECOND);
        over(ask, FIRST, true);
        assertEquals(List.of("closed", "held false"), reader.heard);
        assertEquals(SECOND, next(Kind.LEFT).round(), "commits need not wait for it any more");
    }

    @Test
    void whoIsLetInAgainStaysInTheRoundInWhichItBegan() throws InterruptedException {
        Reader reader = new Reader();
        long ask = visit(reader);
        enter(ask, FIRST);
        enter(ask, FIRST);
        enter(ask, SECOND);
        assertEquals(SECOND, next(Kind.LEFT).round());
        leave(reader, FIRST);
        over(ask, SECOND, true);
        assertEquals(List.of("closed", "held false"), reader.heard, "what it read was read in the first round");
    }

    @Test
    void aVisitThatCameToNothingIsNoVisit() throws InterruptedException {
        Reader reader = new Reader();
        long ask = visit(reader);
        over(ask, RoundId.NONE, false);
        enter(ask, FIRST);
        assertEquals(List.of("held false"), reader.heard);
        assertEquals(FIRST, next(Kind.LEFT).round(), "nobody is there any more");
    }

    @Test
    void aVisitorOfWhomTheLeaderSaysNothingMoreAsksAgain() throws InterruptedException {
        Reader reader = new Reader();
        enter(visit(reader), FIRST);
        assertEquals(FIRST, next(Kind.LEFT).round(), "after the longest that a round may take");
    }

    @Test
    void aQuestionIsRepeatedUnderItsNumberUntilItIsAnswered() throws InterruptedException {
        Reader reader = new Reader();
        long ask = visit(reader);
        assertEquals(ask, next(Kind.ASK_VISIT).ask());
    }

    @Test
    void aSnapshotIsReleasedByWhomeverItReachesTooLate() throws InterruptedException {
        Reader reader = new Reader();
        run(() -> asker.request("shop", reader));
        long ask = next(Kind.ASK_SNAPSHOT).ask();
        FenceMessage granted =
                FenceMessage.of(Kind.GRANTED, "shop", LEADER, ask).with(Map.of("s0", "00000003-0000001B-1"));
        run(() -> asker.hear(granted));
        run(() -> asker.hear(granted));
        assertEquals(List.of("snapshot {s0=00000003-0000001B-1}"), reader.heard);
        run(reader.leave);
        assertEquals(ask, next(Kind.RELEASE).ask());
        run(() -> asker.hear(granted));
        assertEquals(ask, next(Kind.RELEASE).ask(), "it was asked for twice");
    }
}
