package io.ostraka.rules.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.rule.KeyType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a shard is asked before a statement is routed. */
class AskingTest {
    private static final SampleDatabase DB = new SampleDatabase();

    private static PlannedStatement planned(String sql) {
        return DB.planner().plan(sql, SampleDatabase.PATH).get(0);
    }

    private static Question question(String sql) {
        PlannedStatement statement = planned(sql);
        Plan.Asking asking = assertInstanceOf(Plan.Asking.class, statement.plan(), sql);
        return asking.values().question(statement, new Values(statement, List.of(), List.of()));
    }

    /** The route when the shard says these numbers. */
    private static Route routeWhen(String sql, long... told) {
        PlannedStatement statement = planned(sql);
        List<Computed> computed = Arrays.stream(told)
                .<Computed>mapToObj(value -> new Computed.Known(
                        KeyType.INT8.fromText(Long.toString(value)).orElseThrow()))
                .toList();
        return SampleDatabase.route(statement, new Values(statement, List.of(), computed));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "SELECT * FROM t WHERE id = 1 + 1                          | (1 + 1)",
                "SELECT * FROM t WHERE abs(-5) = id AND other = 7          | (abs(-5))",
                "SELECT * FROM t WHERE id = (SELECT 1) OR id IN (7, 3 * 4) |",
                "SELECT * FROM t WHERE id IN (7, 3 * 4, 8 - 1)             | (3 * 4) (8 - 1)",
                "SELECT * FROM ranges WHERE id BETWEEN 2 * 50 AND 150      | (2 * 50)",
                "SELECT * FROM ledger WHERE (tenant, account) = (1, 1 + 1) | (1 + 1)",
                "INSERT INTO t (id, other) VALUES (1 + 1, 3 + 4), (5, 6)   | (1 + 1)",
                "UPDATE t SET other = 2 + 2 WHERE id = 2 + 3               | (2 + 3)",
                "SELECT * FROM codes WHERE code = 'abc'::varchar(2)        | ('abc'::varchar(2))",
                "SELECT * FROM t WHERE other = 1 + 1                       |",
                "SELECT 1 + 1 FROM t WHERE id = 7                          |",
            })
    void onlyWhatAKeyIsComparedWithOrStoredFromIsAsked(String sql, String expressions) {
        if (expressions == null) {
            assertFalse(planned(sql).plan().asks(), sql);
        } else {
            assertEquals(
                    "SELECT " + expressions.replace(") (", ")~, (").replaceAll("\\)($|~)", "\n)"),
                    question(sql).sql());
        }
    }

    @Test
    void theAnswerDecidesTheShard() {
        for (long id : List.of(1L, 2L, 3L, 4L)) {
            Route owner = new Route.One(DB.owner("t", Long.toString(id)));
            assertEquals(owner, routeWhen("SELECT * FROM t WHERE id = 1 + 1", id));
            assertEquals(owner, routeWhen("INSERT INTO t (id) VALUES (1 + 1)", id));
        }
        assertEquals(
                new Route.One(SampleDatabase.S1),
                routeWhen("SELECT * FROM ranges WHERE id BETWEEN 50 * 2 AND 199", 100));
        assertInstanceOf(Route.Many.class, routeWhen("SELECT * FROM t WHERE id = 1 + 1"));
    }

    /** Their value when the statement runs would be another one, or they do more than compute one. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT * FROM t WHERE id = random()::int8",
                "SELECT * FROM t WHERE id = nextval('s')",
                "SELECT * FROM t WHERE id = pure()",
                "SELECT * FROM t WHERE id = t.other + 1",
                "SELECT * FROM t WHERE id = generate_series(1, 2)",
                "SELECT * FROM t WHERE id = 'pg_class'::regclass::oid::int8",
                "SELECT * FROM days WHERE day = ('no' || 'w')::date",
                "SELECT * FROM t_view WHERE id = 1",
            })
    void whatIsNotFixedIsNotAsked(String sql) {
        assertFalse(planned(sql).plan().asks(), sql);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "INSERT INTO t (id) VALUES (random()::int8)",
                "INSERT INTO t (id) VALUES (nextval('s'))",
                "INSERT INTO moments (at) VALUES (clock_timestamp())",
                "INSERT INTO t (id) VALUES (DEFAULT)",
                "INSERT INTO t (id) VALUES ((SELECT 1))",
            })
    void aKeyThatMayBeAnotherWhenItIsStoredIsRefused(String sql) {
        assertInstanceOf(Plan.Refusal.class, planned(sql).plan(), sql);
    }

    @Test
    void parametersAreNumberedAnewAndThoseOfUnclearTypeAreNotAsked() {
        String sql = "SELECT * FROM t WHERE other = $1 AND id = $3 + $3 - $2";
        PlannedStatement statement = planned(sql);
        ServerValues values = ((Plan.Asking) statement.plan()).values();
        Values three = new Values(statement, List.of("1", "2", "3"), List.of());
        Question question = values.question(statement, three);
        assertEquals("SELECT ($1 + $1 - $2\n)", question.sql());
        assertEquals(List.of(3, 2), question.parameters());
        assertFalse(values.mayAsk(question, three), "$3 stands in two places");
        assertFalse(values.mayAsk(question, new Values(statement, List.of("1"), List.of())));

        PlannedStatement once = planned("SELECT * FROM t WHERE other = $1 AND id = $2 + 1");
        ServerValues clear = ((Plan.Asking) once.plan()).values();
        Values two = new Values(once, List.of("1", "2"), List.of());
        assertTrue(clear.mayAsk(clear.question(once, two), two));
    }

    /** It could be another moment when the statement runs. */
    @Test
    void aWordForTheTimeIsNotAsked() {
        PlannedStatement statement = planned("SELECT * FROM days WHERE day = 'now'::text::date + 1");
        ServerValues values = ((Plan.Asking) statement.plan()).values();
        assertThrows(PgErrorException.class, () -> values.question(statement, statement.values()));
        PlannedStatement given = planned("SELECT * FROM days WHERE day = $1::date + 1");
        Values today = new Values(given, List.of("today"), List.of());
        assertThrows(
                PgErrorException.class,
                () -> ((Plan.Asking) given.plan()).values().question(given, today));
    }

    @Test
    void aCommentAtTheEndHidesNothing() {
        assertEquals(
                "SELECT (1 -- one\n + 1\n)",
                question("SELECT * FROM t WHERE id = 1 -- one\n + 1 -- two\n").sql());
    }

    @Test
    void onePlanServesAllLiterals() {
        PlanCache cache = new PlanCache(DB.planner(), 1 << 20);
        for (String sum : List.of("1 + 1", "10 + 20", "7 + 12345")) {
            PlannedStatement statement = cache.plan("SELECT * FROM t WHERE id = " + sum, SampleDatabase.PATH)
                    .get(0);
            ServerValues values = ((Plan.Asking) statement.plan()).values();
            assertEquals(
                    "SELECT (" + sum + "\n)",
                    values.question(statement, statement.values()).sql());
        }
    }

    /** An exact match of operands' types comes before PostgreSQL's own operator, whatever the path. */
    @Test
    void anOperatorOfTheUsersIsNotTakenForPostgresqls() {
        List<String> path = List.of("public", "ops");
        assertInstanceOf(Route.Many.class, DB.route("SELECT * FROM t WHERE id = 1", path));
        assertInstanceOf(Route.Many.class, DB.route("SELECT * FROM t WHERE id IN (1)", path));
        assertInstanceOf(Route.One.class, DB.route("INSERT INTO t (id) VALUES (1)", path));
        assertInstanceOf(Route.One.class, DB.route("SELECT * FROM t WHERE id = 1", List.of("public", "signs")));
        assertFalse(DB.planner()
                .plan("SELECT * FROM t WHERE id = 1 + 1", List.of("public", "signs"))
                .get(0)
                .plan()
                .asks());
        Plan join = SampleDatabase.withoutCombiner(DB.planner()
                .plan("SELECT * FROM t JOIN u ON t.id = u.id", path)
                .get(0)
                .plan());
        assertInstanceOf(Plan.Forward.class, join);
    }

    // ---- the clock -----------------------------------------------------------------------------------------------

    private static String rewritten(String sql, String... answers) {
        PlannedStatement statement = planned(sql);
        Plan.Clocked clocked = assertInstanceOf(Plan.Clocked.class, statement.plan(), sql);
        return clocked.clock().with(statement, List.of(answers));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "SELECT * FROM t WHERE name < now()::text    | SELECT * FROM t WHERE name < ('X'::pg_catalog.timestamptz)::text",
                "SELECT now() FROM t                         | SELECT ('X'::pg_catalog.timestamptz) AS \"now\" FROM t",
                "SELECT (now())::date FROM t                 | SELECT (('X'::pg_catalog.timestamptz))::date AS \"now\" FROM t",
                "SELECT current_date, id FROM t              | SELECT ('X'::pg_catalog.date) AS \"current_date\", id FROM t",
                "SELECT CURRENT_TIMESTAMP(3) AS at FROM t    | SELECT ('X'::pg_catalog.timestamptz) AS at FROM t",
                "SELECT now() - '1 day' FROM t               | SELECT ('X'::pg_catalog.timestamptz) - '1 day' FROM t",
                "SELECT CASE WHEN id = 1 THEN NULL ELSE now() END FROM t | SELECT CASE WHEN id = 1 THEN NULL ELSE ('X'::pg_catalog.timestamptz) END AS \"now\" FROM t",
                "SELECT id FROM t WHERE pg_catalog.now() > name::timestamptz | SELECT id FROM t WHERE ('X'::pg_catalog.timestamptz) > name::timestamptz",
                "INSERT INTO moments (at) VALUES (LOCALTIMESTAMP) | INSERT INTO moments (at) VALUES (('X'::pg_catalog.timestamp))",
            })
    void theTimeTakesThePlaceOfTheClock(String sql, String expected) {
        assertEquals(expected, rewritten(sql, "X"));
    }

    @Test
    void withTheTimeInItTheStatementHasNoClock() {
        String sql = "SELECT id FROM t WHERE name < now()::text ORDER BY id LIMIT 3";
        PlannedStatement again = planned(rewritten(sql, "2026-11-21 10:00:00+00"));
        assertFalse(again.plan().asks());
        assertInstanceOf(Plan.Scatter.class, again.plan());
    }

    @Test
    void aKeyStoredFromTheClockIsThatOfTheAnswer() {
        String sql = "INSERT INTO moments (at, n) VALUES (now(), 1)";
        PlannedStatement again = planned(rewritten(sql, "2026-11-21 10:00:00+00"));
        Route route = SampleDatabase.route(again, again.values());
        assertEquals(new Route.One(DB.owner("moments", "2026-11-21 10:00:00+00")), route);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT \"now\" FROM (SELECT id AS now FROM t) x",
                "SELECT t.id AS current_date FROM t",
                "SELECT 'now()' FROM t",
                "SELECT * FROM t, now() n",
                "SELECT id FROM t /* now() */",
            })
    void whatOnlyLooksLikeAClockIsLeftAlone(String sql) {
        assertFalse(planned(sql).plan() instanceof Plan.Clocked, sql);
    }

    /** Parameters as text without a type, and what a shard said. */
    private record Values(PlannedStatement statement, List<String> texts, List<Computed> told)
            implements StatementValues {
        @Override
        public CharSequence literal(int index) {
            return statement.literal(index);
        }

        @Override
        public int parameterCount() {
            return texts.size();
        }

        @Override
        public boolean parameterIsNull(int number) {
            return false;
        }

        @Override
        public int parameterOid(int number) {
            return 0;
        }

        @Override
        public boolean parameterIsBinary(int number) {
            return false;
        }

        @Override
        public byte[] parameter(int number) {
            return texts.get(number - 1).getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public Computed computed(int number) {
            return number < told.size() ? told.get(number) : Computed.UNKNOWN;
        }
    }
}
