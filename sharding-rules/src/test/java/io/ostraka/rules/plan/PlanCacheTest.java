package io.ostraka.rules.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.error.SqlState;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlanCacheTest {
    private final SampleDatabase db = new SampleDatabase();

    @Test
    void statementsOfOneTemplateShareAPlan() {
        PlanCache cache = new PlanCache(db.planner(), 1 << 20);
        Plan first = plan(cache, "SELECT * FROM t WHERE id = 1");
        assertSame(first, plan(cache, "SELECT * FROM t WHERE id = 200"));
        assertNotSame(first, plan(cache, "SELECT * FROM t WHERE id = '1'"));
        assertNotSame(first, plan(cache, "SELECT * FROM t WHERE id = 1 ORDER BY 1"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"SELECT other FROM t WHERE other = %s", "SELECT %s", "INSERT INTO t (id, other) VALUES (1, %s)"})
    void aMalformedStringSpoilsNoOther(String sql) {
        PlanCache cache = new PlanCache(db.planner(), 1 << 20);
        for (int i = 0; i < 3; i++) {
            assertInstanceOf(Plan.Refusal.class, plan(cache, sql.formatted("E'\\u12'")));
        }
        assertFalse(plan(cache, sql.formatted("'x'")) instanceof Plan.Refusal);
        assertFalse(plan(cache, sql.formatted("E'\\u0041'")) instanceof Plan.Refusal);
    }

    @Test
    void theSearchPathIsPartOfTheKey() {
        PlanCache cache = new PlanCache(db.planner(), 1 << 20);
        String sql = "SELECT * FROM t WHERE id = 1";
        assertInstanceOf(
                Plan.Scatter.class, cache.plan(sql, List.of("public")).get(0).plan());
        assertInstanceOf(
                Plan.Forward.class, cache.plan(sql, List.of("other")).get(0).plan());
        assertInstanceOf(
                Plan.Scatter.class, cache.plan(sql, List.of("public")).get(0).plan());
    }

    @Test
    void itNeverWeighsMoreThanItMay() {
        long most = 200_000;
        PlanCache cache = new PlanCache(db.planner(), most);
        for (int i = 0; i < 1_000; i++) {
            cache.plan("SELECT other AS c" + i + " FROM t WHERE id = 1", SampleDatabase.PATH);
            assertTrue(cache.bytes() <= most, () -> cache.bytes() + " bytes");
        }
        assertTrue(cache.bytes() > most / 2);
        String huge = "SELECT 1 AS " + "x".repeat(100_000);
        long before = cache.bytes();
        cache.plan(huge, SampleDatabase.PATH);
        assertEquals(before, cache.bytes());
    }

    @Test
    void whatIsUsedStays() {
        PlanCache cache = new PlanCache(db.planner(), 200_000);
        String used = "SELECT * FROM t WHERE id = 1";
        Plan plan = plan(cache, used);
        for (int i = 0; i < 1_000; i++) {
            plan(cache, "SELECT other AS c" + i + " FROM t WHERE id = 1");
            assertSame(plan, plan(cache, used));
        }
    }

    @Test
    void argumentsOfExecuteDoNotFloodIt() {
        PlanCache cache = new PlanCache(db.planner(), 1 << 20);
        assertInstanceOf(Plan.Execute.class, plan(cache, "EXECUTE p(1)"));
        assertEquals(0, cache.bytes());
    }

    @Test
    void listsOfAllLengthsDoNotFloodIt() {
        PlanCache cache = new PlanCache(db.planner(), 16 << 20);
        for (int length = 1; length <= 2_000; length++) {
            plan(cache, "SELECT * FROM t WHERE id IN (1" + ", 2".repeat(length - 1) + ")");
        }
        assertTrue(cache.bytes() < 32 * 8_192, () -> cache.bytes() + " bytes");
        String batch = "INSERT INTO t (id, other) VALUES (1, 'a')" + ", (1, 'b')".repeat(499);
        Plan once = plan(cache, batch);
        Plan again = plan(cache, batch.replace('a', 'c'));
        assertNotSame(once, again);
        assertSame(again, plan(cache, batch.replace('a', 'd')));
    }

    @Test
    void whatIsNestedDeeperThanAServerReadsIsTooComplex() {
        PlanCache cache = new PlanCache(db.planner(), 1 << 20);
        String deep = "SELECT " + "(".repeat(30_000) + "1" + ")".repeat(30_000) + " FROM t WHERE id = 1";
        Plan.Refusal refusal = assertInstanceOf(Plan.Refusal.class, plan(cache, deep));
        assertEquals(SqlState.STATEMENT_TOO_COMPLEX, refusal.error().state());
    }

    private static Plan plan(PlanCache cache, String sql) {
        return cache.plan(sql, SampleDatabase.PATH).get(0).plan();
    }
}
