package io.ostraka.rules.config;

import java.time.Duration;

/**
 * The {@code limits} block: what clients may take of the proxy. {@code failedLogins} of one address are let pass at once, and
 * one of them is forgiven after each {@code forgiveFailedLogin}.
 */
public record LimitsConfig(
        Duration loginTimeout,
        int loginsPerSecond,
        int failedLogins,
        Duration forgiveFailedLogin,
        int sessions,
        int sessionsPerUser) {

    /** What holds without the block. */
    public static final LimitsConfig DEFAULT =
            new LimitsConfig(Duration.ofMinutes(1), 5_000, 20, Duration.ofSeconds(1), 10_000, 10_000);
}
