package io.ostraka.rules.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ostraka.rules.error.PgErrorException;
import java.math.BigDecimal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenTextTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '\0',
            value = {
                "'it''s' ~ it's",
                "'\\n' ~ \\n",
                "E'a\\\\b\\'c''d' ~ a\\b'c'd",
                "E'\\x41\\102\\u0043\\U00000044' ~ ABCD",
                "E'\\xc3\\xa9' ~ é",
                "E'\\ud83d\\ude00' ~ 😀",
                "E'\\q\\xg' ~ qxg",
                "U&'d\\0061t\\+000061\\\\' ~ data\\",
                "U&'\\D83D\\DE00' ~ 😀",
                "N'x''y' ~ x'y",
                "$a$it's $b$$a$ ~ it's $b$",
                "B'101' ~ 101",
            })
    void constantsStandForTheirText(String token, String text) {
        assertEquals(text, TokenText.string(token));
    }

    @Test
    void continuedStringsAreJoined() {
        assertEquals("a'bc", TokenText.string("'a'''\n -- it's\n 'bc'"));
        assertEquals("a\n\t", TokenText.string("E'a\\n'\n'\\t'"));
        assertEquals("da", TokenText.string("U&'d'\n'\\0061'"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "E'\\xff'",
                "E'\\000'",
                "E'\\u12'",
                "E'\\ud83d'",
                "U&'\\12'",
                "U&'\\DE00'",
                "U&'\\D83Dx'",
                "E'\\u0000'"
            })
    void escapesThatAreNoTextAreErrors(String token) {
        assertThrows(PgErrorException.class, () -> TokenText.string(token));
    }

    @ParameterizedTest
    @CsvSource({
        "1_000,1000",
        "0x1F,31",
        "0o17,15",
        "0b1_01,5",
        ".5,0.5",
        "1.,1",
        "1e3,1000",
        "00012,12",
        "0,0",
        "1_0.0_5e1_0,10.05e10"
    })
    void numbersHaveTheirValue(String token, BigDecimal value) {
        assertEquals(0, value.compareTo(TokenText.number(token)));
    }
}
