package io.ostraka.proxy.transaction;

import io.ostraka.rules.config.ShardName;
import io.ostraka.tx.decision.ShardId;

/**
 * A shard as the coordinator sees it: how to reach it without a session, and who is to be told of its state.
 *
 * @param keepers the connections whose transactions keep snapshots open
 */
record ShardServer(ShardId id, ShardName name, ReservedLinks links, ReservedLinks keepers, DatabaseCommits database) {}
