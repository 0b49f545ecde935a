package io.ostraka.proxy.auth;

import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Slows the guessing of passwords: an address that has failed {@code burst} times is refused until time has forgiven a
 * failure, one for each {@code forgiveness}. Successes cost nothing and forgive nothing.
 *
 * <p>Applications that share an address (a host, a NAT) share its bucket. An IPv6 client owns a /64 at least, so that is
 * what counts as its address. At most {@link #MAX_ADDRESSES} are remembered; beyond, the one whose last failure is oldest
 * is forgotten, which helps only a guesser with more addresses than that.
 *
 * <p>Thread-safe, guarded by its own lock, which is held for a map operation.
 */
public final class LoginThrottle {
    static final int MAX_ADDRESSES = 10_000;
    private static final int IPV6_PREFIX_BYTES = 8;

    private final int burst;
    private final long forgivenessNanos;
    private final LongSupplier nanoTime;
    /** For each address when its last failure is forgiven: "now" plus one interval for each failure not forgiven yet. */
    private final Map<Address, Long> forgivenAt = new LinkedHashMap<>();

    private record Address(long high, long low) {
        static Address of(InetAddress address) {
            byte[] bytes = address.getAddress();
            byte[] prefix = bytes.length > 4 ? Arrays.copyOf(bytes, IPV6_PREFIX_BYTES) : bytes;
            long value = 0;
            for (byte b : prefix) {
                value = (value << 8) | (b & 0xFF);
            }
            return new Address(bytes.length, value);
        }
    }

    /** {@code nanoTime}: a clock that never runs backwards, such as {@link System#nanoTime}. */
    public LoginThrottle(int burst, Duration forgiveness, LongSupplier nanoTime) {
        if (burst < 1 || forgiveness.isZero() || forgiveness.isNegative()) {
            throw new IllegalArgumentException("burst " + burst + ", forgiveness " + forgiveness);
        }
        this.burst = burst;
        this.forgivenessNanos = forgiveness.toNanos();
        this.nanoTime = nanoTime;
    }

    /** Whether a login from this address may be tried now. */
    public synchronized boolean admits(InetAddress address) {
        return debt(Address.of(address), nanoTime.getAsLong()) <= (burst - 1) * forgivenessNanos;
    }

    /** Counts a failed login. */
    public synchronized void failed(InetAddress address) {
        Address key = Address.of(address);
        long now = nanoTime.getAsLong();
        long debt = Math.min(debt(key, now) + forgivenessNanos, burst * forgivenessNanos);
        // Taken out first, so that the order is that of the last failures.
        forgivenAt.remove(key);
        forgivenAt.put(key, now + debt);
        forget(now);
    }

    private long debt(Address key, long now) {
        Long until = forgivenAt.get(key);
        return until == null ? 0 : Math.max(0, until - now);
    }

    /** Drops what is forgiven from the old end; one look for each failure keeps the map near what matters. */
    private void forget(long now) {
        var oldest = forgivenAt.entrySet().iterator();
        while (oldest.hasNext()) {
            long until = oldest.next().getValue();
            if (until - now > 0 && forgivenAt.size() <= MAX_ADDRESSES) {
                return;
            }
            oldest.remove();
        }
    }

    synchronized int remembered() {
        return forgivenAt.size();
    }
}
