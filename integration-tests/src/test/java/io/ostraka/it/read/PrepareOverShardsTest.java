package io.ostraka.it.read;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.describePortal;
import static io.ostraka.it.harness.FrontendMessages.describeStatement;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import io.ostraka.it.session.Twins;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** PREPARE, EXECUTE and DEALLOCATE in a database of several shards. */
class PrepareOverShardsTest {
    private TestCluster cluster;

    @BeforeEach
    void fill() throws SQLException {
        cluster = Bazaar.filled();
    }

    private void check(String... statements) {
        both(Protocol.SIMPLE, statements);
        both(Protocol.EXTENDED, statements);
    }

    private void both(Protocol protocol, String... statements) {
        try (Differential both = cluster.differential(protocol)) {
            both.check(statements);
        }
    }

    @Test
    void theArgumentsDecideWhichShardsAnswer() {
        check(
                "PREPARE one AS SELECT id, t, n FROM thing WHERE id = $1",
                "EXECUTE one(7)",
                "EXECUTE one('8')",
                "EXECUTE one(-1)",
                "EXECUTE one(NULL)",
                "PREPARE several (int, int) AS SELECT id, $1, $2 + 1 FROM thing WHERE id IN ($1, $2, 9)",
                "EXECUTE several(1, 2)",
                "PREPARE many AS SELECT id, mood FROM thing WHERE mood = $1 OR tags = $2",
                "EXECUTE many('sad', '{1,2}')",
                "PREPARE counted (positive) AS SELECT mood, count(*), sum(n) FROM thing WHERE positive > $1 GROUP BY mood",
                "EXECUTE counted('2')",
                "PREPARE nothing AS SELECT count(*) FROM thing",
                "EXECUTE nothing",
                "DEALLOCATE one",
                "EXECUTE one(7)",
                "DEALLOCATE ALL",
                "EXECUTE nothing");
    }

    @Test
    void rowsComeInOrder() {
        try (Differential both = cluster.differential(Protocol.SIMPLE)) {
            both.checkOrdered(
                    "PREPARE page AS SELECT id, t FROM thing WHERE id > $1 ORDER BY n DESC, id LIMIT $2 OFFSET $3",
                    "EXECUTE page(3, 10, 0)",
                    "EXECUTE page(3, 10, '5')",
                    "EXECUTE page(3, NULL, 50)");
        }
    }

    @Test
    void constantsKeepTheTypesOfTheParameters() {
        check(
                "PREPARE v AS SELECT $1::varchar, $2::bpchar, $3::bit(3), $4::timestamptz, $5::numeric(4,1), $6::mood",
                "EXECUTE v('abc', 'abc', '101', '2026-01-01 00:00+02', 12.345, 'happy')",
                "EXECUTE v(12, true, '1', 'epoch', 7, NULL)",
                "PREPARE w (bpchar, bit, \"char\", text) AS SELECT $1, $2, $3, $4 || 'x' FROM thing WHERE id < 3",
                "EXECUTE w('abc', '1', 'abc', E'a\\'b')",
                "EXECUTE w('abc', '101', 'abc', $$it's$$)");
    }

    @Test
    void whatIsWrongIsToldAsByPostgreSQL() {
        both(
                Protocol.SIMPLE,
                "PREPARE bad AS SELECT nocolumn FROM thing WHERE id = $1",
                "PREPARE bad AS SELEC 1",
                "PREPARE bad (nosuchtype) AS SELECT $1",
                "PREPARE bad AS SELECT * FROM notable",
                "PREPARE bad AS CREATE TABLE x (y int)",
                "EXECUTE bad",
                "PREPARE good AS SELECT id FROM thing WHERE id = $1",
                "PREPARE good AS SELECT 1",
                "EXECUTE good",
                "EXECUTE good(1, 2)",
                "EXECUTE good(true)",
                "EXECUTE good('x')",
                "BEGIN",
                "EXECUTE good(5)",
                "PREPARE within AS SELECT count(*) FROM thing WHERE id < $1",
                "EXECUTE within(20)",
                "EXECUTE missing",
                "EXECUTE good(5)",
                "ROLLBACK",
                "EXECUTE within(20)");
        try (WireClient proxy = WireClient.login(cluster.proxy());
                WireClient reference = WireClient.login(cluster.reference())) {
            String sql = "  PREPARE bad (int) AS SELECT id, nocolumn FROM thing WHERE id = $1";
            assertEquals(error(reference, sql).get('P'), error(proxy, sql).get('P'));
            assertEquals(error(reference, sql).get('M'), error(proxy, sql).get('M'));
        }
    }

    private static Map<Character, String> error(WireClient client, String sql) {
        return client.query(sql).stream()
                .filter(message -> message.type() == 'E')
                .findFirst()
                .map(BackendMessage::fields)
                .orElseThrow();
    }

    @Test
    void expressionsAreComputedOnce() {
        check(
                "PREPARE p AS SELECT id, t FROM thing WHERE id IN ($1, $1 + 1)",
                "EXECUTE p(3 + 4)",
                "EXECUTE p(length('seven') - (2))",
                "EXECUTE p(7.4)",
                "EXECUTE p(7.4 + 0.2)",
                "EXECUTE p(NULL::int)",
                "PREPARE all_same (float8) AS SELECT count(DISTINCT $1), min($1) = max($1) FROM thing",
                "EXECUTE all_same(random())",
                "PREPARE v (bpchar, bit, mood, timestamptz, int[]) AS SELECT $1, $2, $3, $4, $5 FROM thing WHERE id < 3",
                "EXECUTE v('a' || 'b', B'10' || B'1', lower('SAD')::mood, 'epoch'::date + 1, ARRAY[1, 2] || 3)",
                "PREPARE del AS DELETE FROM part WHERE thing_id = $1 AND w > $2 RETURNING thing_id, w",
                "BEGIN",
                "EXECUTE del(2 + 3, abs(-1))",
                "PREPARE late AS SELECT $1 = now(), count(*) FROM thing",
                "EXECUTE late(now())",
                "ROLLBACK",
                "EXECUTE p(3 + 4)",
                "EXECUTE p(id)",
                "EXECUTE p($1)",
                "EXECUTE p(9 - 4)");
        both(
                Protocol.SIMPLE,
                "PREPARE p AS SELECT id, t FROM thing WHERE id IN ($1, $1 + 1)",
                "EXECUTE p(3 + 4); EXECUTE p(id); EXECUTE p(4)",
                "EXECUTE p(3 + 4); EXECUTE p(4 + 4); EXECUTE p(4)",
                "SELECT 1");
    }

    @Test
    void explainShowsThePlanOfWhatIsExecuted() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            client.query("PREPARE p AS SELECT t FROM thing WHERE id = $1");
            List<String> plan = told(client, "EXPLAIN (COSTS OFF) SELECT t FROM thing WHERE id = 7");
            assertEquals(plan, told(client, "EXPLAIN (COSTS OFF) EXECUTE p(7)"));
            assertEquals(plan, told(client, "EXPLAIN (COSTS OFF) EXECUTE p(3 + 4)"));
            assertEquals(
                    extended(client, "EXPLAIN (COSTS OFF) SELECT t FROM thing WHERE id = 7", true),
                    extended(client, "EXPLAIN (COSTS OFF) EXECUTE p(3 + 4)", true));
            List<String> failed = extended(client, "EXPLAIN EXECUTE p(1 / 0)", false);
            assertEquals("22012division by zeronull", failed.get(failed.size() - 2));
            client.query("PREPARE all_of AS SELECT count(*) FROM thing WHERE n > $1");
            plan = told(
                    client,
                    "EXPLAIN (COSTS OFF) SELECT count(*) FROM thing WHERE n > (CAST('3' AS pg_catalog.\"numeric\"))");
            assertEquals(plan, told(client, "EXPLAIN (COSTS OFF) EXECUTE all_of(1 + 2)"));
        }
        try (Differential both = cluster.differential(Protocol.SIMPLE)) {
            both.check("PREPARE p AS SELECT t FROM thing WHERE id = $1");
            both.check(
                    "EXPLAIN EXECUTE p",
                    "EXPLAIN EXECUTE p(1 / 0)",
                    "EXPLAIN EXECUTE missing",
                    "EXPLAIN EXECUTE p('x')");
        }
    }

    @Test
    void whatIsWrongWithArgumentsIsToldAsByPostgreSQL() {
        String[] wrong = {
            "EXECUTE p(1 / 0)",
            "EXECUTE p(1 + nocolumn)",
            "  EXECUTE p ( 'a' || 'b' )",
            "EXECUTE p(1 + 1, 2)",
            "EXECUTE p(1 = 1)",
            "EXECUTE p(sum(1))",
            "EXECUTE p(generate_series(1, 2))",
            "EXECUTE p(2147483647 + 1)",
            "EXECUTE p(2147483647::int8 + 1)",
            "EXPLAIN (COSTS OFF) EXECUTE p(1 + nocolumn)",
        };
        try (WireClient proxy = WireClient.login(cluster.proxy());
                WireClient reference = WireClient.login(cluster.reference())) {
            for (String prepare :
                    List.of("PREPARE p AS SELECT id FROM thing WHERE id = $1", "BEGIN", "SAVEPOINT s", "SELECT 1")) {
                proxy.query(prepare);
                reference.query(prepare);
                for (String sql : wrong) {
                    Map<Character, String> expected = error(reference, sql);
                    Map<Character, String> told = error(proxy, sql);
                    for (char field : new char[] {'C', 'M', 'D', 'H', 'P'}) {
                        assertEquals(expected.get(field), told.get(field), sql);
                    }
                    proxy.query("ROLLBACK TO s");
                    reference.query("ROLLBACK TO s");
                }
            }
        }
    }

    @Test
    void argumentsThatAreNoSqlAreToldAsByPostgreSQL() {
        try (Twins twins = new Twins(cluster)) {
            twins.query("PREPARE p AS SELECT id FROM thing WHERE id = $1");
            twins.query(
                    "EXECUTE p(3 + )",
                    "/* a */ execute P (1, f(, 2))",
                    "EXECUTE nobody(3 + )",
                    "EXECUTE nobody(3 + 1)");
            twins.query("BEGIN", "EXECUTE p(3 + )", "ROLLBACK", "EXECUTE p(3 + 1)");
        }
    }

    @Test
    void argumentsThatMeanSomethingElseOnAnotherShardAreRefused() {
        try (Differential both = cluster.differential(Protocol.SIMPLE)) {
            both.check(
                    "PREPARE p AS SELECT id FROM thing WHERE id = $1",
                    "PREPARE now (timestamptz) AS SELECT now() = $1");
            both.checkRefused("EXECUTE p((SELECT max(id) FROM thing))");
            both.checkRefused("EXECUTE p(nosuchfunction(1))");
            both.checkRefused("EXECUTE now(now())");
            both.check("SET ostraka.shard = 's0'", "PREPARE there (int) AS SELECT $1", "RESET ostraka.shard");
            both.checkRefused("EXECUTE there(1 + 1)");
            both.check("EXECUTE p(4)");
        }
    }

    @Test
    void theExtendedProtocolTellsOfExpressionsWhatPostgreSQLTells() {
        try (WireClient proxy = WireClient.login(cluster.proxy());
                WireClient reference = WireClient.login(cluster.reference())) {
            for (WireClient client : List.of(proxy, reference)) {
                client.query("PREPARE p AS SELECT id, t FROM thing WHERE id = $1");
                client.query("PREPARE counted AS SELECT count(*) AS c FROM thing WHERE id > $1");
                client.query("PREPARE upd AS UPDATE thing SET n = n WHERE id = $1");
                client.send(parse("typed", "SELECT id FROM thing WHERE id = $1 OR id = $2 ORDER BY id"), sync());
                client.untilReady();
            }
            for (String begin : List.of("", "BEGIN", "SAVEPOINT s")) {
                for (String execute : List.of(
                        "EXECUTE p(3 + 4)",
                        "EXECUTE counted(length('seven'))",
                        "EXECUTE upd(7 + 0)",
                        "EXECUTE typed(3, 4)",
                        "EXECUTE typed(2 + 3, '4')",
                        "EXECUTE p(1 / 0)",
                        "EXECUTE p(1 + nocolumn)",
                        "EXECUTE p(1 + )",
                        "EXECUTE p(1, 2)",
                        "EXECUTE upd(1 / 0)",
                        "EXECUTE missing(1 + 1)")) {
                    for (boolean describes : List.of(true, false)) {
                        if (!begin.isEmpty()) {
                            proxy.query(begin);
                            reference.query(begin);
                        }
                        String what = begin + " " + execute;
                        assertEquals(
                                extended(reference, execute, describes), extended(proxy, execute, describes), what);
                        if (!begin.isEmpty()) {
                            proxy.query("ROLLBACK");
                            reference.query("ROLLBACK");
                        }
                    }
                }
            }
        }
    }

    private static List<String> extended(WireClient client, String sql, boolean describes) {
        client.send(parse("", sql));
        if (describes) {
            client.send(describeStatement(""));
        }
        client.send(bind("", ""), describePortal(""), execute("", 0), sync());
        return client.untilReady().stream()
                .map(message -> message.type() == 'E'
                        ? message.sqlState()
                                + message.fields().get('M')
                                + message.fields().get('P')
                        : message.toString())
                .toList();
    }

    @Test
    void eachBindComputesAnew() throws SQLException {
        try (Connection connection = cluster.proxy().connect();
                Statement statement = connection.createStatement()) {
            statement.execute("PREPARE p (int) AS SELECT id, t FROM thing WHERE id = $1");
            statement.execute("SET ostraka_test.id = 3");
            try (PreparedStatement execute =
                    connection.prepareStatement("EXECUTE p(current_setting('ostraka_test.id')::int)")) {
                for (int id = 3; id < 12; id++) {
                    statement.execute("SET ostraka_test.id = " + id);
                    try (ResultSet rows = execute.executeQuery()) {
                        rows.next();
                        assertEquals(id, rows.getInt(1));
                    }
                }
            }
        }
    }

    @Test
    void sqlExecutesWhatTheProtocolHasParsed() {
        try (WireClient proxy = WireClient.login(cluster.proxy());
                WireClient reference = WireClient.login(cluster.reference())) {
            for (WireClient client : List.of(proxy, reference)) {
                client.send(
                        parse("one", "SELECT id, t, mood FROM thing WHERE id = $1 OR mood = $2 ORDER BY id"),
                        parse("typed", "SELECT $1, count(*) FROM thing", 1114),
                        parse("none", "SELECT count(*) FROM thing"),
                        parse("own", "BEGIN"),
                        sync());
                client.untilReady();
            }
            for (String sql : List.of(
                    "EXECUTE one(7, 'sad')",
                    "EXECUTE one(3 + 4, NULL)",
                    "EXECUTE one('8', lower('HAPPY')::mood)",
                    "EXECUTE one",
                    "EXECUTE one(1)",
                    "EXECUTE one(1, 'nosuchmood')",
                    "EXECUTE typed('2026-01-02'::date)",
                    "EXECUTE typed('2026-01-02')",
                    "EXECUTE none",
                    "EXECUTE none(1)",
                    "DEALLOCATE one",
                    "EXECUTE one(7, 'sad')")) {
                assertEquals(told(reference, sql), told(proxy, sql), sql);
            }
            assertEquals("0A000", error(proxy, "EXECUTE own").get('C'));
            assertEquals(told(reference, "EXECUTE none"), told(proxy, "EXECUTE none"));
        }
    }

    private static List<String> told(WireClient client, String sql) {
        return client.query(sql).stream()
                .filter(message -> "DEC".indexOf(message.type()) >= 0)
                .map(message -> message.type() == 'E'
                        ? message.sqlState() + message.fields().get('M')
                        : message.toString())
                .toList();
    }

    @Test
    void anExecuteParsedByTheProtocolLastsAsLongAsItsStatement() throws SQLException {
        try (Connection connection = cluster.proxy().connect();
                Statement statement = connection.createStatement()) {
            statement.execute("PREPARE p (int) AS SELECT id, t FROM thing WHERE id = $1");
            try (PreparedStatement execute = connection.prepareStatement("EXECUTE p(9)")) {
                for (int i = 0; i < 7; i++) {
                    try (ResultSet rows = execute.executeQuery()) {
                        rows.next();
                        assertEquals(9, rows.getInt(1));
                        assertEquals(2, rows.getMetaData().getColumnCount());
                    }
                }
                statement.execute("DEALLOCATE p");
                SQLException gone = assertThrows(SQLException.class, execute::executeQuery);
                assertEquals("26000", gone.getSQLState());
            }
        }
    }

    @Test
    void writesGoToTheirShards() {
        check(
                "BEGIN",
                "PREPARE ins (int, int, numeric) AS INSERT INTO part VALUES ($1, $2, $3), (6, $2, 0) RETURNING *",
                "PREPARE upd AS UPDATE part SET w = $2 WHERE thing_id = $1",
                "PREPARE del AS DELETE FROM part WHERE w = $1",
                "EXECUTE ins(5, 100, 1.5)",
                "EXECUTE upd(5, 77)",
                "EXECUTE del(77)",
                "SELECT count(*), sum(w) FROM part",
                "ROLLBACK");
    }
}
