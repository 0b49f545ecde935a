package io.ostraka.proxy.transaction;

import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The events of the coordinator, one after the other in the order in which they came, each on the thread of whoever brings it
 * while no other is being done; else whoever is at it does it next. So what is confined to the queue needs no lock, and a commit
 * does not pay for waking a thread at each of its steps. No event may block: it could be an event loop of sessions that does it.
 *
 * <p>A thread of its own, {@code coordinator-1}, has the alarms, and takes over from a thread that has done many in a row.
 * Thread-safe.
 */
final class CoordinatorQueue implements Executor {
    private static final Logger LOG = LoggerFactory.getLogger(CoordinatorQueue.class);

    /** A thread that brought one event does not do more of others' in a row. */
    private static final int MOST_IN_A_ROW = 64;

    private final EventLoop own;
    private final boolean isHelped;
    private final Queue<Runnable> events = new ConcurrentLinkedQueue<>();
    /** Those in the queue and the one that is being done. Who raises it from 0 does them. */
    private final AtomicInteger left = new AtomicInteger();

    private volatile boolean closed;

    /** {@code isHelped}: whether those who bring events do them; else its own thread does, which may be made to wait. */
    CoordinatorQueue(boolean isHelped) {
        this(new DefaultEventLoop(new DefaultThreadFactory("coordinator", true)), isHelped);
    }

    /** Takes the thread over. */
    CoordinatorQueue(EventLoop own, boolean isHelped) {
        this.own = own;
        this.isHelped = isHelped;
    }

    /**
     * Before this returns, unless another event is being done, or the queue is not helped. An event that brings another one does
     * not wait for it.
     */
    @Override
    public void execute(Runnable event) {
        if (closed) {
            return;
        }
        events.add(event);
        if (left.getAndIncrement() == 0) {
            if (isHelped) {
                doAll();
            } else {
                onOwnThread(this::doAll);
            }
        }
    }

    private void doAll() {
        int done = 0;
        do {
            if (done == MOST_IN_A_ROW) {
                onOwnThread(this::doAll);
                return;
            }
            try {
                events.remove().run();
            } catch (RuntimeException | Error e) {
                // The events behind it must not wait for ever.
                LOG.error("an event of the coordinator failed", e);
            }
            done++;
        } while (left.decrementAndGet() > 0);
    }

    /** Later, on a thread that nobody waits for: for those who hold locks. */
    void executeLater(Runnable event) {
        onOwnThread(() -> execute(event));
    }

    private void onOwnThread(Runnable what) {
        try {
            own.execute(what);
        } catch (RejectedExecutionException stopped) {
            LOG.debug("after the end: {}", stopped.getMessage());
        }
    }

    Future<?> schedule(Runnable event, Duration after) {
        try {
            return own.schedule(() -> execute(event), after.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException stopped) {
            return own.newFailedFuture(stopped);
        }
    }

    /** What comes after this is dropped. Blocks until the thread has ended. */
    void close() {
        closed = true;
        own.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
