package io.ostraka.rules.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.error.PgErrorException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StatementTemplateTest {
    private static StatementTemplate one(String sql) {
        List<StatementTemplate> statements = StatementTemplate.of(sql);
        assertEquals(1, statements.size(), sql);
        return statements.get(0);
    }

    private static String lifted(String sql) {
        StatementTemplate statement = one(sql);
        List<String> literals = new ArrayList<>();
        for (int i = 0; i < statement.literals(); i++) {
            literals.add(statement.literal(i));
        }
        return String.join(" ", literals);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '\0',
            emptyValue = "",
            nullValues = "-",
            value = {
                "SELECT * FROM t WHERE id = 42 AND name = 'x' ~ 42 'x'",
                "SELECT * FROM t AS o WHERE o.id IN (1, 2, -3) ~ 1 2 3",
                "INSERT INTO t (a, b) VALUES (1, 'a'), (2, E'b\\n'), (3.5, $$c$$) ~ 1 'a' 2 E'b\\n' 3.5 $$c$$",
                "UPDATE t SET a = 5, b = b + 1 WHERE id = 7 ~ 5 1 7",
                "UPDATE ONLY s.t AS x SET a = 5 WHERE id = 7 ~ 5 7",
                "DELETE FROM t USING u WHERE t.id = u.id AND u.x = 3 ~ 3",
                "SELECT a FROM t JOIN u ON t.id = u.id AND u.k = 4, generate_series(1, 2) WHERE t.id = 3 ~ 4 1 2 3",
                "SELECT * FROM s.f(1, 'a') AS x(a, b), LATERAL g(x.a, 2) y(c numeric(10,2), d varchar(3)) ~ 1 'a' 2",
                "SELECT * FROM ROWS FROM (f(1), g(2) AS (a varchar(3))) LEFT JOIN h(4) ON h.x IN (5, 6) WHERE a = 7 ~ 1 2 4 5 6 7",
                "SELECT * FROM t TABLESAMPLE bernoulli (10) REPEATABLE (1), json_table(t.a, '$' COLUMNS (b int DEFAULT 5 ON EMPTY)) WHERE c = 3 ~ 3",
                "SELECT extract(year FROM f(1)), trim(both 'x' FROM g(2)) FROM t WHERE a = 4 AND b = extract(day FROM f(3)) GROUP BY extract(year FROM f(1)) ~ 4",
                "SELECT JSON_VALUE(a, '$' DEFAULT 1 ON EMPTY DEFAULT 2 ON ERROR) FROM t WHERE b = 3 GROUP BY 1 ~ 3",
                "INSERT INTO t SELECT 1 ON CONFLICT (lower(a || 'x')) WHERE b = 2 DO UPDATE SET a = 3 ~ 1 2 3",
                "SELECT a + 1, count(*) FROM t WHERE id = 5 GROUP BY a + 1, 2 HAVING count(*) > 3 ~ 5",
                "SELECT f(1, 'x') FROM t WHERE id = 5 ~ 1 'x' 5",
                "SELECT DISTINCT a, 1 FROM t WHERE id = 5 ~ 5",
                "SELECT a FROM t WHERE b IS DISTINCT FROM 5 AND id = 6 ~ 5 6",
                "SELECT a, 9 FROM t WHERE id = 5 ORDER BY 1, a + 2 LIMIT 10 OFFSET 20 ~ 5 10 20",
                "SELECT a::varchar(10) FROM t WHERE x = '5'::numeric(10, 2) AND id = 3 ~ '5' 3",
                "SELECT CAST(a AS varchar(10)), 4 AS four FROM t LIMIT 5 ~ 4 5",
                "SELECT * FROM t WHERE d > interval '1' second(3) AND id = 3 ~ '1' 3",
                "SELECT * FROM t WHERE d > date '2024-01-01' AND id = 3 ~ '2024-01-01' 3",
                "SELECT * FROM t WHERE a = B'1' AND b = X'1' AND c = N'a' AND d = U&'a' UESCAPE '!' AND id = 3 ~ 3",
                "SELECT * FROM t WHERE id = 3 AND x IN (SELECT y FROM u WHERE z = 4 ORDER BY 1) AND k = 5 ~ 3 4 5",
                "WITH c AS (SELECT * FROM t WHERE id = 1) SELECT * FROM c WHERE a = 2 ~ 1 2",
                "SELECT set, 1 FROM t WHERE id = 2 GROUP BY 1 ~ 2",
                "INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 2 RETURNING id, 3 ~ 1 2 3",
                "(SELECT 1) UNION ALL (SELECT 2) ~ 1 2",
                "SELECT a, sum(b) FILTER (WHERE c > 5) FROM t WHERE id = 6 GROUP BY a ~ 6",
                "SELECT 1 FROM t WHERE d = timestamp(2) without time zone 'now' AND e AT TIME ZONE 'UTC' > f(3) ~ 1 'UTC' 3",
            })
    void valuesAreLiftedAndStructureStays(String sql, String literals) {
        assertEquals(literals, lifted(sql));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT * FROM t WHERE a = mytype(10,2) '1.5' AND id = 3",
                "SET work_mem = 64",
                "EXPLAIN SELECT * FROM t WHERE id = 1",
                "CREATE TABLE t (a varchar(10) DEFAULT 'x')",
                "SELECT 1 FROM t WHERE a = $ AND id = 4",
                "SELECT id = 4) FROM t WHERE id = 5",
            })
    void whereTheLexerCannotBeSureNothingIsLifted(String sql) {
        assertEquals("", lifted(sql));
    }

    @Test
    void keysDifferByTheTypeOfALiteralAndNotByItsValue() {
        String key = one("SELECT * FROM t WHERE id = 1").key();
        assertEquals(key, one("SELECT * FROM t WHERE id = 2147483647 ;").key());
        assertNotEquals(key, one("SELECT * FROM t WHERE id = 2147483648").key());
        assertEquals(
                one("SELECT * FROM t WHERE id = 0x80000000").key(),
                one("SELECT * FROM t WHERE id = 9223372036854775807").key());
        assertEquals(
                one("SELECT * FROM t WHERE id = 9223372036854775808").key(),
                one("SELECT * FROM t WHERE id = 1.5").key());
        assertNotEquals(key, one("SELECT * FROM t WHERE id = '1'").key());
        assertNotEquals(key, one("SELECT * FROM t WHERE id = \u0001").key());
        assertEquals(
                LiteralKind.INT8,
                one("SELECT * FROM t WHERE id = 2_147_483_648").literalKind(0));
    }

    @Test
    void hintsArePartOfTheKey() {
        StatementTemplate hinted = one("/* ostraka: shard=s0 */ SELECT 1 /*ostraka:x=y*/;");
        assertEquals(List.of("shard=s0", "x=y"), hinted.hints());
        assertEquals("SELECT 1", hinted.text());
        assertNotEquals(one("SELECT 1").key(), hinted.key());
        assertEquals(
                one("SELECT 1").key(), one("/* trace 17 */ SELECT 1 -- done").key());
        assertEquals(List.of(), one("SELECT '/* ostraka: a */'").hints());
        List<StatementTemplate> two = StatementTemplate.of("SELECT 1; /* ostraka: a */ SELECT 2");
        assertEquals(List.of(), two.get(0).hints());
        assertEquals(List.of("a"), two.get(1).hints());
    }

    private static List<String> split(String sql) {
        return StatementTemplate.of(sql).stream().map(StatementTemplate::text).toList();
    }

    @Test
    void statementsEndAtTopLevelSemicolons() {
        assertEquals(List.of("a ';' b", "c"), split(" a ';' b ;; /* ; */ c -- ;"));
        assertEquals(List.of(), split(" ; /* nothing */ ;"));
        assertEquals(List.of(), split(""));
        String rule = "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)";
        assertEquals(List.of(rule, "x"), split(rule + ";x"));
        String body =
                "CREATE or replace FUNCTION s.f(a int) RETURNS int BEGIN ATOMIC SELECT CASE WHEN a = 1 THEN 2 END; SELECT 1 AS end; END";
        assertEquals(List.of(body, "SELECT 2"), split(body + "; SELECT 2;"));
        assertEquals(List.of("BEGIN", "SELECT 1", "END"), split("BEGIN; SELECT 1; END;"));
        String dollar = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $b$ BEGIN; RETURN 1; END $b$";
        assertEquals(List.of(dollar, "x"), split(dollar + ";x"));
    }

    @Test
    void aLexicalErrorSpoilsTheWholeString() {
        assertThrows(PgErrorException.class, () -> StatementTemplate.of("SELECT 1; SELECT 'a"));
    }

    @Test
    void literalsAreFoundByOffsetAndOffsetsMoveBetweenStatementsOfOneKey() {
        StatementTemplate first = one("SELECT * FROM t WHERE a = 'x' AND id = 4 AND b");
        StatementTemplate second = one("  SELECT * FROM t WHERE a = 'longer' AND id = 123456 AND b;");
        assertEquals(first.key(), second.key());
        assertEquals(1, first.literalAt(first.sql().indexOf('4')));
        assertEquals(-1, first.literalAt(0));
        assertEquals(second.sql().lastIndexOf('b'), first.translate(first.sql().lastIndexOf('b'), second));
        assertEquals(second.literalStart(1), first.translate(first.literalStart(1), second));
    }

    @Test
    void aLongValuesListIsReadInOnePass() {
        StatementTemplate insert = one("INSERT INTO t VALUES (1,'a')" + ",(1,'a')".repeat(100_000));
        assertEquals(200_002, insert.literals());
        assertTrue(insert.key().length() < insert.text().length());
    }
}
