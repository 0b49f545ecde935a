package io.ostraka.proxy.transaction;

import java.time.Instant;
import java.util.Optional;

/**
 * What a shard says of itself, for people.
 *
 * @param prepared how many transactions of this cluster are prepared in its database, {@code oldest} of them since when
 */
public record ShardLook(
        String version, int maxPrepared, int prepared, Optional<Instant> oldest, int connections, int maxConnections) {}
