package io.ostraka.rules.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class TextPiecesTest {
    /** Positions count characters, of which some are two of Java's. */
    @Test
    void aPlaceIsFoundInTheTextThatItComesFrom() {
        TextPieces text = new TextPieces("𝄞 abc def");
        text.keep(0, 4).add("𝄞𝄞").keep(7, 10).keep(10, 10);
        assertEquals("𝄞 a𝄞𝄞def", text.text());
        assertEquals(OptionalInt.of(1), text.inClients(1));
        assertEquals(OptionalInt.of(3), text.inClients(3));
        assertEquals(OptionalInt.empty(), text.inClients(4));
        assertEquals(OptionalInt.empty(), text.inClients(5));
        assertEquals(OptionalInt.of(7), text.inClients(6));
        assertEquals(OptionalInt.of(9), text.inClients(8));
        assertEquals(OptionalInt.empty(), text.inClients(9));
        assertEquals(OptionalInt.empty(), text.inClients(0));
    }
}
