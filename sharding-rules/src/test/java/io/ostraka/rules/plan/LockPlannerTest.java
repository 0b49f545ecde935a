package io.ostraka.rules.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.TableLocks.Mode;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LockPlannerTest {
    private final SampleDatabase sample = new SampleDatabase();

    private TableLocks locks(String sql) {
        return locks(sql, SampleDatabase.PATH);
    }

    private TableLocks locks(String sql, List<String> path) {
        // As if one shard could take it: what is refused for several reasons is locked for by others.
        return sample.planner()
                .locks(sample.planner().planOn(SampleDatabase.S0, sql).get(0), path);
    }

    private static String tables(TableLocks locks) {
        return locks.tables().keySet().stream().map(Object::toString).collect(Collectors.joining(" "));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            SELECT * FROM t WHERE id = 1                              | public.t
            SELECT (SELECT count(*) FROM u) FROM t                    | public.t public.u
            SELECT 1 FROM (VALUES (1)) AS t (x)                       | public.t
            WITH x AS (SELECT * FROM "Orders") SELECT * FROM x        | public.Orders
            SELECT * FROM U&"\\0074"                                  | public.t
            SELECT * FROM other.t                                     | other.t public.t
            SELECT * FROM "other" . /* a */ "t"                       | other.t public.t
            SELECT t.other FROM t                                     | public.t
            SELECT * FROM tenant_b.docs                               | tenant_b.docs
            SELECT * FROM docs                                        |
            SELECT * FROM t_view                                      | public.t
            SELECT * FROM t_mat                                       |
            SELECT * FROM guarded                                     | public.customers public.guarded
            SELECT * FROM countries                                   | public.countries
            TABLE t                                                   | public.t
            EXPLAIN ANALYZE SELECT * FROM t                           | public.t
            COPY t TO STDOUT                                          | public.t
            COPY (SELECT * FROM t) TO STDOUT                          | public.t
            DECLARE c CURSOR FOR SELECT * FROM t                      | public.t
            SELECT * FROM t FOR SHARE                                 | public.t
            SELECT relname FROM pg_catalog.pg_class                   |
            SELECT pure()                                             |
            """)
    void readsLockWhatTheyName(String sql, String expected) {
        TableLocks locks = locks(sql);
        assertEquals(expected == null ? "" : expected, tables(locks));
        assertEquals(Mode.SHARE, locks.mode());
        assertTrue(locks.isComplete());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            UPDATE t SET other = 1 WHERE id = 1                       | public.t
            DELETE FROM t USING u WHERE t.id = u.id                   | public.t public.u
            INSERT INTO t SELECT * FROM u WHERE id = 1                | public.t public.u
            INSERT INTO t VALUES ((SELECT max(id) FROM u))            | public.t public.u
            INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING           | public.t
            INSERT INTO t VALUES (1) RETURNING (SELECT 1)             | public.t
            INSERT INTO t_view VALUES (1)                             | public.t
            WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d     | public.t
            SELECT * FROM t WHERE id = 1 FOR UPDATE                   | public.t
            UPDATE stamped SET id = 1                                 | public.stamped
            """)
    void whoWritesBehindItLocksOutOthersWhoDo(String sql, String expected) {
        TableLocks locks = locks(sql);
        assertEquals(expected, tables(locks));
        assertEquals(Mode.SHARE_ROW_EXCLUSIVE, locks.mode());
        assertTrue(locks.isComplete());
        assertTrue(locks.touchesRows());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "INSERT INTO t VALUES (1, 2), (2, 3)",
                "INSERT INTO t (id) VALUES (1) RETURNING id",
                "INSERT INTO settings DEFAULT VALUES",
                "COPY t FROM STDIN"
            })
    void rowsThatAreOnlyAddedLockNothingButAreNotForgotten(String sql) {
        TableLocks locks = locks(sql);
        assertEquals("", tables(locks));
        assertTrue(locks.touchesRows());
        assertFalse(locks.isComplete());
    }

    @Test
    void eachShardLocksWhatItMayHave() {
        TableLocks locks = locks("SELECT * FROM t, audit, countries, settings");
        assertEquals(
                "[public.countries, public.settings, public.t]",
                locks.on(SampleDatabase.S0).toString());
        assertEquals(
                "[public.audit, public.countries, public.t]",
                locks.on(SampleDatabase.S1).toString());
        assertEquals("[public.countries, public.t]", locks.on(SampleDatabase.S2).toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT sneaky()",
                "SELECT audited()",
                "SELECT builds()",
                "SELECT snake()",
                "SELECT query_to_xml('SELECT 1', true, true, '')",
                "CREATE TABLE made AS SELECT * FROM t",
                "/* ostraka: shard=s0 */ SELECT * FROM settings",
                "UPDATE logged SET id = 1"
            })
    void whatMayReadUnseenIsRefused(String sql) {
        // With a plan of its own kind, or planned for one shard.
        List<PlannedStatement> planned = sample.planner().planOn(SampleDatabase.S0, sql);
        PgErrorException refused = assertThrows(PgErrorException.class, () -> sample.planner()
                .locks(
                        sql.startsWith("CREATE")
                                ? sample.planner()
                                        .plan(sql, SampleDatabase.PATH)
                                        .get(0)
                                : planned.get(0),
                        SampleDatabase.PATH));
        assertEquals(SqlState.FEATURE_NOT_SUPPORTED, refused.error().state());
        assertFalse(refused.error().hint().isEmpty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"VACUUM", "DO $$BEGIN END$$", "CALL sneaky()", "REFRESH MATERIALIZED VIEW t_mat"})
    void whatIsNoQueryIsRefused(String sql) {
        PlannedStatement forced =
                sample.planner().planOn(SampleDatabase.S0, sql).get(0);
        assertThrows(PgErrorException.class, () -> sample.planner().locks(forced, SampleDatabase.PATH));
    }

    @Test
    void whatNamesNoTableNeedsNoTransaction() {
        assertFalse(locks("SELECT 1").touchesRows());
        assertFalse(locks("SELECT relname FROM pg_catalog.pg_class").touchesRows());
        assertFalse(locks("DECLARE c CURSOR FOR SELECT * FROM t").touchesRows());
        assertTrue(locks("DECLARE c CURSOR WITH HOLD FOR SELECT * FROM t").touchesRows());
        PlannedStatement execute =
                sample.planner().plan("EXECUTE p(1)", SampleDatabase.PATH).get(0);
        assertTrue(sample.planner().locks(execute, SampleDatabase.PATH).touchesRows());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT current_setting('transaction_isolation')",
                "SELECT current_setting('TRANSACTION_ISOLATION')",
                "SELECT * FROM pg_catalog.pg_settings"
            })
    void whoAsksForTheLevelIsKnown(String sql) {
        assertTrue(locks(sql).asksForLevel());
        assertFalse(locks("SELECT current_setting('work_mem')").asksForLevel());
    }
}
