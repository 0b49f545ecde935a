package io.ostraka.rules.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the shards are sent for ORDER BY and LIMIT. K1 stands for the name of the first hidden column. */
class MergePlannerTest {
    private static final SampleDatabase DB = new SampleDatabase();

    private static Merge.Ordered merge(PlannedStatement statement) {
        Plan.Scatter scatter = assertInstanceOf(Plan.Scatter.class, statement.plan(), statement.text());
        return assertInstanceOf(Merge.Ordered.class, scatter.merge(), statement.text());
    }

    private static String shardText(PlannedStatement statement) {
        return statement.shardText(merge(statement)).replaceAll("\"ostraka: key (.)\"", "K$1");
    }

    private static PlannedStatement plan(String sql) {
        return DB.planner().plan(sql, SampleDatabase.PATH).get(0);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SELECT * FROM t ORDER BY id | SELECT *, (id) AS K1 FROM t ORDER BY id",
                "SELECT id AS other, other AS id FROM t ORDER BY id"
                        + " | SELECT id AS other, other AS id, (other) AS K1 FROM t ORDER BY id",
                "SELECT id x FROM t ORDER BY 1 DESC NULLS LAST | SELECT id x, (id) AS K1 FROM t ORDER BY 1 DESC NULLS LAST",
                "SELECT id FROM t ORDER BY t.other, other + 1"
                        + " | SELECT id, (t.other) AS K1, (other + 1) AS K2 FROM t ORDER BY t.other, other + 1",
                "SELECT id IS DISTINCT FROM 1 FROM t ORDER BY id"
                        + " | SELECT id IS DISTINCT FROM 1, (id) AS K1 FROM t ORDER BY id",
                "SELECT id AS from FROM t ORDER BY id | SELECT id AS from, (id) AS K1 FROM t ORDER BY id",
                "SELECT DISTINCT ON (id) other FROM t ORDER BY id, 1"
                        + " | SELECT DISTINCT ON (id) other, (id) AS K1, (other) AS K2 FROM t ORDER BY id, 1",
                "SELECT id FROM t LIMIT 5 | SELECT id FROM t LIMIT 5",
                "SELECT id FROM t OFFSET 5 | SELECT id FROM t OFFSET least((5)::pg_catalog.int8, 0)",
            })
    void keysStandBehindTheSelectList(String sql, String sent) {
        assertEquals(sent, shardText(plan(sql)));
    }

    @Test
    void aCachedPlanServesLiteralsOfOtherLengths() {
        PlanCache cache = new PlanCache(DB.planner(), 1 << 20);
        for (String n : List.of("1", "4242", "99")) {
            String sql = "SELECT id FROM t WHERE other > " + n + " ORDER BY other LIMIT " + n;
            PlannedStatement planned =
                    cache.plan("/* x */ " + sql, SampleDatabase.PATH).get(0);
            assertEquals(
                    "SELECT id, (other) AS K1 FROM t WHERE other > " + n + " ORDER BY other LIMIT " + n,
                    shardText(planned));
            assertEquals(
                    Long.parseLong(n),
                    merge(planned).limit().bounds(planned.values()).count().orElseThrow());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT id FROM t ORDER BY name",
                "SELECT CASE WHEN true THEN other END FROM t ORDER BY other",
                "SELECT DISTINCT id FROM t ORDER BY other",
                "SELECT t.*, u.* FROM t JOIN u USING (id) ORDER BY other",
                "SELECT id FROM t ORDER BY id USING <",
                "SELECT id FROM t ORDER BY other + $1",
                "SELECT id FROM t ORDER BY id LIMIT 1 + 1",
                "(SELECT id FROM t ORDER BY id) LIMIT 1",
                "TABLE t ORDER BY id",
            })
    void whatIsNotSureToBeTheSameOrderIsNotMerged(String sql) {
        assertInstanceOf(Plan.Combine.class, plan(sql).plan(), sql);
    }
}
