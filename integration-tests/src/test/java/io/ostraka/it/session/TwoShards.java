package io.ostraka.it.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * A table over two shards with rows 1 to 20, and which key lies where. Its statements write {@code $0} and {@code $1} for a key
 * of the first and of the second shard.
 */
final class TwoShards {
    static final ClusterSpec SPEC = ClusterSpec.shards(2)
            .withDdl("CREATE TABLE t (id int PRIMARY KEY, v text);"
                    + "CREATE SCHEMA other; CREATE TABLE other.t (id int PRIMARY KEY, w text);"
                    + "CREATE TABLE late (id int, CONSTRAINT once UNIQUE (id) DEFERRABLE INITIALLY DEFERRED);"
                    + "CREATE FUNCTION move() RETURNS int LANGUAGE plpgsql AS"
                    + " $$ BEGIN PERFORM set_config('search_path', 'pg_catalog, public', false); RETURN 1; END $$")
            .withTables("t: { hash: id }\nlate: { hash: id }\nother.t: { hash: id }");

    private final TestCluster cluster;
    private final List<Integer> keys0;
    private final List<Integer> keys1;

    private TwoShards(TestCluster cluster) throws SQLException {
        this.cluster = cluster;
        this.keys0 = keys("s0");
        this.keys1 = keys("s1");
    }

    static TwoShards filled(TestCluster cluster) throws SQLException {
        cluster.empty();
        try (WireClient client = WireClient.login(cluster.proxy())) {
            for (int id = 1; id <= 20; id++) {
                List<BackendMessage> answer = client.query("INSERT INTO t VALUES (" + id + ", 'v" + id + "')");
                assertEquals("INSERT 0 1", answer.get(0).text(), answer::toString);
            }
        }
        try (Connection reference = cluster.reference().connect();
                Statement statement = reference.createStatement()) {
            statement.execute("INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 20) AS i");
        }
        return new TwoShards(cluster);
    }

    private List<Integer> keys(String shard) throws SQLException {
        try (Connection connection = cluster.shard(shard).connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT array_agg(id ORDER BY id) FROM t")) {
            rows.next();
            return List.of((Integer[]) rows.getArray(1).getArray());
        }
    }

    /** The statement with real keys, the {@code n}th of each shard. */
    String sql(String text, int n) {
        return text.replace("$0", keys0.get(n).toString())
                .replace("$1", keys1.get(n).toString());
    }

    String sql(String text) {
        return sql(text, 0);
    }

    int key0() {
        return keys0.get(0);
    }

    int key1() {
        return keys1.get(0);
    }
}
