package io.ostraka.proxy.transaction;

import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.fence.Gate;
import io.ostraka.tx.fence.RoundId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * The gate of a database where this node is alone, and leads for ever: both ends of the protocol are on one queue, which takes
 * their messages. Confined to it.
 */
final class LoneGate implements Gates, Gate.Port {
    /** It opens by itself after this. */
    private static final Duration LONGEST_ROUND = Duration.ofMillis(1_500);

    private final CoordinatorQueue queue;
    private final Epoch self;
    private final Consumer<Gtid> windowOpen;
    private final RealTimeOrder order;
    private final Gate gate = new Gate(LONGEST_ROUND, this);
    private Optional<Fence> fence = Optional.empty();

    /** {@code windowOpen} is told of each commit that may pass, later and on this thread. */
    LoneGate(CoordinatorQueue queue, Epoch self, RealTimeOrder order, Consumer<Gtid> windowOpen) {
        this.queue = queue;
        this.self = self;
        this.order = order;
        this.windowOpen = windowOpen;
    }

    Gate gate() {
        return gate;
    }

    /** Whose rounds close it. */
    void serves(Fence only) {
        fence = Optional.of(only);
    }

    @Override
    public SortedSet<Epoch> live() {
        return new TreeSet<>(List.of(self));
    }

    @Override
    public void close(Epoch node, RoundId round) {
        queue.execute(() -> gate.onClose(round));
    }

    @Override
    public void open(Epoch node, RoundId round) {
        queue.execute(() -> gate.onOpen(round));
    }

    @Override
    public void confirmLeadership(Consumer<SortedSet<Epoch>> then) {
        queue.execute(() -> then.accept(live()));
    }

    @Override
    public void windowOpen(Gtid gtid) {
        queue.execute(() -> windowOpen.accept(gtid));
    }

    @Override
    public void closed(RoundId round) {
        order.close(() -> queue.execute(() -> fence.orElseThrow().onClosed(self, round)));
    }

    @Override
    public void reopened() {
        order.reopen();
    }

    @Override
    public void opened(RoundId round, boolean held) {
        queue.execute(() -> fence.orElseThrow().onOpened(self, round, held));
    }

    @Override
    public void wake(RoundId round, Duration after) {
        queue.schedule(() -> gate.onTooLong(round), after.plusMillis(1));
    }
}
