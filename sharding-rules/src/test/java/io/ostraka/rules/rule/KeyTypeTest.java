package io.ostraka.rules.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What is understood and what is not; that it is understood <i>rightly</i> is shown against a real server. */
class KeyTypeTest {

    @ParameterizedTest(name = "{0} of {1} is slot {2} of 1024")
    @CsvSource({
        "int4, 1, 952",
        "int8, -1, 933",
        "text, Ωmega, 894",
        "uuid, a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11, 464",
        "numeric, -12.50, 513",
        "date, 2026-01-01, 269",
        "timestamptz, 2026-01-01T00:00:00Z, 553",
        "bytea, \\x00ff, 841",
        "bool, t, 952",
    })
    void slotsSeenOnPostgres(String type, String text, int slot) {
        KeyValue key =
                KeyType.named(type).flatMap(known -> known.fromText(text)).orElseThrow();
        assertEquals(slot, PgHash.slot(List.of(key), 1024));
    }

    @ParameterizedTest(name = "{0}: [{1}]")
    @CsvSource({
        "int4, ''",
        "int4, -",
        "int4, 1.0",
        "int4, 0x10",
        "int4, 1_000",
        "int4, 2147483648",
        "int4, 1 2",
        "int4, ١",
        "int2, 32768",
        "int8, 9223372036854775808",
        "int8, 99999999999999999999",
        "numeric, ''",
        "numeric, .",
        "numeric, 1e",
        "numeric, 1_0",
        "numeric, 0x1",
        "numeric, -NaN",
        "numeric, 1e99999",
        "numeric, infin",
        "uuid, a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1",
        "uuid, {a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "uuid, ' a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
        "uuid, a0e-ebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "date, 01/02/2026",
        "date, 2026-1-2",
        "date, 2026-02-30",
        "date, today",
        "date, 0000-01-01",
        "date, 'Jan 2, 2026'",
        "date, 20260102",
        "timestamp, now",
        "timestamp, 2026-01-01 24:00:00",
        "timestamp, 2026-01-01 10:00:60",
        "timestamp, 2026-01-01 10:00:00.1234567",
        "timestamp, 294277-01-01 00:00:00",
        "timestamptz, 2026-01-01 10:00:00",
        "timestamptz, 2026-01-01",
        "timestamptz, 2026-01-01 10:00:00 Europe/Athens",
        "timestamptz, 2026-01-01 10:00:00+16",
        "timestamptz, 2026-01-01 10:00:00+0007:57",
        "bytea, \\x0",
        "bytea, \\xzz",
        "bytea, \\9",
        "bool, o",
        "bool, 2",
        "bool, ''",
    })
    void doubtfulInputIsNotUnderstood(String type, String text) {
        KeyType known = KeyType.named(type).orElseThrow();
        assertEquals(Optional.empty(), known.fromText(text));
        assertEquals(Optional.empty(), known.fromText(text.getBytes(StandardCharsets.UTF_8)));
    }

    @ParameterizedTest
    @EnumSource
    void textThatNoServerHoldsIsNotUnderstood(KeyType type) {
        assertEquals(Optional.empty(), type.fromText("1\0"));
        assertEquals(Optional.empty(), type.fromText(new byte[] {'1', 0}));
        assertEquals(Optional.empty(), type.fromText("\uD83D"));
        assertEquals(Optional.empty(), type.fromText(new byte[] {(byte) 0xC0, (byte) 0xAF}));
    }

    @ParameterizedTest(name = "{0} of {1}")
    @CsvSource({
        "int2, 000001",
        "int4, 0001",
        "int8, 00000001",
        "uuid, 00",
        "date, 0001",
        "timestamp, 00000001",
        "bool, ''",
        "bool, 0001",
        "date, 7ffffffe",
        "timestamp, 7ffffffffffffffe",
        "text, ff",
        "text, 6100",
        "numeric, 0001",
        // Digit 10000; a sign that is none; a digit that the display scale hides; less and more than is announced.
        "numeric, 00010000000000002710",
        "numeric, 00010000123400000001",
        "numeric, 0001ffff000000000001",
        "numeric, 00020000000000000001",
        "numeric, 000000000000000000",
    })
    void malformedBinaryIsNotUnderstood(String type, String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        assertEquals(Optional.empty(), KeyType.named(type).orElseThrow().fromBinary(bytes));
    }

    @ParameterizedTest(name = "{0} = {1} {2}: {3}")
    @CsvSource({
        "int4, int8, 7, 7",
        "int4, int8, 2147483648, no row",
        "int2, int4, -32769, no row",
        "int4, numeric, 7.00, 7",
        "int4, numeric, 7.5, no row",
        "int8, numeric, 1e30, no row",
        "int4, numeric, NaN, no row",
        "int4, numeric, -Infinity, no row",
        "numeric, int8, -70, -70",
        "text, varchar, a, a",
        "text, bpchar, a, unknown",
        "varchar, bpchar, a, unknown",
        "bpchar, text, 'a ', a",
        "date, timestamp, 2026-01-01 00:00:00, 2026-01-01",
        "date, timestamp, 2026-01-01 00:00:01, no row",
        "date, timestamptz, 2026-01-01 00:00:00Z, unknown",
        "timestamp, date, 2026-01-01, 2026-01-01 00:00:00",
        "timestamp, date, 294277-01-01, no row",
        "timestamp, date, -infinity, -infinity",
        "timestamptz, timestamp, 2026-01-01 00:00:00, unknown",
        "text, int4, 7, unknown",
        "int4, text, 7, unknown",
        "uuid, text, x, unknown",
        "bool, int4, 1, unknown",
    })
    void aComparisonSelectsAKeyOrNothingOrIsUnknown(String column, String type, String text, String expected) {
        KeyValue value =
                KeyType.named(type).flatMap(known -> known.fromText(text)).orElseThrow();
        KeyMatch match = KeyType.named(column).orElseThrow().compared(value);
        assertEquals(expected, words(match));
        if (match instanceof KeyMatch.Key key) {
            assertEquals(column, key.value().type().typeName());
        }
    }

    @ParameterizedTest(name = "{0} into {1} with modifier {2}: {3}")
    @CsvSource({
        "1.005, numeric, 655366, 1.01",
        "-1.005, numeric, 655366, -1.01",
        "123456789.00, numeric, 655366, unknown",
        "1.5, int4, -1, 2",
        "2.5, int4, -1, 3",
        "-2.5, int4, -1, -3",
        "2147483647.5, int4, -1, unknown",
        "NaN, int4, -1, unknown",
    })
    void storingRounds(String number, String column, int modifier, String expected) {
        KeyValue value = KeyType.NUMERIC.fromText(number).orElseThrow();
        assertEquals(expected, words(KeyType.named(column).orElseThrow().stored(value, modifier)));
    }

    @Test
    void storingInVarcharCutsNothingButBlanks() {
        KeyValue blanks = KeyType.TEXT.fromText("éa   ").orElseThrow();
        assertEquals("éa ", words(KeyType.VARCHAR.stored(blanks, 4 + 3)));
        assertEquals("éa   ", words(KeyType.VARCHAR.stored(blanks, -1)));
        assertEquals("unknown", words(KeyType.VARCHAR.stored(blanks, 4 + 1)));
    }

    @ParameterizedTest(name = "{0} is {1} {2}")
    @CsvSource({
        "7, int4, 7",
        "-7, int4, -7",
        "2147483648, int8, 2147483648",
        "9223372036854775808, numeric, 9223372036854775808",
        "7.0, numeric, 7",
        "7e0, numeric, 7",
        ".5, numeric, 0.5",
    })
    void numbersOfTheStatementHaveTheServersType(String literal, String type, String value) {
        KeyValue key = KeyType.ofNumericLiteral(literal).orElseThrow();
        assertEquals(type, key.type().typeName());
        assertEquals(value, key.toString());
    }

    @ParameterizedTest
    @CsvSource({"NaN", "0x1F", "1_000", "''", "1e", "' 7'", "Infinity", "1.2.3"})
    void otherThingsAreNoNumbers(String literal) {
        assertEquals(Optional.empty(), KeyType.ofNumericLiteral(literal));
    }

    @Test
    void everyTypeIsFoundByNameAndByOid() {
        for (KeyType type : KeyType.values()) {
            assertEquals(Optional.of(type), KeyType.named(type.typeName()));
            assertEquals(Optional.of(type), KeyType.ofOid(type.oid()));
        }
        assertTrue(Arrays.stream(KeyType.values()).map(KeyType::oid).distinct().count() == 13);
        assertEquals(Optional.empty(), KeyType.named("float8"));
        assertEquals(Optional.empty(), KeyType.ofOid(701));
    }

    private static String words(KeyMatch match) {
        if (match instanceof KeyMatch.Key key) {
            return key.value().toString();
        }
        return match.equals(KeyMatch.NO_ROW) ? "no row" : "unknown";
    }
}
