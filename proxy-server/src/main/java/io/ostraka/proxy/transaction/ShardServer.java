package io.ostraka.proxy.transaction;

import io.ostraka.proxy.backend.ShardPlace;
import io.ostraka.rules.config.ShardName;
import io.ostraka.tx.decision.ShardId;

/**
 * A shard as the coordinator sees it: how to reach it without a session, and who is to be told of its state.
 *
 * @param place where sessions connect to
 * @param keepers the connections whose transactions keep snapshots open
 */
record ShardServer(
        ShardId id,
        ShardName name,
        ShardPlace place,
        ReservedLinks links,
        ReservedLinks keepers,
        DatabaseCommits database) {}
