package io.ostraka.proxy.backend;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.ostraka.proxy.auth.ShardLogin;
import io.ostraka.rules.config.PoolConfig;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The backends of one shard for one login. At most {@code size} are open over all event loops; each lives on the loop of
 * the sessions it serves, so lending one to a session of the same loop takes no lock. Who finds none waits in the order of
 * arrival, {@code acquire_timeout} at most. A backend moves to another loop when sessions wait there while it is idle, or wait
 * far longer than those it would serve where it is.
 *
 * <p>Thread-safe; a {@link Loop} is confined to its event loop.
 */
public final class BackendPool {
    /**
     * How long a session waits before another loop's backend moves to it: a move costs about as much as a short query, and one of
     * its own loop is most likely back sooner.
     */
    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** A setting that servers report, since version 14. */
    private static final String IN_HOT_STANDBY = "in_hot_standby";

    /** A busy backend moves to a session of another loop that has waited this many times as long as the next one here. */
    private static final int UNFAIR = 2;

    private final BackendConnector connector;
    private final ShardPlace place;
    private final ShardLogin login;
    private final PoolConfig config;
    private final AtomicInteger open = new AtomicInteger();
    /** How many connections were opened, so that a loop whose own attempt fails can tell that the shard is back since. */
    private final AtomicLong opened = new AtomicLong();
    /** Whether the last attempt that ended, on any loop, has failed. */
    private final AtomicBoolean away = new AtomicBoolean();

    private final Map<EventLoop, Loop> loops = new ConcurrentHashMap<>();
    /** On how many loops somebody waits: mostly none, and then a backend that comes back need not look at the others. */
    private final AtomicInteger waitingLoops = new AtomicInteger();

    public BackendPool(BackendConnector connector, ShardAddress address, ShardLogin login, PoolConfig config) {
        this(connector, ShardPlace.fixed(address), login, config);
    }

    /** Of a shard whose primary may change. */
    public BackendPool(BackendConnector connector, ShardPlace place, ShardLogin login, PoolConfig config) {
        this.connector = connector;
        this.place = place;
        this.login = login;
        this.config = config;
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

    private boolean isOutdated(Backend backend) {
        return backend.age() != connector.age() || place.isStale(backend);
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
        /** Whether a backend of another loop is on its way to this one. */
        private final AtomicBoolean helpIsComing = new AtomicBoolean();
        /** The backends that live here, lent or idle. */
        private final Set<Backend> own = new HashSet<>();
        /** Whether there is none that could come back. Seen by other loops. */
        private volatile boolean hasNone = true;
        /** Whether a look for the others' idle backends is due. */
        private boolean willAsk;

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
            if (place.unknown().isPresent()) {
                borrower.onNoBackend(place.nowhere());
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
            if (waitingLoops.get() > (isWaiting ? 1 : 0)) {
                Optional<Loop> needier = needier();
                if (needier.isPresent()) {
                    move(backend, needier.get());
                    return;
                }
            }
            serve(backend);
        }

        /** To the first who waits here. */
        private void serve(Backend backend) {
            if (isOutdated(backend)) {
                discard(backend);
                return;
            }
            if (!waiting.isEmpty()) {
                Waiting first = waiting.remove();
                first.timeout().ifPresent(timer -> timer.cancel(false));
                waitingChanged();
                first.borrower().onBackend(backend);
                return;
            }
            idle.push(backend);
            hasIdle = true;
        }

        /** A loop with more need of a backend that is free here; it is claimed for the caller. */
        private Optional<Loop> needier() {
            for (Loop other : loops.values()) {
                if (other != this && other.isWaiting && isNeedier(other) && other.claimHelp()) {
                    return Optional.of(other);
                }
            }
            return Optional.empty();
        }

        private boolean isNeedier(Loop other) {
            long now = System.nanoTime();
            long theirs = now - other.waitsSince;
            if (waiting.isEmpty()) {
                return other.hasNone || theirs > PATIENCE_NANOS;
            }
            long ours = now - waiting.element().since();
            return theirs > PATIENCE_NANOS && theirs / UNFAIR > ours;
        }

        private boolean claimHelp() {
            return helpIsComing.compareAndSet(false, true);
        }

        private void move(Backend backend, Loop to) {
            own.remove(backend);
            hasNone = own.isEmpty();
            backend.moveTo(to.loop, () -> to.arrived(backend));
        }

        /** One that another loop had to spare is here, or has closed on its way. */
        private void arrived(Backend backend) {
            helpIsComing.set(false);
            if (backend.isOpen()) {
                own.add(backend);
                hasNone = false;
                // Not to a loop that is needier still: it could go on from loop to loop for ever.
                serve(backend);
            }
            if (!waiting.isEmpty()) {
                openForWaiting();
            }
        }

        private void waitingChanged() {
            if (!waiting.isEmpty()) {
                waitsSince = waiting.element().since();
            }
            if (isWaiting == waiting.isEmpty()) {
                isWaiting = !isWaiting;
                waitingLoops.addAndGet(isWaiting ? 1 : -1);
            }
        }

        private void openForWaiting() {
            if (waiting.isEmpty()) {
                return;
            }
            if (takePermit()) {
                connect();
                return;
            }
            if (hasNone) {
                askOthers();
            }
            if (!willAsk) {
                willAsk = true;
                loop.schedule(this::askAgain, PATIENCE_NANOS, TimeUnit.NANOSECONDS);
            }
        }

        /** As long as somebody waits: another loop's backend may have become idle just when that was not to be seen from there. */
        private void askAgain() {
            willAsk = false;
            askOthers();
            openForWaiting();
        }

        /** One loop that gives nothing back just now would not see that somebody waits here. */
        private void askOthers() {
            for (Loop other : loops.values()) {
                if (other != this && other.hasIdle && !waiting.isEmpty() && claimHelp()) {
                    other.loop.execute(() -> other.giveIdle(this));
                    return;
                }
            }
        }

        private void giveIdle(Loop to) {
            Backend backend = pollIdle();
            if (backend == null) {
                // Who waits there asks again.
                to.helpIsComing.set(false);
            } else {
                move(backend, to);
            }
        }

        private void connect() {
            long openedBefore = opened.get();
            long age = connector.age();
            ShardAddress there = place.address();
            connector.connect(loop, there, login).addListener((Future<Backend> attempt) -> {
                if (attempt.isSuccess()) {
                    attempt.getNow().bornAt(age, there);
                    place.opened(attempt.getNow());
                }
                onAttemptEnd(attempt, openedBefore);
            });
        }

        private void onAttemptEnd(Future<Backend> attempt, long openedBefore) {
            if (attempt.isSuccess() && place.isStale(attempt.getNow())) {
                attempt.getNow().close();
                onNoBackend(place.nowhere());
                return;
            }
            if (attempt.isSuccess()
                    && place.moves()
                    && "on".equals(attempt.getNow().parameters().get(IN_HOT_STANDBY))) {
                attempt.getNow().close();
                onNoBackend(place.standby());
                return;
            }
            if (attempt.isSuccess()) {
                Backend backend = attempt.getNow();
                own.add(backend);
                hasNone = false;
                backend.onClose(() -> on(backend.loop()).onClosed(backend));
                opened.incrementAndGet();
                if (away.compareAndSet(true, false)) {
                    // Their attempts may still be waiting for a server that is gone.
                    wakeOthers(this);
                }
                if (waiting.isEmpty()) {
                    lend(backend);
                } else {
                    // It was opened for those who wait here, however long others have waited for theirs.
                    serve(backend);
                }
                return;
            }
            if (opened.get() != openedBefore && !waiting.isEmpty()) {
                // Old news: another loop has reached the shard since. The permit is kept for the next attempt.
                connect();
                return;
            }
            onNoBackend(((PgErrorException) attempt.cause()).error());
        }

        private void onNoBackend(PgError error) {
            away.set(true);
            open.decrementAndGet();
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
            own.remove(backend);
            hasNone = own.isEmpty();
            open.decrementAndGet();
            openForWaiting();
            wakeOthers(this);
        }

        private Backend pollIdle() {
            Backend backend = idle.poll();
            while (backend != null && (!backend.isOpen() || isOutdated(backend))) {
                if (backend.isOpen()) {
                    discard(backend);
                }
                backend = idle.poll();
            }
            hasIdle = !idle.isEmpty();
            return backend;
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
                        "no connection to shard \"" + place.address().shard() + "\" became free in time",
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
