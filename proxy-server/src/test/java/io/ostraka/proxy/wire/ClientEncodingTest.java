package io.ostraka.proxy.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.ostraka.proxy.wire.BackendMessages.Severity;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientEncodingTest {
    private static final ClientEncoding LATIN1 = ClientEncoding.require("LATIN1");
    private static final ClientEncoding WIN1252 = ClientEncoding.require("WIN1252");

    @ParameterizedTest
    @CsvSource({
        "UTF8, UTF8",
        "utf-8, UTF8",
        "Unicode, UTF8",
        "SQL_ASCII, SQL_ASCII",
        "latin-1, LATIN1",
        "iso-8859-1, LATIN1",
        "ISO88595, ISO_8859_5",
        "iso_8859_15, LATIN9",
        "windows-1252, WIN1252",
        "koi8, KOI8R",
        "alt, WIN866",
        "vscii, WIN1258",
        "Shift JIS, SJIS",
        "mskanji, SJIS",
        "euc-jp, EUC_JP",
        "windows949, UHC",
        "win936, GBK",
        "big-5, BIG5",
        "gb18030, GB18030"
    })
    void namesAreThoseThatPostgresKnows(String written, String name) {
        assertEquals(name, ClientEncoding.require(written).name());
    }

    @ParameterizedTest
    @CsvSource({"MULE_INTERNAL, 0A000", "LATIN11, 22023", "'', 22023"})
    void othersAreRefused(String name, String state) {
        assertEquals(Optional.empty(), ClientEncoding.named(name));
        PgError error = error(() -> ClientEncoding.require(name));
        assertEquals("invalid value for parameter \"client_encoding\": \"" + name + "\"", error.message());
        assertEquals(state, error.state().code());
    }

    @Test
    void textIsTheSameThereAndBack() {
        byte[] text = {'c', 'a', 'f', (byte) 0xE9};
        assertEquals("caf\u00e9", LATIN1.text(text));
        assertArrayEquals(text, LATIN1.bytes("caf\u00e9"));
        assertArrayEquals("caf\u00e9".getBytes(UTF_8), LATIN1.inUtf8(text));
        assertArrayEquals("\u20ac".getBytes(UTF_8), WIN1252.inUtf8(new byte[] {(byte) 0x80}));
        assertTrue(ClientEncoding.UTF8.isUtf8());
        assertFalse(LATIN1.isUtf8());
    }

    @Test
    void whatNeedsNoConversionIsNotCopied() {
        byte[] ascii = {'c', 'a', 'f', 'e'};
        byte[] utf8 = "caf\u00e9".getBytes(UTF_8);
        assertSame(ascii, LATIN1.inUtf8(ascii));
        assertSame(utf8, ClientEncoding.UTF8.inUtf8(utf8));
    }

    @Test
    void laterBytesOfACharacterAreNoSigns() {
        ClientEncoding sjis = ClientEncoding.require("SJIS");
        byte[] table = {(byte) 0x95, '\\', '\''};
        assertEquals("\u8868'", sjis.text(table));
        assertArrayEquals(table, sjis.bytes("\u8868'"));
        assertEquals(2, sjis.lengthAt(table, 0, 3));
        assertEquals(1, sjis.lengthAt(table, 2, 3));
        ClientEncoding gb18030 = ClientEncoding.require("GB18030");
        assertArrayEquals(new byte[] {(byte) 0x81, '0', (byte) 0x81, '0'}, gb18030.bytes("\u0080"));
        assertEquals("\ud83d\ude00", gb18030.text(gb18030.bytes("\ud83d\ude00")));
        assertEquals(4, gb18030.lengthAt(gb18030.bytes("\ud83d\ude00"), 0, 4));
    }

    @Test
    void twoCharactersMayHaveOneCode() {
        ClientEncoding jis2004 = ClientEncoding.require("EUC_JIS_2004");
        byte[] together = jis2004.bytes("\u304b\u309a");
        assertEquals(2, together.length);
        assertEquals("\u304b\u309a", jis2004.text(together));
        assertEquals("\u304b", jis2004.text(jis2004.bytes("\u304b")));
    }

    @Test
    void aCodeThatTwoCharactersHaveIsReadAsTheOneThatHasIt() {
        ClientEncoding sjis = ClientEncoding.require("SJIS");
        assertEquals("\\", sjis.text(new byte[] {'\\'}));
        // The server would write a yen sign as a backslash.
        assertEquals(
                SqlState.UNTRANSLATABLE_CHARACTER,
                error(() -> sjis.bytes("\u00a5")).state());
        assertEquals(
                SqlState.FEATURE_NOT_SUPPORTED,
                error(() -> sjis.original(new byte[] {'\\'})).state());
        assertEquals("\u8868", sjis.original(new byte[] {(byte) 0x95, '\\'}));
    }

    @Test
    void whatIsNoCharacterIsAnErrorLikeTheServers() {
        assertEquals(
                "character with byte sequence 0x81 in encoding \"WIN1252\" has no equivalent in encoding \"UTF8\"",
                error(() -> WIN1252.text(new byte[] {(byte) 0x81})).message());
        PgError lacking = error(() -> LATIN1.bytes("1 \u20ac"));
        assertEquals(
                "character with byte sequence 0xe2 0x82 0xac in encoding \"UTF8\" has no equivalent in encoding \"LATIN1\"",
                lacking.message());
        assertEquals("22P05", lacking.state().code());
    }

    private static PgError error(org.junit.jupiter.api.function.Executable broken) {
        return assertThrows(PgErrorException.class, broken).error();
    }

    @Test
    void anErrorIsToldInAnyCase() {
        ByteBuf out = Unpooled.buffer();
        BackendMessages.error(
                out, Severity.ERROR, new PgError(SqlState.INTERNAL_ERROR, "1 \u20ac for a caf\u00e9"), LATIN1);
        ErrorFields read = ErrorFields.read(FieldReader.ofFrame(out, 0, LATIN1));
        assertEquals("1 ? for a caf\u00e9", read.message());
    }
}
