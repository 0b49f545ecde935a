package io.ostraka.proxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandTagTest {
    @ParameterizedTest
    @CsvSource({
        "INSERT 0 1, true",
        "INSERT 0 0, false",
        "UPDATE 1, true",
        "UPDATE 10, true",
        "UPDATE 0, false",
        "DELETE 100, true",
        "DELETE 0, false",
        "MERGE 2, true",
        "MERGE 0, false",
        "MOVE 3, false",
        "SELECT 4, false",
        "COPY 5, false",
        "DECLARE CURSOR, false",
        "DROP TABLE, false",
        "IMPORT FOREIGN SCHEMA, false",
        "UNLISTEN, false",
        "DO, false",
        "'', false",
    })
    void rowsAreChangedWhenTheCountSaysSo(String tag, boolean changes) {
        ByteBuf out = Unpooled.buffer();
        out.writeByte(0); // what is before does not matter
        BackendMessages.commandComplete(out, tag);
        assertEquals(changes, CommandTag.hasChangedRows(out, 1));
    }
}
