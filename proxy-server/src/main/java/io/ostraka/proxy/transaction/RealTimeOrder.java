package io.ostraka.proxy.transaction;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * Keeps {@code consistency: strict} on this node, for one database: its clients are told nothing while snapshots of its shards are
 * taken, one after the other. Whoever was told of a commit that one of them lacks could otherwise make another commit, on another
 * shard, that is in time for the next of them. So the snapshots of a round are one moment for all clients, and commits on one shard
 * wait for nothing but their answer.
 *
 * <p>A node without a lease may be taken for dead, and then its gate is not closed for a round: its clients wait, too.
 *
 * <p>{@link #mayTell} and {@link #await} are for any thread, the rest for the coordinator's queue. A crash leaves nothing.
 */
public final class RealTimeOrder {
    /** Between looks for a lease. */
    private static final Duration PAUSE = Duration.ofMillis(50);

    private record Waiting(EventLoop loop, Runnable tell) {}

    private final CoordinatorQueue queue;
    private final BooleanSupplier holdsLease;
    private final Queue<Waiting> waiting = new ConcurrentLinkedQueue<>();
    /** Clients that may be told and have not been yet: the next round waits for them, lest some wait for ever. */
    private final AtomicInteger leaving = new AtomicInteger();

    private volatile boolean closed;
    /** The round that waits. */
    private Optional<Runnable> closing = Optional.empty();

    RealTimeOrder(CoordinatorQueue queue, BooleanSupplier holdsLease) {
        this.queue = queue;
        this.holdsLease = holdsLease;
    }

    /**
     * Whether a client may be told now what was made known to its session before this call: if a round begins while it is told, its
     * snapshots come after what it is told of.
     */
    public boolean mayTell() {
        return !closed && holdsLease.getAsBoolean();
    }

    /** {@code tell} is called once, later and on {@code loop}, when {@link #mayTell} is worth asking again. */
    public void await(EventLoop loop, Runnable tell) {
        waiting.add(new Waiting(loop, tell));
        if (closed) {
            return;
        }
        if (holdsLease.getAsBoolean()) {
            // It was opened meanwhile, and may not have seen who waits.
            queue.executeLater(this::letGo);
        } else {
            queue.schedule(this::letGo, PAUSE);
        }
    }

    /** From before {@code then} is called, soon, until {@link #reopen} nobody is told anything. */
    void close(Runnable then) {
        closing = Optional.of(then);
        closeIfEmpty();
    }

    private void closeIfEmpty() {
        if (leaving.get() == 0 && closing.isPresent()) {
            closed = true;
            Runnable then = closing.get();
            closing = Optional.empty();
            then.run();
        }
    }

    /** The round is over, or takes too long. */
    void reopen() {
        closing = Optional.empty();
        closed = false;
        letGo();
    }

    private void letGo() {
        if (closed) {
            return;
        }
        for (Waiting next = waiting.poll(); next != null; next = waiting.poll()) {
            leaving.incrementAndGet();
            letGo(next);
        }
    }

    private void letGo(Waiting client) {
        try {
            client.loop().execute(() -> {
                try {
                    client.tell().run();
                } finally {
                    left();
                }
            });
        } catch (RejectedExecutionException stopped) {
            left();
        }
    }

    private void left() {
        if (leaving.decrementAndGet() == 0) {
            queue.execute(this::closeIfEmpty);
        }
    }
}
