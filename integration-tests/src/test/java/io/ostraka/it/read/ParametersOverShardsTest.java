package io.ostraka.it.read;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.describePortal;
import static io.ostraka.it.harness.FrontendMessages.describeStatement;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.session.Twins;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** EXPLAIN and DECLARE with parameters over several shards: these get texts with the parameters' values. */
class ParametersOverShardsTest {
    private TestCluster cluster;

    @BeforeEach
    void fill() throws SQLException {
        cluster = Bazaar.filled();
    }

    @ParameterizedTest
    @ValueSource(strings = {"NO SCROLL CURSOR", "SCROLL CURSOR", "NO SCROLL CURSOR WITH HOLD"})
    void cursorsAreAsInPostgresql(String kind) {
        String declare = "DECLARE c " + kind + " FOR ";
        try (Differential both = cluster.differential(Protocol.EXTENDED)) {
            both.check("BEGIN");
            both.checkWith(
                    declare + "SELECT id, t, $1, $2 AS what FROM thing WHERE id > $3 AND i2 < $4"
                            + " ORDER BY id LIMIT $5 OFFSET $6",
                    "it's \\ odd",
                    null,
                    "3",
                    "1000",
                    "7",
                    "1");
            both.checkOrdered("FETCH 2 FROM c", "MOVE 1 FROM c", "FETCH ALL FROM c", "CLOSE c");
            both.checkWith(declare + "SELECT t, $1::numeric FROM thing WHERE id = $2 OR id = $3", "1.50", "7", "8");
            both.check("FETCH ALL FROM c", "CLOSE c");
            both.checkWith(
                    declare + "SELECT i2, count(*) FROM thing WHERE d > $1 GROUP BY i2 ORDER BY i2", "2020-01-01");
            both.checkOrdered("FETCH 2 FROM c", "FETCH ALL FROM c", "CLOSE c");
            both.checkWith(declare + "SELECT no, $2::text FROM part WHERE thing_id = $1 ORDER BY no", "7", "x");
            both.checkOrdered("FETCH 1 FROM c", "FETCH ALL FROM c", "CLOSE c");
            both.checkWith(declare + "SELECT now() IS NULL, id FROM thing WHERE id < $1 ORDER BY id", "5");
            both.checkOrdered("FETCH ALL FROM c", "SAVEPOINT s");
            both.checkWith("DECLARE d CURSOR FOR SELECT id FROM thing WHERE id > $1", "x");
            both.check("ROLLBACK TO s", "FETCH 1 FROM c", "ROLLBACK");
            both.checkWith("DECLARE d CURSOR FOR SELECT id FROM thing WHERE id > $1", "1");
            both.check("SELECT count(*) FROM thing");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '#',
            value = {
                "int2        | -5",
                "int8        | 9007199254740993",
                "numeric     | 1.500",
                "float4      | 1e-7",
                "float8      | 0.1",
                "float8      | -Infinity",
                "bool        | f",
                "text        | it's \\ 'odd'",
                "varchar     | \u00f6",
                "bpchar      | #ab  #",
                "\"char\"   | x",
                "bit(3)      | 101",
                "bytea       | \\xde00ad",
                "date        | 0044-03-15 BC",
                "timetz      | 12:00:00.5+05:30",
                "timestamptz | 2026-03-29 01:30:00+02",
                "interval    | -1 days +02:03",
                "uuid        | 5b30857f-0b4d-4b1c-9d0a-111111111111",
                "jsonb       | {\"a\": [1, null]}",
                "int[]       | {1,NULL}",
                "text[]      | {\"a b\",\"c'd\"}",
                "int4range   | [1,5)",
                "point2      | (1,2.50)",
                "mood        | happy",
                "positive    | 5",
                "inet        | 10.0.0.1/8",
            })
    void valuesStayWhatTheyAre(String type, String value) {
        String sql =
                "DECLARE c NO SCROLL CURSOR FOR SELECT id, $1::%1$s AS v, pg_typeof($1::%1$s)::text, ($1::%1$s) IS NULL,"
                        + " octet_length($1::%1$s::text) FROM thing WHERE id < 9 ORDER BY id";
        try (Differential both = cluster.differential(Protocol.EXTENDED)) {
            both.check("BEGIN");
            both.checkWith(sql.formatted(type), value);
            both.checkOrdered("FETCH ALL FROM c", "CLOSE c");
            both.checkWith(sql.formatted(type), (String) null);
            both.checkOrdered("FETCH ALL FROM c", "ROLLBACK");
        }
    }

    @Test
    void whatWouldChangeWhenItIsWrittenIsRefused() throws SQLException {
        try (Connection connection = cluster.connect();
                Statement statement = connection.createStatement()) {
            for (String setting : List.of("extra_float_digits = 0", "IntervalStyle = sql_standard")) {
                statement.execute("SET " + setting);
                SQLException refused = assertThrows(SQLException.class, () -> explained(connection, 0.1));
                assertEquals("0A000", refused.getSQLState());
                assertTrue(explained(connection, 7).contains("(id > 7)"));
                statement.execute("RESET ALL");
            }
            assertTrue(explained(connection, 0.1).contains("'0.1'::double precision"));
        }
    }

    @Test
    void plansAreThoseOfTheValues() throws SQLException {
        try (Connection connection = cluster.connect()) {
            for (int i = 0; i < 7; i++) { // the driver prepares it at the fifth, and sends binary then
                String plan = explained(connection, i);
                assertTrue(plan.startsWith("Ostraka") && plan.contains("(id > " + i + ")"), plan);
            }
            try (PreparedStatement explain = connection.prepareStatement(
                    "EXPLAIN (ANALYZE, TIMING OFF) SELECT i2, count(*) FROM thing WHERE d > ? AND n < ? GROUP BY i2")) {
                explain.setObject(1, LocalDate.of(2020, 1, 1));
                explain.setBigDecimal(2, new BigDecimal("12.5"));
                String plan = lines(explain);
                assertTrue(plan.contains("2020-01-01") && plan.contains("12.5") && plan.contains("actual"), plan);
            }
            try (PreparedStatement explain =
                    connection.prepareStatement("EXPLAIN SELECT no FROM part WHERE thing_id = ?")) {
                explain.setInt(1, 7);
                String plan = lines(explain);
                assertFalse(plan.contains("Ostraka"), plan);
            }
        }
    }

    private static String explained(Connection connection, Object value) throws SQLException {
        try (PreparedStatement explain =
                connection.prepareStatement("EXPLAIN (COSTS OFF) SELECT id FROM thing WHERE id > ? ORDER BY id")) {
            explain.setObject(1, value);
            return lines(explain);
        }
    }

    private static String lines(PreparedStatement explain) throws SQLException {
        StringBuilder lines = new StringBuilder();
        try (ResultSet plan = explain.executeQuery()) {
            while (plan.next()) {
                lines.append(plan.getString(1)).append('\n');
            }
        }
        return lines.toString();
    }

    @Test
    void messagesAreThoseOfPostgresql() {
        List<Optional<byte[]>> binary = List.of(Optional.of(new byte[] {0, 0, 0, 3}));
        try (Twins twins = new Twins(cluster)) {
            twins.query("BEGIN");
            twins.exchange(
                    parse("d", "DECLARE c NO SCROLL CURSOR FOR SELECT id, i4 FROM thing WHERE id > $1 ORDER BY id", 23),
                    describeStatement("d"),
                    bind("p", "d", List.of(1), binary, List.of()),
                    describePortal("p"),
                    execute("p", 0),
                    sync());
            twins.query("FETCH 3 FROM c", "CLOSE c", "SAVEPOINT s");
            for (List<Optional<String>> wrong :
                    List.of(List.<Optional<String>>of(), List.of(Optional.of("1"), Optional.of("2")))) {
                twins.exchange(bind("", "d", wrong, false), execute("", 0), sync());
                twins.query("ROLLBACK TO s");
            }
            twins.exchange(
                    parse("", "DECLARE c CURSOR FOR SELECT nosuch FROM thing WHERE id > $1"),
                    bind("", "", List.of(Optional.of("1")), false),
                    execute("", 0),
                    sync());
            twins.query("ROLLBACK");
        }
    }

    @Test
    void aQueryHasNoParameters() {
        try (Twins twins = new Twins(cluster)) {
            twins.query(
                    "BEGIN",
                    "DECLARE c CURSOR FOR SELECT id FROM thing WHERE id > $1",
                    "ROLLBACK",
                    "EXPLAIN SELECT id FROM thing WHERE id > $1",
                    "CREATE TABLE none_made AS SELECT id FROM thing WHERE id > $1 AND now() > $2");
        }
    }
}
