package io.ostraka.it.harness;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Waiting for a condition with a deadline, in place of sleeping and hoping. */
public final class Await {
    private static final Duration DEADLINE = Duration.ofSeconds(60);
    private static final Duration POLL = Duration.ofMillis(10);

    private Await() {}

    /** May fail while it does not hold yet. */
    @FunctionalInterface
    public interface Condition {
        boolean holds() throws Exception;
    }

    /** Returns once {@code condition} holds; fails when it still does not after a minute. */
    public static void until(String what, Condition condition) {
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        Exception last = null;
        while (System.nanoTime() < deadline) {
            try {
                if (condition.holds()) {
                    return;
                }
            } catch (Exception e) {
                last = e;
            }
            LockSupport.parkNanos(POLL.toNanos());
        }
        throw new AssertionError(
                "waited in vain until " + what + (last == null ? "" : "; the last failure: " + last), last);
    }
}
