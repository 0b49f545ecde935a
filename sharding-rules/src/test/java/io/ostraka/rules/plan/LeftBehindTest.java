package io.ostraka.rules.plan;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Function;
import io.ostraka.rules.catalog.FunctionName;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Functions that leave something in their connection, and those that do not. */
class LeftBehindTest {
    private static Function function(String name, String language, String body) {
        return Function.overload(
                new FunctionName("public", name),
                Function.Kind.FUNCTION,
                Function.Volatility.VOLATILE,
                false,
                language,
                body);
    }

    private static boolean isPossible(String language, String body) {
        Catalog catalog = Catalog.builder(1)
                .function(function("f", language, body))
                .function(function("g", "sql", "SELECT f()"))
                .build();
        boolean directly = LeftBehind.isPossible(catalog, Set.of("select", "f"));
        boolean through = LeftBehind.isPossible(catalog, Set.of("select", "g"));
        assertTrue(directly == through, "a function that calls it is like it");
        return directly;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "BEGIN PERFORM set_config('work_mem', '1MB', false); END",
                "BEGIN SET work_mem = '1MB'; END",
                "BEGIN NULL; -- a comment\n SET /* another */ work_mem = '1MB'; END",
                "BEGIN IF true THEN SET SESSION work_mem = '1MB'; END IF; END",
                "BEGIN RESET work_mem; END",
                "BEGIN CREATE TEMP TABLE t (a int); END",
                "BEGIN CREATE TABLE pg_temp.t (a int); END",
                "BEGIN PERFORM pg_advisory_lock(1); END",
                "BEGIN EXECUTE 'SET work_mem = 1'; END",
                "BEGIN LISTEN news; END",
                "BEGIN SELECT 'not closed; END"
            })
    void whatItMayLeave(String body) {
        assertTrue(isPossible("plpgsql", body), body);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "BEGIN UPDATE t SET a = 1; END",
                "BEGIN INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2; END",
                "BEGIN SET LOCAL work_mem = '1MB'; END",
                "BEGIN SET CONSTRAINTS ALL DEFERRED; END",
                "BEGIN PERFORM pg_advisory_xact_lock(1); END",
                "BEGIN RAISE NOTICE 'SET work_mem'; RETURN 1; END"
            })
    void whatItDoesNot(String body) {
        assertFalse(isPossible("plpgsql", body), body);
    }

    @Test
    void aLanguageThatIsNotReadMayLeaveAnything() {
        assertTrue(isPossible("plpython3u", "return 1"));
        assertFalse(isPossible("c", ""));
    }

    @Test
    void otherFunctionsDoNotMatter() {
        Catalog catalog = Catalog.builder(1)
                .function(function("f", "plpgsql", "BEGIN SET work_mem = '1MB'; END"))
                .build();
        assertFalse(LeftBehind.isPossible(catalog, Set.of("select", "h")));
    }
}
