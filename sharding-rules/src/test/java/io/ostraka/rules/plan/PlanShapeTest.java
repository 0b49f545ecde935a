package io.ostraka.rules.plan;

import static io.ostraka.rules.plan.SampleDatabase.S0;
import static io.ostraka.rules.plan.SampleDatabase.S1;
import static io.ostraka.rules.plan.SampleDatabase.S2;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Scattered, forwarded or refused. The numbers in comments are those of the list of traps. */
class PlanShapeTest {
    private static final SampleDatabase DB = new SampleDatabase();

    private static PgError refusal(String sql) {
        return assertInstanceOf(Plan.Refusal.class, DB.plan(sql), sql).error();
    }

    /** What the client hears when the statement needs several shards. */
    private static PgError whenMany(String sql) {
        Plan.Forward forward = assertInstanceOf(Plan.Forward.class, DB.plan(sql), sql);
        assertInstanceOf(Route.Many.class, DB.route(sql), sql);
        return forward.whenMany();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT * FROM t",
                "SELECT id, other + 1, lower(name), coalesce(name, 'x') FROM t WHERE other > 5",
                "SELECT * FROM t WHERE id IN (1, 2, 3, 4, 5, 6, 7, 8)",
                "SELECT CASE WHEN other = 1 THEN 'a' END FROM t",
                "SELECT t.id, u.other FROM t JOIN u ON t.id = u.id",
                "SELECT * FROM t JOIN u USING (id) JOIN customers c ON c.id = u.id",
                "SELECT * FROM customers c, orders o WHERE o.customer_id = c.id AND o.total > 5",
                "SELECT * FROM ledger a JOIN ledger b ON a.tenant = b.tenant AND a.account = b.account",
                "SELECT * FROM orders o JOIN countries c ON c.code = o.country",
                "SELECT * FROM orders o LEFT JOIN countries c ON c.code = o.country",
                "SELECT * FROM orders WHERE country IN (SELECT code FROM countries WHERE name = 'x')",
                "SELECT * FROM t, generate_series(1, 3) g",
                "SELECT * FROM t_view WHERE o > 3",
                "SELECT d.id FROM (SELECT id, other FROM t WHERE other = 1) d WHERE d.other = 1",
                "TABLE t",
                "SELECT * FROM t TABLESAMPLE bernoulli (10) REPEATABLE (1) JOIN u USING (id)",
                "SELECT t FROM t",
                "SELECT generate_series(1, 2) FROM t",
                "SELECT id, length(name) FROM t WHERE json_value(name, '$.a') = 'x'",
                "SELECT json_object('id': id), xmlelement(name x, other) FROM t",
                // outer joins on the key
                "SELECT * FROM t LEFT JOIN u ON u.id = t.id",
                "SELECT * FROM t LEFT JOIN u ON u.id = t.id AND u.other = 5 WHERE u.id IS NULL",
                "SELECT * FROM u RIGHT JOIN t USING (id)",
                "SELECT * FROM t FULL JOIN u ON u.id = t.id",
                "SELECT * FROM ledger a LEFT JOIN ledger b ON a.tenant = b.tenant AND a.account = b.account",
                "SELECT * FROM t LEFT JOIN (u JOIN small s ON s.id = u.id) ON u.id = t.id",
                "SELECT * FROM t LEFT JOIN u ON u.id = t.id LEFT JOIN countries c ON c.code = t.name",
                "SELECT * FROM t LEFT JOIN LATERAL (SELECT * FROM u WHERE u.id = t.id ORDER BY other LIMIT 1) l ON true",
                "SELECT * FROM t, LATERAL (SELECT max(u.other) AS m FROM u WHERE u.id = t.id) l WHERE l.m > 5",
                "SELECT * FROM t, countries c LEFT JOIN LATERAL (SELECT 1 AS one) l ON true WHERE c.code = t.name",
                // subqueries about the row's own key
                "SELECT * FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id = t.id)",
                "SELECT * FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.id = t.id LIMIT 1)",
                "SELECT * FROM t WHERE id IN (SELECT id FROM u WHERE other = 5 ORDER BY other)",
                // rows that are locked
                "SELECT * FROM t FOR UPDATE",
                "SELECT t.* FROM t JOIN countries c ON c.code = t.name FOR UPDATE OF t",
                "SELECT * FROM t a JOIN u ON u.id = a.id WHERE a.other = 1 ORDER BY a.id FOR NO KEY UPDATE OF a SKIP LOCKED",
                "SELECT * FROM t WHERE (other, id) IN (SELECT other, id FROM u)",
                "SELECT * FROM ledger WHERE (tenant, account) IN (SELECT tenant, account FROM ledger WHERE amount > 5)",
                "SELECT id, (SELECT count(*) FROM u WHERE u.id = t.id) FROM t",
                "SELECT id, ARRAY(SELECT other FROM u WHERE u.id = t.id ORDER BY other) FROM t",
                "SELECT * FROM t WHERE other = (SELECT max(x.other) FROM t x WHERE x.id = t.id)",
                "SELECT * FROM t WHERE EXISTS (SELECT 1 FROM countries c WHERE c.code = t.name"
                        + " AND EXISTS (SELECT 1 FROM u WHERE u.id = t.id AND u.other = 1))",
                "SELECT * FROM t WHERE EXISTS (SELECT 1 FROM countries LIMIT 1)",
                "SELECT * FROM t WHERE other > (SELECT count(*) FROM countries)",
                "SELECT * FROM t JOIN u ON u.id = t.id AND EXISTS (SELECT 1 FROM small s WHERE s.id = t.id)",
                // groups and sets of rows with one key
                "SELECT * FROM busy_view",
                "SELECT id, count(*), count(DISTINCT other) FROM t GROUP BY id HAVING count(*) > 1",
                "SELECT other, id, sum(other) FROM t GROUP BY 2, 1",
                "SELECT u.id, max(t.other) FROM t JOIN u ON u.id = t.id GROUP BY u.id",
                "SELECT tableoid::regclass::text, id FROM t",
                "SELECT DISTINCT id FROM t",
                "SELECT DISTINCT ON (id, other) * FROM t",
                "SELECT other AS id, count(*) FROM t GROUP BY t.id, other",
                "SELECT * FROM (SELECT customer_id, sum(total) AS s FROM orders GROUP BY customer_id) o"
                        + " JOIN customers c ON c.id = o.customer_id",
                "SELECT id FROM t UNION ALL SELECT id FROM u",
                "SELECT other FROM t UNION ALL SELECT n FROM ranges",
                "SELECT id FROM t UNION SELECT id FROM u",
                "SELECT id FROM t EXCEPT SELECT id FROM u",
                "SELECT id, other FROM t INTERSECT SELECT id, other FROM t",
                "SELECT * FROM (SELECT id FROM t UNION SELECT id FROM u) d JOIN customers c USING (id)",
                // WITH
                "WITH q AS (SELECT * FROM t) SELECT * FROM q",
                "WITH q AS MATERIALIZED (SELECT * FROM t), r (a) AS (SELECT id FROM q) SELECT * FROM r JOIN u ON u.id = r.a",
                "WITH q AS (SELECT * FROM t) SELECT * FROM q a LEFT JOIN q b ON b.id = a.id",
            })
    void whatEachShardAnswersForItsOwnRowsIsScattered(String sql) {
        assertInstanceOf(Plan.Scatter.class, DB.plan(sql), sql);
        assertInstanceOf(Route.Many.class, DB.route(sql), sql);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "DISTINCT                 | SELECT DISTINCT other FROM t",
                "GROUP BY                 | SELECT other FROM t GROUP BY other",
                "HAVING                   | SELECT 1 FROM t HAVING true",
                "aggregate function count | SELECT count(*) FROM t",
                "aggregate function max   | SELECT 1 + max(other) FROM t",
                "aggregate function sum   | SELECT coalesce(sum(other), 0) FROM t",
                "aggregate function count | SELECT (SELECT count(t.id)) FROM t",
                "aggregate function count | SELECT id FROM t ORDER BY count(*)",
                "aggregate function unseen | SELECT unseen(other) FROM t",
                "window function row_num  | SELECT row_number() OVER (PARTITION BY other) FROM t",
                "WITH                     | WITH RECURSIVE q AS (SELECT id FROM t UNION SELECT id FROM q) SELECT * FROM q",
                "FOR UPDATE               | SELECT * FROM (SELECT * FROM t FOR UPDATE) s",
                "locking rows             | SELECT * FROM t JOIN countries c ON c.code = t.name FOR UPDATE",
                "locking rows             | SELECT * FROM t JOIN (SELECT code FROM countries) c ON c.code = t.name FOR SHARE OF c",
                "function random          | SELECT random() FROM t",
                "statement that also      | SELECT nextval('s'), id FROM t",
                "a system column          | SELECT ctid FROM t",
                "a system column          | SELECT t.xmin FROM t",
                "a system column          | SELECT * FROM t WHERE tableoid = 5",
                "a system column          | SELECT tableoid::regclass, tableoid::regclass::text FROM t",
                "a name of the system     | SELECT 't'::regclass, id FROM t",
                "a system catalog         | SELECT * FROM t, pg_class",
                "TABLESAMPLE              | SELECT * FROM t JOIN countries c TABLESAMPLE bernoulli (10) ON c.code = t.name",
                "an outer join            | SELECT * FROM countries c LEFT JOIN orders o ON o.country = c.code",
                "an outer join            | SELECT * FROM orders o FULL JOIN countries c ON o.country = c.code",
                "an outer join            | SELECT * FROM orders o RIGHT JOIN countries c ON o.country = c.code",
                "a join of table          | SELECT * FROM t JOIN u ON t.id = u.t_id",
                "a join of table          | SELECT * FROM t a JOIN t b ON a.other = b.other",
                "a join of table          | SELECT * FROM t CROSS JOIN u",
                "a join of table          | SELECT * FROM t JOIN u ON t.id = u.id OR t.other = 1",
                "a join of table          | SELECT * FROM ledger a JOIN ledger b USING (tenant)",
                "a join of table          | SELECT * FROM t JOIN ranges r ON r.id = t.id",
                "a join of table          | SELECT * FROM t JOIN codes c ON c.code = t.name",
                "a join of table          | SELECT * FROM t LEFT JOIN u ON u.t_id = t.id",
                "a join of table          | SELECT * FROM t FULL JOIN u ON u.t_id = t.id",
                "a join of table          | SELECT * FROM t LEFT JOIN u ON u.other = t.other WHERE u.id IS NULL",
                "an outer join            | SELECT * FROM t, countries c LEFT JOIN u ON u.other = 5 WHERE c.code = t.name",
                "a join of table          | SELECT * FROM (SELECT max(id) AS id FROM t GROUP BY id) d JOIN u ON u.id = d.id",
                "GROUP BY                 | SELECT * FROM (SELECT id FROM t GROUP BY ROLLUP (id)) d JOIN u ON u.id = d.id",
                "GROUP BY                 | SELECT tenant, count(*) FROM ledger GROUP BY tenant",
                "DISTINCT                 | SELECT DISTINCT ON (id) other AS id FROM t",
                "GROUP BY                 | SELECT u.other FROM t LEFT JOIN u ON u.id = t.id GROUP BY u.id, u.other",
                "DISTINCT                 | SELECT DISTINCT other FROM t GROUP BY id, other",
                "UNION                    | SELECT id FROM t UNION SELECT n FROM ranges",
                "UNION                    | SELECT id FROM t UNION SELECT other FROM t",
                "UNION                    | SELECT id FROM t UNION ALL SELECT 1",
                "UNION                    | SELECT id FROM t EXCEPT SELECT other FROM u",
                "UNION                    | SELECT id FROM small UNION SELECT id FROM t",
                "WITH                     | WITH RECURSIVE q AS (SELECT id FROM t UNION ALL SELECT q.id FROM q JOIN t ON t.id = q.id) SELECT * FROM q",
                "a WITH query that is not | WITH q AS (SELECT * FROM t) SELECT 1",
                "a subquery               | SELECT * FROM t WHERE id NOT IN (SELECT id FROM u)",
                "a subquery               | SELECT * FROM t WHERE other IN (SELECT id FROM u)",
                "a subquery               | SELECT * FROM t WHERE id IN (SELECT other FROM u)",
                "a subquery               | SELECT * FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id = t.other)",
                "LIMIT                    | SELECT * FROM t WHERE id IN (SELECT id FROM u ORDER BY other LIMIT 5)",
                "a subquery               | SELECT * FROM countries c WHERE c.code IN (SELECT name FROM t)",
                "a subquery               | SELECT o.*, (SELECT string_agg(name, ',') FROM countries) FROM orders o",
                "a subquery               | SELECT * FROM t LEFT JOIN u ON u.id = t.id AND EXISTS (SELECT 1 FROM small s WHERE s.id = u.other)",
                "a subquery               | SELECT * FROM countries c WHERE EXISTS (SELECT 1 FROM orders)",
                "LIMIT                    | SELECT id, (SELECT other FROM u LIMIT 1) FROM t",
                "a subquery               | SELECT * FROM orders WHERE country IN (SELECT code FROM countries LIMIT 1)",
                "a subquery               | SELECT * FROM orders o, (SELECT code FROM countries LIMIT 1) c WHERE c.code = o.country",
                "LIMIT                    | SELECT * FROM top_view",
                "LIMIT                    | SELECT * FROM (SELECT * FROM t LIMIT 3) d",
                "DISTINCT                 | SELECT DISTINCT ON (other) id FROM t",
            })
    void whatNeedsTheRowsOfSeveralShardsTogetherIsNotScattered(String construct, String sql) {
        PgError error = whenMany(sql);
        assertEquals(SqlState.FEATURE_NOT_SUPPORTED, error.state());
        assertTrue(
                error.message().startsWith(construct) || error.message().startsWith("a " + construct), error.message());
        assertFalse(error.detail().isEmpty());
        assertFalse(error.hint().isEmpty());
    }

    @Test
    void aRefusalPointsAtWhatItNames() {
        assertEquals(8, whenMany("SELECT count(*) FROM t").position());
        PlanCache cache = new PlanCache(DB.planner(), 1 << 20);
        int first = position(cache, "SELECT id FROM t WHERE other = 1 ORDER BY name");
        int second = position(cache, "SELECT id FROM t WHERE other = 12345 ORDER BY name");
        assertEquals(first + 4, second);
    }

    private static int position(PlanCache cache, String sql) {
        return ((Plan.Forward) SampleDatabase.withoutCombiner(
                        cache.plan(sql, SampleDatabase.PATH).get(0).plan()))
                .whenMany()
                .position();
    }

    @Test
    void tablesOnDifferentShardsCannotBeUsedTogether() {
        PgError error = whenMany("SELECT * FROM audit, settings");
        assertEquals("statement needs rows of several shards", error.message());
        assertTrue(error.detail().contains("audit") && error.detail().contains("settings"), error.detail());
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "0A000 | INSERT INTO t (other) VALUES (1)",
                "0A000 | INSERT INTO t DEFAULT VALUES",
                "0A000 | INSERT INTO t (id) VALUES (DEFAULT)",
                "0A000 | INSERT INTO t (id) VALUES (nextval('s'))",
                "0A000 | INSERT INTO t (id) VALUES ((SELECT 1))",
                "0A000 | INSERT INTO serials (n) VALUES (1)",
                "0A000 | UPDATE t SET id = 5 WHERE id = 5",
                "0A000 | UPDATE t SET (other, id) = (1, 2) WHERE id = 5",
                "0A000 | INSERT INTO profiles (id, nick) VALUES (1, 'x') ON CONFLICT (id, nick) DO UPDATE SET id = 2",
                "0A000 | INSERT INTO profiles (id, nick) VALUES (1, 'x') ON CONFLICT (nick) DO NOTHING",
                "0A000 | INSERT INTO members (id, email) VALUES (1, 'x')",
                "0A000 | UPDATE members SET email = 'x' WHERE id = 1",
                "0A000 | INSERT INTO countries SELECT 'x', 'y'",
                "0A000 | UPDATE countries SET name = DEFAULT",
                "0A000 | UPDATE countries c SET name = d.name FROM countries d WHERE d.code = c.code",
                "0A000 | WITH q AS (DELETE FROM countries RETURNING *) SELECT * FROM q",
                "0A000 | INSERT INTO t_view VALUES (1, 2)",
                "0A000 | MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN UPDATE SET id = 5",
                "0A000 | SELECT * INTO TEMP copy FROM t",
                "0A000 | CREATE TEMPORARY TABLE copy AS SELECT * FROM t",
                "0A000 | CREATE TABLE copy AS EXECUTE p",
                "0A000 | CREATE TABLE copy AS SELECT * FROM t FOR UPDATE",
                "0A000 | INSERT INTO triggered VALUES (1)",
                "0A000 | DELETE FROM triggered WHERE id = 1",
                "0A000 | SELECT * FROM guarded WHERE id = 1",
                "0A000 | SELECT * FROM animals WHERE id = 1",
                "0A000 | SELECT * FROM t_mat",
                "0A000 | SELECT * FROM to_come",
                "0A000 | SELECT * FROM public.to_come",
                "0A000 | INSERT INTO to_come VALUES (1)",
                "0A000 | COPY to_come FROM STDIN",
                "0A000 | SELECT locks()",
                "0A000 | SELECT sneaky()",
                "0A000 | SELECT wraps()",
                "0A000 | SELECT builds()",
                "0A000 | SELECT snake()",
                "0A000 | SELECT both()",
                "0A000 | INSERT INTO numbered (id, note) VALUES (1, 'x')",
                "0A000 | INSERT INTO numbered VALUES (1, DEFAULT, 'x')",
                "0A000 | INSERT INTO numbered VALUES (1)",
                "0A000 | INSERT INTO numbered OVERRIDING USER VALUE VALUES (1, 2, 'x')",
                "0A000 | INSERT INTO numbered (id, note) SELECT id, note FROM numbered WHERE id = 1",
                "0A000 | UPDATE numbered SET n = DEFAULT WHERE id = 1",
                "0A000 | UPDATE numbered SET (note, n) = ('x', DEFAULT) WHERE id = 1",
                "0A000 | INSERT INTO moved VALUES (1, 2)",
                "0A000 | UPDATE moved SET other = 1 WHERE id = 1",
                "0A000 | DELETE FROM parents WHERE id = 1",
                "0A000 | UPDATE parents SET other = 1 WHERE id = 1",
                "0A000 | INSERT INTO logged_far VALUES (1)",
                "0A000 | SELECT * FROM uneven WHERE id = 1",
                "0A000 | INSERT INTO uneven VALUES (1)",
                "0A000 | SELECT public.sneaky()",
                "0A000 | SELECT t.sneaky FROM t WHERE id = 1",
                "0A000 | SELECT * FROM sneaky()",
                "0A000 | SELECT * FROM t WHERE id = 1 AND other = sneaky()",
                "0A000 | SELECT query_to_xml('SELECT * FROM t', true, true, '')",
                "0A000 | SELECT ts_stat('SELECT name FROM t')",
                "0A000 | SELECT currval('s')",
                "0A000 | SELECT setval('s', 1)",
                "0A000 | SELECT set_config('a.b', 'c', false)",
                "0A000 | CREATE TABLE x (id int REFERENCES t (id))",
                "0A000 | CREATE TABLE x PARTITION OF t FOR VALUES IN (1)",
                "0A000 | CREATE TEMP TABLE x (id int)",
                "0A000 | ALTER TABLE t ADD COLUMN x int DEFAULT random()",
                "0A000 | ALTER TABLE t ADD COLUMN x serial",
                "0A000 | ALTER TABLE t ADD COLUMN x date DEFAULT 'Today'",
                "0A000 | ALTER TABLE t ADD UNIQUE (other)",
                "0A000 | ALTER TABLE t DROP COLUMN id",
                "0A000 | ALTER TABLE t ALTER COLUMN id SET DEFAULT 5",
                "0A000 | ALTER TABLE t ALTER COLUMN other TYPE text",
                "0A000 | ALTER TABLE t ALTER COLUMN other SET DEFAULT nextval('s')",
                "0A000 | ALTER TABLE t ALTER COLUMN name SET DEFAULT CURRENT_DATE",
                "0A000 | ALTER TABLE t RENAME TO x",
                "0A000 | ALTER TABLE t RENAME COLUMN id TO x",
                "0A000 | ALTER TABLE t SET SCHEMA x",
                "0A000 | CREATE UNIQUE INDEX ON t (other)",
                "0A000 | CREATE INDEX CONCURRENTLY ON t (other)",
                "0A000 | DROP INDEX i",
                "0A000 | DROP TABLE t CASCADE",
                "0A000 | DROP TABLE t, settings",
                "0A000 | TRUNCATE settings CASCADE",
                "0A000 | TRUNCATE settings, audit",
                "0A000 | LOCK TABLE t",
                "0A000 | COPY t FROM STDIN (FREEZE)",
                "0A000 | COPY t (other) FROM STDIN",
                "0A000 | COPY t FROM STDIN (FORMAT csv, FORCE_NULL (id))",
                "0A000 | COPY countries FROM STDIN",
                "0A000 | COPY audit FROM '/tmp/x'",
                "0A000 | VACUUM t",
                "0A000 | DO $$ BEGIN DELETE FROM t; END $$",
                "0A000 | CALL something()",
                "0A000 | SELECT * FROM pg_prepared_xact()",
                "0A000 | SELECT * FROM U&\"pg\\005fprepared_xact\"()",
                "0A000 | SELECT * FROM PG_Catalog.\"pg_prepared_xact\"()",
                "0A000 | EXPLAIN SELECT * FROM pg_prepared_xacts",
                "0A000 | GRANT SELECT ON t TO someone",
            })
    void whatCannotBeRightIsRefused(String state, String sql) {
        PgError error = refusal(sql);
        assertEquals(state, error.state().code(), sql);
        assertFalse(error.hint().isEmpty(), sql);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "23502 | INSERT INTO t (id) VALUES (NULL)",
                "23514 | INSERT INTO ranges (id) VALUES (1000)",
                "23514 | INSERT INTO accounts VALUES ('mars', 1)",
                "0A000 | INSERT INTO days (day) VALUES ('today')",
                "0A000 | INSERT INTO moments (at) VALUES ('2024-01-01 00:00:00')",
            })
    void keysThatBelongToNoShardAreRefused(String state, String sql) {
        Route.Refused refused = assertInstanceOf(Route.Refused.class, DB.route(sql), sql);
        assertEquals(state, refused.error().state().code());
    }

    @Test
    void aRowThatFitsNowhereIsWordedAsAPartitionedTableDoes() {
        Route.Refused refused = (Route.Refused) DB.route("INSERT INTO ranges (id) VALUES (1000)");
        assertEquals(
                "no partition of relation \"ranges\" found for row",
                refused.error().message());
        assertEquals(
                "Partition key of the failing row contains (id) = (1000).",
                refused.error().detail());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "UPDATE t SET other = random()",
                "UPDATE t SET other = (SELECT count(*) FROM pg_class)",
                "UPDATE t SET other = 1 WHERE ctid = '(0,1)'",
                "INSERT INTO t (id) SELECT t_id FROM u WHERE id = 1",
                "INSERT INTO t (id) SELECT id + 1 FROM u",
                "INSERT INTO t (id) SELECT other FROM u",
                "INSERT INTO t (id) SELECT v.id FROM u RIGHT JOIN v ON v.id = u.id LIMIT 3",
                "INSERT INTO t (id) SELECT id FROM u RETURNING (SELECT count(*) FROM t)",
                "INSERT INTO t (id) SELECT id FROM u ON CONFLICT (id) DO UPDATE SET other = (SELECT max(id) FROM u)",
                "INSERT INTO t (id) SELECT id FROM u UNION ALL SELECT 7",
                "INSERT INTO t (other, id) SELECT f.*, u.id FROM nowhere() f, u",
                "INSERT INTO t (id, other) SELECT n.*, u.id FROM u, LATERAL nowhere() n",
                "INSERT INTO ranges (id) SELECT id FROM t",
                "INSERT INTO t (id) SELECT o.id FROM u LEFT JOIN t o ON o.id = u.id",
                "INSERT INTO t (id, other) SELECT id, row_number() OVER () FROM u",
                "INSERT INTO t (id, other) SELECT id, (random() * 9)::int FROM u",
                "UPDATE t SET other = u.other FROM u WHERE u.t_id = t.id",
                "UPDATE t SET other = 1 FROM settings",
                "UPDATE t SET other = 1 WHERE id IN (SELECT id FROM u ORDER BY other LIMIT 2)",
                "UPDATE t SET other = (SELECT max(other) FROM t)",
                "UPDATE t SET other = 1 FROM u WHERE u.id = t.id RETURNING (SELECT count(*) FROM u)",
                "DELETE FROM t WHERE other IN (SELECT other FROM u)",
                "DELETE FROM t WHERE NOT EXISTS (SELECT FROM u WHERE u.other = t.id)",
                "DELETE FROM t a USING t b WHERE a.other = b.other",
                "INSERT INTO u (id) SELECT other FROM t WHERE id = 1",
                "DELETE FROM t USING u WHERE t.id = u.t_id AND u.id = 1",
                "UPDATE t SET other = (SELECT max(other) FROM u) WHERE id = 1",
                "WITH q AS (DELETE FROM t RETURNING id) SELECT * FROM q",
                "WITH q AS (UPDATE t SET other = 1 WHERE id = 1) DELETE FROM u",
            })
    void writesToSeveralShardsAreRefused(String sql) {
        assertEquals(SqlState.FEATURE_NOT_SUPPORTED, whenMany(sql).state());
        assertTrue(((Plan.Forward) DB.plan(sql)).spread().isEmpty(), sql);
    }

    /** Or rows on two shards would get the same number. */
    @Test
    void aSequenceIsThatOfTheDefaultShard() {
        Set<ShardName> owners = new HashSet<>();
        for (int key = 1; key <= 20; key++) {
            ShardName owner = DB.owner("t", "" + key);
            owners.add(owner);
            for (String sql : List.of(
                    "INSERT INTO t (id, other) VALUES (" + key + ", nextval('s'))",
                    "INSERT INTO t (id, other) VALUES (" + key + ", nextval('s')), (" + key + ", 1)",
                    "UPDATE t SET other = nextval('s') WHERE id = " + key,
                    "INSERT INTO t (id, other) SELECT " + key + ", nextval('s')")) {
                if (owner.equals(S0)) {
                    assertEquals(new Route.One(S0), DB.route(sql), sql);
                } else {
                    assertTrue(((Plan.Forward) DB.plan(sql)).spread().isEmpty(), sql);
                    assertInstanceOf(Route.Many.class, DB.route(sql), sql);
                    assertEquals(SqlState.FEATURE_NOT_SUPPORTED, whenMany(sql).state(), sql);
                }
            }
        }
        assertEquals(3, owners.size());
    }

    /** Each shard finds the rows it writes, and all that decides about them, among its own. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "UPDATE t SET other = u.other FROM u WHERE u.id = t.id",
                "UPDATE t SET other = u.other FROM u LEFT JOIN countries c ON c.name = u.name WHERE u.id = t.id",
                "UPDATE t SET name = c.name FROM countries c WHERE c.code = t.name RETURNING t.id, c.code",
                "UPDATE t SET other = (SELECT max(other) FROM u WHERE u.id = t.id)",
                "UPDATE t SET (other, name) = (SELECT max(other), min(name) FROM u WHERE u.id = t.id)",
                "UPDATE t SET other = 1 WHERE id IN (SELECT id FROM u WHERE other = 3)",
                "UPDATE t SET other = 1 WHERE name IN (SELECT code FROM countries)",
                "UPDATE t SET other = 1 WHERE NOT EXISTS (SELECT FROM u WHERE u.id = t.id AND u.other > t.other)",
                "WITH q AS (SELECT * FROM u WHERE other = 2) UPDATE t SET other = 1 FROM q WHERE q.id = t.id",
                "DELETE FROM t USING u WHERE u.id = t.id AND u.other = 2",
                "DELETE FROM t a USING t b WHERE a.id = b.id AND a.other < b.other",
                "DELETE FROM t WHERE id NOT IN (SELECT id FROM u WHERE u.id = t.id)",
                "INSERT INTO t (id) SELECT id FROM u",
                "INSERT INTO t (other, id) SELECT count(*), id FROM u GROUP BY id ORDER BY 1",
                "INSERT INTO t (id, name) SELECT u.id, c.name FROM u JOIN countries c ON c.code = u.name RETURNING id",
                "INSERT INTO t SELECT * FROM t ON CONFLICT (id) DO UPDATE SET other = excluded.other + 1",
                "INSERT INTO t (id) SELECT id FROM u UNION SELECT id FROM t",
            })
    void writesOfWhatIsOnTheirOwnShardMayBeSpread(String sql) {
        Plan.Forward forward = assertInstanceOf(Plan.Forward.class, DB.plan(sql), sql);
        assertFalse(forward.spread().orElseThrow().copies(), sql);
        assertEquals(sql.contains("RETURNING"), forward.spread().get().returnsRows(), sql);
        assertInstanceOf(Route.Many.class, DB.route(sql), sql);
    }

    @Test
    void aQueryThatNamesOneKeyInsertsOnItsShard() {
        for (String sql : List.of(
                "INSERT INTO t (id, other) SELECT 1, max(other) FROM countries, generate_series(1, 2)",
                "INSERT INTO t (other, id) SELECT 2, 1 WHERE NOT EXISTS (SELECT FROM t WHERE id = 1)")) {
            assertEquals(new Route.One(DB.owner("t", "1")), DB.route(sql), sql);
        }
        assertInstanceOf(
                Route.Many.class,
                DB.route("INSERT INTO t (id) SELECT 1 WHERE NOT EXISTS (SELECT FROM t WHERE id = 2)"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "UPDATE t SET other = 1",
                "UPDATE t SET other = other + 1 WHERE other = 2",
                "UPDATE t SET name = upper(name) WHERE id IN (1, 2, 3) RETURNING id",
                "DELETE FROM t",
                "DELETE FROM t WHERE id > 5",
                "INSERT INTO t (id) VALUES (1), (2), (3), (4), (5), (6), (7), (8)",
            })
    void writesOfOneTableThatLookAtNothingElseMayBeSpread(String sql) {
        Plan.Forward forward = assertInstanceOf(Plan.Forward.class, DB.plan(sql), sql);
        assertFalse(forward.spread().orElseThrow().copies(), sql);
        assertEquals(sql.contains("RETURNING"), forward.spread().get().returnsRows(), sql);
        assertInstanceOf(Route.Many.class, DB.route(sql), sql);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "INSERT INTO countries VALUES ('x', 'y'), ('z', $1)",
                "INSERT INTO countries VALUES ('x', 'y') ON CONFLICT (code) DO UPDATE SET name = excluded.name",
                "UPDATE countries SET name = upper(name)",
                "DELETE FROM countries WHERE code = 'x' RETURNING code",
            })
    void copiesAreWrittenOnEveryShard(String sql) {
        Plan.Forward forward = assertInstanceOf(Plan.Forward.class, DB.plan(sql), sql);
        assertTrue(forward.spread().orElseThrow().copies(), sql);
        assertEquals(3, ((Route.Many) DB.route(sql)).shards().size(), sql);
    }

    /** Explained or copied, they are not whole statements any more. */
    @Test
    void whatStandsInsideAnotherStatementIsNotSpread() {
        for (String sql : List.of(
                "EXPLAIN UPDATE t SET other = 1",
                "EXPLAIN ANALYZE DELETE FROM countries",
                "COPY (DELETE FROM t RETURNING id) TO STDOUT")) {
            boolean refused = DB.plan(sql) instanceof Plan.Refusal
                    || (DB.plan(sql) instanceof Plan.Forward forward
                            && forward.spread().isEmpty());
            assertTrue(refused, sql);
        }
    }

    /** A function, trigger or default that needs what the statement's own shard has is no obstacle. */
    @Test
    void whatIsReachedOnTheSameShardMayBeReached() {
        assertEquals(new Route.One(S1), DB.route("SELECT audited()"));
        assertInstanceOf(Route.Many.class, DB.route("SELECT audited() FROM settings"));
        assertTrue(whenMany("SELECT audited() FROM t").message().startsWith("function audited() is not supported"));
        assertEquals(new Route.One(S0), DB.route("INSERT INTO logged VALUES (1)"));
        assertEquals(new Route.One(S0), DB.route("INSERT INTO counted (note) VALUES ('x')"));
        ShardName owner = DB.owner("t", "1");
        assertEquals(new Route.One(owner), DB.route("INSERT INTO numbered VALUES (1, 2, 'x')"));
        assertEquals(new Route.One(owner), DB.route("INSERT INTO numbered (n, id) VALUES (2, 1), (3, 1)"));
        assertEquals(new Route.One(owner), DB.route("UPDATE numbered SET note = 'x' WHERE id = 1"));
        assertEquals(new Route.One(owner), DB.route("INSERT INTO touched VALUES (1, 2)"));
        assertEquals(new Route.One(owner), DB.route("UPDATE touched SET other = 1 WHERE id = 1"));
        assertEquals(new Route.One(owner), DB.route("DELETE FROM moved WHERE id = 1"));
        assertEquals(new Route.One(owner), DB.route("DELETE FROM elders WHERE id = 1"));
        assertEquals(new Route.One(owner), DB.route("INSERT INTO parents VALUES (1, 2)"));
    }

    /** Each shard would read the words by its own clock. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT * FROM moments WHERE at < 'now'",
                "SELECT * FROM moments WHERE at < timestamptz 'today 10:00'",
                "SELECT * FROM t WHERE 'TOMORROW'::date > '2026-01-01'",
                "SELECT 'yesterday'::timestamp FROM t",
                "SELECT * FROM days WHERE day IN ('2026-01-01', 'today')",
            })
    void clockWordsAreNotScattered(String sql) {
        assertInstanceOf(Route.Refused.class, DB.route(sql), sql);
    }

    @Test
    void clockWordsThatAreNoneAreScattered() {
        for (String sql : List.of(
                "SELECT * FROM t WHERE name = 'today'",
                "SELECT * FROM t WHERE name IN ('now', 'x')",
                "SELECT * FROM moments WHERE at < '2026-01-01 00:00+00'",
                "SELECT 'we will never know what today brings' FROM t")) {
            assertInstanceOf(Route.Many.class, DB.route(sql), sql);
        }
        String sql = "SELECT * FROM moments WHERE at < $1";
        assertInstanceOf(Route.Refused.class, DB.route(sql, SampleDatabase.Parameter.text("now")));
        assertInstanceOf(Route.Many.class, DB.route(sql, SampleDatabase.Parameter.text("2026-01-01")));
        assertInstanceOf(Route.Many.class, DB.route(sql, SampleDatabase.Parameter.typed(25, "now")));
        assertInstanceOf(Route.One.class, DB.route("SELECT * FROM t WHERE id = 1 AND 'now'::date > '2026-01-01'"));
    }

    @Test
    void aTemporaryTableMayNotHideATableOnOneShard() {
        for (String sql : List.of(
                "CREATE TEMP TABLE t (id int)",
                "CREATE TEMPORARY TABLE IF NOT EXISTS \"t\" (id int)",
                "CREATE LOCAL TEMP VIEW orders AS SELECT 1",
                "CREATE TABLE pg_temp.t (id int)",
                "SELECT 1 AS id INTO TEMP TABLE t")) {
            Plan plan = DB.planner().planOn(S0, sql).get(0).plan();
            assertInstanceOf(Plan.Refusal.class, plan, sql);
        }
        Plan other = DB.planner()
                .planOn(S0, "CREATE TEMP TABLE mine AS SELECT * FROM t")
                .get(0)
                .plan();
        assertTrue(assertInstanceOf(Plan.Forward.class, other).pins());
    }

    @Test
    void aDifferenceBetweenShardsIsTold() {
        PgError error = refusal("SELECT * FROM uneven");
        assertEquals("table \"public.uneven\" is not the same on all shards", error.message());
        assertEquals("Table public.uneven: column id is int8 on s0, text on s1.", error.detail());
        assertEquals(15, error.position());
    }

    @Test
    void accessTellsReadsFromWrites() {
        assertEquals(Access.READ, access("SELECT count(*) FROM t WHERE id = 1"));
        assertEquals(Access.READ, access("SELECT random()"));
        assertEquals(Access.WRITE, access("SELECT * FROM t WHERE id = 1 FOR SHARE"));
        assertEquals(Access.READ, access("SELECT nextval('s')"));
        assertEquals(Access.WRITE, access("SELECT pg_advisory_xact_lock(1)"));
        assertEquals(Access.WRITE, access("SELECT unseen(1)"));
        assertEquals(Access.WRITE, access("DELETE FROM t WHERE id = 1"));
        assertEquals(Access.WRITE, access("WITH q AS (DELETE FROM t WHERE id = 1) SELECT 1"));
        assertEquals(Access.WRITE, access("EXPLAIN ANALYZE DELETE FROM t WHERE id = 1"));
        assertEquals(Access.READ, access("EXPLAIN DELETE FROM t WHERE id = 1"));
        assertEquals(Access.READ, access("COPY audit TO STDOUT"));
        assertEquals(Access.WRITE, access("COPY audit FROM STDIN"));
    }

    private static Access access(String sql) {
        Plan plan = DB.plan(sql);
        return plan instanceof Plan.Scatter scatter
                ? scatter.access()
                : assertInstanceOf(Plan.Forward.class, plan, sql).access();
    }

    @Test
    void whatAllSessionsShareIsOnTheDefaultShard() {
        for (String sql : List.of(
                "SELECT pg_advisory_lock(1)",
                "SELECT pg_advisory_xact_lock(1)",
                "SELECT pg_notify('a', 'b')",
                "SELECT nextval('s')",
                "SELECT pg_switch_wal()",
                "LISTEN a",
                "NOTIFY a",
                "UNLISTEN *")) {
            assertEquals(new Route.One(S0), DB.route(sql), sql);
        }
        assertTrue(pins("SELECT pg_advisory_lock(1)"));
        assertFalse(pins("SELECT pg_advisory_xact_lock(1)"));
        assertTrue(pins("LISTEN a"));
        assertFalse(pins("SELECT 1"));
        assertEquals(new Route.One(S1), DB.route("SELECT nextval('s') FROM audit"));
        assertInstanceOf(Plan.Refusal.class, DB.plan("SELECT pg_advisory_lock(1) FROM audit"));
    }

    private static boolean pins(String sql) {
        return assertInstanceOf(Plan.Forward.class, DB.plan(sql), sql).pins();
    }

    @Test
    void utilitiesFollowTheirTables() {
        assertEquals(new Route.One(S1), DB.route("COPY audit FROM STDIN"));
        assertEquals(new Route.One(S1), DB.route("TRUNCATE audit"));
        assertEquals(new Route.One(S0), DB.route("LOCK TABLE settings IN SHARE MODE"));
        assertEquals(new Route.Any(), DB.route("COPY countries TO STDOUT"));
        ShardName owner = DB.owner("t", "5");
        assertEquals(new Route.One(owner), DB.route("EXPLAIN SELECT * FROM t WHERE id = 5"));
        assertEquals(new Route.One(owner), DB.route("COPY (SELECT * FROM t WHERE id = 5) TO STDOUT"));
        Plan.Explain explain = assertInstanceOf(Plan.Explain.class, DB.plan("EXPLAIN (FORMAT json) SELECT * FROM t"));
        assertEquals(Plan.Explain.Format.JSON, explain.format());
        assertEquals("SELECT * FROM t", explain.query().parts().get(0).sql());
        assertTrue(explain.combined().isEmpty());
        Plan.Explain combined = assertInstanceOf(Plan.Explain.class, DB.plan("EXPLAIN ANALYZE SELECT * FROM t, u"));
        assertEquals("SELECT * FROM t, u", combined.combined().orElseThrow().text());
        assertInstanceOf(Plan.Clocked.class, DB.plan("EXPLAIN SELECT * FROM t WHERE now() > '2026-01-01'"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT * FROM t LIMIT 1 FOR UPDATE SKIP LOCKED",
                "SELECT * FROM t ORDER BY id LIMIT 1 FOR UPDATE"
            })
    void rowsUpToALimitAreLockedInTurn(String sql) {
        Plan.Scatter plan = assertInstanceOf(Plan.Scatter.class, DB.plan(sql));
        assertTrue(plan.lockedInTurn().isPresent());
    }

    @Test
    void aCursorHasThePlanOfItsQuery() {
        Plan.Cursor declared = assertInstanceOf(
                Plan.Cursor.class, DB.plan("DECLARE c NO SCROLL CURSOR WITHOUT HOLD FOR SELECT * FROM t ORDER BY id"));
        CursorCommand.Declare declare = assertInstanceOf(CursorCommand.Declare.class, declared.command());
        assertEquals("c", declare.name());
        assertInstanceOf(Plan.Scatter.class, declare.query().plan());
        assertTrue(declare.notOverShards().isEmpty());
        for (String sql : List.of(
                "DECLARE c SCROLL CURSOR FOR SELECT * FROM t",
                "DECLARE c BINARY CURSOR FOR SELECT * FROM t",
                "DECLARE c CURSOR WITH HOLD FOR SELECT * FROM t ORDER BY id",
                "DECLARE c CURSOR FOR SELECT count(*) FROM t")) {
            CursorCommand.Declare combined = (CursorCommand.Declare)
                    assertInstanceOf(Plan.Cursor.class, DB.plan(sql), sql).command();
            assertInstanceOf(Plan.Combine.class, combined.query().plan(), sql);
            assertTrue(combined.notOverShards().isEmpty(), sql);
            assertTrue(sql.startsWith(combined.before() + "SELECT"), sql);
        }
        Plan.Cursor locks =
                assertInstanceOf(Plan.Cursor.class, DB.plan("DECLARE c CURSOR FOR SELECT * FROM t FOR UPDATE"));
        assertTrue(((CursorCommand.Declare) locks.command()).notOverShards().isEmpty());
        for (String sql : List.of(
                "DECLARE c CURSOR FOR SELECT * FROM t ORDER BY id FOR UPDATE",
                "DECLARE c SCROLL CURSOR FOR SELECT * FROM t FOR UPDATE")) {
            Plan.Cursor ahead = assertInstanceOf(Plan.Cursor.class, DB.plan(sql), sql);
            assertTrue(((CursorCommand.Declare) ahead.command()).notOverShards().isPresent(), sql);
        }
        assertInstanceOf(Plan.Clocked.class, DB.plan("DECLARE c CURSOR FOR SELECT now() FROM t"));
    }

    @Test
    void whatHasParametersAndMayGoToSeveralShardsGetsTheirValues() {
        assertInstanceOf(Plan.Cursor.class, valued("DECLARE c CURSOR FOR SELECT * FROM t WHERE id = $1"));
        assertInstanceOf(Plan.CreateTable.class, valued("CREATE TABLE somewhere AS SELECT $1::int AS a FROM t"));
        assertInstanceOf(Plan.Clocked.class, valued("CREATE TABLE somewhere AS SELECT now() FROM t WHERE id = $1"));
        assertInstanceOf(Plan.Forward.class, valued("EXPLAIN SELECT * FROM t WHERE id > $1"));
    }

    private static Plan valued(String sql) {
        return assertInstanceOf(Plan.Valued.class, DB.plan(sql)).asWritten();
    }

    @Test
    void aTableThatIsMadeOfAQueryFollowsItsRule() {
        Plan.CreateTable made = assertInstanceOf(
                Plan.CreateTable.class, DB.plan("CREATE TABLE to_come AS SELECT id, other FROM t WHERE id > 5"));
        assertTrue(made.table().isKeyed());
        assertEquals(List.of(S0, S1, S2), made.table().shards());
        assertFalse(made.table().isKnown());
        assertInstanceOf(Plan.Combine.class, made.query().plan());
        Plan.CreateTable into =
                assertInstanceOf(Plan.CreateTable.class, DB.plan("SELECT id, 5 AS five INTO somewhere FROM t"));
        assertFalse(into.table().isKeyed());
        assertEquals(List.of(S0), into.table().shards());
        Plan.CreateTable known =
                assertInstanceOf(Plan.CreateTable.class, DB.plan("CREATE TABLE t AS SELECT * FROM countries"));
        assertTrue(known.table().isKnown());
        assertInstanceOf(Plan.Clocked.class, DB.plan("CREATE TABLE somewhere AS SELECT id, now() FROM t"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "DROP TABLE t",
                "DROP TABLE IF EXISTS t, u RESTRICT",
                "TRUNCATE t",
                "TRUNCATE TABLE ONLY t, u RESTART IDENTITY",
                "CREATE TABLE to_come (id int PRIMARY KEY, x numeric(8, 2) DEFAULT 5 CHECK (x > 0))",
                "DROP TABLE to_come",
                "CREATE INDEX ON t (other)",
                "CREATE INDEX IF NOT EXISTS i ON public.t USING btree (lower(name)) WHERE other > 5",
                "ALTER TABLE t ADD COLUMN IF NOT EXISTS x numeric(8, 2) DEFAULT 5, ADD y text",
                "ALTER TABLE IF EXISTS ONLY t ALTER other SET DEFAULT 5, ALTER COLUMN other DROP NOT NULL",
            })
    void whatEachShardDoesForItselfRunsOnAll(String sql) {
        assertEquals(
                List.of(S0, S1, S2),
                assertInstanceOf(Plan.ChangeTables.class, DB.plan(sql), sql).shards());
    }

    @Test
    void aTableWithoutARuleIsMadeOnTheDefaultShard() {
        assertEquals(
                List.of(S0),
                assertInstanceOf(Plan.ChangeTables.class, DB.plan("CREATE TABLE somewhere (id int)"))
                        .shards());
    }

    @Test
    void whatTheGrammarDoesNotReadMayBeJudgedByPostgresql() {
        for (String sql : List.of(
                "SELEC * FROM t",
                "SELECT * FROM t WHERE",
                "EXPLAIN SELECT FROM t GROUP BY",
                "COPY (SELECT FROM t WHERE) TO STDOUT",
                "DECLARE c CURSOR FOR SELECT FROM t WHERE",
                "CREATE TABLE somewhere AS SELECT FROM t WHERE")) {
            assertTrue(assertInstanceOf(Plan.Refusal.class, DB.plan(sql), sql).isUnread(), sql);
        }
        assertFalse(assertInstanceOf(Plan.Refusal.class, DB.plan("SELECT currval('s')"))
                .isUnread());
    }

    @Test
    void copyKnowsWhereTheKeyOfARowStands() {
        Plan.CopyIn copy = assertInstanceOf(
                Plan.CopyIn.class,
                DB.plan("COPY public.t (name, \"id\") FROM STDIN WITH (FORMAT 'csv', DELIMITER ';')"));
        assertEquals(2, copy.target().columns());
        assertEquals(1, copy.target().keys().get(0).place());
        assertEquals(CopyLayout.Format.CSV, copy.layout().format());
        assertEquals(";", copy.layout().delimiter());
        byte[] five = {'5'};
        assertEquals(DB.owner("t", "5"), copy.target().owner(List.of(Optional.of(five)), false));
        Plan.CopyOut out = assertInstanceOf(Plan.CopyOut.class, DB.plan("COPY t TO STDOUT CSV HEADER"));
        assertTrue(out.hasHeader());
        assertFalse(out.isBinary());
        assertInstanceOf(Plan.CopyOut.class, DB.plan("COPY (SELECT * FROM t) TO STDOUT"));
        assertInstanceOf(Plan.CombinedCopy.class, DB.plan("COPY (SELECT * FROM t ORDER BY name) TO STDOUT"));
    }

    @Test
    void aStatementThatIsNotReadGoesToTheDefaultShardOnlyWhenItNamesNothingElsewhere() {
        assertEquals(new Route.One(S0), DB.route("SELEC 1"));
        assertEquals(new Route.One(S0), DB.route("SELECT FROM WHERE settings"));
        PgError error = refusal("SELECT FROM WHERE t");
        assertEquals(SqlState.FEATURE_NOT_SUPPORTED, error.state());
        assertTrue(error.message().contains("public.t"), error.message());
        refusal("SELECT FROM WHERE 'orders'");
        refusal("SELECT FROM WHERE sneaky()");
        refusal("SELECT FROM WHERE \"t_view\"");
    }

    @Test
    void aFaultInOneStatementSpoilsTheWholeString() {
        List<PlannedStatement> planned = DB.planner().plan("SELECT 1; SELECT 'open", SampleDatabase.PATH);
        assertEquals(1, planned.size());
        assertEquals(
                SqlState.SYNTAX_ERROR,
                ((Plan.Refusal) planned.get(0).plan()).error().state());
        assertTrue(DB.planner().plan(" ; -- nothing\n", SampleDatabase.PATH).isEmpty());
        assertEquals(
                2, DB.planner().plan("SELECT 1; SELECT 2;", SampleDatabase.PATH).size());
    }

    @Test
    void sessionCommandsAreTheSessions() {
        assertEquals(new Plan.Session(new SessionCommand.Begin("")), DB.plan("BEGIN"));
        assertEquals(new Plan.Session(new SessionCommand.Commit(false)), DB.plan("COMMIT"));
        assertEquals(
                new Plan.Session(new SessionCommand.Set("ostraka.shard", false, List.of("s1"))),
                DB.plan("SET ostraka.shard = 's1'"));
        assertEquals(new Plan.Session(new SessionCommand.Savepoint("a")), DB.plan("SAVEPOINT A"));
    }

    @Test
    void aHintChoosesTheShard() {
        assertEquals(new Route.One(S1), DB.route("/* ostraka: shard=s1 */ SELECT count(*) FROM t"));
        assertEquals(
                SqlState.INVALID_PARAMETER_VALUE,
                refusal("/* ostraka: shard=s9 */ SELECT count(*) FROM t").state());
    }

    @Test
    void aDatabaseOfOneShardForwardsWhatPostgresqlMayJudge() {
        SampleDatabase one = new SampleDatabase(1);
        for (String sql : List.of(
                "SELECT count(*) FROM t GROUP BY ROLLUP (id)",
                "MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN DELETE",
                "SELEC 1",
                "CREATE TABLE x (id int)",
                "DROP FUNCTION f",
                "VACUUM t",
                "SELECT sneaky()")) {
            Plan.Forward forward = assertInstanceOf(Plan.Forward.class, one.plan(sql), sql);
            assertEquals(new Route.Any(), one.route(sql));
            assertFalse(forward.pins(), sql);
        }
        for (String sql : List.of(
                "CREATE TEMP TABLE x (id int)",
                "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                "CREATE PROCEDURE p() LANGUAGE sql AS ''",
                "ALTER FUNCTION f() RENAME TO g",
                "LISTEN x",
                "SELECT pg_advisory_lock(1)",
                "SELECT set_config('a.b', 'c', false)",
                "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
                "DO $$ BEGIN END $$",
                "SELECT 1 INTO TEMP x")) {
            assertTrue(assertInstanceOf(Plan.Forward.class, one.plan(sql), sql).pins(), sql);
        }
        assertInstanceOf(Plan.Session.class, one.plan("BEGIN"));
        assertInstanceOf(Plan.Session.class, one.plan("PREPARE p AS SELECT 1"));
        assertInstanceOf(Plan.Refusal.class, one.plan("SELECT lastval()"));
    }

    @Test
    void aFunctionOfUsersGetsNoRowOfACopy() {
        String join = " FROM t x JOIN u y ON x.other = y.other";
        assertInstanceOf(Plan.Combine.class, DB.planWithCombiner("SELECT pure(x.id)" + join));
        assertInstanceOf(Plan.Combine.class, DB.planWithCombiner("SELECT to_json(x)" + join));
        assertInstanceOf(Plan.Forward.class, DB.planWithCombiner("SELECT pure(x)" + join));
    }
}
