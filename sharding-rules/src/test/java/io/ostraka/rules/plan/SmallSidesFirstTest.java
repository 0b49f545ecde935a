package io.ostraka.rules.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.config.ShardName;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which rows are copied to the combiner first, and which copies are reduced by their values. */
class SmallSidesFirstTest {
    private static final SampleDatabase DB = new SampleDatabase();
    private static final Set<ShardName> ALL = Set.of(SampleDatabase.S0, SampleDatabase.S1, SampleDatabase.S2);

    private static List<Fragment> fragments(String sql) {
        PlannedStatement statement = DB.planner().plan(sql, SampleDatabase.PATH).get(0);
        return assertInstanceOf(Plan.Combine.class, statement.plan(), sql)
                .combination()
                .of(statement.values())
                .fragments();
    }

    private static String reductions(String sql) {
        return fragments(sql).stream()
                .flatMap(fragment -> fragment.reductions().stream()
                        .map(reduction -> fragment.temporary() + ": "
                                + reduction.inWords().replaceAll("pg_temp.|\"", "")))
                .collect(Collectors.joining("; "));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SELECT t.name FROM t JOIN orders o ON o.country = t.name WHERE t.id < 5"
                        + " | ostraka_2: country = ANY (ostraka_1.name)",
                "SELECT t.name FROM orders o, t WHERE o.country = t.name AND t.id < 5"
                        + " | ostraka_1: country = ANY (ostraka_2.name)",
                "SELECT t.name FROM t LEFT JOIN orders o ON o.country = t.name WHERE t.id < 5"
                        + " | ostraka_2: country = ANY (ostraka_1.name)",
                "SELECT id FROM u WHERE other IN (SELECT other FROM t WHERE id < 5)"
                        + " | ostraka_1: other = ANY (ostraka_2.other)",
                "SELECT id FROM t WHERE id < 5 AND NOT EXISTS (SELECT FROM u WHERE u.other = t.other)"
                        + " | ostraka_2: other = ANY (ostraka_1.other)",
                "SELECT n.n FROM codes n JOIN t ON n.code = 'a' AND n.n = n.n JOIN u ON u.other = t.other AND t.id = 7"
                        + " | ostraka_3: other = ANY (ostraka_2.other)",
            })
    void theLargeSideIsReducedByTheSmallOne(String sql, String expected) {
        assertEquals(expected, reductions(sql));
        Fragment last = fragments(sql).get(fragments(sql).size() - 1);
        assertTrue(expected.startsWith(last.temporary()), "it is copied last");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // What is preserved, and what an anti-join looks for.
                "SELECT t.name FROM orders o LEFT JOIN t ON o.country = t.name AND t.id < 5",
                "SELECT t.name FROM orders o FULL JOIN t ON o.country = t.name AND t.id < 5",
                "SELECT id FROM u WHERE other NOT IN (SELECT other FROM t WHERE id < 5)",
                "SELECT id FROM u WHERE NOT EXISTS (SELECT FROM t WHERE u.other = t.other AND t.id < 5)",
                // Not the same type, or one whose text depends on the session.
                "SELECT o.id FROM small s JOIN orders o ON o.id = s.other WHERE s.id < 5",
                "SELECT a.n FROM days a JOIN moments b ON a.day = b.at WHERE a.n < 5",
                "SELECT a.n FROM chars a JOIN codes b ON a.c = b.code WHERE a.n < 5",
                // Nulls are equal, sides alike, rows of one table twice.
                "SELECT other FROM t WHERE id < 5 INTERSECT SELECT other FROM u",
                "SELECT t.id FROM t JOIN u ON t.other IS NOT DISTINCT FROM u.other WHERE t.id < 5",
                "SELECT t.id FROM t JOIN u ON t.other = u.other",
                "SELECT a.id FROM t a JOIN t b ON a.other = b.id WHERE a.id < 5",
                "SELECT a.id FROM t a JOIN u ON a.other = u.other OR u.id = 3 WHERE a.id < 5",
            })
    void inDoubtItIsNot(String sql) {
        assertEquals("", reductions(sql));
    }

    @Test
    void onlyTheOwnersOfTheValuesAreAsked() {
        Reduction byKey = fragments("SELECT u.id FROM u JOIN t ON u.id = t.other WHERE t.id < 5")
                .get(1)
                .reductions()
                .get(0);
        assertEquals(Set.of(), byKey.among(ALL, List.of()));
        assertEquals(1, byKey.among(ALL, List.of("7")).size());
        assertEquals(
                ALL,
                byKey.among(
                        ALL, IntStream.range(0, 99).mapToObj(String::valueOf).toList()));
        assertEquals(ALL, byKey.among(ALL, List.of("7", "no number")));
        Reduction other = fragments("SELECT u.id FROM u JOIN t ON u.other = t.other WHERE t.id < 5")
                .get(1)
                .reductions()
                .get(0);
        assertEquals(ALL, other.among(ALL, List.of("7")));
        assertEquals(Set.of(), other.among(ALL, List.of()));
    }

    @Test
    void tooManyValuesAreNotUsedNorLongOnes() {
        Reduction byName = fragments("SELECT t.name FROM t JOIN orders o ON o.country = t.name WHERE t.id < 5")
                .get(1)
                .reductions()
                .get(0);
        assertTrue(byName.isUsable(List.of()));
        assertTrue(byName.isUsable(Collections.nCopies(1_000, "x".repeat(1_000))));
        assertFalse(byName.isUsable(Collections.nCopies(1_001, "x")));
        assertFalse(byName.isUsable(List.of("x", "y".repeat(1_001))));
    }

    @Test
    void valuesAreQuoted() {
        Reduction byName = fragments("SELECT t.name FROM t JOIN codes c ON c.code = t.name JOIN orders o"
                        + " ON o.country = t.name WHERE t.id < 5")
                .stream()
                .flatMap(fragment -> fragment.reductions().stream())
                .findFirst()
                .orElseThrow();
        assertEquals(
                "SELECT DISTINCT pg_catalog.left(\"name\"::pg_catalog.text, 1001) FROM pg_temp.\"ostraka_1\""
                        + " WHERE \"name\" IS NOT NULL LIMIT 1001",
                byName.question());
        assertEquals(
                "SELECT * FROM (SELECT 1) AS ostraka WHERE \"country\" OPERATOR(pg_catalog.=)"
                        + " ANY (ARRAY['it''s', '\\']::pg_catalog.text[])",
                byName.reduced("SELECT 1", List.of("it's", "\\")));
    }
}
