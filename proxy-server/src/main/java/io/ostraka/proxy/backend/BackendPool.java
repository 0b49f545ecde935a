package io.ostraka.proxy.backend;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.ostraka.proxy.auth.ShardLogin;
import io.ostraka.rules.config.PoolConfig;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The backends of one shard for one login. At most {@code size} are open over all event loops; each lives on the loop of
 * the sessions it serves, so lending one to a session of the same loop takes no lock. Who finds none waits in the order of
 * arrival, {@code acquire_timeout} at most. A loop that needs one while others have spare ones, or give theirs to sessions that
 * wait far shorter, has one of those closed and opens its own.
 *
 * <p>Thread-safe; a {@link Loop} is confined to its event loop.
 */
public final class BackendPool {
    /**
     * The part of {@code acquire_timeout} after which a loop's sessions are served before the younger ones of another: rarely
     * enough that the new connection this costs does not matter.
     */
    private static final int PATIENCE = 4;

    private final BackendConnector connector;
    private final ShardAddress address;
    private final ShardLogin login;
    private final PoolConfig config;
    private final AtomicInteger open = new AtomicInteger();
    /** How many connections were opened, so that a loop whose own attempt fails can tell that the shard is back since. */
    private final AtomicLong opened = new AtomicLong();
    /** Whether the last attempt that ended, on any loop, has failed. */
    private final AtomicBoolean away = new AtomicBoolean();

    private final Map<EventLoop, Loop> loops = new ConcurrentHashMap<>();

    public BackendPool(BackendConnector connector, ShardAddress address, ShardLogin login, PoolConfig config) {
        this.connector = connector;
        this.address = address;
        this.login = login;
        this.config = config;
    }

    public ShardAddress address() {
        return address;
    }

    /** This pool as one event loop sees it. */
    public Loop on(EventLoop loop) {
        return loops.computeIfAbsent(loop, Loop::new);
    }

    /** Who waits for a backend. One of the two is called once, on the event loop, perhaps within {@link Loop#acquire}. */
    public interface Borrower {
        void onBackend(Backend backend);

        void onNoBackend(PgError error);
    }

    /** Says goodbye to all idle backends, on their loops. */
    public void closeIdle() {
        for (Loop loop : loops.values()) {
            if (!loop.loop.isShuttingDown()) {
                loop.loop.execute(loop::closeIdle);
            }
        }
    }

    /** There is a permit or a shard again: whoever waits on another loop may open a backend now. */
    private void wakeOthers(Loop by) {
        for (Loop other : loops.values()) {
            if (other != by && other.isWaiting) {
                other.loop.execute(other::openForWaiting);
            }
        }
    }

    private boolean takePermit() {
        int taken = open.get();
        while (taken < config.size()) {
            if (open.compareAndSet(taken, taken + 1)) {
                return true;
            }
            taken = open.get();
        }
        return false;
    }

    private record Waiting(Borrower borrower, long since, Optional<Future<?>> timeout) {}

    /** The part of the pool that belongs to one event loop. */
    public final class Loop {
        private final EventLoop loop;
        /** The one used last comes first: its caches are warm, and the others may be closed for being idle. */
        private final ArrayDeque<Backend> idle = new ArrayDeque<>();

        private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
        /** Seen by other loops; may be late, which costs a wake-up in vain. */
        private volatile boolean isWaiting;

        private volatile boolean hasIdle;

        /** Since when the first waits, by {@link System#nanoTime}. Seen by other loops. */
        private volatile long waitsSince;
        /** Whether another loop is closing a backend for this one. */
        private final AtomicBoolean helpIsComing = new AtomicBoolean();
        /** The backends being closed here so that another loop may open one in their place. */
        private final Map<Backend, Loop> heirs = new HashMap<>();

        private Loop(EventLoop loop) {
            this.loop = loop;
        }

        /** An idle backend, if there is one on this loop and nobody waits for it. */
        public Optional<Backend> tryAcquire() {
            assert loop.inEventLoop();
            if (!waiting.isEmpty()) {
                return Optional.empty();
            }
            Backend backend = pollIdle();
            return Optional.ofNullable(backend);
        }

        public void acquire(Borrower borrower) {
            Optional<Backend> now = tryAcquire();
            if (now.isPresent()) {
                borrower.onBackend(now.get());
                return;
            }
            Future<?> timeout = loop.schedule(
                    () -> giveUp(borrower), config.acquireTimeout().toMillis(), TimeUnit.MILLISECONDS);
            waiting.add(new Waiting(borrower, System.nanoTime(), Optional.of(timeout)));
            waitingChanged();
            openForWaiting();
        }

        /** Takes back one that has nothing outstanding and is outside a transaction; others are closed. */
        public void release(Backend backend) {
            assert loop.inEventLoop();
            backend.detach();
            if (!backend.isAtRest()) {
                discard(backend);
                return;
            }
            backend.afterCancels(() -> lend(backend));
        }

        /** Closes one whose state is not known, or not worth keeping. */
        public void discard(Backend backend) {
            backend.detach();
            // The permit goes back when the channel is closed.
            backend.close();
        }

        /** Forgets a borrower that has gone away while waiting. */
        public void forget(Borrower borrower) {
            take(borrower);
        }

        private void lend(Backend backend) {
            if (!backend.isOpen()) {
                return;
            }
            if (!waiting.isEmpty()) {
                Optional<Loop> heir = starving(waiting.element().since());
                if (heir.isPresent()) {
                    heirs.put(backend, heir.get());
                    discard(backend);
                    return;
                }
                Waiting first = waiting.remove();
                first.timeout().ifPresent(timer -> timer.cancel(false));
                waitingChanged();
                first.borrower().onBackend(backend);
                return;
            }
            idle.push(backend);
            hasIdle = true;
            for (Loop other : loops.values()) {
                if (other != this && other.isWaiting) {
                    closeOneIdle();
                    return;
                }
            }
        }

        /** A loop whose first session waits for long, and for longer than the one here; it is claimed for the caller. */
        private Optional<Loop> starving(long since) {
            long patience = config.acquireTimeout().toNanos() / PATIENCE;
            long now = System.nanoTime();
            for (Loop other : loops.values()) {
                if (other != this
                        && other.isWaiting
                        && now - other.waitsSince > patience
                        && since - other.waitsSince > 0
                        && other.helpIsComing.compareAndSet(false, true)) {
                    return Optional.of(other);
                }
            }
            return Optional.empty();
        }

        private void waitingChanged() {
            if (!waiting.isEmpty()) {
                waitsSince = waiting.element().since();
            }
            isWaiting = !waiting.isEmpty();
        }

        /** With the permit of a backend that another loop has closed for this one. */
        private void inherit() {
            helpIsComing.set(false);
            if (waiting.isEmpty()) {
                open.decrementAndGet();
                wakeOthers(this);
            } else {
                connect();
            }
        }

        private void openForWaiting() {
            if (waiting.isEmpty()) {
                return;
            }
            if (!takePermit()) {
                for (Loop other : loops.values()) {
                    if (other != this && other.hasIdle) {
                        other.loop.execute(other::closeOneIdle);
                        return;
                    }
                }
                return;
            }
            connect();
        }

        private void connect() {
            long openedBefore = opened.get();
            connector
                    .connect(loop, address, login)
                    .addListener((Future<Backend> attempt) -> onAttemptEnd(attempt, openedBefore));
        }

        private void onAttemptEnd(Future<Backend> attempt, long openedBefore) {
            if (attempt.isSuccess()) {
                Backend backend = attempt.getNow();
                backend.onClose(() -> onClosed(backend));
                opened.incrementAndGet();
                if (away.compareAndSet(true, false)) {
                    // Their attempts may still be waiting for a server that is gone.
                    wakeOthers(this);
                }
                lend(backend);
                return;
            }
            if (opened.get() != openedBefore && !waiting.isEmpty()) {
                // Old news: another loop has reached the shard since. The permit is kept for the next attempt.
                connect();
                return;
            }
            away.set(true);
            open.decrementAndGet();
            PgError error = ((PgErrorException) attempt.cause()).error();
            // All who wait would find the same: they are told now rather than after their timeout.
            for (Waiting next = waiting.poll(); next != null; next = waiting.poll()) {
                next.timeout().ifPresent(timer -> timer.cancel(false));
                next.borrower().onNoBackend(error);
            }
            waitingChanged();
            wakeOthers(this);
        }

        private void onClosed(Backend backend) {
            idle.remove(backend);
            hasIdle = !idle.isEmpty();
            Loop heir = heirs.remove(backend);
            if (heir != null) {
                heir.loop.execute(heir::inherit);
                return;
            }
            open.decrementAndGet();
            openForWaiting();
            wakeOthers(this);
        }

        private Backend pollIdle() {
            Backend backend = idle.poll();
            while (backend != null && !backend.isOpen()) {
                backend = idle.poll();
            }
            hasIdle = !idle.isEmpty();
            return backend;
        }

        private void closeOneIdle() {
            Backend backend = idle.pollLast();
            hasIdle = !idle.isEmpty();
            if (backend != null) {
                discard(backend);
            }
        }

        private void closeIdle() {
            while (!idle.isEmpty()) {
                discard(idle.poll());
            }
            hasIdle = false;
        }

        private void giveUp(Borrower borrower) {
            if (take(borrower)) {
                borrower.onNoBackend(new PgError(
                        SqlState.TOO_MANY_CONNECTIONS,
                        "no connection to shard \"" + address.shard() + "\" became free in time",
                        "All " + config.size() + " connections for user \"" + login.user() + "\" were in use for "
                                + config.acquireTimeout().toMillis() + " ms.",
                        "End transactions sooner, or raise pool.size or pool.acquire_timeout."));
            }
        }

        private boolean take(Borrower borrower) {
            Iterator<Waiting> all = waiting.iterator();
            while (all.hasNext()) {
                Waiting next = all.next();
                if (next.borrower() == borrower) {
                    all.remove();
                    next.timeout().ifPresent(timer -> timer.cancel(false));
                    waitingChanged();
                    return true;
                }
            }
            return false;
        }
    }
}
