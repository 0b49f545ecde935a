package io.ostraka.proxy.wire;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BindViewTest {
    private final BindView view = new BindView();

    private static ByteBuf bind(int formats, int parameters, int firstLength) {
        ByteBuf out = Unpooled.buffer();
        int frame = FrontendMessages.begin(out, FrontendTag.BIND);
        FrontendMessages.string(out, "portal");
        FrontendMessages.string(out, "statement");
        out.writeShort(formats);
        for (int i = 0; i < formats; i++) {
            out.writeShort(i % 2);
        }
        out.writeShort(parameters);
        for (int i = 0; i < parameters; i++) {
            if (i == 1) {
                out.writeInt(-1);
            } else {
                out.writeInt(i == 0 ? firstLength : 2).writeBytes(new byte[] {'4', '2'});
            }
        }
        out.writeShort(1).writeShort(1);
        FrontendMessages.end(out, frame);
        return out;
    }

    @Test
    void fieldsAreFoundWhereTheyStand() {
        view.read(bind(3, 3, 2), 0, ClientEncoding.UTF8);
        assertEquals("portal", view.portal());
        assertEquals("statement", view.statement());
        assertEquals(3, view.parameterCount());
        assertArrayEquals("42".getBytes(US_ASCII), view.value(1));
        assertTrue(view.isNull(2));
        assertFalse(view.isBinary(1));
        assertTrue(view.isBinary(2));
        assertFalse(view.isBinary(3));
    }

    @Test
    void oneFormatHoldsForAllParametersAndNoneMeansText() {
        view.read(bind(0, 3, 2), 0, ClientEncoding.UTF8);
        assertFalse(view.isBinary(3));
    }

    @ParameterizedTest
    @ValueSource(ints = {-2, 3_000, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void anInnerLengthIsNotTrusted(int length) {
        assertThrows(CorruptedFrameException.class, () -> view.read(bind(0, 1, length), 0, ClientEncoding.UTF8));
    }

    @Test
    void formatsMustMatchParameters() {
        assertThrows(CorruptedFrameException.class, () -> view.read(bind(2, 3, 2), 0, ClientEncoding.UTF8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "s", "a much longer name than it had"})
    void onlyTheStatementsNameChanges(String name) {
        ByteBuf original = bind(3, 3, 2);
        view.read(original, 0, ClientEncoding.UTF8);
        ByteBuf renamed = Unpooled.buffer();
        view.writeWithStatement(renamed, name.getBytes(UTF_8));
        BindView other = new BindView();
        other.read(renamed, 0, ClientEncoding.UTF8);
        assertEquals(name, other.statement());
        assertEquals(renamed.readableBytes(), 1 + renamed.getInt(1));
        ByteBuf back = Unpooled.buffer();
        other.writeWithStatement(back, "statement".getBytes(UTF_8));
        assertEquals(original, back);
    }

    @Test
    void namesAreInTheClientsEncoding() {
        ByteBuf out = Unpooled.buffer();
        ClientEncoding latin1 = ClientEncoding.require("LATIN1");
        FrontendMessages.bind(out, "caf\u00e9", latin1.bytes("\u00e0"), new short[0], latin1);
        view.read(out, 0, latin1);
        assertEquals("caf\u00e9", view.portal());
        assertEquals("\u00e0", view.copy().statement());
    }
}
