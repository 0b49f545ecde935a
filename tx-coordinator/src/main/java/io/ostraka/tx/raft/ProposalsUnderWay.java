package io.ostraka.tx.raft;

import io.ostraka.tx.decision.Answer;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Proposals without an answer: Ratis forgets them when its log fails, and waits for ever when its disk does, so somebody must tell
 * the proposers. Thread-safe.
 */
final class ProposalsUnderWay {
    /** By how much a proposal may wait longer than it says. A timer for each would wake a thread for each. */
    private static final Duration TICK = Duration.ofSeconds(1);

    private final Map<Long, UnderWay> byCall = new ConcurrentHashMap<>();
    private final AtomicReference<Throwable> stopped = new AtomicReference<>();
    private final AtomicBoolean ticking = new AtomicBoolean();
    private final Executor later = CompletableFuture.delayedExecutor(TICK.toMillis(), TimeUnit.MILLISECONDS);

    private record UnderWay(CompletableFuture<Answer> answer, long giveUpNanos) {}

    /** Why the log has stopped; empty while it works. */
    Optional<Throwable> stopped() {
        return Optional.ofNullable(stopped.get());
    }

    /** Waits for {@code answer} until it completes, the log stops, or, by {@link System#nanoTime}, it is too late. */
    void add(long call, CompletableFuture<Answer> answer, long giveUpNanos) {
        byCall.put(call, new UnderWay(answer, giveUpNanos));
        // After the put, or a stop in between would see neither.
        stopped().ifPresent(answer::completeExceptionally);
        tickLater();
    }

    void remove(long call) {
        byCall.remove(call);
    }

    /** Nothing more will be applied. The first cause stays; whether this was it. */
    boolean stop(Throwable cause) {
        boolean first = stopped.compareAndSet(null, cause);
        byCall.values().forEach(waiting -> waiting.answer().completeExceptionally(stopped.get()));
        return first;
    }

    private void tickLater() {
        if (!ticking.get() && ticking.compareAndSet(false, true)) {
            later.execute(this::tick);
        }
    }

    private void tick() {
        long now = System.nanoTime();
        byCall.values().forEach(waiting -> {
            if (now - waiting.giveUpNanos() >= 0) {
                waiting.answer().completeExceptionally(new TimeoutException());
            }
        });
        ticking.set(false);
        // After the reset, or one that was added in between would have nobody to look at it.
        if (!byCall.isEmpty()) {
            tickLater();
        }
    }
}
