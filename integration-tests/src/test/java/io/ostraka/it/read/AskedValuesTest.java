package io.ostraka.it.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Keys whose value only a server can tell, and the time, which must be one for all shards. */
class AskedValuesTest {
    private static final ClusterSpec SPEC = ClusterSpec.shards(3)
            .withDdl("CREATE TABLE t (id int8 PRIMARY KEY, v text);"
                    + "CREATE TABLE event (at timestamptz PRIMARY KEY, n int)")
            .withTables("""
                    t: { hash: id }
                    event:
                      range: at
                      ranges:
                        - { to: "2020-01-01 00:00:00+00", shard: s0 }
                        - { from: "2020-01-01 00:00:00+00", to: "2400-01-01 00:00:00+00", shard: s1 }
                        - { from: "2400-01-01 00:00:00+00", shard: s2 }
                    """);

    private TestCluster cluster;

    @BeforeEach
    void fill() throws SQLException {
        cluster = TestCluster.of(SPEC);
        cluster.empty();
        try (Connection proxy = cluster.connect();
                Connection reference = cluster.reference().connect()) {
            for (Connection connection : List.of(proxy, reference)) {
                for (int id = 1; id <= 30; id++) {
                    execute(connection, "INSERT INTO t VALUES (" + id + ", 'v" + id + "')");
                }
                for (String at : List.of(
                        "2010-05-05 12:00+00", "2020-01-01 00:00+00", "2399-12-31 23:00+00", "2500-01-01 00:00+00")) {
                    execute(connection, "INSERT INTO event VALUES ('" + at + "', 1)");
                }
            }
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static List<String> strings(Connection connection, String sql) throws SQLException {
        List<String> found = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                found.add(rows.getString(1));
            }
        }
        return found;
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void keysAreComputedByAServer(Protocol protocol) {
        try (Differential both = cluster.differential(protocol)) {
            both.check(
                    "SELECT * FROM t WHERE id = 1 + 1",
                    "SELECT count(*), max(v) FROM t WHERE id = abs(-5) * 2",
                    "SELECT * FROM t WHERE id IN (3, 2 * 2, length('12345'))",
                    "SELECT * FROM t WHERE id = NULL::int + 1",
                    "SELECT * FROM t WHERE id = 1.5 + 1.5",
                    "SELECT * FROM t WHERE id = 2147483647 + 1",
                    "SELECT * FROM t WHERE id = 1/0",
                    "SELECT * FROM t WHERE id = 1 + 'x'",
                    "SELECT * FROM t WHERE id = nosuch(1 + 1)",
                    "SELECT v, now(), nosuch FROM t WHERE id > 1 + 1",
                    "INSERT INTO t VALUES (100 + 1, 'sum')",
                    "INSERT INTO t VALUES (100 + 1, 'twice')",
                    "UPDATE t SET v = 'changed' WHERE id = 50 + 51 RETURNING *",
                    "SELECT * FROM event WHERE at < timestamptz '2020-01-01 00:00+00' - interval '1 day'",
                    "SELECT count(*) FROM event WHERE at >= timestamptz '2020-01-01 00:00+00' + interval '1 year' - interval '1 year'"
                            + " AND at < date_trunc('day', timestamptz '2021-03-04 05:00+00')",
                    "DELETE FROM t WHERE id = 102 - 1",
                    "SELECT count(*) FROM t WHERE v > 'v' || 2 AND id > 1 + 1",
                    "SELECT count(*) FROM t a JOIN t b ON b.v = a.v WHERE a.v = 'v' || 3 AND b.id < 4 * 5");
        }
    }

    @Test
    void parametersTakePartInThem() {
        for (Protocol protocol : List.of(Protocol.EXTENDED, Protocol.EXTENDED_BINARY)) {
            try (Differential both = cluster.differential(protocol)) {
                for (String id : new String[] {"1", "17", null}) {
                    both.checkWith("SELECT v FROM t WHERE id = $1 + 1", id);
                    both.checkWith("SELECT v FROM t WHERE v LIKE $1 AND id = $2 * 2 - 1", "v%", id);
                    both.checkWith("SELECT v FROM t WHERE id = abs($1::int)", id);
                }
            }
        }
    }

    @Test
    void theTimeIsOneForAllShards() throws SQLException {
        for (String mode : List.of("extended", "simple")) {
            try (Connection one = connect(mode)) {
                assertEquals(1, Set.copyOf(strings(one, "SELECT now() FROM t")).size());
                assertEquals(30, strings(one, "SELECT now() FROM t").size());
                assertEquals(
                        1,
                        Set.copyOf(strings(one, "SELECT statement_timestamp() AS x FROM t ORDER BY id LIMIT 20"))
                                .size());
                assertEquals(
                        List.of("2010-05-05 12:00:00+00", "2020-01-01 00:00:00+00"),
                        strings(
                                one,
                                "SELECT (at AT TIME ZONE 'UTC') || '+00' FROM event WHERE at < now() ORDER BY at"));
                assertEquals(
                        2,
                        strings(one, "SELECT 1 FROM event WHERE at >= now() - interval '1 day'")
                                .size());
            }
        }
    }

    private Connection connect(String mode) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("preferQueryMode", mode);
        return cluster.proxy().connect(properties);
    }

    @Test
    void aWriteOnAllShardsHasOneTime() throws SQLException {
        for (String mode : List.of("extended", "simple")) {
            try (Connection connection = connect(mode)) {
                execute(connection, "UPDATE t SET v = now()::text WHERE id > 3");
                List<String> written = strings(connection, "SELECT v FROM t WHERE id > 3");
                assertEquals(27, written.size());
                assertEquals(1, Set.copyOf(written).size());
            }
        }
    }

    @Test
    void theColumnKeepsItsName() throws SQLException {
        try (Connection connection = cluster.connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT now(), current_date, now()::date, id FROM t")) {
            List<String> names = new ArrayList<>();
            for (int i = 1; i <= 4; i++) {
                names.add(rows.getMetaData().getColumnName(i));
            }
            assertEquals(List.of("now", "current_date", "now", "id"), names);
        }
    }

    @Test
    void aTransactionHasOneTimeOnAllItsShards() throws SQLException {
        try (Connection connection = cluster.connect()) {
            connection.setAutoCommit(false);
            Set<String> times = new HashSet<>();
            for (int id = 1; id <= 30; id++) {
                times.addAll(strings(connection, "SELECT now() FROM t WHERE id = " + id));
            }
            times.addAll(strings(connection, "SELECT now() FROM t"));
            times.addAll(strings(connection, "SELECT now()"));
            assertEquals(1, times.size());
            connection.commit();
            assertNotEquals(times, Set.copyOf(strings(connection, "SELECT now() FROM t WHERE id = 5")));
        }
    }

    @Test
    void aRowStoredUnderTheTimeIsFoundByIt() throws SQLException {
        try (Connection connection = cluster.connect()) {
            connection.setAutoCommit(false);
            execute(connection, "INSERT INTO event VALUES (now(), 7)");
            assertEquals(List.of("7"), strings(connection, "SELECT n FROM event WHERE at = now()"));
            connection.commit();
            assertEquals(1L, cluster.rowsByShard("event").get("s1") - 2);
        }
    }

    @Test
    void aPreparedStatementIsAskedForAgainEachTime() throws SQLException {
        try (Connection connection = cluster.connect();
                PreparedStatement statement =
                        connection.prepareStatement("SELECT v, now() FROM t WHERE id > ? ORDER BY id")) {
            Set<Timestamp> times = new HashSet<>();
            for (int i = 0; i < 12; i++) {
                statement.setInt(1, i);
                try (ResultSet rows = statement.executeQuery()) {
                    assertTrue(rows.next());
                    assertEquals("v" + (i + 1), rows.getString(1));
                    times.add(rows.getTimestamp(2));
                }
            }
            assertEquals(12, times.size());
        }
    }

    @Test
    void anErrorInThemFailsTheTransaction() throws SQLException {
        try (Connection connection = cluster.connect()) {
            connection.setAutoCommit(false);
            execute(connection, "UPDATE t SET v = 'lost' WHERE id = 3");
            SQLException error = assertThrows(
                    SQLException.class, () -> strings(connection, "SELECT v FROM t WHERE id = 1 / (1 - 1)"));
            assertEquals("22012", error.getSQLState());
            SQLException failed =
                    assertThrows(SQLException.class, () -> strings(connection, "SELECT v FROM t WHERE id = 3"));
            assertEquals("25P02", failed.getSQLState());
            connection.rollback();
            assertEquals(List.of("v3"), strings(connection, "SELECT v FROM t WHERE id = 3"));
        }
    }

    @Test
    void whatIsAnotherValueEachTimeIsRefusedAsAKey() throws SQLException {
        try (Differential both = cluster.differential(Protocol.SIMPLE)) {
            both.checkRefused("INSERT INTO t VALUES ((random() * 10)::int8, 'x')");
            both.checkRefused("INSERT INTO event VALUES (clock_timestamp(), 1)");
            both.checkRefused("SELECT * FROM event WHERE at < 'today'");
            both.checkRefused("SELECT * FROM event WHERE at = ('now'::text)::timestamptz + interval '1 day'");
        }
    }
}
