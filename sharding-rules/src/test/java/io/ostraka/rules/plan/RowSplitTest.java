package io.ostraka.rules.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.plan.SampleDatabase.Parameter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** INSERT of rows that belong to several shards: which text each shard gets. */
class RowSplitTest {
    private static final SampleDatabase DB = new SampleDatabase();

    private static PlannedStatement planned(String sql) {
        return DB.planner().plan(RoutingTest.sql(sql), SampleDatabase.PATH).get(0);
    }

    private static RowSplit split(PlannedStatement statement) {
        Plan.Forward forward = assertInstanceOf(Plan.Forward.class, statement.plan());
        return forward.spread().flatMap(Plan.Spread::split).orElseThrow(() -> new AssertionError(forward.whenMany()));
    }

    /** The parts in the order of the shards, with their parameters. */
    private static List<String> parts(String sql, Parameter... parameters) {
        PlannedStatement statement = planned(sql);
        StatementValues values = SampleDatabase.values(statement, parameters);
        List<String> parts = new ArrayList<>();
        split(statement)
                .of(statement, values)
                .forEach((shard, part) ->
                        parts.add(part.sql() + (part.parameters().isEmpty() ? "" : " " + part.parameters())));
        return parts;
    }

    @Test
    void eachShardGetsItsRowsInTheirOrder() {
        assertEquals(
                List.of(
                        RoutingTest.sql("INSERT INTO t (id, other) VALUES ($A, 1), ($A, 3)"),
                        RoutingTest.sql("INSERT INTO t (id, other) VALUES ($B, 2)")),
                parts("INSERT INTO t (id, other) VALUES ($A, 1), ($B, 2), ($A, 3)"));
    }

    @Test
    void whatStandsAroundTheRowsStays() {
        assertEquals(
                List.of(
                                RoutingTest.sql("/* a */INSERT INTO t AS x VALUES ($A, (1 + (2)))"
                                        + " ON CONFLICT (id) DO UPDATE SET other = excluded.other + 1 -- b"),
                                RoutingTest.sql("/* a */INSERT INTO t AS x VALUES ($C, length(')'))"
                                        + " ON CONFLICT (id) DO UPDATE SET other = excluded.other + 1 -- b"))
                        .stream()
                        .map(text -> text.substring("/* a */".length(), text.length() - " -- b".length()))
                        .toList(),
                parts("/* a */INSERT INTO t AS x VALUES ($A, (1 + (2))) , -- (,\n ($C, length(')'))"
                        + " ON CONFLICT (id) DO UPDATE SET other = excluded.other + 1 -- b"));
    }

    @Test
    void parametersAreNumberedAnew() {
        assertEquals(
                List.of(
                        "INSERT INTO t (id, other) VALUES ($1, $2), ($3, 7 + $4) [1, 2, 5, 6]",
                        "INSERT INTO t (id, other) VALUES ($1, $2) [3, 4]"),
                parts(
                        "INSERT INTO t (id, other) VALUES ($1, $2), ($3, $4), ($5, 7 + $6)",
                        key(RoutingTest.sql("$A")),
                        key("1"),
                        key(RoutingTest.sql("$B")),
                        key("2"),
                        key(RoutingTest.sql("$A")),
                        key("3")));
    }

    private static Parameter key(String text) {
        return Parameter.text(text);
    }

    @Test
    void aParameterOfSeveralRowsNeedsADeclaredType() {
        PlannedStatement statement = planned("INSERT INTO t (id, other) VALUES ($A, $1), ($B, $1)");
        Plan.Spread spread = ((Plan.Forward) statement.plan()).spread().orElseThrow();
        assertFalse(spread.isPossible(SampleDatabase.values(statement, Parameter.text("1"))));
        assertTrue(spread.isPossible(SampleDatabase.values(statement, Parameter.typed(20, "1"))));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "INSERT INTO t (id) VALUES ($A), ($B) RETURNING ctid",
                "INSERT INTO t (id) VALUES ($A), ($B) RETURNING (SELECT max(id) FROM u)",
                "INSERT INTO t (id) VALUES ($A), ($B) RETURNING pg_backend_pid()",
                "INSERT INTO t (id, other) VALUES ($A, generate_series(1, 2)), ($B, 1)",
                "INSERT INTO t (id, other) VALUES ($A, nextval('s')), ($B, 1)",
                "INSERT INTO t (id, other) VALUES ($A, (SELECT max(other) FROM u)), ($B, 1)",
                "INSERT INTO t (id, other) VALUES ($A, 1), ($B)",
                "INSERT INTO t (id, other) VALUES ($A, 'pg_class'::regclass::oid), ($B, 1)",
                "INSERT INTO numbered (id, note) VALUES (1, ''), (2, ''), (3, ''), (4, ''), (5, ''), (6, '')",
                "WITH w AS (SELECT 1) INSERT INTO t (id) VALUES ($A), ($B)",
                "INSERT INTO t (id, other) VALUES ($A, pg_backend_pid()), ($B, 1)",
            })
    void whatWouldNotBeTheSameIsRefused(String sql) {
        PlannedStatement statement = planned(sql);
        if (statement.plan() instanceof Plan.Refusal) {
            return;
        }
        Plan.Forward forward = assertInstanceOf(Plan.Forward.class, statement.plan(), sql);
        assertTrue(forward.spread().isEmpty(), sql);
        assertInstanceOf(Route.Many.class, forward.router().route(statement.values()), sql);
    }

    /** One plan serves all statements of a template: of literals of any length, with any number of owners. */
    @Test
    void everyRowGoesToItsOwnerOnce() {
        PlanCache cache = new PlanCache(DB.planner(), 1 << 24);
        Random random = new Random(4);
        for (int round = 0; round < 200; round++) {
            int rows = 2 + random.nextInt(6);
            Map<ShardName, List<String>> expected = new HashMap<>();
            List<String> all = new ArrayList<>();
            for (int i = 0; i < rows; i++) {
                String key = Integer.toString(random.nextInt(1 << random.nextInt(30)));
                String row = "(" + key + ", '" + "(x)".repeat(random.nextInt(3)) + "')";
                all.add(row);
                expected.computeIfAbsent(DB.owner("customers", key), shard -> new ArrayList<>())
                        .add(row);
            }
            PlannedStatement statement = cache.plan(
                            "INSERT INTO customers VALUES " + String.join(" , ", all), SampleDatabase.PATH)
                    .get(0);
            Map<ShardName, String> texts = new TreeMap<>();
            expected.forEach(
                    (shard, owned) -> texts.put(shard, "INSERT INTO customers VALUES " + String.join(", ", owned)));
            Map<ShardName, String> found = new TreeMap<>();
            split(statement).of(statement, statement.values()).forEach((shard, part) -> found.put(shard, part.sql()));
            assertEquals(texts, found);
        }
    }
}
