package io.ostraka.proxy.transaction;

import io.ostraka.rules.config.ShardName;
import io.ostraka.tx.decision.ShardId;

/** A shard as the coordinator sees it: how to reach it without a session, and who is to be told of its state. */
record ShardServer(ShardId id, ShardName name, ReservedLinks links, DatabaseCommits database) {}
