package io.ostraka.rules.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.sql.Classifier;
import io.ostraka.rules.sql.StatementKind;
import io.ostraka.rules.sql.StatementTemplate;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The text that EXECUTE stands for. */
class ExecutedTextTest {
    private static final int LONGEST = 10_000;
    /** What {@code (5)} becomes for a parameter of type int4. */
    private static final String FIVE = "(CAST(5 AS pg_catalog.int4))";

    private static String text(String arguments, String body, String... types) {
        StatementKind kind = Classifier.classify(
                StatementTemplate.of("EXECUTE p" + arguments).get(0));
        StatementKind.Execute execute = assertInstanceOf(StatementKind.Execute.class, kind);
        return new ExecutedText(execute.name(), execute.arguments()).of(body, List.of(types), LONGEST);
    }

    private static String refused(String arguments, String type) {
        return assertThrows(PgErrorException.class, () -> text(arguments, "SELECT $1", type))
                .error()
                .state()
                .code();
    }

    /** {@code *} is the constant with the parameter's column name, {@code #} without. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    SELECT a FROM t WHERE id = $1             | SELECT a FROM t WHERE id = #
                    SELECT a[$1] FROM t                       | SELECT a[#] FROM t
                    SELECT $1                                 | SELECT *
                    SELECT DISTINCT $1, id FROM t             | SELECT DISTINCT *, id FROM t
                    SELECT id, $1 FROM t                      | SELECT id, * FROM t
                    SELECT DISTINCT ON (id) $1 FROM t         | SELECT DISTINCT ON (id) * FROM t
                    SELECT f(id, $1), $1 + 1 FROM t           | SELECT f(id, #), # + 1 FROM t
                    SELECT $1 AS a, $1 b                      | SELECT # AS a, # b
                    SELECT x FROM t WHERE a > ALL ($1) ORDER BY b, $1 | SELECT x FROM t WHERE a > ALL (#) ORDER BY b, #
                    SELECT 1 UNION ALL SELECT $1              | SELECT 1 UNION ALL SELECT *
                    SELECT (SELECT $1) x                      | SELECT (SELECT *) x
                    INSERT INTO t VALUES (1, $1) RETURNING $1 | INSERT INTO t VALUES (1, #) RETURNING *
                    SELECT '$1', "$1", $$ $1 $$ -- $1         | SELECT '$1', "$1", $$ $1 $$ -- $1
                    SELECT a FROM t LIMIT $1 OFFSET $1        | SELECT a FROM t LIMIT 5 OFFSET 5
                    """)
    void argumentsStandWhereParametersStood(String body, String expected) {
        String text = expected.replace("*", FIVE + " AS \"?column?\"").replace("#", FIVE);
        assertEquals(text, text("(5)", body, "pg_catalog.int4"));
    }

    @Test
    void aLargeArgumentDoesNotBecomeAHugeText() {
        String body = "SELECT " + "$1, ".repeat(999) + "$1";
        PgErrorException refused = assertThrows(
                PgErrorException.class, () -> text("('" + "x".repeat(1_000_000) + "')", body, "pg_catalog.text"));
        assertEquals("54000", refused.error().state().code());
    }

    @Test
    void eachParameterGetsItsOwn() {
        assertEquals(
                "SELECT a FROM t WHERE b = (CAST('x''' AS pg_catalog.text)) AND c = (CAST(NULL AS other.\"Mood\"))",
                text("('x''', NULL)", "SELECT a FROM t WHERE b = $1 AND c = $2", "pg_catalog.text", "other.\"Mood\""));
        assertEquals("SELECT a FROM t", text("", "SELECT a FROM t"));
        assertEquals(
                "VALUES ((CAST(1.5 AS pg_catalog.\"numeric\")))",
                text("(1.5)", "VALUES ($1)", "pg_catalog.\"numeric\""));
    }

    @Test
    void whatAssignmentWouldNotTakeIsRefused() {
        assertEquals("42804", refused("(5)", "pg_catalog.bool"));
        assertEquals("42804", refused("(5)", "pg_catalog.date"));
        assertEquals("42804", refused("(true)", "pg_catalog.int4"));
        assertEquals("42804", refused("(1.5)", "other.int4"));
        assertEquals("42601", refused("(1, 2)", "pg_catalog.int4"));
        assertEquals("42601", refused("", "pg_catalog.int4"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"(1 + 1)", "(id)", "(now())", "('x'::text)", "(ARRAY[1, 2])", "(U&'x' UESCAPE '!')"})
    void whatHasToBeComputedIsRefused(String arguments) {
        assertEquals("0A000", refused(arguments, "pg_catalog.text"));
    }
}
