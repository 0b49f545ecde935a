package io.ostraka.rules.config;

import java.time.Duration;

/** The {@code pool} block: backends of one shard for one user, when they go back, how long a session waits for one. */
public record PoolConfig(int size, Mode mode, Duration acquireTimeout) {

    /** When a backend goes back to the pool. */
    public enum Mode {
        TRANSACTION,
        SESSION
    }
}
