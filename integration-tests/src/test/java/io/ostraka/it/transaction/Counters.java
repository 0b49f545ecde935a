package io.ostraka.it.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Counters on every shard, all 0 at first. {@code $0} in a statement stands for the key of one on the first shard, {@code $1}
 * on the second.
 */
final class Counters {
    static final String DDL = "CREATE TABLE counter (id int PRIMARY KEY, n int NOT NULL DEFAULT 0);"
            + "CREATE TABLE late (id int, CONSTRAINT once UNIQUE (id) DEFERRABLE INITIALLY DEFERRED);"
            + "CREATE TABLE list (id int PRIMARY KEY, items int[] NOT NULL DEFAULT '{}');"
            + "CREATE TABLE pair (id int, v int, CONSTRAINT pairs UNIQUE (id, v) DEFERRABLE INITIALLY DEFERRED);"
            + "CREATE TABLE country (code text PRIMARY KEY, name text CHECK (name <> 'nowhere'))";
    static final String TABLES =
            "counter: { hash: id }\nlate: { hash: id }\nlist: { hash: id }\npair: { hash: id }\ncountry: { reference: true }";

    private static final int KEYS = 40;

    private final TestCluster cluster;
    private final Map<String, Integer> keys = new TreeMap<>();

    private Counters(TestCluster cluster) {
        this.cluster = cluster;
    }

    static ClusterSpec spec(int shards) {
        return ClusterSpec.shards(shards).withDdl(DDL).withTables(TABLES);
    }

    /** Empties the tables, past the proxy; {@code proxy} makes one counter for each key, so that they lie where they belong. */
    static Counters filled(TestCluster cluster, WireClient proxy) throws SQLException {
        cluster.empty();
        for (int id = 1; id <= KEYS; id++) {
            assertEquals("INSERT 0 1", outcome(proxy.query("INSERT INTO counter VALUES (" + id + ")")));
        }
        Counters counters = new Counters(cluster);
        for (String shard : cluster.rowsByShard("counter").keySet()) {
            counters.keys.put(shard, Integer.parseInt(counters.ask(shard, "SELECT min(id) FROM counter")));
        }
        return counters;
    }

    String sql(String text) {
        String result = text;
        int n = 0;
        for (int key : keys.values()) {
            result = result.replace("$" + n++, Integer.toString(key));
        }
        return result;
    }

    static String increment(int shard) {
        return "UPDATE counter SET n = n + 1 WHERE id = $" + shard;
    }

    /** The counters as the shards have them. */
    List<Integer> values() throws SQLException {
        List<Integer> values = new ArrayList<>();
        for (Map.Entry<String, Integer> key : keys.entrySet()) {
            values.add(Integer.parseInt(ask(key.getKey(), "SELECT n FROM counter WHERE id = " + key.getValue())));
        }
        return values;
    }

    /** What is prepared on all shards' databases. */
    int prepared() throws SQLException {
        int count = 0;
        for (String shard : keys.keySet()) {
            count += Integer.parseInt(
                    ask(shard, "SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()"));
        }
        return count;
    }

    /** One value, from a shard itself. */
    String ask(String shard, String sql) throws SQLException {
        try (Connection connection = cluster.shard(shard).connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }

    /** Runs statements one by one; a tag or SQLSTATE for each. */
    List<String> run(WireClient client, String... statements) {
        List<String> outcomes = new ArrayList<>();
        for (String statement : statements) {
            outcomes.add(outcome(client.query(sql(statement))));
        }
        return outcomes;
    }

    static String outcome(List<BackendMessage> answer) {
        BackendMessage message = answer.get(answer.size() - 2);
        return message.type() == 'E' ? message.sqlState() : message.text();
    }
}
