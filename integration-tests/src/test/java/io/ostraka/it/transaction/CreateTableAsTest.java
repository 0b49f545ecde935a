package io.ostraka.it.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** CREATE TABLE AS and SELECT INTO over several shards: the table that one PostgreSQL would make, where its rule wants it. */
class CreateTableAsTest {
    private static final ClusterSpec SPEC = ClusterSpec.shards(3).withDdl("""
                    CREATE TYPE mood AS ENUM ('sad', 'happy');
                    CREATE DOMAIN small AS int4 CHECK (VALUE < 1000000);
                    CREATE TABLE sale (id int8 PRIMARY KEY, shop int4, amount numeric(8, 2), note varchar(20), feels mood,
                        tags text[], n small);
                    CREATE TABLE shop (id int4 PRIMARY KEY, name text);
                    CREATE TABLE diary (day date, line text);
                    CREATE SCHEMA attic;
                    """).withTables("""
                    sale: { hash: id }
                    shop: { reference: true }
                    diary: { pinned: s1 }
                    keyed: { hash: id }
                    by_shop: { hash: shop }
                    moved: { hash: shop }
                    labels: { list: name, values: { one: s0, two: s1 }, otherwise: s2 }
                    narrow: { list: name, values: { one: s0, two: s1 } }
                    copied: { reference: true }
                    on_s2: { pinned: s2 }
                    chosen: { hash: n }
                    unfit: { hash: tags }
                    keyless: { hash: no_such }
                    failing: { hash: id }
                    attic.old: { hash: id }
                    in_block: { hash: id }
                    undone: { hash: id }
                    empty_one: { hash: id }
                    from_into: { hash: id }
                    unlogged_one: { hash: id }
                    pooled: { hash: id }
                    jdbc_made: { hash: id }
                    copied_from_copy: { reference: true }
                    big: { hash: id }
                    """);

    private static final AtomicInteger SENTINELS = new AtomicInteger();

    private final TestCluster cluster = TestCluster.of(SPEC);

    @BeforeEach
    void fill() throws SQLException {
        cluster.everywhere("""
                DO $$
                DECLARE made text;
                BEGIN
                  FOR made IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
                      WHERE schemaname IN ('public', 'attic') AND tablename NOT IN ('sale', 'shop', 'diary') LOOP
                    EXECUTE 'DROP TABLE ' || made;
                  END LOOP;
                END $$""");
        cluster.empty();
        try (WireClient client = WireClient.login(cluster.proxy())) {
            // Its commit has the catalog read again, so that what was dropped past the proxy is not known any more.
            client.query("CREATE TABLE sentinel_" + SENTINELS.incrementAndGet() + " AS SELECT 1 AS one");
        }
        for (Endpoint server : List.of(cluster.reference(), cluster.proxy())) {
            try (Connection connection = server.connect();
                    Statement statement = connection.createStatement()) {
                StringBuilder rows = new StringBuilder();
                for (int id = 1; id <= 60; id++) {
                    rows.append(id == 1 ? "" : ", ")
                            .append("(" + id + ", " + id % 4 + ", " + id + ".25, 'n\u00f6te " + id + "', "
                                    + (id % 3 == 0 ? "NULL" : id % 3 == 1 ? "'sad'" : "'happy'") + ", '{a,\"b "
                                    + id + "\"}', " + id + ")");
                }
                statement.execute("INSERT INTO sale VALUES " + rows);
                statement.execute("INSERT INTO shop VALUES (0, 'zero'), (1, 'one'), (2, 'two'), (3, NULL)");
                statement.execute("INSERT INTO diary VALUES ('2026-01-01', 'snow'), ('2026-07-01', 'sun')");
            }
        }
    }

    private static final String COLUMNS = "SELECT attname, format_type(atttypid, atttypmod), attnotnull, attnum"
            + " FROM pg_attribute WHERE attrelid = '%s'::regclass AND attnum > 0";

    /** The table's columns on each of these shards are those of the reference. */
    private void sameColumns(String table, String... shards) throws SQLException {
        String expected = columns(cluster.reference(), table);
        for (String shard : shards) {
            assertEquals(expected, columns(cluster.shard(shard), table), shard);
        }
    }

    private static String columns(Endpoint server, String table) throws SQLException {
        try (Connection connection = server.connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(COLUMNS.formatted(table) + " ORDER BY attnum")) {
            StringBuilder all = new StringBuilder();
            while (rows.next()) {
                all.append(rows.getString(1))
                        .append(' ')
                        .append(rows.getString(2))
                        .append(' ')
                        .append(rows.getString(3))
                        .append('\n');
            }
            assertFalse(all.isEmpty(), table);
            return all.toString();
        }
    }

    private static boolean exists(Endpoint server, String table) throws SQLException {
        try (Connection connection = server.connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT to_regclass('" + table + "') IS NOT NULL")) {
            rows.next();
            return rows.getBoolean(1);
        }
    }

    private void nowhere(String table) throws SQLException {
        for (String shard : List.of("s0", "s1", "s2")) {
            assertFalse(exists(cluster.shard(shard), table), table + " on " + shard);
        }
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void rowsGoToTheShardsThatOwnTheirKeysAndTheTableCanBeUsedAtOnce(Protocol protocol) throws SQLException {
        try (Differential both = cluster.differential(protocol)) {
            both.check(
                    "CREATE TABLE keyed AS SELECT * FROM sale",
                    "SELECT * FROM keyed",
                    "SELECT * FROM keyed WHERE id = 7",
                    "SELECT count(*), sum(amount) FROM keyed JOIN sale USING (id)",
                    "INSERT INTO keyed (id, shop) VALUES (1001, 1)",
                    "SELECT shop FROM keyed WHERE id = 1001",
                    "CREATE TABLE by_shop AS SELECT shop, count(*) AS sales, sum(amount) AS total FROM sale GROUP BY shop",
                    "SELECT * FROM by_shop",
                    "SELECT * FROM by_shop WHERE shop = 2",
                    "CREATE TABLE moved (shop, label, id) AS SELECT s.shop, h.name || s.note, s.id FROM sale s JOIN shop h"
                            + " ON h.id = s.shop WHERE s.id > 10 ORDER BY s.id LIMIT 20 WITH DATA",
                    "SELECT * FROM moved",
                    "SELECT label FROM moved WHERE shop = 3",
                    "CREATE TABLE labels AS SELECT name, avg(s.amount) FROM shop LEFT JOIN sale s ON s.shop = shop.id"
                            + " WHERE name IS NOT NULL GROUP BY name",
                    "SELECT * FROM labels",
                    "CREATE TABLE chosen AS SELECT n, feels FROM sale WHERE id IN (3, 4, 5, 6, 7, 8)",
                    "SELECT * FROM chosen",
                    "SELECT feels FROM chosen WHERE n = 5",
                    "CREATE TABLE attic.old AS SELECT id, tags FROM sale WHERE id = 5",
                    "SELECT * FROM attic.old");
        }
        for (String table : List.of("keyed", "by_shop", "moved", "chosen", "labels", "attic.old")) {
            sameColumns(table, "s0", "s1", "s2");
        }
        Map<String, Long> rows = cluster.rowsByShard("keyed");
        assertTrue(rows.values().stream().allMatch(count -> count > 0 && count < 61), rows::toString);
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void tablesWithoutAKeyAreWhereTheirRulesWantThem(Protocol protocol) throws SQLException {
        try (Differential both = cluster.differential(protocol)) {
            both.check(
                    "CREATE TABLE copied AS SELECT id, note FROM sale WHERE shop = 1",
                    "SELECT * FROM copied",
                    "CREATE TABLE copied_from_copy AS SELECT * FROM shop",
                    "SELECT * FROM copied_from_copy",
                    "CREATE TABLE on_s2 AS SELECT shop, max(id) AS top FROM sale GROUP BY shop",
                    "SELECT * FROM on_s2",
                    "CREATE TABLE plain AS SELECT id, feels FROM sale",
                    "SELECT * FROM plain",
                    "SELECT count(*) FROM plain JOIN sale USING (id)",
                    "CREATE TABLE series AS SELECT n, n * n AS square FROM generate_series(1, 50) n",
                    "SELECT * FROM series",
                    "CREATE TABLE notes AS SELECT * FROM diary",
                    "SELECT * FROM notes",
                    "CREATE TABLE one_sale AS TABLE shop",
                    "SELECT * FROM one_sale",
                    "CREATE TABLE clocked AS SELECT 1 AS one, now() > '2000-01-01' AS late",
                    "SELECT * FROM clocked",
                    "CREATE TABLE stamped AS SELECT id, now() > '2000-01-01' AS late, now()::text < 'a' FROM sale",
                    "SELECT * FROM stamped");
        }
        assertEquals(Map.of("s0", 15L, "s1", 15L, "s2", 15L), cluster.rowsByShard("copied"));
        assertEquals(Map.of("s0", 4L, "s1", 4L, "s2", 4L), cluster.rowsByShard("copied_from_copy"));
        for (String table : List.of("plain", "series", "notes", "one_sale")) {
            assertTrue(exists(cluster.shard("s0"), table), table);
            assertFalse(exists(cluster.shard("s1"), table), table);
            sameColumns(table, "s0");
        }
        assertTrue(exists(cluster.shard("s2"), "on_s2"));
        assertFalse(exists(cluster.shard("s0"), "on_s2"));
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void theFormsOfTheStatement(Protocol protocol) throws SQLException {
        try (Differential both = cluster.differential(protocol)) {
            both.check(
                    "CREATE TABLE empty_one AS SELECT id, note FROM sale WITH NO DATA",
                    "SELECT * FROM empty_one",
                    "INSERT INTO empty_one VALUES (1, 'x'), (2, 'y'), (3, 'z')",
                    "SELECT * FROM empty_one",
                    "CREATE TABLE IF NOT EXISTS empty_one AS SELECT id FROM sale",
                    "SELECT * FROM empty_one",
                    "CREATE TABLE empty_one AS SELECT id FROM sale",
                    "CREATE TABLE empty_one AS SELECT nothing FROM sale",
                    "SELECT id, note INTO from_into FROM sale WHERE id < 30",
                    "SELECT * FROM from_into",
                    "SELECT id, note INTO from_into FROM sale WHERE id < 20",
                    "WITH s AS (SELECT * FROM sale WHERE shop = 1) SELECT count(*) AS n INTO TABLE counted FROM s",
                    "SELECT * FROM counted",
                    "CREATE UNLOGGED TABLE unlogged_one WITH (fillfactor = 70) AS (SELECT id, 'a''b' AS text FROM sale)",
                    "SELECT * FROM unlogged_one",
                    "CREATE TABLE json_is AS SELECT note IS JSON FROM sale",
                    "SELECT * FROM json_is");
        }
        sameColumns("empty_one", "s0", "s1", "s2");
        sameColumns("unlogged_one", "s0", "s1", "s2");
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void inABlockItIsMadeAndUndoneWithTheRest(Protocol protocol) throws SQLException {
        try (Differential both = cluster.differential(protocol)) {
            both.check(
                    "BEGIN",
                    "UPDATE sale SET note = 'changed' WHERE id = 9",
                    "CREATE TABLE in_block AS SELECT id, note FROM sale",
                    "INSERT INTO sale (id, note) VALUES (2000, 'after')",
                    "COMMIT",
                    "SELECT * FROM in_block",
                    "SELECT note FROM in_block WHERE id = 9",
                    "BEGIN",
                    "CREATE TABLE undone AS SELECT id FROM sale",
                    "SAVEPOINT s",
                    "CREATE TABLE undone AS SELECT id FROM sale",
                    "ROLLBACK TO s",
                    "ROLLBACK",
                    "BEGIN ISOLATION LEVEL REPEATABLE READ",
                    "SELECT count(*) FROM sale",
                    "CREATE TABLE undone AS SELECT id FROM sale",
                    "ROLLBACK");
        }
        nowhere("undone");
    }

    @Test
    void whatIsWrongIsToldAndLeavesNothing() throws SQLException {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            for (List<String> wrong : List.of(
                    List.of(
                            "CREATE TABLE failing AS SELECT NULLIF(id, 40) AS id FROM sale",
                            "23502",
                            "shard key column"),
                    List.of(
                            "CREATE TABLE failing AS SELECT id, 1 / (id - 40) AS x FROM sale",
                            "22012",
                            "division by zero"),
                    List.of("CREATE TABLE failing AS SELECT id, nothing FROM sale", "42703", "nothing"),
                    List.of(
                            "CREATE TABLE narrow AS SELECT name FROM shop WHERE name > 'a'",
                            "23514",
                            "no partition of relation"),
                    List.of("CREATE TABLE unfit AS SELECT id, tags FROM sale", "F0000", "cannot be used"),
                    List.of("CREATE TABLE keyless AS SELECT id FROM sale", "F0000", "cannot be used"),
                    List.of("CREATE TABLE no_schema.t AS SELECT id FROM sale", "3F000", "no_schema"),
                    List.of("CREATE TEMP TABLE failing AS SELECT id FROM sale", "0A000", "temporary table"),
                    List.of("SELECT id INTO TEMP failing FROM sale", "0A000", "temporary table"),
                    List.of(
                            "CREATE TABLE failing AS SELECT id, now() FROM sale WITH DATA",
                            "0A000",
                            "asks for the time"),
                    List.of("CREATE TABLE failing AS EXECUTE p", "0A000", "EXECUTE"),
                    List.of("CREATE TABLE failing AS SELECT id FROM sale FOR UPDATE", "0A000", "locks rows"))) {
                String answer = client.query(wrong.get(0)).toString();
                assertTrue(answer.contains(wrong.get(1)) && answer.contains(wrong.get(2)), wrong + "\n" + answer);
                assertEquals(
                        1,
                        client.query("SELECT 1").stream()
                                .filter(message -> message.type() == 'D')
                                .count());
            }
        }
        for (String table : List.of("failing", "narrow", "unfit", "keyless")) {
            nowhere(table);
        }
    }

    @Test
    void errorsAreToldAtTheirPlaces() throws SQLException {
        for (String sql : List.of(
                "CREATE TABLE failing AS SELECT id, nothing FROM sale",
                "  /* x */ CREATE TABLE failing (a, b)  AS  SELECT id, nothing + 1 FROM sale",
                "CREATE TABLE failing AS(SELECT id, nothing FROM sale)",
                "CREATE TABLE failing AS SELECT id, count(*) FROM sale",
                "SELECT id, nothing INTO failing FROM sale",
                "CREATE TABLE plain AS SELECT nothing FROM shop",
                "CREATE TABLE plain (a, b) AS SELECT id FROM sale")) {
            assertEquals(error(cluster.reference(), sql), error(cluster.proxy(), sql), sql);
        }
    }

    private static String error(Endpoint server, String sql) {
        try (WireClient client = WireClient.login(server)) {
            BackendMessage error = client.query(sql).get(0);
            assertEquals('E', error.type(), sql);
            return error.fields().get('C') + " " + error.fields().get('M') + " at "
                    + error.fields().get('P');
        }
    }

    @Test
    void aTableOfTheSameNameOnOneShardStopsIt() throws SQLException {
        cluster.onShard("s1", "CREATE TABLE failing (id int8)");
        try (WireClient client = WireClient.login(cluster.proxy())) {
            assertTrue(client.query("CREATE TABLE failing AS SELECT id FROM sale")
                    .toString()
                    .contains("42P07"));
        }
        assertFalse(exists(cluster.shard("s0"), "failing"));
        assertFalse(exists(cluster.shard("s2"), "failing"));
    }

    @Test
    void manyRowsStream() throws SQLException {
        try (Differential both = cluster.differential(Protocol.SIMPLE)) {
            both.check(
                    "CREATE TABLE big AS SELECT g AS id, repeat('x', 50) || g AS filling FROM generate_series(1, 60000) g",
                    "SELECT count(*), sum(id), sum(length(filling)) FROM big",
                    "SELECT filling FROM big WHERE id = 4711");
        }
    }

    @Test
    void theQueryHasParameters() throws SQLException {
        try (Differential both = cluster.differential(Protocol.EXTENDED)) {
            both.checkWith(
                    "CREATE TABLE keyed AS SELECT id, amount + $1 AS more, $2 AS what, now() > $3 AS later FROM sale"
                            + " WHERE shop = $4 OR feels = $5",
                    "0.50",
                    "it's",
                    "2020-01-01 00:00+02",
                    "2",
                    "sad");
            both.check("SELECT * FROM keyed", "SELECT id FROM keyed WHERE id = 7");
            both.check("BEGIN");
            both.checkWith(
                    "CREATE TABLE by_shop AS SELECT shop, count(*) AS n FROM sale WHERE id > $1 GROUP BY shop", "9");
            both.check("COMMIT", "SELECT * FROM by_shop");
            both.checkWith("CREATE TABLE on_s2 AS SELECT $1::int AS one, $2 AS none", "1", null);
            both.check("SELECT * FROM on_s2");
            both.checkWith("CREATE TABLE failing AS SELECT id, 1 / (id - $1) AS x FROM sale", "7");
            both.checkWith("CREATE TABLE failing AS SELECT id, nosuch FROM sale WHERE id = $1", "7");
        }
        sameColumns("keyed", "s0", "s1", "s2");
        sameColumns("on_s2", "s2");
    }

    @Test
    void jdbcPreparesIt() throws SQLException {
        for (Endpoint server : List.of(cluster.reference(), cluster.proxy())) {
            try (Connection connection = server.connect()) {
                connection.setAutoCommit(false);
                try (PreparedStatement make =
                        connection.prepareStatement("CREATE TABLE jdbc_made AS SELECT id, note FROM sale")) {
                    assertEquals(60, make.executeUpdate());
                }
                connection.commit();
                try (Statement statement = connection.createStatement();
                        ResultSet rows = statement.executeQuery("SELECT count(*) FROM jdbc_made")) {
                    rows.next();
                    assertEquals(60, rows.getLong(1));
                }
            }
        }
    }
}
