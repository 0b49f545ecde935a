package io.ostraka.it.read;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tables on different shards: a shard that has all of them, if only by their names and columns, puts their rows together. */
class TablesApartTest {
    private static final String JOINED =
            "SELECT a.id, a.word, b.word FROM apart.a LEFT JOIN other.b USING (id) ORDER BY a.id, b.word";

    private static final ClusterSpec SPEC =
            ClusterSpec.shards(3).withDdl("""
                    CREATE SCHEMA apart;
                    CREATE SCHEMA other;
                    CREATE TABLE apart.a (id int PRIMARY KEY, word text);
                    CREATE TABLE other.b (id int, word varchar(9));
                    CREATE TABLE here (id int, n numeric);
                    CREATE VIEW apart.seen AS SELECT id, word FROM apart.a;
                    """).withDatabase("schemas: { apart: s1, other: s2 }");

    private static TestCluster filled() throws SQLException, IOException {
        TestCluster cluster = TestCluster.start(SPEC);
        for (String insert : new String[] {
            "INSERT INTO apart.a SELECT i, 'a' || i FROM generate_series(1, 9) i",
            "INSERT INTO other.b SELECT i % 4, 'b' || i FROM generate_series(1, 9) i",
            "INSERT INTO here SELECT i, i / 2.0 FROM generate_series(1, 5) i",
        }) {
            try (Differential both = cluster.differential(Protocol.SIMPLE)) {
                both.check(insert);
            }
        }
        // What lies around where it does not belong is not what anybody means.
        cluster.onShard("s0", "INSERT INTO apart.a VALUES (100, 'left over')", "INSERT INTO other.b VALUES (1, 'too')");
        cluster.onShard("s1", "INSERT INTO other.b VALUES (2, 'too')", "INSERT INTO here VALUES (7, 7)");
        return cluster;
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void areReadAsInPostgresql(Protocol protocol) throws SQLException, IOException {
        try (TestCluster cluster = filled();
                Differential both = cluster.differential(protocol)) {
            both.checkOrdered(
                    JOINED,
                    "SELECT count(*), min(word) FROM (TABLE apart.a UNION ALL TABLE other.b) x",
                    "SELECT s.word, h.n FROM apart.seen s JOIN here h USING (id) WHERE id IN (SELECT id FROM other.b) ORDER BY 1",
                    "SELECT a.id, a.word, count(b.word) FROM apart.a LEFT JOIN other.b USING (id) GROUP BY a.id ORDER BY 1",
                    "SELECT nosuch FROM apart.a, other.b",
                    "BEGIN",
                    "UPDATE apart.a SET word = 'new' WHERE id = 1",
                    JOINED,
                    "ROLLBACK");
        }
    }

    @Test
    void areRefusedWhereNoShardHasThemAlike() throws SQLException, IOException {
        try (TestCluster cluster = filled();
                WireClient client = WireClient.login(cluster.proxy())) {
            cluster.onShard("s2", "DROP TABLE apart.a CASCADE");
            for (Map.Entry<String, String> change : Map.of(
                            "ALTER TABLE other.b ADD COLUMN more int", "ALTER TABLE other.b DROP COLUMN more",
                            "ALTER TABLE other.b ALTER word TYPE text",
                                    "ALTER TABLE other.b ALTER word TYPE varchar(9)",
                            "ALTER TABLE other.b RENAME TO gone", "ALTER TABLE other.gone RENAME TO b")
                    .entrySet()) {
                assertTrue(answer(client).contains("SELECT 13"), answer(client));
                cluster.onShard("s0", change.getKey());
                cluster.onShard("s1", change.getKey());
                Await.until("no shard has both", () -> answer(client).contains("0A000"));
                cluster.onShard("s1", change.getValue());
                Await.until("the second shard has both", () -> answer(client).contains("SELECT 13"));
                cluster.onShard("s0", change.getValue());
            }
        }
    }

    /** The shard that has the rows may have made the column anew, of another type that takes as many bytes. */
    @Test
    void rowsAreSentAsTheTypesThatTheyAreReadAs() throws SQLException, IOException {
        try (TestCluster cluster = filled();
                WireClient client = WireClient.login(cluster.proxy())) {
            String plan = client.query("EXPLAIN " + JOINED).toString();
            assertTrue(plan.contains("SELECT \"id\"::pg_catalog.\"int4\", \"word\"::pg_catalog.\"text\""), plan);
        }
    }

    private static String answer(WireClient client) {
        return client.query(JOINED).toString();
    }
}
