package io.ostraka.it.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Queries that put rows of several shards together: the combiner answers them as one PostgreSQL with all rows does. */
class CombineTest {
    private TestCluster cluster;

    @BeforeEach
    void fill() throws SQLException {
        cluster = Shelf.filled();
    }

    private void check(Protocol protocol, String... statements) {
        try (Differential both = cluster.differential(protocol)) {
            both.check(statements);
        }
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void aggregates(Protocol protocol) {
        check(
                protocol,
                "SELECT count(*) FROM item",
                "SELECT count(*), count(i4), sum(i4), sum(i8::numeric), avg(i2), min(d), max(ts) FROM item",
                "SELECT sum(n), avg(n), stddev(i2), variance(i2) FROM item WHERE n < 1e30 AND n > -1e30",
                "SELECT i2, count(*) FROM item GROUP BY i2 HAVING count(*) > 1 ORDER BY i2 DESC",
                "SELECT i2, b, count(*), grouping(i2, b) FROM item GROUP BY ROLLUP (i2, b)",
                "SELECT count(DISTINCT t), count(*) FILTER (WHERE b) FROM item",
                "SELECT string_agg(t, ',' ORDER BY id), array_agg(id ORDER BY id DESC) FROM item WHERE t IS NOT NULL",
                "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY id), mode() WITHIN GROUP (ORDER BY i2) FROM item",
                "SELECT json_object_agg(id, t ORDER BY id) FROM item WHERE id < 20",
                "SELECT count(*) + 1 AS more, 'x' FROM item WHERE false",
                "SELECT sum(i4) FROM item WHERE id < 0",
                "SELECT id, i4, i2, max(no) FROM item JOIN part ON item_id = id GROUP BY item.id");
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void everythingElse(Protocol protocol) {
        check(
                protocol,
                "SELECT DISTINCT i2 FROM item",
                "SELECT DISTINCT ON (i2) i2, id FROM item ORDER BY i2, id",
                "SELECT id, row_number() OVER (ORDER BY id DESC) FROM item",
                "SELECT id, sum(i2) OVER (PARTITION BY b ORDER BY id ROWS 2 PRECEDING) FROM item",
                "SELECT a.id, b.id FROM item a JOIN item b ON a.i2 = b.i4 ORDER BY 1, 2",
                "SELECT count(*) FROM item a CROSS JOIN item b",
                "SELECT a.id, b.id FROM item a FULL JOIN item b ON a.id = b.id + 1",
                "SELECT k.label, i.id FROM kind k LEFT JOIN item i ON i.i2 = k.i2",
                "SELECT id FROM item WHERE i4 = (SELECT max(i4) FROM item)",
                "SELECT id FROM item i WHERE NOT EXISTS (SELECT FROM part p WHERE p.no = i.i2)",
                "SELECT id, (SELECT count(*) FROM part) FROM item WHERE id = 7",
                "SELECT i2 FROM item UNION SELECT i4 FROM item",
                "SELECT i2 FROM item INTERSECT SELECT no FROM part",
                "SELECT id FROM item EXCEPT ALL SELECT item_id FROM part",
                "WITH RECURSIVE r(n) AS (SELECT min(id) FROM item UNION ALL SELECT n + 1 FROM r WHERE n < 10)"
                        + " SELECT n, t FROM r JOIN item ON id = n",
                "WITH RECURSIVE r (n, up) AS (SELECT id, i2 FROM item WHERE id = 9 UNION ALL SELECT i.id, i.i2 FROM item i"
                        + " JOIN r ON i.id = r.up) SEARCH DEPTH FIRST BY n SET place CYCLE n SET again USING way"
                        + " SELECT n, again, place, way FROM r WHERE NOT again ORDER BY place",
                "WITH RECURSIVE r AS (SELECT id, i2 FROM item UNION ALL SELECT r.id, i.i2 FROM item i JOIN r ON i.id = r.i2"
                        + " AND r.i2 < 5) CYCLE i2 SET again TO 'y' DEFAULT 'n' USING way SELECT *, again || id FROM r",
                "SELECT * FROM walk WHERE again = 'Y'",
                "SELECT j.i2, count(*) FROM item JOIN kind USING (i2) AS j GROUP BY j.i2",
                "SELECT j, item.id FROM item LEFT JOIN kind USING (i2) AS j",
                "WITH x AS (SELECT i2, count(*) AS c FROM item GROUP BY i2) SELECT a.i2, b.c FROM x a, x b WHERE a.c > b.c",
                "SELECT e FROM item ORDER BY e, id",
                "SELECT t FROM item ORDER BY t COLLATE \"en-x-icu\", id LIMIT 5",
                "SELECT i FROM item i ORDER BY a, id LIMIT 3 OFFSET 2",
                "SELECT public.item.id, public.item.* FROM public.item ORDER BY e, id LIMIT 4",
                "SELECT count(*) FROM ONLY item",
                "SELECT count(*) FROM ONLY (public.item)",
                "TABLE item ORDER BY a, id LIMIT 2",
                "SELECT * FROM item NATURAL JOIN kind ORDER BY a, id LIMIT 2",
                "SELECT g, count(id) FROM generate_series(-2, 3) g LEFT JOIN item ON i2 = g GROUP BY g",
                "SELECT x.s FROM (SELECT sum(i4) AS s FROM item) x",
                "SELECT nosuch FROM item, part ORDER BY 1",
                "SELECT sum(t) FROM item",
                "SELECT 1 / (count(*) - 120) FROM item",
                "SELECT id FROM item WHERE 1 / (i2 - 7) > 0 ORDER BY a, id",
                "SELECT count(*) FROM item");
    }

    @Test
    void parametersAreTheClientsOwn() {
        try (Differential both = cluster.differential(Protocol.EXTENDED)) {
            both.checkWith("SELECT count(*), $2::text FROM item WHERE i4 < $1", "100", "x");
            both.checkWith("SELECT count(*) FROM item WHERE id IN ($1, $2)", "1", "2");
            both.checkWith("SELECT count(*) FROM item WHERE id = $1", "7");
            both.checkWith("SELECT count(*) FROM item WHERE i4 < $1", (String) null);
            both.checkWith("SELECT count(*) FROM item WHERE i4 < $1", "no number");
            both.checkWith("SELECT count(*) / $1::int FROM item", "0");
            both.checkWith("SELECT id FROM item ORDER BY a, id LIMIT $1", "3");
            both.checkWith(
                    "SELECT i2 + $1, count(*) FROM item WHERE i4 < $2 GROUP BY i2 HAVING count(*) > $3",
                    "1",
                    "99",
                    "2");
            both.checkWith("SELECT sum(i4 + $1), avg(i2), max(t) || $2 FROM item", "1", "x");
            both.checkWith("SELECT count(DISTINCT i2 % $1), $1 FROM item", "3");
            both.checkWith(
                    "SELECT i2 % $1, count(*) FROM item GROUP BY i2 % $1 ORDER BY count(*), 1 LIMIT $2", "3", "2");
        }
    }

    @Test
    void jdbcReadsItInTransactionsWithItsOwnSettings() throws SQLException {
        try (Connection connection = cluster.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("SET TIME ZONE 'Asia/Tokyo'");
            String sql = "SELECT max(tstz)::text, count(*)::text || current_setting('work_mem')"
                    + " FROM item WHERE isfinite(tstz)";
            assertEquals("2026-11-21 10:00:00+09", value(statement, sql));
            connection.setAutoCommit(false);
            statement.execute("SET LOCAL TIME ZONE 'UTC'");
            assertEquals("2026-11-21 01:00:00+00", value(statement, sql));
            connection.rollback();
            assertEquals("2026-11-21 10:00:00+09", value(statement, sql));
        }
    }

    private static String value(Statement statement, String sql) throws SQLException {
        try (ResultSet rows = statement.executeQuery(sql)) {
            assertTrue(rows.next(), sql);
            return rows.getString(1);
        }
    }

    /** Also that of tables which the combiner has itself; and what is rolled back is gone. */
    @Test
    void aTransactionSeesWhatItHasWritten() throws SQLException {
        try (TestCluster own = TestCluster.start(ClusterSpec.shards(2)
                        .withDdl("CREATE TABLE t (id int PRIMARY KEY, v int); CREATE TABLE note (v int, what text)")
                        .withTables("t: { hash: id }"));
                Connection connection = own.connect();
                Statement statement = connection.createStatement()) {
            for (int id = 1; id <= 10; id++) {
                statement.execute("INSERT INTO t VALUES (" + id + ", " + id % 3 + ")");
            }
            statement.execute("INSERT INTO note VALUES (1, 'one')");
            connection.setAutoCommit(false);
            statement.execute("UPDATE t SET v = 100 WHERE id = 5");
            assertEquals("100", value(statement, "SELECT max(v) FROM t"));
            connection.rollback();
            assertEquals("2", value(statement, "SELECT max(v) FROM t"));
            connection.rollback();
            statement.execute("INSERT INTO note VALUES (2, 'two')");
            String joined = "SELECT string_agg(DISTINCT what, ',' ORDER BY what) FROM t JOIN note USING (v)";
            assertEquals("one,two", value(statement, joined));
            connection.rollback();
            assertEquals("one", value(statement, joined));
            SQLException error =
                    assertThrows(SQLException.class, () -> value(statement, "SELECT 1 / (count(*) - 10) FROM t"));
            assertEquals("22012", error.getSQLState());
            error = assertThrows(SQLException.class, () -> value(statement, "SELECT count(*) FROM t"));
            assertEquals("25P02", error.getSQLState());
            connection.rollback();
            connection.setAutoCommit(true);
            assertEquals("10", value(statement, "SELECT count(*) FROM t"));
        }
    }

    @Test
    void whatIsCopiedIsLimited() throws SQLException {
        try (Connection connection = cluster.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("SET ostraka.statement_memory = '200B'");
            assertEquals("200B", value(statement, "SHOW ostraka.statement_memory"));
            SQLException error = assertThrows(
                    SQLException.class, () -> value(statement, "SELECT string_agg(t, '' ORDER BY id) FROM item"));
            assertEquals("53400", error.getSQLState());
            assertTrue(error.getMessage().contains("public.item"), error.getMessage());
            statement.execute("RESET ostraka.statement_memory");
            assertEquals("120", value(statement, "SELECT count(*) FROM item"));
            assertThrows(SQLException.class, () -> statement.execute("SET ostraka.statement_memory = 'much'"));
        }
    }

    @Test
    void aCancelledOneLeavesItsConnectionsUsable() throws Exception {
        try (Connection connection = cluster.connect();
                Statement statement = connection.createStatement()) {
            for (String sql : List.of(
                    "SELECT count(*) FROM item a, item b WHERE pg_sleep(60) IS NULL",
                    "SELECT count(pg_sleep(60)) FROM item")) {
                CompletableFuture<SQLException> outcome = CompletableFuture.supplyAsync(
                        () -> assertThrows(SQLException.class, () -> value(statement, sql)));
                Await.until("the combiner sleeps", () -> sleeping() > 0);
                statement.cancel();
                assertEquals("57014", outcome.get().getSQLState());
                assertEquals("120", value(statement, "SELECT count(*) FROM item"));
            }
        }
    }

    @Test
    void aCombinerThatIsLostEndsTheStatementAndNoMore() throws Exception {
        try (Connection connection = cluster.connect();
                Statement statement = connection.createStatement()) {
            for (boolean isInBlock : List.of(false, true)) {
                connection.setAutoCommit(!isInBlock);
                CompletableFuture<SQLException> outcome = CompletableFuture.supplyAsync(() -> assertThrows(
                        SQLException.class, () -> value(statement, "SELECT count(pg_sleep(60)) FROM item")));
                Await.until("the combiner sleeps", () -> sleeping() > 0);
                cluster.onShard(
                        "s0",
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                                + " AND wait_event = 'PgSleep' AND query LIKE '%pg_sleep(60)%'");
                assertEquals("08006", outcome.get().getSQLState());
                if (isInBlock) {
                    connection.rollback();
                }
                assertEquals("120", value(statement, "SELECT count(*) FROM item"));
            }
        }
    }

    @Test
    void aClientThatGoesAwayLeavesNothingBehind() throws SQLException {
        for (int i = 0; i < 5; i++) {
            try (WireClient client = WireClient.login(cluster.proxy())) {
                client.send(FrontendMessages.query("SELECT a.*, b.* FROM item a, item b, item c ORDER BY a.a"));
            }
        }
        try (Connection connection = cluster.connect();
                Statement statement = connection.createStatement()) {
            assertEquals("120", value(statement, "SELECT count(*) FROM item"));
            for (String shard : List.of("s0", "s1", "s2")) {
                Await.until("no temporary table on " + shard, () -> temporaryTables(shard) == 0);
            }
        }
    }

    private long sleeping() throws SQLException {
        try (Connection connection = cluster.shard("s0").connect();
                Statement statement = connection.createStatement()) {
            return Long.parseLong(value(
                    statement,
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND pid <> pg_backend_pid()"
                            + " AND query LIKE '%pg_sleep(60)%'"));
        }
    }

    private long temporaryTables(String shard) throws SQLException {
        try (Connection connection = cluster.shard(shard).connect();
                Statement statement = connection.createStatement()) {
            return Long.parseLong(value(statement, "SELECT count(*) FROM pg_class WHERE relname LIKE 'ostraka\\_%'"));
        }
    }
}
