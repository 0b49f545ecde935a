package io.ostraka.proxy.auth;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * How many logins may begin within a second, from wherever they come: so many at once, and each second so many again. Keeps a
 * storm of clients from taking the event loops away from those who are in. Thread-safe, guarded by its own lock.
 */
public final class LoginRate {
    private final long intervalNanos;
    private final long burstNanos;
    private final LongSupplier nanoTime;
    /** When the last login that was let in has been paid for. */
    private long paidAt;

    /** {@code nanoTime}: a clock that never runs backwards, such as {@link System#nanoTime}. */
    public LoginRate(int perSecond, LongSupplier nanoTime) {
        this.intervalNanos = Duration.ofSeconds(1).toNanos() / perSecond;
        this.burstNanos = intervalNanos * perSecond;
        this.nanoTime = nanoTime;
        this.paidAt = nanoTime.getAsLong();
    }

    /** Whether one more may begin now; if so, it is counted. */
    public synchronized boolean admits() {
        long now = nanoTime.getAsLong();
        long next = (paidAt - now > 0 ? paidAt : now) + intervalNanos;
        if (next - now > burstNanos) {
            return false;
        }
        paidAt = next;
        return true;
    }
}
