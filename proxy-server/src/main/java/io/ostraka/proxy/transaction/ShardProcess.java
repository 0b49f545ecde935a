package io.ostraka.proxy.transaction;

import io.ostraka.rules.config.ShardName;

/** A server process of a shard, as {@code pg_locks} names it. */
record ShardProcess(ShardName shard, int pid) {}
