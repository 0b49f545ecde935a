package io.ostraka.proxy.transaction;

import io.netty.channel.EventLoop;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.fence.Gate;
import io.ostraka.tx.fence.RoundId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The gate of a database where this node is alone, and leads for ever: both ends of the protocol are in this thread, whose queue takes
 * their messages. Confined to the coordinator's thread.
 */
final class LoneGate implements Gates, Gate.Port {
    private static final Logger LOG = LoggerFactory.getLogger(LoneGate.class);

    /** It opens by itself after this. */
    private static final Duration LONGEST_ROUND = Duration.ofMillis(1_500);

    private final EventLoop loop;
    private final Epoch self;
    private final Consumer<Gtid> windowOpen;
    private final Gate gate = new Gate(LONGEST_ROUND, this);
    private Optional<Fence> fence = Optional.empty();

    /** {@code windowOpen} is told of each commit that may pass, later and on this thread. */
    LoneGate(EventLoop loop, Epoch self, Consumer<Gtid> windowOpen) {
        this.loop = loop;
        this.self = self;
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
        tell(() -> gate.onClose(round));
    }

    @Override
    public void open(Epoch node, RoundId round) {
        tell(() -> gate.onOpen(round));
    }

    @Override
    public void confirmLeadership(Consumer<SortedSet<Epoch>> then) {
        tell(() -> then.accept(live()));
    }

    @Override
    public void windowOpen(Gtid gtid) {
        tell(() -> windowOpen.accept(gtid));
    }

    @Override
    public void closed(RoundId round) {
        tell(() -> fence.orElseThrow().onClosed(self, round));
    }

    @Override
    public void opened(RoundId round, boolean held) {
        tell(() -> fence.orElseThrow().onOpened(self, round, held));
    }

    @Override
    public void wake(RoundId round, Duration after) {
        loop.schedule(() -> gate.onTooLong(round), after.toMillis() + 1, TimeUnit.MILLISECONDS);
    }

    private void tell(Runnable what) {
        try {
            loop.execute(what);
        } catch (RejectedExecutionException stopped) {
            LOG.debug("after the end: {}", stopped.getMessage());
        }
    }
}
