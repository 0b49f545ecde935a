package io.ostraka.proxy.backend;

import io.ostraka.proxy.tls.ShardTls;
import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.config.ShardConfig;
import io.ostraka.rules.config.ShardName;
import java.util.Optional;

/**
 * Where a shard's primary listens, what the database is called there, and how the way is protected.
 *
 * @param epoch grows with each failover of the shard: 0 where none is followed
 */
public record ShardAddress(ShardName shard, HostPort primary, String database, Optional<ShardTls> tls, long epoch) {

    /** Of a shard whose failovers nobody follows. */
    public ShardAddress(ShardName shard, HostPort primary, String database, Optional<ShardTls> tls) {
        this(shard, primary, database, tls, 0);
    }

    /** As the file says. Reads the files that TLS to the shard needs: blocking. */
    public static ShardAddress of(ShardConfig shard) {
        return new ShardAddress(shard.name(), shard.primary(), shard.database(), ShardTls.of(shard));
    }

    /** Another server of the same shard. */
    public ShardAddress at(HostPort server, long newEpoch) {
        return new ShardAddress(shard, server, database, tls, newEpoch);
    }
}
