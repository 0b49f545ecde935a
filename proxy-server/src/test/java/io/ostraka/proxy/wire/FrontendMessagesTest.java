package io.ostraka.proxy.wire;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import org.junit.jupiter.api.Test;

/** Messages that the proxy makes for shards. */
class FrontendMessagesTest {
    private static final int MOST = 1000;
    /** Tag, length and the zero behind the text are not the text's. */
    private static final int TEXT = MOST - 6;

    private static SqlState refused(String sql) {
        return assertThrows(PgErrorException.class, () -> FrontendMessages.requireSendable(sql, MOST))
                .error()
                .state();
    }

    @Test
    void aTextMayBeAsLongAsAMessage() {
        assertDoesNotThrow(() -> FrontendMessages.requireSendable("x".repeat(TEXT), MOST));
        assertDoesNotThrow(() -> FrontendMessages.requireSendable("\u20ac".repeat(TEXT / 3), MOST));
    }

    @Test
    void aLongerOneIsRefusedWhateverItsCharacters() {
        assertEquals(SqlState.PROGRAM_LIMIT_EXCEEDED, refused("x".repeat(TEXT + 1)));
        assertEquals(SqlState.PROGRAM_LIMIT_EXCEEDED, refused("\u20ac".repeat(TEXT / 3 + 1)));
    }
}
