package io.ostraka.rules.config;

import java.time.Duration;

/** Reads the {@code limits} block. */
final class LimitsReader {
    /** Far beyond what one proxy serves; it keeps sums of them in range. */
    private static final int MAX = 10_000_000;

    private LimitsReader() {}

    static LimitsConfig read(Value value) {
        LimitsConfig byDefault = LimitsConfig.DEFAULT;
        return value.block(ConfigBlock.LIMITS)
                .map(opened -> {
                    try (Block block = opened) {
                        int sessions = count(block, "sessions", byDefault.sessions());
                        return new LimitsConfig(
                                duration(block, "login_timeout", byDefault.loginTimeout()),
                                count(block, "logins_in_progress", byDefault.loginsInProgress()),
                                count(block, "logins_per_second", byDefault.loginsPerSecond()),
                                count(block, "failed_logins", byDefault.failedLogins()),
                                duration(block, "forgive_failed_login", byDefault.forgiveFailedLogin()),
                                sessions,
                                count(block, "sessions_per_user", sessions),
                                size(block, "collected_message", byDefault.collectedMessage()),
                                count(block, "prepared_statements", byDefault.preparedStatements()),
                                size(block, "prepared_text", byDefault.preparedText()),
                                count(block, "portals", byDefault.portals()));
                    }
                })
                .orElse(byDefault);
    }

    private static int count(Block block, String key, int byDefault) {
        return block.get(key)
                .map(value -> value.integer(1, MAX).orElse(byDefault))
                .orElse(byDefault);
    }

    private static int size(Block block, String key, int byDefault) {
        return block.get(key).map(value -> value.bytes().orElse(byDefault)).orElse(byDefault);
    }

    private static Duration duration(Block block, String key, Duration byDefault) {
        return block.get(key).flatMap(Value::duration).orElse(byDefault);
    }
}
