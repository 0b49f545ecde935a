package io.ostraka.rules.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LexerTest {
    private static String kinds(String sql) {
        Lexer lexer = new Lexer(sql);
        List<String> kinds = new ArrayList<>();
        while (lexer.next() != TokenKind.END) {
            kinds.add(lexer.kind() + " " + lexer.text());
        }
        return String.join(" | ", kinds);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '\0',
            value = {
                "a//b ~ IDENTIFIER a | OPERATOR // | IDENTIFIER b",
                "/* a /* b */ c */ d ~ IDENTIFIER d",
                "1--c ~ INTEGER 1",
                "$1$2 ~ PARAMETER $1 | PARAMETER $2",
                "$tag$ '$other$ $tag$ ~ DOLLAR_STRING $tag$ '$other$ $tag$",
                "a$b$c ~ IDENTIFIER a$b$c",
                "$$a$b$$ ~ DOLLAR_STRING $$a$b$$",
                "$é$x$é$ ~ DOLLAR_STRING $é$x$é$",
                "$a b$ ~ STRAY $ | IDENTIFIER a | IDENTIFIER b$",
                "B'101' ~ BIT_STRING B'101'",
                "x'1F'y ~ HEX_STRING x'1F' | IDENTIFIER y",
                "B'1''0' ~ BIT_STRING B'1' | STRING '0'",
                "N'é''' ~ NATIONAL_STRING N'é'''",
                "E'\\'' ~ ESCAPE_STRING E'\\''",
                "'\\' ~ STRING '\\'",
                "U&'\\0041' ~ UNICODE_STRING U&'\\0041'",
                "U&\"a\"\"b\" ~ UNICODE_IDENTIFIER U&\"a\"\"b\"",
                "U &'a' ~ IDENTIFIER U | OPERATOR & | STRING 'a'",
                "1_000 ~ INTEGER 1_000",
                "0x1F 0o17 0b1 0x_f ~ INTEGER 0x1F | INTEGER 0o17 | INTEGER 0b1 | INTEGER 0x_f",
                "1..10 ~ INTEGER 1 | DOT_DOT .. | INTEGER 10",
                ".5.5 1. 1.e5 .5e-3 ~ NUMERIC .5 | NUMERIC .5 | NUMERIC 1. | NUMERIC 1.e5 | NUMERIC .5e-3",
                "1.5..2 ~ NUMERIC 1.5 | DOT_DOT .. | INTEGER 2",
                "a=-1 ~ IDENTIFIER a | EQUALS = | MINUS - | INTEGER 1",
                "a@-1 ~ IDENTIFIER a | OPERATOR @- | INTEGER 1",
                "a<->b ~ IDENTIFIER a | OPERATOR <-> | IDENTIFIER b",
                "a*+-b ~ IDENTIFIER a | STAR * | PLUS + | MINUS - | IDENTIFIER b",
                "a<=-1 ~ IDENTIFIER a | LESS_EQUALS <= | MINUS - | INTEGER 1",
                "a+--b ~ IDENTIFIER a | PLUS +",
                "a@/*c*/b ~ IDENTIFIER a | OPERATOR @ | IDENTIFIER b",
                "a::b:=c=>d:e ~ IDENTIFIER a | TYPECAST :: | IDENTIFIER b | COLON_EQUALS := | IDENTIFIER c | EQUALS_GREATER => | IDENTIFIER d | COLON : | IDENTIFIER e",
                "a!=b<>c ~ IDENTIFIER a | NOT_EQUALS != | IDENTIFIER b | NOT_EQUALS <> | IDENTIFIER c",
                "a<=>b ~ IDENTIFIER a | OPERATOR <=> | IDENTIFIER b",
                "a->>'b' ~ IDENTIFIER a | OPERATOR ->> | STRING 'b'",
                "a? ?|b ~ IDENTIFIER a | OPERATOR ? | OPERATOR ?| | IDENTIFIER b",
                "größe_1 ~ IDENTIFIER größe_1",
            })
    void tokensAreCutAsPostgresCutsThem(String sql, String tokens) {
        assertEquals(tokens, kinds(sql));
    }

    @Test
    void aStringContinuesOnTheNextLineOnly() {
        assertEquals("STRING 'a'\n -- why\n 'b'", kinds("'a'\n -- why\n 'b'"));
        assertEquals("STRING 'a'\r'b'", kinds("'a'\r'b'"));
        assertEquals("STRING 'a' -- why\n'b'", kinds("'a' -- why\n'b'"));
        assertEquals("STRING 'a' | STRING 'b'", kinds("'a' 'b'"));
        assertEquals("STRING 'a' | STRING 'b'", kinds("'a'\n/* no */'b'"));
        assertEquals("STRING 'a' | INTEGER 1", kinds("'a'\n1"));
    }

    @Test
    void aQuotedNameMayHoldNewlines() {
        assertEquals("QUOTED_IDENTIFIER \"a\nb\"", kinds("\"a\nb\""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'a",
                "E'a\\'",
                "\"a",
                "\"\"",
                "U&\"\"",
                "/* /* */",
                "$$a",
                "$a$ $b$",
                "B'1",
                "1a",
                "1_",
                "1__0",
                "0x",
                "0xG",
                "0b2",
                "0o8",
                "1e",
                "1e+",
                "1.5a",
                "1e5e",
                "$1a",
                "1é"
            })
    void whatPostgresCannotCutIsASyntaxError(String sql) {
        PgErrorException failure = assertThrows(PgErrorException.class, () -> kinds("é " + sql));
        assertEquals(SqlState.SYNTAX_ERROR, failure.error().state());
        assertEquals(3, failure.error().position());
    }

    @Test
    void namesFoldInAsciiOnlyAndAreCutAtSixtyThreeBytes() {
        assertEquals("grÖsse", name("GrÖSSE"));
        assertEquals("A\"b", name("\"A\"\"b\""));
        assertEquals("a".repeat(63), name("A".repeat(70)));
        assertEquals("a" + "é".repeat(31), name("a" + "é".repeat(40)));
        assertEquals("é".repeat(31), name("\"" + "é".repeat(32) + "\""));
        assertEquals("dAta", name("U&\"d\\0041t\\+000061\""));
    }

    private static String name(String sql) {
        Lexer lexer = new Lexer(sql);
        assertTrue(lexer.next().isIdentifier());
        return lexer.name();
    }

    @Test
    void keywordsAreFoundInAnyCaseAndNeverInQuotes() {
        Lexer lexer = new Lexer("SeLeCt \"select\" selec selects");
        lexer.next();
        assertEquals("select", lexer.keyword());
        for (int i = 0; i < 3; i++) {
            lexer.next();
            assertEquals("", lexer.keyword());
        }
        assertEquals(494, Keywords.count());
        for (int number = 0; number < Keywords.count(); number++) {
            assertEquals(number, Keywords.find(Keywords.word(number)));
        }
    }
}
