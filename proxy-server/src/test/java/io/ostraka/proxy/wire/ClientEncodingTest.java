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
import org.junit.jupiter.params.provider.ValueSource;

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
        "vscii, WIN1258"
    })
    void namesAreThoseThatPostgresKnows(String written, String name) {
        assertEquals(name, ClientEncoding.require(written).name());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SJIS",
                "BIG5",
                "GBK",
                "UHC",
                "JOHAB",
                "GB18030",
                "EUC_JP",
                "EUC_KR",
                "MULE_INTERNAL",
                "LATIN11",
                ""
            })
    void encodingsOfSeveralBytesAreNotRead(String name) {
        assertEquals(Optional.empty(), ClientEncoding.named(name));
        assertEquals(
                SqlState.FEATURE_NOT_SUPPORTED,
                assertThrows(PgErrorException.class, () -> ClientEncoding.require(name))
                        .error()
                        .state());
    }

    @Test
    void textIsTheSameThereAndBack() {
        byte[] text = {'c', 'a', 'f', (byte) 0xE9};
        assertEquals("caf\u00e9", LATIN1.text(text));
        assertArrayEquals(text, LATIN1.bytes("caf\u00e9"));
        assertArrayEquals("caf\u00e9".getBytes(UTF_8), LATIN1.inUtf8(text));
        assertArrayEquals(text, LATIN1.ofUtf8("caf\u00e9".getBytes(UTF_8)));
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
