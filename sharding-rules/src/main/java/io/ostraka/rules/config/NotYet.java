package io.ostraka.rules.config;

/**
 * What the file's format has and this version has not. Each is refused where it stands: ignoring it would serve something
 * else than the file asks for. An entry goes when its feature comes.
 */
enum NotYet {
    REPLICAS("following a failover of a database's only shard");

    private final String feature;

    NotYet(String feature) {
        this.feature = feature;
    }

    String message() {
        return feature + " is not supported yet";
    }
}
