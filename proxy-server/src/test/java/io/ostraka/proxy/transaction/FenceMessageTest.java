package io.ostraka.proxy.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ostraka.proxy.transaction.FenceMessage.Kind;
import io.ostraka.proxy.transaction.FenceMessage.Node;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.fence.RoundId;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FenceMessageTest {
    private static FenceMessage full(Kind kind) {
        return new FenceMessage(
                kind,
                "shop",
                new Node("n1@7f3a12bc", new Epoch(12)),
                new RoundId(3, 4),
                5,
                true,
                Map.of("s0", "00000003-1", "s1", ""),
                List.of("40001", "why", ""));
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void everyKindIsReadAsItWasWritten(Kind kind) throws IOException {
        assertEquals(full(kind), FenceMessage.decode(full(kind).encode()));
    }

    @Test
    void whatIsCutOffIsRefused() {
        byte[] bytes = full(Kind.GRANTED).encode();
        for (int length = 0; length < bytes.length; length++) {
            byte[] cut = Arrays.copyOf(bytes, length);
            assertThrows(IOException.class, () -> FenceMessage.decode(cut));
        }
    }

    @Test
    void whatANewerVersionSaysIsRefused() {
        byte[] bytes = full(Kind.CLOSE).encode();
        bytes[0] = 99;
        assertThrows(IOException.class, () -> FenceMessage.decode(bytes));
    }
}
