package io.ostraka.rules.config;

import java.util.List;
import java.util.stream.Stream;

/**
 * The blocks of the file and the keys each may have. This is what makes a key known; the reader can ask for no other,
 * and {@code docs/configuration.md} lists the same. {@code *} in a path is a name of the operator's.
 */
record ConfigBlock(String path, List<String> keys) {
    static final ConfigBlock FILE = block(
            "",
            "listen",
            "allow_plaintext",
            "data_dir",
            "tls",
            "node",
            "peers",
            "peer_secret",
            "users",
            "users_from_shards",
            "auth",
            "limits",
            "workers",
            "databases");
    static final ConfigBlock TLS = block("tls", "certificate", "key", "client_ca");
    static final ConfigBlock LIMITS = block(
            "limits",
            "login_timeout",
            "logins_in_progress",
            "logins_per_second",
            "failed_logins",
            "forgive_failed_login",
            "sessions",
            "sessions_per_user",
            "collected_message",
            "prepared_statements",
            "prepared_text",
            "portals");
    static final ConfigBlock USER = block("users.*", "password", "verifier", "console", "shard_user", "shard_password");
    static final ConfigBlock DATABASE = block(
            "databases.*",
            "shards",
            "default_shard",
            "combiner",
            "slots",
            "pool",
            "consistency",
            "serializable_across_shards",
            "recovery_user",
            "schema",
            "tables",
            "schemas");
    static final ConfigBlock SHARD = block("databases.*.shards.*", "primary", "replicas", "tls", "tls_ca", "number");
    static final ConfigBlock COMBINER = block("databases.*.combiner", "primary", "tls", "tls_ca");
    static final ConfigBlock POOL = block("databases.*.pool", "size", "mode", "acquire_timeout");
    static final ConfigBlock TABLE = block(
            "databases.*.tables.*",
            "hash",
            "consistent_hash",
            "range",
            "list",
            "reference",
            "pinned",
            "shards",
            "virtual_nodes",
            "ranges",
            "values",
            "otherwise",
            "colocate_with");
    static final ConfigBlock RANGE = block("databases.*.tables.*.ranges", "from", "to", "shard");

    private static ConfigBlock block(String path, String... keys) {
        return new ConfigBlock(path, List.of(keys));
    }

    /** Every key with its path, {@code databases.*.pool.size}. */
    static List<String> allKeys() {
        return Stream.of(FILE, TLS, LIMITS, USER, DATABASE, SHARD, COMBINER, POOL, TABLE, RANGE)
                .flatMap(block -> block.keys.stream().map(key -> block.path.isEmpty() ? key : block.path + "." + key))
                .toList();
    }
}
