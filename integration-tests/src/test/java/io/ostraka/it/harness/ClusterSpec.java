package io.ostraka.it.harness;

/**
 * What a test wants to stand on. Equal specs share a cluster, so give all tests that can live together the same constant.
 * Start with {@link #shards} and go on with the {@code with} methods.
 *
 * @param shards their number; they are called {@code s0}, {@code s1} and so on
 * @param proxies their number; 0 to test the servers alone
 * @param ddl run as the application's user on each shard and on the reference
 * @param tables the lines below {@code tables:} of the database, in YAML
 * @param database further lines of the database, such as {@code schemas:} or {@code pool:}
 * @param combiner whether there is a server besides the shards that puts their rows together
 * @param top further lines at the top of the file, such as {@code tls:}
 */
public record ClusterSpec(
        int shards, int proxies, String ddl, String tables, String database, boolean combiner, String top) {

    /** So many shards and one proxy; no tables. */
    public static ClusterSpec shards(int count) {
        return new ClusterSpec(count, 1, "", "", "", false, "");
    }

    public ClusterSpec withProxies(int count) {
        return new ClusterSpec(shards, count, ddl, tables, database, combiner, top);
    }

    public ClusterSpec withDdl(String sql) {
        return new ClusterSpec(shards, proxies, sql, tables, database, combiner, top);
    }

    public ClusterSpec withTables(String yaml) {
        return new ClusterSpec(shards, proxies, ddl, yaml, database, combiner, top);
    }

    public ClusterSpec withDatabase(String yaml) {
        return new ClusterSpec(shards, proxies, ddl, tables, yaml, combiner, top);
    }

    public ClusterSpec withCombiner() {
        return new ClusterSpec(shards, proxies, ddl, tables, database, true, top);
    }

    public ClusterSpec withTop(String yaml) {
        return new ClusterSpec(shards, proxies, ddl, tables, database, combiner, yaml);
    }
}
