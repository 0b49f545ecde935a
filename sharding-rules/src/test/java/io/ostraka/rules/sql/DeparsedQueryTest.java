package io.ostraka.rules.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeparsedQueryTest {
    private static final String HEAD =
            "WITH RECURSIVE r AS (SELECT a, b) SEARCH DEPTH FIRST BY a SET s CYCLE a, \"B\" SET c ";
    private static final String TAIL = " USING p SELECT r.cycle FROM r";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "TO 'Y'::text DEFAULT 'N'::text | TO text 'Y' DEFAULT text 'N'",
                "TO 'it''s'::character varying(10) DEFAULT NULL::character varying | TO character varying(10) 'it''s' DEFAULT NULL",
                "TO '-1'::integer DEFAULT 1 | TO integer '-1' DEFAULT 1",
                "TO 1 DEFAULT '-1'::integer | TO 1 DEFAULT integer '-1'",
            })
    void constantsWithCastsAreTyped(String written, String readable) {
        assertEquals(HEAD + readable + TAIL, DeparsedQuery.readable(HEAD + written + TAIL));
        PgParser.parse(HEAD + readable + TAIL);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT cycle FROM t WHERE a = 'Y'::text",
                "SELECT t.cycle, b AS set FROM t",
                HEAD + "USING p SELECT 'x'::text",
                HEAD + "TO 'y' DEFAULT 'n' USING p SELECT 'x'::text",
                HEAD + "TO 'y'::text",
                "SELECT 1 AS cycle",
            })
    void everythingElseStays(String text) {
        assertEquals(text, DeparsedQuery.readable(text));
    }
}
