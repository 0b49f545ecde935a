package io.ostraka.tx.commit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.decision.ShardNumber;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PrepareSlotsTest {
    private static final ShardId A = new ShardId("shop", new ShardNumber(0));
    private static final ShardId B = new ShardId("shop", new ShardNumber(1));
    private static final ShardId C = new ShardId("shop", new ShardNumber(2));

    private final PrepareSlots slots = new PrepareSlots();

    private static Gtid gtid(int sequence) {
        return new Gtid(new Epoch(5), sequence);
    }

    @Test
    void withoutALimitAllHaveRoom() {
        for (int i = 1; i < 1_000; i++) {
            assertTrue(slots.take(gtid(i), Set.of(A, B)));
        }
    }

    @Test
    void whoFindsNoRoomWaitsForTheFirstToEnd() {
        slots.limit(A, 2);
        assertTrue(slots.take(gtid(1), Set.of(A, B)));
        assertTrue(slots.take(gtid(2), Set.of(A, B)));
        assertFalse(slots.take(gtid(3), Set.of(A, B)));
        assertFalse(slots.take(gtid(4), Set.of(A, C)));
        assertEquals(List.of(gtid(3)), slots.giveBack(gtid(2)));
        assertEquals(List.of(gtid(4)), slots.giveBack(gtid(1)));
        assertEquals(List.of(), slots.giveBack(gtid(4)));
        assertEquals(List.of(), slots.giveBack(gtid(3)));
        assertTrue(slots.take(gtid(5), Set.of(A, B)));
    }

    @Test
    void nobodyOvertakesWhoWaitsForTheSameShardAndOthersPass() {
        slots.limit(A, 1);
        slots.limit(B, 1);
        assertTrue(slots.take(gtid(1), Set.of(A, C)));
        assertFalse(slots.take(gtid(2), Set.of(A, B)));
        assertFalse(slots.take(gtid(3), Set.of(B, C)), "there is room on B, but the second waits for it");
        assertTrue(slots.take(gtid(4), Set.of(new ShardId("other", new ShardNumber(0)))));
        assertEquals(List.of(gtid(2)), slots.giveBack(gtid(1)));
        assertEquals(List.of(gtid(3)), slots.giveBack(gtid(2)));
    }

    @Test
    void whoWaitsNoMoreIsNotLetInAndMakesRoom() {
        slots.limit(A, 1);
        assertTrue(slots.take(gtid(1), Set.of(A, B)));
        assertFalse(slots.take(gtid(2), Set.of(A, B)));
        assertFalse(slots.take(gtid(3), Set.of(B, C)));
        assertEquals(List.of(gtid(3)), slots.giveBack(gtid(2)));
        assertEquals(List.of(), slots.giveBack(gtid(1)));
    }

    @Test
    void aHigherLimitLetsOthersInAndALowerOneWaitsForRoom() {
        slots.limit(A, 1);
        assertTrue(slots.take(gtid(1), Set.of(A, B)));
        assertFalse(slots.take(gtid(2), Set.of(A, B)));
        assertFalse(slots.take(gtid(3), Set.of(A, B)));
        assertEquals(List.of(gtid(2), gtid(3)), slots.limit(A, 3));
        assertEquals(List.of(), slots.limit(A, 1));
        assertFalse(slots.take(gtid(4), Set.of(A, B)));
        assertEquals(List.of(), slots.giveBack(gtid(1)));
        assertEquals(List.of(), slots.giveBack(gtid(2)));
        assertEquals(List.of(gtid(4)), slots.giveBack(gtid(3)));
    }
}
