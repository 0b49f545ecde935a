package io.ostraka.proxy.backend;

import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.config.ShardName;

/** Where a shard's primary listens and what the database is called there. */
public record ShardAddress(ShardName shard, HostPort primary, String database) {}
