package io.ostraka.proxy.transaction;

import io.ostraka.rules.config.ShardName;

/** A restore point as one shard has it. {@code name}: for {@code recovery_target_name}. */
public record PointOnShard(ShardName shard, String name, String lsn, String timeline, String systemIdentifier) {}
