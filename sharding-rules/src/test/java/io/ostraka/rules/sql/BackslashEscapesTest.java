package io.ostraka.rules.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ostraka.rules.error.PgErrorException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BackslashEscapesTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '\0',
            value = {
                "SELECT 'a\\'b' ~ SELECT E'a\\'b'",
                "SELECT 'a\\\\', 'b' ~ SELECT E'a\\\\', 'b'",
                "SELECT 'a\\''||'; DROP TABLE t; --' ~ SELECT E'a\\''||'; DROP TABLE t; --'",
                "SELECT 'it''s\\n' ~ SELECT E'it''s\\n'",
                "SELECT date'2000\\-01-01' ~ SELECT date E'2000\\-01-01'",
                "SELECT E'a\\'b', $$a\\'$$, \"a\\\" ~ SELECT E'a\\'b', $$a\\'$$, \"a\\\"",
                "SELECT U&'\\0061', B'1' -- 'a\\' ~ SELECT U&'\\0061', B'1' -- 'a\\'",
                "SELECT 1 /* 'a\\' */, 'b\\'' ~ SELECT 1 /* 'a\\' */, E'b\\''",
            })
    void aConstantWithABackslashSaysThatItEscapes(String sql, String spelledOut) {
        assertEquals(spelledOut, BackslashEscapes.spelledOut(sql));
        assertEquals(spelledOut, BackslashEscapes.spelledOut(spelledOut), "once more");
    }

    @Test
    void oneThatGoesOnInTheNextLineSaysItOnce() {
        assertEquals("SELECT E'a'\n 'b\\'c', 'd'", BackslashEscapes.spelledOut("SELECT 'a'\n 'b\\'c', 'd'"));
    }

    @Test
    void aTextWithoutBackslashesIsLeftAlone() {
        String sql = "SELECT 'a', 'b''c'";
        assertSame(sql, BackslashEscapes.spelledOut(sql));
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT 'a\\'", "SELECT N'a\\'b'", "SELECT '\\", "SELECT '' /* \\"})
    void whatCannotBeSpelledOutIsRefused(String sql) {
        assertThrows(PgErrorException.class, () -> BackslashEscapes.spelledOut(sql));
    }
}
