package io.ostraka.proxy.auth;

/** As whom a session's backends log in to the shards. */
public record ShardLogin(String user, ShardSecret secret) {}
