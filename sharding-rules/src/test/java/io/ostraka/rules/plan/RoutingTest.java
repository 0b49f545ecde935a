package io.ostraka.rules.plan;

import static io.ostraka.rules.plan.SampleDatabase.S0;
import static io.ostraka.rules.plan.SampleDatabase.S1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.plan.SampleDatabase.Parameter;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which shards a statement reaches. The numbers in comments are those of the list of traps. */
class RoutingTest {
    private static final SampleDatabase DB = new SampleDatabase();

    /** Keys of table t on three different shards, so that nothing passes by chance. */
    private static final long A = keyOn(0);

    private static final long B = keyOn(1);
    private static final long C = keyOn(2);

    private static long keyOn(int shard) {
        for (long key = 1; ; key++) {
            if (DB.owner("t", Long.toString(key)).value().equals("s" + shard)) {
                return key;
            }
        }
    }

    /** {@code $A}, {@code $B} and {@code $C} stand for keys on s0, s1 and s2. */
    static String sql(String text) {
        return text.replace("$A", "" + A).replace("$B", "" + B).replace("$C", "" + C);
    }

    private static Route route(String text, Parameter... parameters) {
        return DB.route(sql(text), parameters);
    }

    private static void assertOnly(ShardName shard, String text, Parameter... parameters) {
        assertEquals(new Route.One(shard), route(text, parameters), text);
    }

    private static void assertSeveral(String text, Parameter... parameters) {
        assertInstanceOf(Route.Many.class, route(text, parameters), text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT * FROM t WHERE id = $B",
                "SELECT * FROM t WHERE $B = id",
                "SELECT * FROM t WHERE id = '$B'",
                "SELECT * FROM t WHERE id = $B::int4",
                "SELECT * FROM t WHERE id = CAST('$B' AS bigint)",
                "SELECT * FROM t WHERE id = bigint '$B'",
                "SELECT * FROM t WHERE id = $B.0",
                "SELECT * FROM t WHERE id IN ($B)",
                "SELECT * FROM t WHERE id IN ($B, $B)",
                "SELECT * FROM t WHERE id = ANY (ARRAY[$B])",
                "SELECT * FROM t WHERE id = ANY ('{$B, $B}')",
                "SELECT * FROM t WHERE id = ANY ('{$B}'::bigint[])",
                "SELECT * FROM t WHERE (id = $B OR id = $B)",
                "SELECT * FROM t WHERE id = $B AND (other = 1 OR other = 2)",
                "SELECT * FROM t WHERE (id = $B AND other = 1) OR (id = $B AND other = 2)",
                "SELECT * FROM t WHERE (id, other) = ($B, 1)",
                "SELECT * FROM t WHERE (id, other) IN (($B, 1), ($B, 2))",
                "SELECT * FROM t WHERE id IN (SELECT u.id FROM u WHERE u.id = $B)",
                "SELECT * FROM t WHERE id BETWEEN 1 AND 5 AND id = $B",
                "SELECT count(*) FROM t WHERE id = $B",
                "SELECT * FROM public.t WHERE public.t.id = $B",
                "SELECT * FROM \"public\".\"t\" AS x WHERE \"x\".\"id\" = $B",
                "SELECT * FROM t x (a, b) WHERE a = $B",
                "SELECT * FROM t WHERE id = $B ORDER BY other LIMIT 3",
                "SELECT * FROM (SELECT * FROM t) d WHERE d.id = $B",
                "SELECT * FROM (SELECT id AS a, other FROM t) d WHERE a = $B",
                "SELECT a FROM (SELECT id, count(*) FROM t GROUP BY id) d (a, n) WHERE a = $B",
                "SELECT * FROM (SELECT id FROM t UNION ALL SELECT id FROM u) d WHERE id = $B",
                "WITH q AS (SELECT * FROM t) SELECT * FROM q WHERE id = $B",
                "WITH q AS (SELECT * FROM t WHERE id = $B) SELECT * FROM q",
                "SELECT * FROM t JOIN u ON t.id = u.id WHERE u.id = $B",
                "SELECT * FROM t JOIN u USING (id) WHERE id = $B",
                "SELECT * FROM t NATURAL JOIN (SELECT id FROM u) n WHERE id = $B",
                "SELECT * FROM t, u WHERE t.id = u.id AND t.id = $B",
                "SELECT * FROM t LEFT JOIN u ON u.id = t.id WHERE t.id = $B",
                "SELECT * FROM t LEFT JOIN u ON u.id = t.id WHERE u.id = $B",
                "SELECT * FROM u RIGHT JOIN t ON u.id = t.id WHERE t.id = $B",
                "SELECT *, (SELECT max(u.other) FROM u WHERE u.id = t.id) FROM t WHERE t.id = $B",
                "SELECT * FROM t WHERE id = $B AND EXISTS (SELECT 1 FROM u WHERE u.id = t.id)",
                "SELECT * FROM t WHERE id = $B AND NOT EXISTS (SELECT 1 FROM u WHERE u.id = t.id)",
                "SELECT * FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id = t.id AND u.id = $B)",
                "SELECT * FROM t, LATERAL (SELECT * FROM u WHERE u.id = t.id ORDER BY other LIMIT 1) l WHERE t.id = $B",
                "SELECT * FROM t JOIN countries c ON c.name = t.name WHERE t.id = $B",
                "SELECT * FROM t, audit WHERE t.id = $B",
                "SELECT * FROM t_view WHERE id = $B",
                "SELECT * FROM t WHERE id = $B UNION SELECT id, other, NULL FROM u WHERE id = $B",
                "SELECT * FROM t WHERE id = $B FOR UPDATE",
                "UPDATE t SET other = 1 WHERE id = $B",
                "UPDATE t SET other = u.other FROM u WHERE u.id = t.id AND t.id = $B",
                "DELETE FROM t WHERE id = $B",
                "DELETE FROM t USING u WHERE u.id = t.id AND u.id = $B",
                "INSERT INTO t (id, other) VALUES ($B, 1)",
                "INSERT INTO t VALUES ($B, 1, 'x'), ('$B', 2, 'y')",
                "INSERT INTO t (other, id) VALUES (1, $B) RETURNING *",
                "INSERT INTO u (id, t_id, other) SELECT id, id, other FROM t WHERE id = $B",
                "WITH q AS (DELETE FROM t WHERE id = $B RETURNING other) SELECT * FROM q",
                "WITH q AS (INSERT INTO t (id) VALUES ($B) RETURNING id) UPDATE u SET other = 1 WHERE id = $B",
                "INSERT INTO profiles (id, nick) VALUES ($B, 'x') ON CONFLICT (id, nick) DO UPDATE SET n = 1",
                "SELECT note FROM audit",
                "SELECT * FROM tenant_b.docs",
                "SELECT * FROM parts WHERE id = $B",
                "SELECT * FROM parts_1 WHERE id = $B",
                "/* a ; comment */ SELECT * FROM t -- WHERE id = 1\n WHERE id = $B",
            })
    void aStatementThatFixesTheKeyReachesOneShard(String text) {
        assertOnly(S1, text);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "1 other UNION branch      | SELECT id FROM t WHERE id = $A UNION SELECT id FROM t WHERE id = $B",
                "1 branch without key      | SELECT id FROM t WHERE id = $A UNION ALL SELECT id FROM t",
                "1 key on the outside only | SELECT * FROM (SELECT id FROM t EXCEPT SELECT id FROM u WHERE id = $A) d WHERE d.id <> $A",
                "2 key in EXISTS           | SELECT * FROM t WHERE EXISTS (SELECT 1 FROM u WHERE id = $A)",
                "2 key in IN, other column | SELECT * FROM t WHERE other IN (SELECT other FROM u WHERE id = $A)",
                "2 key in scalar subquery  | SELECT * FROM t WHERE other = (SELECT other FROM u WHERE id = $A)",
                "2 subquery's key computed | SELECT * FROM t WHERE id = (SELECT other FROM u WHERE id = $A)",
                "2 key in a CTE            | WITH q AS (SELECT * FROM u WHERE id = $A) SELECT * FROM t, q WHERE t.other = q.other",
                "2 CTE used with two keys  | WITH q AS (SELECT * FROM t) SELECT * FROM q a, q b WHERE a.id = $A AND b.id = $B",
                "3 scalar subquery         | SELECT id, (SELECT count(*) FROM t) FROM t WHERE id = $A",
                "4 two scalar subqueries   | SELECT (SELECT other FROM t WHERE id = $A), (SELECT other FROM t WHERE id = $B)",
                "5 IN list                 | SELECT other, count(*) FROM t WHERE id IN ($A, $B) GROUP BY other",
                "6 OR with another column  | SELECT * FROM t WHERE id = $A OR other = 2",
                "6 OR true                 | SELECT * FROM t WHERE id = $A OR true",
                "6 OR in a CASE            | SELECT * FROM t WHERE CASE WHEN id = $A THEN true ELSE false END",
                "6 NOT                     | SELECT * FROM t WHERE NOT (id = $A)",
                "6 not equal               | SELECT * FROM t WHERE id <> $A",
                "6 NOT IN                  | SELECT * FROM t WHERE id NOT IN ($A)",
                "6 IS TRUE of a false      | SELECT * FROM t WHERE (id = $A) IS NOT TRUE",
                "6 distinct from           | SELECT * FROM t WHERE id IS DISTINCT FROM $A",
                "7 ON, preserved side      | SELECT * FROM t LEFT JOIN u ON t.id = u.id AND t.id = $A",
                "7 ON, nullable side       | SELECT * FROM t LEFT JOIN u ON t.id = u.id AND u.id = $A",
                "7 ON of a FULL JOIN       | SELECT * FROM t FULL JOIN u ON t.id = u.id AND t.id = $A",
                "7 WHERE, nullable IS NULL | SELECT * FROM t LEFT JOIN u ON t.other = u.other WHERE t.id = $A AND u.id IS NULL",
                "7 FULL JOIN, IS NULL      | SELECT * FROM t a FULL JOIN t b ON a.other = b.other WHERE a.id IS NULL AND (b.id = $A OR b.id IS NULL)",
                "7 RIGHT JOIN preserved    | SELECT * FROM t RIGHT JOIN u ON t.id = u.id AND u.id = $A",
                "7 nested outer            | SELECT * FROM t LEFT JOIN (u JOIN small s ON s.id = u.id AND u.id = $A) ON t.id = u.id",
                "8 join not on the key     | SELECT * FROM t JOIN u ON t.id = u.t_id WHERE t.id = $A",
                "8 self join               | SELECT * FROM t a JOIN t b ON a.other = b.other WHERE a.id = $A",
                "8 cross join              | SELECT * FROM t, u WHERE t.id = $A",
                "12 alias of the key's name | SELECT other AS id FROM t WHERE other = $A",
                "12 key of another level   | SELECT * FROM t WHERE EXISTS (SELECT 1 FROM settings, small id WHERE id.other = $A)",
                "16 function in the key    | SELECT * FROM t WHERE id = abs($A)",
                "16 volatile key           | SELECT * FROM t WHERE id = (random() * 100)::int8",
                "arithmetic                | SELECT * FROM t WHERE id + 0 = $A",
                "branches' other columns   | SELECT count(*) FROM (SELECT other, id FROM t UNION ALL SELECT id, id FROM u) d (a, b) WHERE a = $A",
                "alias over unknown width  | SELECT d.a FROM (SELECT f.*, t.id FROM nowhere() f, t) d (a, b) WHERE d.a = $A",
                "WITH over unknown width   | WITH d (a, b) AS (SELECT f.*, t.id FROM nowhere() f, t) SELECT d.a FROM d WHERE d.a = $A",
                "rows locked in a subquery | SELECT * FROM (SELECT * FROM t FOR UPDATE) d WHERE id = $A",
                "derived with LIMIT        | SELECT * FROM (SELECT * FROM t ORDER BY other LIMIT 5) d WHERE id = $A",
                "derived with OFFSET       | SELECT * FROM (SELECT * FROM t OFFSET 5) d WHERE id = $A",
                "derived with DISTINCT ON  | SELECT * FROM (SELECT DISTINCT ON (other) * FROM t) d WHERE id = $A",
                "derived with a window     | SELECT * FROM (SELECT id, row_number() OVER () FROM t) d WHERE id = $A",
                "derived, not a group key  | SELECT * FROM (SELECT max(id) AS id FROM t GROUP BY other) d WHERE id = $A",
                "derived, grouping sets    | SELECT * FROM (SELECT id FROM t GROUP BY ROLLUP (id)) d WHERE id = $A",
                "view with LIMIT           | SELECT * FROM top_view WHERE id = $A",
                "IN of a limited subquery  | SELECT * FROM t WHERE id = $A AND id IN (SELECT id FROM u ORDER BY other LIMIT 3)",
                "recursive CTE             | WITH RECURSIVE r AS (SELECT id, other FROM t WHERE id = $A UNION ALL SELECT t.id, t.other FROM t JOIN r ON t.other = r.id) SELECT * FROM r",
                "aggregate without rows    | SELECT * FROM u, LATERAL (SELECT count(*) AS n FROM t WHERE t.id = u.id AND u.id = $A) l",
                "range on a hash key       | SELECT * FROM t WHERE id >= $A AND id <= $A",
                "collation changes equal   | SELECT * FROM codes WHERE code COLLATE \"und-x-icu\" = 'a'",
                "cast cuts the value       | SELECT * FROM codes WHERE code = 'abc'::varchar(1)",
                "cast of the column        | SELECT * FROM t WHERE id::text = '$A'",
                "transform_null_equals     | SELECT * FROM t WHERE id = NULL",
            })
    void whatDoesNotFixTheKeyOfEveryOccurrenceReachesSeveralShards(String why, String text) {
        assertSeveral(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT * FROM t WHERE id = $A AND id = $B",
                "SELECT * FROM t WHERE id IS NULL",
                "SELECT * FROM t WHERE id = NULL::int",
                "SELECT * FROM t WHERE id IN (NULL)",
                "SELECT * FROM t WHERE id = 1.5",
                "SELECT * FROM t WHERE false",
                "SELECT * FROM accounts WHERE region = 'mars'",
                "SELECT * FROM ranges WHERE id = 1000",
                "SELECT * FROM ranges WHERE id < 0",
                "SELECT * FROM countries",
                "SELECT * FROM countries c JOIN countries d USING (code)",
                "SELECT 1",
                "SELECT now()",
                "SELECT relname FROM pg_class",
                "SELECT relname FROM pg_catalog.pg_class WHERE relname = 'orders'",
                "VALUES (1), (2)",
            })
    void aStatementWithoutRowsOfASingleShardRunsAnywhere(String text) {
        assertInstanceOf(Route.Any.class, route(text), text);
    }

    @Test
    void tablesWithoutARuleAreOnTheDefaultShard() {
        assertOnly(S0, "SELECT * FROM settings");
        assertOnly(S0, "SELECT * FROM \"Orders\"");
        assertOnly(S0, "SELECT * FROM nowhere");
    }

    @Test
    void theSearchPathDecidesWhichTableIsMeant() {
        assertEquals(new Route.One(S0), DB.route("SELECT * FROM t", List.of("other", "public")));
        assertInstanceOf(Route.Many.class, DB.route("SELECT * FROM t", List.of("public", "other")));
        assertEquals(new Route.One(S0), DB.route("SELECT * FROM other.t", List.of("public")));
    }

    @Test
    void aCommonTableHidesATableOfItsName() {
        assertInstanceOf(Route.Any.class, route("WITH t AS (SELECT 1 AS id) SELECT * FROM t"));
        assertOnly(S0, "WITH t AS (SELECT * FROM t WHERE id = $A) SELECT * FROM t");
        assertSeveral("WITH t AS (SELECT 1 AS id) SELECT * FROM public.t");
        assertOnly(S0, "SELECT * FROM other.t AS t WHERE t.id = $B");
    }

    @Test
    void rangesAreReachedByComparison() {
        assertEquals(Set.of("s0"), shards("SELECT * FROM ranges WHERE id BETWEEN 5 AND 9"));
        assertEquals(Set.of("s0", "s1"), shards("SELECT * FROM ranges WHERE id >= 99 AND id < 101"));
        assertEquals(Set.of("s1", "s2"), shards("SELECT * FROM ranges WHERE id > 150"));
        assertEquals(Set.of("s0", "s2"), shards("SELECT * FROM ranges WHERE id IN (1, 250)"));
        assertEquals(Set.of("s0", "s1", "s2"), shards("SELECT * FROM ranges WHERE id > 1.5"));
        assertEquals(Set.of("s0", "s1", "s2"), shards("SELECT * FROM ranges WHERE id BETWEEN SYMMETRIC 250 AND 260"));
        assertEquals(Set.of("s0", "s1", "s2"), shards("SELECT * FROM ranges WHERE id NOT BETWEEN 0 AND 99"));
    }

    @Test
    void listsAreReachedByEquality() {
        assertEquals(Set.of("s0"), shards("SELECT * FROM accounts WHERE region = 'eu'"));
        assertEquals(Set.of("s0", "s1"), shards("SELECT * FROM accounts WHERE region IN ('eu', 'us', 'mars')"));
    }

    @Test
    void aCompositeKeyIsFixedByAllOfItsColumns() {
        ShardName owner = DB.owner("ledger", "7", "9");
        assertOnly(owner, "SELECT * FROM ledger WHERE tenant = 7 AND account = 9");
        assertOnly(owner, "SELECT * FROM ledger WHERE (account, tenant) = (9, 7)");
        assertOnly(
                owner,
                "SELECT * FROM ledger a JOIN ledger b USING (tenant, account) WHERE a.tenant = 7 AND b.account = 9");
        assertSeveral("SELECT * FROM ledger WHERE tenant = 7");
        assertSeveral("SELECT * FROM ledger WHERE tenant = 7 OR account = 9");
        Set<String> pairs = shards("SELECT * FROM ledger WHERE tenant = 7 AND account IN (1, 2, 3, 4, 5, 6, 8, 9)");
        Set<String> expected = new TreeSet<>();
        for (String account : List.of("1", "2", "3", "4", "5", "6", "8", "9")) {
            expected.add(DB.owner("ledger", "7", account).value());
        }
        assertEquals(expected, pairs);
    }

    @Test
    void parametersOfAnyFormatFindTheirShard() {
        String select = "SELECT * FROM t WHERE id = $1";
        assertEquals(new Route.One(S1), DB.route(select, Parameter.text("" + B)));
        assertEquals(new Route.One(S1), DB.route(select, Parameter.typed(20, "" + B)));
        assertEquals(new Route.One(S1), DB.route(select, binary(20, 8, B)));
        assertEquals(new Route.One(S1), DB.route(select, binary(23, 4, B)));
        assertEquals(new Route.One(S1), DB.route(select, binary(0, 8, B)));
        assertEquals(new Route.One(S1), DB.route(select, Parameter.typed(1700, B + ".00")));
        assertInstanceOf(Route.Any.class, DB.route(select, Parameter.isNull()));
        assertInstanceOf(Route.Any.class, DB.route(select, Parameter.typed(1700, "NaN")));
        assertInstanceOf(Route.Many.class, DB.route(select, Parameter.typed(701, "" + B)));
        assertInstanceOf(Route.Many.class, DB.route(select, Parameter.text("seven")));
        assertInstanceOf(Route.Many.class, DB.route(select));
    }

    @Test
    void arraysOfParametersFindTheirShards() {
        String select = "SELECT * FROM t WHERE id = ANY ($1)";
        assertEquals(new Route.One(S1), DB.route(select, Parameter.text("{" + B + "}")));
        assertEquals(
                new Route.Many(List.of(S0, S1)), DB.route(select, Parameter.typed(1016, "{" + A + ",NULL," + B + "}")));
        assertInstanceOf(Route.Any.class, DB.route(select, Parameter.text("{}")));
        assertInstanceOf(Route.Any.class, DB.route(select, Parameter.text("{NULL}")));
        assertEquals(
                3,
                ((Route.Many) DB.route(select, Parameter.text("{{1},{2}}")))
                        .shards()
                        .size());
        assertEquals(
                3,
                ((Route.Many) DB.route(select, Parameter.text("[0:0]={1}")))
                        .shards()
                        .size());
        ByteBuffer array = ByteBuffer.allocate(32)
                .putInt(1)
                .putInt(0)
                .putInt(20)
                .putInt(1)
                .putInt(1)
                .putInt(8)
                .putLong(C)
                .flip();
        assertEquals(new Route.One(SampleDatabase.S2), DB.route(select, new Parameter(1016, true, array)));
    }

    @Test
    void aParameterUsedAsSomethingElseTooHasNoTypeOfItsOwn() {
        assertSeveral(
                "SELECT * FROM moments WHERE at = $1 AND $1 > '2020-01-01'", Parameter.text("2020-01-01 00:00+00"));
        assertEquals(
                new Route.One(S1),
                DB.route(
                        "SELECT * FROM t WHERE id = $1 AND EXISTS (SELECT 1 FROM u WHERE u.id = $1)",
                        Parameter.text("" + B)));
        assertEquals(
                new Route.One(S1),
                DB.route("SELECT * FROM t WHERE id = $1 AND other <> $1", Parameter.typed(20, "" + B)));
        assertInstanceOf(
                Route.Many.class, DB.route("SELECT * FROM t WHERE id = $1 AND other <> $1", Parameter.text("" + B)));
    }

    @Test
    void keysAreComparedAsTheirTypeCompares() {
        assertOnly(DB.owner("chars", "ab"), "SELECT * FROM chars WHERE c = 'ab   '");
        assertNotEquals(DB.owner("codes", "a"), DB.owner("codes", "a   "));
        assertOnly(DB.owner("codes", "a   "), "SELECT * FROM codes WHERE code = 'a   '");
        String uuid = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
        assertOnly(DB.owner("uuids", uuid), "SELECT * FROM uuids WHERE id = '{A0EEBC999C0B4EF8BB6D6BB9BD380A11}'");
        assertOnly(DB.owner("amounts", "1"), "SELECT * FROM amounts WHERE amount = 1.000");
        assertOnly(DB.owner("amounts", "0"), "SELECT * FROM amounts WHERE amount = -0.0");
        assertSeveral("SELECT * FROM days WHERE day = '1/2/2024'");
        assertInstanceOf(Route.Refused.class, route("SELECT * FROM days WHERE day = 'today'"));
        assertSeveral("SELECT * FROM moments WHERE at = '2024-01-01 00:00:00'");
        assertOnly(
                DB.owner("moments", "2024-01-01 00:00:00+00"),
                "SELECT * FROM moments WHERE at = '2024-01-01 01:00:00+01'");
    }

    @Test
    void literalsOfOneTemplateAreRoutedEachByItsOwn() {
        PlanCache cache = new PlanCache(DB.planner(), 1 << 20);
        for (long key : List.of(A, B, C)) {
            PlannedStatement statement = cache.plan("SELECT * FROM t WHERE id = " + key, SampleDatabase.PATH)
                    .get(0);
            Plan.Scatter scatter = (Plan.Scatter) statement.plan();
            assertEquals(
                    new Route.One(DB.owner("t", "" + key)), scatter.router().route(statement.values()));
        }
    }

    @Test
    void tenThousandKeysAreOneList() {
        StringBuilder or = new StringBuilder("SELECT * FROM t WHERE id = " + B);
        for (int i = 0; i < 10_000; i++) {
            or.append(" OR id = ").append(B);
        }
        assertOnly(S1, or.toString());
    }

    private static Parameter binary(int oid, int length, long value) {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        if (length == 8) {
            bytes.putLong(value);
        } else {
            bytes.putInt((int) value);
        }
        return new Parameter(oid, true, bytes.flip());
    }

    private static Set<String> shards(String text) {
        Route route = route(text);
        Set<String> shards = new TreeSet<>();
        if (route instanceof Route.One one) {
            shards.add(one.shard().value());
        } else if (route instanceof Route.Many many) {
            many.shards().forEach(shard -> shards.add(shard.value()));
        }
        return shards;
    }
}
