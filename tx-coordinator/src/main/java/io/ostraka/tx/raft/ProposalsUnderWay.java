package io.ostraka.tx.raft;

import io.ostraka.tx.decision.Answer;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;

/** Proposals without an answer: Ratis forgets them when its log fails, so somebody must tell the proposers. Thread-safe. */
final class ProposalsUnderWay {
    private final Map<Long, CompletableFuture<Answer>> byCall = new ConcurrentHashMap<>();
    private final AtomicReference<Throwable> stopped = new AtomicReference<>();

    /** Why the log has stopped; empty while it works. */
    Optional<Throwable> stopped() {
        return Optional.ofNullable(stopped.get());
    }

    /** Waits for {@code answer} until it completes or the log stops. */
    void add(long call, CompletableFuture<Answer> answer) {
        byCall.put(call, answer);
        // After the put, or a stop in between would see neither.
        stopped().ifPresent(answer::completeExceptionally);
    }

    void remove(long call) {
        byCall.remove(call);
    }

    /** Nothing more will be applied. The first cause stays; whether this was it. */
    boolean stop(Throwable cause) {
        boolean first = stopped.compareAndSet(null, cause);
        byCall.values().forEach(answer -> answer.completeExceptionally(stopped.get()));
        return first;
    }
}
