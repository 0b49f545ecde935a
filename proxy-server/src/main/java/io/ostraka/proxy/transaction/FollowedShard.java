package io.ostraka.proxy.transaction;

import io.ostraka.proxy.backend.ShardPlace;
import io.ostraka.rules.config.HostPort;
import java.util.List;

/**
 * A shard whose failovers are followed.
 *
 * @param forSessions where they find it, once it is settled
 * @param forRecovery where those find it who settle it
 * @param listed its servers as the file has them, the first primary first
 */
record FollowedShard(ShardServer server, ShardPlace forSessions, ShardPlace forRecovery, List<Listed> listed) {
    record Listed(HostPort address, ReservedLinks links) {}
}
