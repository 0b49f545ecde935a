package io.ostraka.rules.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the shards and the combiner are sent for groups. K1, V1, S1 stand for the names of columns, T for the temporary table's. */
class PartialPlannerTest {
    private static final SampleDatabase DB = new SampleDatabase();

    private static PlannedStatement plan(String sql) {
        return DB.planner().plan(sql, SampleDatabase.PATH).get(0);
    }

    private static Combination combination(PlannedStatement statement) {
        return assertInstanceOf(Plan.Combine.class, statement.plan(), statement.text())
                .combination()
                .of(statement.values());
    }

    private static String shortened(String sql) {
        return sql.replaceAll("\"ostraka: key (.)\"", "K$1")
                .replaceAll("\"ostraka: value (.)\"", "V$1")
                .replaceAll("\"ostraka: state (.)\"", "S$1")
                .replace("pg_temp.\"ostraka_1\"", "T")
                .replace("pg_catalog.", "");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SELECT count(*) FROM t WHERE other > 5 | SELECT count(*) AS S1 FROM t WHERE other > 5"
                        + " | SELECT (coalesce(sum(S1), 0)::int8) AS \"count\" FROM T",
                "SELECT other, sum(id) n FROM t GROUP BY 1 ORDER BY n, other LIMIT 3"
                        + " | SELECT (other) AS K1, sum(id) AS S1 FROM t GROUP BY 1"
                        + " | SELECT K1 AS \"other\", (ROW(NULL, sum(S1))::T).S1 n FROM T GROUP BY 1 ORDER BY n, other LIMIT 3",
                "SELECT avg(other) + 1 FROM t"
                        + " | SELECT sum(other) AS S1, count(other) AS S2 FROM t"
                        + " | SELECT (sum(S1) OPERATOR(/) nullif(sum(S2), 0)) + 1 FROM T",
                "SELECT t.other + 1 FROM t GROUP BY t.other HAVING max(id) > 2"
                        + " | SELECT (t.other) AS K1, max(id) AS S1 FROM t GROUP BY 1"
                        + " | SELECT K1 + 1 FROM T GROUP BY K1 HAVING max(S1) > 2",
                "SELECT count(DISTINCT other), min(id) FILTER (WHERE other > 1) FROM t"
                        + " | SELECT (other) AS V1, min(id) FILTER (WHERE other > 1) AS S1 FROM t GROUP BY 1"
                        + " | SELECT count(DISTINCT V1) AS \"count\", min(S1) AS \"min\" FROM T",
                "SELECT DISTINCT other % 2 FROM t ORDER BY other % 2"
                        + " | SELECT (other % 2) AS K1 FROM t GROUP BY 1 | SELECT DISTINCT K1 FROM T ORDER BY K1",
                "SELECT other, grouping(other), rank() OVER (ORDER BY count(*)) FROM t GROUP BY ROLLUP (other)"
                        + " | SELECT (other) AS K1, count(*) AS S1 FROM t GROUP BY 1"
                        + " | SELECT K1 AS \"other\", grouping(K1) AS \"grouping\","
                        + " rank() OVER (ORDER BY (coalesce(sum(S1), 0)::int8)) AS \"rank\" FROM T GROUP BY ROLLUP (K1)",
                "SELECT count(DISTINCT 7 / other) FILTER (WHERE other <> 0) FROM t"
                        + " | SELECT CASE WHEN other <> 0 THEN 7 / other END AS V1, (other <> 0) AS V2 FROM t GROUP BY 1, 2"
                        + " | SELECT count(DISTINCT V1) FILTER (WHERE V2) AS \"count\" FROM T",
                "SELECT string_agg(name, ',' ORDER BY id), count(*) FROM t WHERE id > 5 HAVING count(*) > 1"
                        + " | SELECT (name) AS V1, (id) AS V2 FROM t WHERE id > 5"
                        + " | SELECT string_agg(V1, ',' ORDER BY V2) AS \"string_agg\", count(*) AS \"count\""
                        + " FROM T HAVING count(*) > 1",
                "SELECT name, percentile_cont(0.5) WITHIN GROUP (ORDER BY 7 / other) FILTER (WHERE other > 0) FROM t GROUP BY name"
                        + " | SELECT (name) AS K1, CASE WHEN other > 0 THEN 7 / other END AS V1, (other > 0) AS V2 FROM t"
                        + " | SELECT K1 AS \"name\", percentile_cont(0.5) WITHIN GROUP (ORDER BY V1) FILTER (WHERE V2)"
                        + " AS \"percentile_cont\" FROM T GROUP BY K1",
                "SELECT corr(id, other), sum(id) FROM t"
                        + " | SELECT (id) AS V1, (other) AS V2 FROM t"
                        + " | SELECT corr(V1, V2) AS \"corr\", sum(V1) AS \"sum\" FROM T",
            })
    void shardsSendGroupsWithStates(String sql, String asked, String combined) {
        PlannedStatement statement = plan(sql);
        Combination combination = combination(statement);
        assertEquals(1, combination.fragments().size());
        PartialResult partial =
                assertInstanceOf(PartialResult.class, combination.fragments().get(0));
        assertEquals(
                asked, shortened(partial.select(statement, statement.values())).replaceAll(" +", " "));
        assertEquals(combined, shortened(statement.combinerText(combination.text())));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SELECT id FROM t WHERE other = (SELECT max(other) FROM u WHERE id > 3)"
                        + " | SELECT max(other) AS S1 FROM u WHERE id > 3"
                        + " | SELECT id FROM pg_temp.\"ostraka_2\" AS \"t\" WHERE other = (SELECT max(S1) AS \"max\" FROM T)",
                "WITH q AS (SELECT other, count(*) AS c FROM t GROUP BY other HAVING count(*) > 1)"
                        + " SELECT a.c FROM q a JOIN q b ON a.c = b.other"
                        + " | SELECT (other) AS K1, count(*) AS S1, count(*) AS S2 FROM t GROUP BY 1"
                        + " | WITH q AS (SELECT K1 AS \"other\", (coalesce(sum(S1), 0)::int8) AS c FROM T GROUP BY K1"
                        + " HAVING (coalesce(sum(S2), 0)::int8) > 1) SELECT a.c FROM q a JOIN q b ON a.c = b.other",
                "(SELECT DISTINCT t.other FROM t) ORDER BY 1 | SELECT (t.other) AS K1 FROM t GROUP BY 1"
                        + " | (SELECT DISTINCT K1 AS \"other\" FROM T) ORDER BY 1",
            })
    void shardsSendTheGroupsOfSubqueries(String sql, String asked, String combined) {
        PlannedStatement statement = plan(sql);
        Combination combination = combination(statement);
        Fragment first = combination.fragments().get(0);
        assertInstanceOf(PartialResult.class, first);
        assertEquals(
                asked, shortened(first.select(statement, statement.values())).replaceAll(" +", " "));
        assertEquals(combined, shortened(statement.combinerText(combination.text())));
    }

    @Test
    void variancesAreComputedOfCountsSumsAndSquares() {
        PlannedStatement statement = plan("SELECT stddev(other) FROM t");
        Fragment fragment = combination(statement).fragments().get(0);
        assertEquals(
                "SELECT count(other) AS S1, sum((other)::numeric) AS S2,"
                        + " sum((other)::numeric OPERATOR(*) (other)::numeric) AS S3 FROM t",
                shortened(fragment.select(statement, statement.values())).replaceAll(" +", " "));
    }

    /** So that the types of parameters are those that the client's statement gives them. */
    @Test
    void withParametersTheStatementItselfIsReadFirst() {
        PlannedStatement statement = plan("SELECT count(*) + $2 FROM t WHERE other < $1");
        Combination combination =
                assertInstanceOf(Plan.Combine.class, statement.plan()).combination();
        String original = "WITH \"ostraka: original\" AS (SELECT count(*) + $2 FROM t WHERE other < $1) ";
        Fragment partial = combination.fragments().get(0);
        assertTrue(partial.takesParameters());
        assertEquals(
                original + "SELECT count(*) AS S1 FROM t WHERE other < $1",
                shortened(partial.select(statement, statement.values())).replaceAll(" +", " "));
        assertEquals(
                original + "SELECT (coalesce(sum(S1), 0)::int8) + $2 FROM T",
                shortened(statement.combinerText(combination.text())));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT count(*), (SELECT max(u.id) FROM u WHERE u.other = t.other) FROM t",
                "SELECT count(*), (SELECT max(id) FROM (SELECT t.id FROM u) s) FROM t",
                "WITH u AS (SELECT other AS id FROM t) SELECT id FROM t WHERE other IN (SELECT max(id) FROM u)",
                "SELECT id, CASE WHEN other > 0 THEN (SELECT max(7 / id) FROM u) END, rank() OVER () FROM t",
                "SELECT coalesce(other, (SELECT max(7 / id) FROM u)), rank() OVER () FROM t",
                "SELECT id FROM t, LATERAL (SELECT count(*) FROM u WHERE u.id = length(name)) s WHERE t.other = 5",
                "SELECT count(t.*) FROM t",
                "SELECT max(ROW(id, other)) FROM t",
                "SELECT avg(interval '1 day') FROM t",
                "SELECT other, name, count(*) FROM t GROUP BY other",
                "SELECT count(*) FROM t a JOIN t b ON a.other = b.id",
                "SELECT DISTINCT ON (other) id FROM t ORDER BY other",
                "SELECT id, row_number() OVER () FROM t",
                "SELECT DISTINCT rank() OVER (ORDER BY other) FROM t",
                "SELECT count(*) FROM t WHERE random() < 2",
                "SELECT other FROM t GROUP BY generate_series(1, other), other",
                "SELECT count(*) FROM t WHERE '2026-01-01' < date 'today'",
                "SELECT array_agg(id) FROM (SELECT id FROM t ORDER BY other) s",
                "WITH s AS (SELECT id FROM t ORDER BY other) SELECT array_agg(id) FROM s",
                "SELECT json_agg(t) FROM t",
            })
    void whatHasNoStatesIsCopied(String sql) {
        combination(plan(sql)).fragments().forEach(fragment -> assertInstanceOf(CopiedTable.class, fragment, sql));
    }
}
