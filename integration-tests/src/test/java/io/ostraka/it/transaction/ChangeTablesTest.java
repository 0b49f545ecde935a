package io.ostraka.it.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** CREATE TABLE, ALTER TABLE, DROP TABLE, TRUNCATE and CREATE INDEX of tables on several shards: the same on all, or on none. */
class ChangeTablesTest {
    private static final ClusterSpec SPEC = ClusterSpec.shards(3).withDdl("""
                    CREATE TABLE kept (id int8 PRIMARY KEY, v text);
                    CREATE TABLE copied (id int8 PRIMARY KEY, v text);
                    CREATE TABLE alone (id int8 PRIMARY KEY, v text);
                    CREATE SCHEMA other;
                    CREATE TABLE other.kept (id int8, v text);
                    CREATE DOMAIN five AS int DEFAULT 5;
                    CREATE DOMAIN chance AS float8 DEFAULT random();
                    """).withTables("""
                    kept: { hash: id }
                    copied: { reference: true }
                    alone: { pinned: s0 }
                    made: { hash: id }
                    made_copy: { reference: true }
                    """);

    private final TestCluster cluster = TestCluster.of(SPEC);

    @BeforeEach
    void empty() throws SQLException {
        for (Endpoint server : List.of(cluster.reference(), cluster.proxy())) {
            try (WireClient client = WireClient.login(server)) {
                client.query("DROP TABLE IF EXISTS made");
                client.query("DROP TABLE IF EXISTS made_copy");
                client.query("DROP TABLE IF EXISTS plain");
            }
        }
        cluster.empty();
    }

    private String onAll(String sql) throws SQLException {
        StringBuilder all = new StringBuilder();
        for (String shard : List.of("s0", "s1", "s2")) {
            try (Connection connection = cluster.shard(shard).connect();
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(sql)) {
                rows.next();
                all.append(rows.getString(1)).append(' ');
            }
        }
        return all.toString();
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void aTableLivesFromItsCreationToItsEnd(Protocol protocol) throws SQLException {
        try (Differential both = cluster.differential(protocol)) {
            both.check(
                    "CREATE TABLE made (id int8 PRIMARY KEY, v text NOT NULL, n int DEFAULT 5 CHECK (n > 0))",
                    "CREATE TABLE IF NOT EXISTS made (id int8)",
                    "CREATE TABLE made (id int8)",
                    "INSERT INTO made (id, v) VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd'), (5, 'e')",
                    "SELECT * FROM made",
                    "ALTER TABLE made ADD COLUMN w numeric(6, 2) DEFAULT 7, ADD x text",
                    "SELECT * FROM made",
                    "SELECT w FROM made WHERE id = 3",
                    "INSERT INTO made (id, v, x) VALUES (6, 'f', 'new')",
                    "ALTER TABLE made ALTER COLUMN v SET DEFAULT 'none', DROP COLUMN n",
                    "INSERT INTO made (id) VALUES (7)",
                    "SELECT * FROM made",
                    "CREATE INDEX made_v ON made (v)",
                    "CREATE INDEX made_v ON made (v)",
                    "CREATE INDEX IF NOT EXISTS made_v ON made (v)",
                    "ALTER TABLE made ADD COLUMN w int",
                    "SELECT count(*) FROM made",
                    "TRUNCATE made",
                    "SELECT count(*) FROM made",
                    "ALTER TABLE IF EXISTS nowhere ADD COLUMN five int",
                    "ALTER TABLE made ADD five five",
                    "DROP TABLE made",
                    "DROP TABLE made",
                    "DROP TABLE IF EXISTS made",
                    "CREATE TABLE made (v text, id int8)",
                    "INSERT INTO made VALUES ('x', 1), ('y', 2), ('z', 3)",
                    "SELECT v FROM made WHERE id = 2",
                    "CREATE TABLE made_copy (id int8 PRIMARY KEY, v text)",
                    "INSERT INTO made_copy VALUES (1, 'one')",
                    "CREATE TABLE plain (id int8)",
                    "INSERT INTO plain VALUES (1), (2)",
                    "SELECT * FROM plain JOIN made USING (id)",
                    "DROP TABLE made, made_copy",
                    "TRUNCATE TABLE kept, copied RESTART IDENTITY");
        }
        assertEquals("0 0 0 ", onAll("SELECT count(*) FROM pg_tables WHERE tablename IN ('made', 'made_copy')"));
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void aBlockChangesAllShardsOrNone(Protocol protocol) throws SQLException {
        try (Differential both = cluster.differential(protocol)) {
            both.check(
                    "INSERT INTO kept VALUES (1, 'a'), (2, 'b'), (3, 'c')",
                    "BEGIN",
                    "ALTER TABLE kept ADD COLUMN later int DEFAULT 3",
                    "TRUNCATE kept",
                    "CREATE TABLE made (id int8)",
                    "ROLLBACK",
                    "SELECT * FROM kept",
                    "BEGIN",
                    "CREATE TABLE made (id int8)",
                    "ALTER TABLE kept ADD COLUMN later int DEFAULT 3",
                    "INSERT INTO kept VALUES (4, 'd', 9)",
                    "COMMIT",
                    "SELECT * FROM kept",
                    "INSERT INTO made VALUES (1), (2), (3)",
                    "ALTER TABLE kept DROP COLUMN later");
        }
        assertEquals("t t t ", onAll("SELECT to_regclass('made') IS NOT NULL"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ALTER TABLE kept RENAME TO other",
                "ALTER TABLE kept ALTER COLUMN id TYPE text",
                "ALTER TABLE kept ADD COLUMN at timestamptz DEFAULT now()",
                "ALTER TABLE kept ADD CONSTRAINT u UNIQUE (v)",
                "CREATE TABLE made (id int8 REFERENCES kept (id))",
                "CREATE UNIQUE INDEX ON kept (v)",
                "DROP TABLE kept CASCADE",
                "CREATE TEMP TABLE made (id int8)",
                "ALTER TABLE copied ADD COLUMN n chance",
                "ALTER TABLE copied ADD COLUMN at date DEFAULT 'today 10:00'",
                "ALTER TABLE copied ADD COLUMN db text DEFAULT current_catalog",
            })
    void whatNoShardCanSeeToIsRefused(String sql) {
        try (Differential both = cluster.differential(Protocol.SIMPLE)) {
            Map<Character, String> error = both.checkRefused(sql);
            assertTrue(error.get('M').contains("not supported"), error::toString);
        }
    }

    @Test
    void aTableIsNotMadeAgainInTheTransactionThatHasDroppedIt() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            client.query("CREATE TABLE made (id int8, v text)");
            client.query("BEGIN");
            client.query("DROP TABLE made");
            assertTrue(client.query("CREATE TABLE made (v text, id int8)")
                    .toString()
                    .contains("0A000"));
            client.query("ROLLBACK");
            assertTrue(client.query("SELECT v FROM made").toString().contains("SELECT 0"));
        }
    }

    @Test
    void aTableWithoutItsKeyIsOnNoShard() throws SQLException {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            String answer = client.query("CREATE TABLE made (v text)").toString();
            assertTrue(answer.contains("id"), answer);
            assertEquals("f f f ", onAll("SELECT to_regclass('made') IS NOT NULL"));
            assertTrue(client.query("CREATE TABLE made (id int8)").toString().contains("CREATE TABLE"));
        }
    }

    /** What one shard does is seen by what it answers. */
    @ParameterizedTest
    @ValueSource(strings = {"LOCK TABLE alone", "TRUNCATE alone", "ALTER TABLE alone ALTER v SET NOT NULL"})
    void theSameWhereOneShardHasTheTable(String change) {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            client.query("SET statement_timeout = '20s'");
            client.query("BEGIN");
            String read = "SELECT count(*) FROM alone, kept";
            assertTrue(client.query(read).toString().contains("SELECT 1"));
            assertFalse(client.query(change).toString().contains("ERROR"));
            assertTrue(client.query("SELECT count(*) FROM alone").toString().contains("SELECT 1"));
            assertTrue(client.query(read).toString().contains("0A000"));
            client.query("ROLLBACK");
            assertTrue(client.query(read).toString().contains("SELECT 1"));
        }
    }

    /** It would wait for the change, which waits for it. */
    @ParameterizedTest
    @ValueSource(strings = {"ALTER TABLE kept ADD COLUMN more int", "TRUNCATE kept"})
    void whatTheCombinerPutsTogetherIsRefusedInATransactionThatHasChangedTables(String change) {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            client.query("SET statement_timeout = '20s'");
            client.query("INSERT INTO kept VALUES (1, 'a'), (2, 'b'), (3, 'c')");
            client.query("BEGIN");
            assertTrue(client.query("SELECT count(*) FROM kept").toString().contains("D[3]"));
            client.query("CREATE INDEX ON kept (v)");
            assertTrue(client.query("SELECT count(*) FROM kept").toString().contains("D[3]"));
            client.query(change);
            assertTrue(client.query("SELECT count(*) FROM kept WHERE id = 1")
                    .toString()
                    .contains("SELECT 1"));
            assertTrue(client.query("SELECT count(*) FROM kept").toString().contains("0A000"));
            client.query("ROLLBACK");
            assertTrue(client.query("SELECT count(*) FROM kept").toString().contains("D[3]"));
        }
    }

    /** The rows of the other one would be looked for by the rule of this one. */
    @Test
    void aNamesakeIsNotUncoveredInABlock() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            client.query("BEGIN");
            assertTrue(client.query("DROP TABLE other.kept").toString().contains("namesake"));
            client.query("ROLLBACK");
            client.query("BEGIN");
            assertTrue(client.query("CREATE TABLE other.copied (id int8)")
                    .toString()
                    .contains("namesake"));
            client.query("ROLLBACK");
        }
    }
}
