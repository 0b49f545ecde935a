package io.ostraka.tx.recovery;

import java.time.Duration;

/**
 * A node's own view of its lease: it counts from the moment the renewal was <em>sent</em>, so it ends here before it ends at
 * the leader. A node whose lease has ended begins nothing and reads nothing; what is decided does not depend on it.
 *
 * <p>Times are the node's monotonic clock. Pure; confined to its owner. Source: {@code transactions.md}, section 6.1.
 */
public final class Lease {
    private final Duration length;
    private long renewedAt;
    private boolean held;

    /** @param length of the leader's, less what clocks may drift */
    public Lease(Duration length) {
        this.length = length;
    }

    /** The leader has confirmed the renewal that was sent then. */
    public void onRenewed(long sentAtNanos) {
        if (!held || sentAtNanos - renewedAt > 0) {
            held = true;
            renewedAt = sentAtNanos;
        }
    }

    public boolean isValid(long nowNanos) {
        return held && nowNanos - renewedAt < length.toNanos();
    }
}
