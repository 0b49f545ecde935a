package io.ostraka.tx.raft;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands requests to cancel to the other members: a client's may arrive at any proxy behind the address it knows. Only a few are
 * on their way at a time and some hundred wait, because whoever reaches the port can send them; what is more is lost, as a
 * request to cancel may be. Thread-safe.
 */
final class StrayCancels implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StrayCancels.class);
    private static final int THREADS = 8;
    private static final int WAITING = 256;
    private static final long IDLE_SECONDS = 10;

    private final PeerGroup peers;
    private final ThreadPoolExecutor calls;

    StrayCancels(PeerGroup peers) {
        this.peers = peers;
        this.calls = new ThreadPoolExecutor(
                THREADS, THREADS, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(WAITING), work -> {
                    Thread thread = new Thread(work, "cancels");
                    thread.setDaemon(true);
                    return thread;
                });
        calls.allowCoreThreadTimeOut(true);
    }

    /** Completes, always normally, when each member has dealt with it or turned out not to be there. */
    CompletableFuture<Void> passOn(byte[] key) {
        return CompletableFuture.allOf(
                peers.otherMembers().stream().map(member -> passOn(member, key)).toArray(CompletableFuture<?>[]::new));
    }

    private CompletableFuture<Void> passOn(String member, byte[] key) {
        try {
            return CompletableFuture.runAsync(() -> call(member, key), calls);
        } catch (RejectedExecutionException tooMany) {
            LOG.debug("a request to cancel was dropped: {} wait already", WAITING);
            return CompletableFuture.completedFuture(null);
        }
    }

    private void call(String member, byte[] key) {
        try {
            peers.call(member, PeerCall.CANCEL, key);
        } catch (IOException e) {
            LOG.debug("{} got no request to cancel: {}", member, e.getMessage());
        }
    }

    @Override
    public void close() {
        calls.shutdownNow();
    }
}
