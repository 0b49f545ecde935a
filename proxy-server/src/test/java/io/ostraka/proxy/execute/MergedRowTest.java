package io.ostraka.proxy.execute;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.ostraka.proxy.wire.CorruptedFrameException;
import io.ostraka.rules.plan.SortType;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows of one shown column and one key. What a hostile shard sends in their place is refused, and nothing of it is kept. */
class MergedRowTest {
    private static final String SOUND = "\0\2\0\0\0\1x\0\0\0\4\0\0\0\7";

    private final MergedRow row = new MergedRow(1, 1);

    /** The row, and a sound one behind it, so that whoever reads too far finds bytes. */
    private static ByteBuf dataRow(String payload) {
        ByteBuf out = Unpooled.buffer();
        for (String each : List.of(payload, SOUND)) {
            out.writeByte('D');
            out.writeInt(Integer.BYTES + each.length());
            out.writeCharSequence(each, ISO_8859_1);
        }
        return out;
    }

    @Test
    void aSoundRowIsShownWithoutItsKey() {
        ByteBuf bytes = dataRow(SOUND);
        ByteBuf shown = Unpooled.buffer();
        row.read(bytes, 0, List.of(SortType.INT4));
        row.writeShown(shown);
        assertEquals("D\0\0\0\13\0\1\0\0\0\1x", shown.toString(ISO_8859_1));
        row.release();
        assertEquals(1, bytes.refCnt());
    }

    @Test
    void aKeyMayBeNull() {
        ByteBuf bytes = dataRow("\0\2\377\377\377\377\377\377\377\377");
        ByteBuf shown = Unpooled.buffer();
        row.read(bytes, 0, List.of(SortType.INT4));
        row.writeShown(shown);
        assertEquals("D\0\0\0\12\0\1\377\377\377\377", shown.toString(ISO_8859_1));
        row.release();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\0",
                "\0\2",
                "\0\1\0\0\0\1x",
                "\0\3\0\0\0\1x\0\0\0\4\0\0\0\7",
                "\0\2\0\0\0",
                "\0\2\0\0\0\2x",
                "\0\2\0\0\0\1x",
                "\0\2\0\0\0\1x\0\0\0",
                "\0\2\0\0\0\1x\0\0\0\4\0\0\7",
                "\0\2\377\377\377\376\0\0\0\4\0\0\0\7",
                "\0\2\200\0\0\0\0\0\0\4\0\0\0\7",
                "\0\2\177\377\377\377\0\0\0\4\0\0\0\7",
                "\0\2\0\0\0\1x\377\377\377\376",
                "\0\2\0\0\0\1x\200\0\0\0",
                "\0\2\0\0\0\1x\177\377\377\377\0\0\0\7",
                "\0\2\0\0\0\1x\0\0\0\0",
                "\0\2\0\0\0\1x\0\0\0\2\0\7",
                "\0\2\0\0\0\1x\0\0\0\5\0\0\0\7\0",
                "\0\2\0\0\0\1x\0\0\0\4\0\0\0\7y",
            })
    void whatIsNotSuchARowIsRefused(String payload) {
        ByteBuf bytes = dataRow(payload);
        assertThrows(CorruptedFrameException.class, () -> row.read(bytes, 0, List.of(SortType.INT4)));
        row.release();
        assertEquals(1, bytes.refCnt());
    }

    @ParameterizedTest(name = "{0} in {1} bytes")
    @CsvSource({
        "BOOL, 0",
        "CHAR, 2",
        "INT2, 1",
        "INT4, 3",
        "DATE, 5",
        "OID, 0",
        "FLOAT4, 8",
        "FLOAT8, 4",
        "INT8, 4",
        "MONEY, 7",
        "TIME, 12",
        "TIMESTAMP, 4",
        "TIMESTAMPTZ, 9",
        "PG_LSN, 0",
        "TIMETZ, 8",
        "INTERVAL, 15",
        "NUMERIC, 0",
        "NUMERIC, 7",
        "NUMERIC, 9",
        "NUMERIC, 10",
    })
    void aKeyHasTheBytesOfItsType(SortType type, int length) {
        ByteBuf bytes = dataRow("\0\2\0\0\0\1x\0\0\0" + (char) length + "\0".repeat(length));
        assertThrows(CorruptedFrameException.class, () -> row.read(bytes, 0, List.of(type)));
    }
}
