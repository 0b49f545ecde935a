package io.ostraka.rules.config;

import java.time.Duration;

/**
 * The {@code limits} block: what clients may take of the proxy. {@code failedLogins} of one address are let pass at once, and
 * one of them is forgiven after each {@code forgiveFailedLogin}. {@code loginsInProgress} counts connections that have yet to
 * log in; {@code collectedMessage} is in bytes, and so is {@code preparedText}, which with {@code preparedStatements} and
 * {@code portals} holds for each session.
 */
public record LimitsConfig(
        Duration loginTimeout,
        int loginsInProgress,
        int loginsPerSecond,
        int failedLogins,
        Duration forgiveFailedLogin,
        int sessions,
        int sessionsPerUser,
        int collectedMessage,
        int preparedStatements,
        int preparedText,
        int portals) {

    /** What holds without the block. */
    public static final LimitsConfig DEFAULT = new LimitsConfig(
            Duration.ofMinutes(1),
            2_000,
            5_000,
            20,
            Duration.ofSeconds(1),
            10_000,
            10_000,
            64 << 20,
            10_000,
            64 << 20,
            10_000);
}
