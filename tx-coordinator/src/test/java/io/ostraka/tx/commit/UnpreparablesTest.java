package io.ostraka.tx.commit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class UnpreparablesTest {
    private final Unpreparables block = new Unpreparables();

    @ParameterizedTest
    @EnumSource(Unpreparable.class)
    void onOneShardEverythingIsAllowedAndTheSecondWriterIsToldWhat(Unpreparable what) {
        assertEquals(Optional.empty(), block.willDo(what, "s0"));
        assertEquals(Optional.empty(), block.mayWrite("s0"));
        PgError refused = block.mayWrite("s1").orElseThrow();
        assertEquals(SqlState.FEATURE_NOT_SUPPORTED, refused.state());
        assertEquals(what.error("s0", "s1"), refused);
        assertEquals(Optional.of(refused), block.mayWrite("s1"), "the same error every time");
        assertEquals(Optional.empty(), block.mayWrite("s0"), "what was refused did not happen");
    }

    @Test
    void theErrorIsTheSameInTheOtherOrder() {
        assertEquals(Optional.empty(), block.mayWrite("s0"));
        assertEquals(Optional.empty(), block.mayWrite("s1"));
        PgError refused = block.willDo(Unpreparable.TEMPORARY_OBJECTS, "s1").orElseThrow();
        assertEquals(
                "cannot write on a second shard in a transaction that operated on temporary objects",
                refused.message());
        assertEquals(Optional.empty(), block.mayWrite("s2"), "it can still be prepared");
    }
}
