package io.ostraka.proxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandTagTest {
    private static final int BEFORE = 1;

    private static ByteBuf complete(String tag) {
        ByteBuf out = Unpooled.buffer();
        out.writeZero(BEFORE);
        BackendMessages.commandComplete(out, tag);
        return out;
    }

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
        assertEquals(changes, CommandTag.hasChangedRows(complete(tag), BEFORE));
    }

    @ParameterizedTest
    @CsvSource({
        "LOCK TABLE, true",
        "TRUNCATE TABLE, true",
        "ALTER TABLE, true",
        "DROP INDEX, true",
        "CLUSTER, true",
        "REINDEX, true",
        "REFRESH MATERIALIZED VIEW, true",
        "CREATE RULE, true",
        "CREATE INDEX, false",
        "CLOSE CURSOR, false",
        "UPDATE 1, false",
        "DELETE 1, false",
        "DO, false",
        "'', false",
    })
    void readersAreLockedOutByWhatChangesOrLocksTables(String tag, boolean locks) {
        assertEquals(locks, CommandTag.mayLockOutReaders(complete(tag), BEFORE));
    }
}
