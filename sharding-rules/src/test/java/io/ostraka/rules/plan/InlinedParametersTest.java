package io.ostraka.rules.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Parameters that become literals, as a shard has written them. */
class InlinedParametersTest {
    private static final int INT4 = 23;
    private static final int FLOAT8 = 701;

    /** {@code answers}: types and literals in turn, and what the settings are like. */
    private static String text(String body, String... answers) {
        List<Integer> oids = answers.length == 3 ? List.of(INT4) : List.of(INT4, FLOAT8);
        return new InlinedParameters(oids)
                .with(body, Arrays.stream(answers).map(Optional::ofNullable).toList(), 1000);
    }

    private static SqlState refused(String body, String... answers) {
        return assertThrows(PgErrorException.class, () -> text(body, answers))
                .error()
                .state();
    }

    @Test
    void eachIsACastOfItsLiteral() {
        assertEquals(
                "SELECT (CAST(-5 AS pg_catalog.int4)) AS \"?column?\" WHERE x > (CAST('0.1' AS pg_catalog.float8))",
                text("SELECT $1 WHERE x > $2", "pg_catalog.int4", "'-5'", "pg_catalog.float8", "'0.1'", "yes"));
        assertEquals(
                "SELECT a FROM t LIMIT 5 OFFSET (CAST(NULL AS pg_catalog.int8))",
                text("SELECT a FROM t LIMIT $1 OFFSET $2", "pg_catalog.int8", "'5'", "pg_catalog.int8", "NULL", "yes"));
        assertEquals(
                "SELECT a = (CAST( E'\\\\''' AS s.\"My Type\"))",
                text("SELECT a = $1", "s.\"My Type\"", " E'\\\\'''", "yes"));
    }

    @Test
    void whatDependsOnSettingsIsRefusedWhenTheyAreOthers() {
        assertEquals(
                "SELECT a = (CAST('x' AS pg_catalog.text))", text("SELECT a = $1", "pg_catalog.text", "'x'", null));
        assertEquals(SqlState.FEATURE_NOT_SUPPORTED, refused("SELECT a = $1", "pg_catalog.float8", "'0.1'", null));
        assertEquals(SqlState.FEATURE_NOT_SUPPORTED, refused("SELECT a = $1", null, "'{}'", "yes"));
    }

    @Test
    void theTextMayNotGrowTooLong() {
        assertEquals(
                SqlState.PROGRAM_LIMIT_EXCEEDED,
                refused("SELECT a = $1", "pg_catalog.text", "'" + "x".repeat(1000) + "'", "yes"));
    }
}
