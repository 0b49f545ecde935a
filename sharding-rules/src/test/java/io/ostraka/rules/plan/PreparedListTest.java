package io.ostraka.rules.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is put in the place of {@code pg_prepared_xacts}. */
class PreparedListTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "SELECT gid FROM pg_prepared_xacts | WITH # SELECT gid FROM pg_prepared_xacts",
                "select 1 from pg_catalog . \"pg_prepared_xacts\" x | WITH # select 1 from \"pg_prepared_xacts\" x",
                "/* a */ WITH /* b */ r AS (SELECT 1) TABLE pg_prepared_xacts | /* a */ WITH #,  /* b */ r AS (SELECT 1) TABLE"
                        + " pg_prepared_xacts",
                "WITH RECURSIVE r AS (SELECT 1) SELECT 2 | WITH RECURSIVE #,  r AS (SELECT 1) SELECT 2",
                "SELECT pg_catalog.now() FROM pg_prepared_xacts | WITH # SELECT pg_catalog.now() FROM pg_prepared_xacts",
                "SELECT 'pg_catalog.pg_prepared_xacts' | WITH # SELECT 'pg_catalog.pg_prepared_xacts'",
            })
    void theListStandsInFrontUnderTheViewsName(String statement, String wanted) {
        String text = PreparedList.with(statement, List.of());
        int start = text.indexOf("pg_prepared_xacts (transaction");
        int end = text.indexOf(" WHERE false)") + " WHERE false)".length();
        assertEquals(wanted, text.substring(0, start) + '#' + text.substring(end));
    }

    @Test
    void namesAreQuoted() {
        String text = PreparedList.with(
                "TABLE pg_prepared_xacts",
                List.of(
                        new PreparedList.Row("it's", (1L << 32) + 5, Instant.EPOCH, "a'b", "shop", true),
                        new PreparedList.Row("x", 6, Instant.EPOCH, "app", "other", false)));
        assertTrue(text.contains("'5'::pg_catalog.xid, 'it''s'::pg_catalog.text, '1970-01-01T00:00:00Z'"), text);
        assertTrue(text.contains("'a''b'::pg_catalog.name, pg_catalog.current_database()::pg_catalog.name"), text);
        assertTrue(text.contains("'app'::pg_catalog.name, 'other'::pg_catalog.name"), text);
    }
}
