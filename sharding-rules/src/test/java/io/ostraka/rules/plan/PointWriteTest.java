package io.ostraka.rules.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.sql.StatementTemplate;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PointWriteTest {
    private final SampleDatabase db = new SampleDatabase();

    private Optional<KeptStatement> point(String sql) {
        return db.plan(sql) instanceof Plan.Forward forward ? forward.kept() : Optional.empty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "UPDATE pointed SET n = n + -1, note = 'x' WHERE id = 7 AND part = 'p'"
                        + "| UPDATE pointed SET n = n + -$1, note = $2 WHERE id = $3 AND part = $4 | [23, 25, 23, 25]",
                "update pointed p set n = 3 - (n * 2) where p.part = 'p' and id = 5000000000 ;"
                        + "| update pointed p set n = $1 - (n * $2) where p.part = $3 and id = $4 | [23, 23, 25, 20]",
                "UPDATE pointed SET note = DEFAULT, n = NULL WHERE id = 7 AND part = 'p'"
                        + "| UPDATE pointed SET note = DEFAULT, n = NULL WHERE id = $1 AND part = $2 | [23, 25]",
                "INSERT INTO pointed VALUES (7, 'p', 'it', -5)"
                        + "| INSERT INTO pointed VALUES ($1, $2, $3, -$4) | [23, 25, 25, 23]",
                "INSERT INTO pointed (n, part, id) VALUES (1, 'p', 5000000000)"
                        + "| INSERT INTO pointed (n, part, id) VALUES ($1, $2, $3) | [23, 25, 20]"
            })
    void literalsBecomeParametersOfTheTypesThatTheyHave(String sql, String text, String oids) {
        KeptStatement point = point(sql).orElseThrow();
        assertEquals(text, point.text());
        assertEquals(oids, point.oids().toString());
        assertTrue(point.writes());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "UPDATE pointed SET n = 1 WHERE id = 7",
                "UPDATE pointed SET n = 1 WHERE id = 7 AND part > 'p'",
                "UPDATE pointed SET n = 1 WHERE id = 7 AND part = 'p' RETURNING n",
                "UPDATE pointed SET n = 1 WHERE id = 7 AND part = $1",
                "UPDATE pointed SET n = n + $1 WHERE id = 7 AND part = 'p'",
                "UPDATE pointed SET n = 1 / 0 WHERE id = 7 AND part = 'p'",
                "UPDATE pointed SET n = n + (1 / 0) WHERE id = 7 AND part = 'p'",
                "UPDATE pointed SET n = 5000000000 WHERE id = 7 AND part = 'p'",
                "UPDATE pointed SET n = '1' WHERE id = 7 AND part = 'p'",
                "UPDATE pointed SET n = 1 WHERE id = '7' AND part = 'p'",
                "UPDATE pointed SET n = 1.5 WHERE id = 7 AND part = 'p'",
                "UPDATE pointed SET note = 1 WHERE id = 7 AND part = 'p'",
                "UPDATE pointed SET note = 'a' || 'b' WHERE id = 7 AND part = 'p'",
                "UPDATE pointed SET note = note || 'b' WHERE id = 7 AND part = 'p'",
                "UPDATE pointed SET note = 'x'::text WHERE id = 7 AND part = 'p'",
                "UPDATE pointed SET n = length('x') WHERE id = 7 AND part = 'p'",
                "UPDATE pointed SET (n, note) = (1, 'x') WHERE id = 7 AND part = 'p'",
                "UPDATE pointed SET n = (SELECT 1) WHERE id = 7 AND part = 'p'",
                "UPDATE pointed SET part = 'q' WHERE id = 7 AND part = 'p'",
                "WITH a AS (SELECT 1) UPDATE pointed SET n = 1 WHERE id = 7 AND part = 'p'",
                "UPDATE pointed SET note = 'x'WHERE id = 7 AND part = 'p'",
                "DELETE FROM pointed WHERE id = 7 AND part = 'p'",
                "INSERT INTO pointed VALUES (7, 'p', 'n', 1) RETURNING n",
                "INSERT INTO pointed VALUES (7, 'p', 'n', 1) ON CONFLICT DO NOTHING",
                "INSERT INTO pointed VALUES (7, 'p', 5, 1)",
                "INSERT INTO pointed VALUES (7, 'p', 'n', 1 + 1)",
                "INSERT INTO pointed VALUES (7, 'p', 'n', 1), (7, 'q', 'n', 2)",
                "INSERT INTO pointed SELECT 7, 'p', 'n', 1",
                "INSERT INTO logged VALUES (7)"
            })
    void othersAreNone(String sql) {
        assertEquals(Optional.empty(), point(sql).map(KeptStatement::text));
    }

    @Test
    void aPlaceInItIsOneInTheClientsText() {
        KeptStatement point = point("UPDATE pointed SET n = 1, note = 'x' WHERE id = 1 AND part = 'p'")
                .orElseThrow();
        String sql = "/* \ud83d\ude00 */ UPDATE pointed SET n = 1000, note = '\u00e4bc' WHERE id = 77 AND part = 'p'";
        PlannedStatement statement =
                PlannedStatement.of(StatementTemplate.of(sql).get(0), db.plan(sql));
        for (String word : List.of("UPDATE", "n = ", "note", "WHERE", "AND", "part")) {
            int offset = sql.indexOf(word);
            int inText = point.text().indexOf(word);
            assertEquals(
                    OptionalInt.of(sql.codePointCount(0, offset) + 1), point.inClients(statement, inText + 1), word);
        }
        assertEquals(
                OptionalInt.of(sql.codePointCount(0, sql.indexOf("77")) + 1),
                point.inClients(statement, point.text().indexOf("$3") + 2));
        assertEquals(OptionalInt.empty(), point.inClients(statement, 0));
        assertEquals(
                OptionalInt.empty(), point.inClients(statement, point.text().length() + 1));
    }
}
