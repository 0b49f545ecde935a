package io.ostraka.rules.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.error.SqlState;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Answers that sharding systems are known to get silently wrong, by the number of the list they were collected in (1 to 16
 * routing, 17 to 26 merging, 27 to 33 writing). {@code one}: whole on one shard; {@code any}: on every shard alike; {@code
 * many}: the rows of several shards, one after the other; {@code merged}: in order, or cut to a limit; {@code no}: refused
 * before anything runs. {@code $A}, {@code $B} and {@code $C} are keys on three shards.
 */
class TrapsTest {
    private static final SampleDatabase DB = new SampleDatabase();

    private record Trap(int number, String outcome, String sql) {}

    private static final List<Trap> TRAPS = new ArrayList<>();

    private static void trap(int number, String outcome, String... statements) {
        for (String sql : statements) {
            TRAPS.add(new Trap(number, outcome, RoutingTest.sql(sql)));
        }
    }

    static {
        trap(1, "many", "SELECT id FROM t WHERE id = $A UNION SELECT id FROM t WHERE id = $B");
        trap(1, "no", "SELECT other FROM t WHERE id = $A UNION SELECT other FROM t WHERE id = $B");
        trap(
                2,
                "no",
                "SELECT * FROM t WHERE EXISTS (SELECT 1 FROM u WHERE id = $A)",
                "SELECT * FROM t WHERE other IN (SELECT other FROM u WHERE id = $A)",
                "SELECT * FROM t WHERE other = (SELECT other FROM u WHERE id = $A)",
                "WITH q AS (SELECT * FROM u WHERE id = $A) SELECT * FROM t, q WHERE t.other = q.other");
        trap(2, "one", "SELECT * FROM t WHERE id IN (SELECT id FROM u WHERE id = $A)");
        trap(3, "no", "SELECT id, (SELECT count(*) FROM t) FROM t WHERE id = $A");
        trap(4, "no", "SELECT (SELECT other FROM t WHERE id = $A), (SELECT other FROM t WHERE id = $B)");
        trap(5, "no", "SELECT other, count(*) FROM t WHERE id IN ($A, $B) GROUP BY other");
        trap(5, "many", "SELECT * FROM t WHERE id IN ($A, $B)", "SELECT * FROM t WHERE id = ANY ('{$A,$C}')");
        trap(
                6,
                "many",
                "SELECT * FROM t WHERE id = $A OR other = 2",
                "SELECT * FROM t WHERE id = $A OR true",
                "SELECT * FROM t WHERE NOT (id = $A)",
                "SELECT * FROM t WHERE id = NULL");
        trap(
                6,
                "any",
                "SELECT * FROM t WHERE id = $A AND id = $B",
                "SELECT * FROM t WHERE id IS NULL",
                "SELECT * FROM t WHERE id = NULL::int");
        trap(
                7,
                "many",
                "SELECT * FROM t LEFT JOIN u ON t.id = u.id AND u.id = $A",
                "SELECT * FROM t LEFT JOIN u ON t.id = u.id AND t.id = $A",
                "SELECT * FROM t FULL JOIN u ON t.id = u.id AND t.id = $A");
        trap(7, "no", "SELECT * FROM t LEFT JOIN u ON t.other = u.other WHERE t.id = $A AND u.id IS NULL");
        trap(
                8,
                "no",
                "SELECT * FROM t JOIN u ON t.id = u.t_id",
                "SELECT * FROM t a JOIN t b ON a.other = b.other",
                "SELECT * FROM t CROSS JOIN u");
        trap(
                9,
                "no",
                "SELECT * FROM countries c LEFT JOIN orders o ON o.country = c.code",
                "SELECT * FROM countries c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.country = c.code)",
                "SELECT * FROM countries c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.country = c.code)",
                "SELECT * FROM countries c WHERE c.code IN (SELECT country FROM orders)");
        trap(9, "many", "SELECT * FROM orders o LEFT JOIN countries c ON c.code = o.country");
        trap(10, "any", "SELECT * FROM ranges WHERE id = 1000", "SELECT * FROM accounts WHERE region = 'mars'");
        trap(
                10,
                "no",
                "INSERT INTO ranges (id) VALUES (1000)",
                "INSERT INTO t (other) VALUES (1)",
                "INSERT INTO t (id) VALUES (NULL)");
        trap(11, "no", "WITH q AS (INSERT INTO t (id) VALUES ($A)) SELECT * FROM u");
        trap(11, "one", "INSERT INTO t (id, other) VALUES ($A, 1), ($A, 2)");
        trap(11, "spread", "INSERT INTO t (id, other) VALUES ($A, 1), ($B, 2)");
        trap(
                12,
                "one",
                "SELECT * FROM other.t",
                "SELECT * FROM \"Orders\"",
                "WITH u AS (SELECT 1) SELECT * FROM settings u");
        trap(12, "any", "WITH t AS (SELECT 1 AS id) SELECT * FROM t");
        trap(
                13,
                "one",
                "SELECT * FROM t WHERE id = $A.0",
                "SELECT * FROM t WHERE id = '$A'",
                "SELECT * FROM t WHERE id = $A::int4",
                "SELECT * FROM chars WHERE c = 'ab   '",
                "SELECT * FROM amounts WHERE amount = -0.0",
                "SELECT * FROM amounts WHERE amount = 'NaN'",
                "SELECT * FROM uuids WHERE id = '{A0EEBC999C0B4EF8BB6D6BB9BD380A11}'");
        trap(
                13,
                "many",
                "SELECT * FROM t WHERE id::int4 = $A",
                "SELECT * FROM t WHERE id = $A::float8",
                "SELECT * FROM days WHERE day = '1/2/2024'");
        trap(
                14,
                "no",
                "SELECT sneaky()",
                "SELECT wraps()",
                "INSERT INTO triggered VALUES (1)",
                "INSERT INTO ruled VALUES (1)",
                "SELECT * FROM guarded WHERE id = 1",
                "INSERT INTO moved VALUES (1, 2)",
                "SELECT count(*) FROM t_view");
        trap(14, "one", "SELECT * FROM t_view WHERE id = $A");
        trap(
                16,
                "no",
                "INSERT INTO t (id) VALUES (nextval('s'))",
                "SELECT * FROM t WHERE id = (random() * 100)::int8",
                "SELECT * FROM days WHERE day = 'today'");
        trap(16, "asked", "SELECT * FROM moments WHERE at = now()", "SELECT * FROM t WHERE id = 1 + 1");
        trap(
                17,
                "no",
                "SELECT other FROM t GROUP BY other HAVING count(*) > 1",
                "SELECT count(DISTINCT other) FROM t",
                "SELECT avg(other) FROM t",
                "SELECT string_agg(name, ',' ORDER BY id) FROM t");
        trap(
                18,
                "no",
                "SELECT count(*) FROM t",
                "SELECT sum(other) FROM t",
                "SELECT other, max(id) FROM t GROUP BY other");
        trap(
                19,
                "no",
                "SELECT 1 + max(other) FROM t",
                "SELECT id FROM t ORDER BY max(other)",
                "SELECT sum(other + 1) FROM t",
                "SELECT count(*) FROM t GROUP BY other % 2");
        trap(20, "merged", "SELECT name FROM t ORDER BY other");
        trap(20, "no", "SELECT name FROM t ORDER BY 1 DESC NULLS FIRST");
        trap(
                21,
                "merged",
                "SELECT * FROM t LIMIT 2",
                "SELECT * FROM t OFFSET 2",
                "SELECT * FROM t FETCH FIRST 2 ROWS WITH TIES");
        trap(
                21,
                "no",
                "SELECT * FROM (SELECT * FROM t LIMIT 2) d",
                "(SELECT id FROM t LIMIT 2) UNION ALL SELECT id FROM t");
        trap(
                22,
                "no",
                "SELECT DISTINCT other FROM t",
                "SELECT DISTINCT ON (other) * FROM t",
                "SELECT other FROM t UNION SELECT other FROM u",
                "SELECT other FROM t INTERSECT SELECT other FROM u",
                "SELECT id FROM t UNION ALL SELECT id FROM u ORDER BY 1");
        trap(
                23,
                "no",
                "SELECT row_number() OVER () FROM t",
                "SELECT rank() OVER (PARTITION BY other ORDER BY id) FROM t");
        trap(
                24,
                "no",
                "SELECT other, count(*) FROM t GROUP BY ROLLUP (other)",
                "SELECT id, count(*) FROM t GROUP BY CUBE (id)",
                "WITH RECURSIVE r AS (SELECT id FROM t UNION SELECT id FROM r) SELECT * FROM r",
                "SELECT g FROM generate_series(1, 2) g LEFT JOIN t ON t.id = g",
                "SELECT * FROM (VALUES (1)) v UNION ALL SELECT id FROM t");
        trap(24, "merged", "SELECT 1 FROM t LIMIT 1");
        trap(24, "many", "SELECT id, generate_series(1, 2) FROM t", "SELECT * FROM t, generate_series(1, 2) g");
        trap(26, "copies", "UPDATE countries SET name = 'x'", "INSERT INTO countries VALUES ('x', 'y')");
        trap(27, "spread", "UPDATE t SET other = 1", "DELETE FROM t WHERE id IN ($A, $B)");
        trap(
                28,
                "no",
                "UPDATE t SET id = $B WHERE id = $A",
                "INSERT INTO profiles (id, nick) VALUES ($A, 'x') ON CONFLICT (id, nick) DO UPDATE SET id = $B",
                "DELETE FROM parents WHERE id = $A");
        trap(
                29,
                "no",
                "UPDATE countries SET name = random()::text",
                "UPDATE countries SET name = nextval('q')::text",
                "UPDATE countries SET name = DEFAULT",
                "INSERT INTO countries VALUES ('x', clock_timestamp()::text)",
                "INSERT INTO countries SELECT code, name FROM countries LIMIT 1",
                "DELETE FROM countries WHERE code IN (SELECT code FROM countries LIMIT 1)",
                "DELETE FROM countries WHERE ctid = '(0,1)'");
        trap(29, "asked", "UPDATE countries SET name = now()::text", "UPDATE countries SET name = current_date::text");
        trap(
                30,
                "no",
                "UPDATE t SET other = u.other FROM u WHERE u.t_id = t.id AND t.id = $A",
                "DELETE FROM t USING u WHERE t.id = u.t_id AND u.id = $A",
                "UPDATE t SET other = u.other FROM u WHERE u.t_id = t.id",
                "DELETE FROM t USING u WHERE t.other = u.other",
                "DELETE FROM t WHERE id IN (SELECT id FROM t ORDER BY other LIMIT 1)",
                "MERGE INTO t USING u ON t.id = u.t_id WHEN MATCHED THEN DELETE");
        trap(31, "no", "INSERT INTO members (id, email) VALUES ($A, 'x')");
        trap(32, "no", "COPY t FROM STDIN WHERE id > 1", "COPY countries FROM STDIN");
        trap(33, "spread", "INSERT INTO t (id) VALUES ($B), ($A), ($C) RETURNING id");
    }

    @Test
    void noTrapIsSteppedInto() {
        List<String> wrong = new ArrayList<>();
        for (Trap trap : TRAPS) {
            String outcome = outcome(trap.sql());
            if (!outcome.equals(trap.outcome())) {
                wrong.add(trap.number() + ": " + trap.sql() + " is " + outcome + " and not " + trap.outcome());
            }
        }
        assertEquals(List.of(), wrong);
    }

    /** Those of sessions (15, 25) are below. */
    @Test
    void everyTrapOfPlansIsHere() {
        Set<Integer> numbers = new TreeSet<>(Set.of(15, 25));
        TRAPS.forEach(trap -> numbers.add(trap.number()));
        assertEquals(IntStream.rangeClosed(1, 33).boxed().toList(), List.copyOf(numbers));
    }

    /** 15: the next execution has another key, and no plan remembers the last one. 25: nor the last statement. */
    @Test
    void aPlanKeepsNothingOfAnExecution() {
        PlanCache cache = new PlanCache(DB.planner(), 1 << 20);
        List<Route> first = routes(cache);
        assertEquals(first, routes(cache));
        assertEquals(3, Set.copyOf(first).size());
        assertTrue(
                cache.plan("SELECT DISTINCT other FROM t", SampleDatabase.PATH)
                                .get(0)
                                .plan()
                        instanceof Plan.Combine);
        assertTrue(cache.plan("SELECT other FROM t", SampleDatabase.PATH).get(0).plan() instanceof Plan.Scatter);
    }

    private static List<Route> routes(PlanCache cache) {
        List<Route> routes = new ArrayList<>();
        for (String key : List.of("$A", "$B", "$C")) {
            PlannedStatement statement = cache.plan(
                            RoutingTest.sql("SELECT * FROM t WHERE id = " + key), SampleDatabase.PATH)
                    .get(0);
            routes.add(((Plan.Scatter) statement.plan()).router().route(statement.values()));
        }
        return routes;
    }

    private static String outcome(String sql) {
        Plan plan = DB.plan(sql);
        if (plan.asks()) {
            return "asked";
        }
        if (plan instanceof Plan.Refusal refusal) {
            assertEquals(SqlState.FEATURE_NOT_SUPPORTED, refusal.error().state(), sql);
            assertFalse(refusal.error().hint().isEmpty(), sql);
            return "no";
        }
        Route route = DB.route(sql);
        if (route instanceof Route.Many && plan instanceof Plan.Forward forward) {
            return forward.spread()
                    .map(spread -> spread.copies() ? "copies" : "spread")
                    .orElse("no");
        }
        if (route instanceof Route.Refused) {
            return "no";
        }
        if (plan instanceof Plan.Scatter scatter && scatter.merge() instanceof Merge.Ordered) {
            return "merged";
        }
        return route instanceof Route.Many ? "many" : route instanceof Route.One ? "one" : "any";
    }
}
