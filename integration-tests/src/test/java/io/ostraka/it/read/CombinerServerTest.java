package io.ostraka.it.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A combiner of its own: it puts the shards' rows together, and has none. */
class CombinerServerTest {
    private static final ClusterSpec SPEC = Shelf.SPEC
            .withCombiner()
            .withTables(Shelf.SPEC.tables() + "\nmade: { hash: id }")
            .withDdl(Shelf.SPEC.ddl() + """
            ;
            CREATE TABLE single (x int);
            CREATE FUNCTION singles() RETURNS int8 LANGUAGE sql STABLE AS 'SELECT count(*) FROM single';
            CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * $1';
            CREATE TYPE shade AS ENUM ('dark', 'bright');
            CREATE VIEW counted AS SELECT singles() AS n, count(DISTINCT i2) AS c FROM item;
            """);

    private TestCluster cluster;

    @BeforeEach
    void fill() throws SQLException {
        cluster = Shelf.filled(SPEC);
    }

    @AfterEach
    void nothingStaysThere() throws IOException, SQLException {
        cluster.combinerServer().start();
        try (Connection connection = cluster.combiner().connect();
                Statement statement = connection.createStatement();
                ResultSet rows =
                        statement.executeQuery("SELECT (SELECT count(*) FROM item) + (SELECT count(*) FROM part)"
                                + " + (SELECT count(*) FROM kind) + (SELECT count(*) FROM single) + (SELECT count(*) FROM pg_prepared_xacts)"
                                + " + (SELECT count(*) FROM pg_class WHERE relname LIKE 'ostraka%')")) {
            rows.next();
            assertEquals(0, rows.getLong(1));
        }
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void itAnswersAsOneServerWithAllRows(Protocol protocol) {
        try (Differential both = cluster.differential(protocol)) {
            both.check(
                    "SELECT count(*) FROM item",
                    "SELECT i2, count(*), avg(n), max(t) FROM item GROUP BY i2 ORDER BY i2",
                    "SELECT i2, b, count(*), grouping(i2, b) FROM item GROUP BY ROLLUP (i2, b)",
                    "SELECT a.id, b.id FROM item a JOIN item b ON a.i2 = b.i4 ORDER BY 1, 2",
                    "SELECT k.label, i.id FROM kind k LEFT JOIN item i ON i.i2 = k.i2",
                    "SELECT k.label, count(i.id) FROM kind k LEFT JOIN item i ON i.i2 = k.i2 GROUP BY k.i2",
                    "SELECT id, (SELECT count(*) FROM part), (SELECT max(label) FROM kind) FROM item WHERE id < 9",
                    "SELECT id, sum(i2) OVER (PARTITION BY b ORDER BY id ROWS 2 PRECEDING) FROM item",
                    "SELECT id FROM item i WHERE NOT EXISTS (SELECT FROM part p WHERE p.no = i.i2)",
                    "SELECT label FROM kind UNION SELECT t FROM item",
                    "SELECT t FROM item ORDER BY t COLLATE \"en-x-icu\", id LIMIT 5",
                    "WITH RECURSIVE r(n) AS (SELECT min(id) FROM item UNION ALL SELECT n + 1 FROM r WHERE n < 10)"
                            + " SELECT n, t FROM r JOIN item ON id = n",
                    "SELECT sum(t) FROM item",
                    "SELECT 1 / (count(*) - 120) FROM item",
                    "SELECT nosuch FROM item, part ORDER BY 1",
                    "BEGIN",
                    "UPDATE item SET i2 = 5 WHERE id IN (1, 2, 3)",
                    "UPDATE kind SET label = 'other' WHERE i2 = 1",
                    "SELECT i2, count(*) FROM item GROUP BY i2",
                    "SELECT k.label, i.id FROM kind k LEFT JOIN item i ON i.i2 = k.i2",
                    "ROLLBACK",
                    "BEGIN ISOLATION LEVEL REPEATABLE READ",
                    "SELECT count(DISTINCT i2) FROM item",
                    "SELECT count(*) FROM kind k LEFT JOIN item i ON i.i2 = k.i2",
                    "DECLARE c SCROLL CURSOR FOR SELECT a.id FROM item a JOIN item b ON a.i2 = b.i4 ORDER BY 1",
                    "FETCH 3 FROM c",
                    "FETCH BACKWARD 2 FROM c",
                    "COMMIT",
                    "SELECT count(*) FROM item");
        }
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void whatAShardAloneKnowsIsFoundThere(Protocol protocol) {
        try (Differential both = cluster.differential(protocol)) {
            both.check(
                    "INSERT INTO single VALUES (1), (2)",
                    "SELECT singles()",
                    "SELECT singles(), count(DISTINCT i2) FROM item",
                    "SELECT * FROM counted",
                    "SELECT count(*) FROM single, item",
                    "SELECT i2, json_agg(id ORDER BY id) FROM item WHERE i2 IN (SELECT x FROM single) GROUP BY i2",
                    "DELETE FROM single");
        }
    }

    @Test
    void parametersAreTheClientsOwn() {
        try (Differential both = cluster.differential(Protocol.EXTENDED)) {
            both.checkWith("SELECT count(*), $2::text FROM item WHERE i4 < $1", "100", "x");
            both.checkWith("SELECT count(DISTINCT i2 % $1), $1 FROM item", "3");
            both.checkWith("SELECT count(*) / $1::int FROM item", "0");
        }
    }

    @Test
    void explainNamesIt() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            for (String sql : List.of(
                    "SELECT count(DISTINCT i2) FROM item",
                    "SELECT i2, avg(n) FROM item GROUP BY i2",
                    "SELECT k.label, count(i.id) FROM kind k LEFT JOIN item i ON i.i2 = k.i2 GROUP BY k.i2",
                    "SELECT label FROM kind UNION SELECT t FROM item")) {
                assertTrue(client.query("EXPLAIN " + sql).toString().contains("server combiner"), sql);
            }
        }
    }

    @Test
    void whileItLacksATableAShardPutsItsRowsTogether() throws SQLException {
        String sql = "SELECT a.v, count(*) FROM made a JOIN made b ON a.v = b.id GROUP BY 1";
        try (Differential both = cluster.differential(Protocol.SIMPLE);
                WireClient client = WireClient.login(cluster.proxy())) {
            both.check(
                    "CREATE TABLE made (id int8 PRIMARY KEY, v int8)",
                    "INSERT INTO made VALUES (1, 2), (2, 3), (3, 1), (4, 4)",
                    sql,
                    "ALTER TABLE made ADD COLUMN w int DEFAULT 3",
                    "SELECT v, sum(w) OVER (ORDER BY v) FROM made",
                    "SELECT k.label, m.w FROM kind k LEFT JOIN made m ON m.w = k.i2");
            assertTrue(client.query("EXPLAIN " + sql).toString().contains("shard s0"), sql);
            onCombiner("CREATE TABLE made (id int8 PRIMARY KEY, v int8, w int DEFAULT 3)");
            awaitCombiner(client, sql, true);
            both.check(
                    sql,
                    "SELECT v, sum(w) OVER (ORDER BY v) FROM made",
                    "DROP TABLE made",
                    "CREATE TABLE taken AS SELECT i2, count(*) AS c FROM item GROUP BY i2",
                    "SELECT count(*), sum(c) FROM taken",
                    "DROP TABLE taken");
            onCombiner("DROP TABLE made");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "CREATE OR REPLACE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 3 * $1'"
                        + " | CREATE OR REPLACE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * $1'",
                "ALTER ROLE CURRENT_USER IN DATABASE %s SET timezone = 'Asia/Tokyo'"
                        + " | ALTER ROLE CURRENT_USER IN DATABASE %s RESET timezone",
                "ALTER TYPE shade RENAME VALUE 'dark' TO 'light' | ALTER TYPE shade RENAME VALUE 'light' TO 'dark'",
            })
    void whatItWouldAnswerOtherwiseAShardAnswers(String change, String back) throws SQLException {
        String sql = "SELECT count(DISTINCT twice(i2)), '2026-01-01 00:00+00'::timestamptz FROM item";
        try (Differential both = cluster.differential(Protocol.SIMPLE);
                WireClient client = WireClient.login(cluster.proxy())) {
            awaitCombiner(client, sql, true);
            onCombiner(change.formatted(cluster.combiner().database()));
            try {
                awaitCombiner(client, sql, false);
                both.check(sql);
            } finally {
                onCombiner(back.formatted(cluster.combiner().database()));
            }
            awaitCombiner(client, sql, true);
            both.check(sql);
        }
    }

    private void onCombiner(String sql) throws SQLException {
        try (Connection connection = cluster.combiner().connect();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static void awaitCombiner(WireClient client, String sql, boolean isUsed) {
        Await.until(
                "the proxy has seen the change",
                () -> client.query("EXPLAIN " + sql).toString().contains("server combiner") == isUsed);
    }

    @Test
    void whatNeedsItNotGoesOnWhenItIsDead() throws IOException {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            client.query("SELECT count(DISTINCT i2) FROM item");
            cluster.combinerServer().kill();
            String answer = client.query("SELECT count(DISTINCT i2) FROM item").toString();
            assertTrue(answer.contains("08006") || answer.contains("57P0"), answer);
            answer = client.query("SELECT count(DISTINCT i2) FROM item").toString();
            assertTrue(answer.contains("57P03"), answer);
            for (String sql : List.of("SELECT id FROM item WHERE id = 7", "SELECT id FROM item ORDER BY id")) {
                assertTrue(client.query(sql).toString().contains("SELECT "), sql);
            }
            cluster.combinerServer().start();
            Await.until("the combiner answers again", () -> client.query("SELECT count(DISTINCT i2) FROM item")
                    .toString()
                    .contains("SELECT 1"));
        }
    }
}
