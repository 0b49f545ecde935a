package io.ostraka.proxy.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RealTimeOrderTest {
    private final EmbeddedChannel coordinators = new EmbeddedChannel();
    private final EmbeddedChannel clients = new EmbeddedChannel();
    private final CoordinatorQueue queue = new CoordinatorQueue(coordinators.eventLoop(), true);
    private final List<String> told = new ArrayList<>();
    private boolean lease = true;
    private final RealTimeOrder order = new RealTimeOrder(queue, () -> lease);

    @AfterEach
    void close() {
        coordinators.close();
        clients.close();
    }

    private List<String> taken() {
        List<String> now = List.copyOf(told);
        told.clear();
        return now;
    }

    private void await(String client) {
        order.await(clients.eventLoop(), () -> told.add(client));
    }

    private void closeFor(String round) {
        order.close(() -> told.add(round));
    }

    @Test
    void whileARoundIsHeldNobodyIsTold() {
        assertTrue(order.mayTell());
        closeFor("round");
        assertEquals(List.of("round"), taken());
        assertFalse(order.mayTell());
        await("a");
        clients.runPendingTasks();
        assertEquals(List.of(), taken());
        order.reopen();
        assertTrue(order.mayTell());
        clients.runPendingTasks();
        assertEquals(List.of("a"), taken());
    }

    @Test
    void theNextRoundWaitsForThoseWhoWaited() {
        closeFor("first");
        await("a");
        await("b");
        order.reopen();
        closeFor("second");
        assertTrue(order.mayTell());
        assertEquals(List.of("first"), taken());
        clients.runPendingTasks();
        assertEquals(List.of("a", "b", "second"), taken());
        assertFalse(order.mayTell());
    }

    @Test
    void aRoundThatIsOverBeforeItsTurnIsNotHeld() {
        closeFor("first");
        await("a");
        order.reopen();
        closeFor("second");
        order.reopen();
        clients.runPendingTasks();
        assertEquals(List.of("first", "a"), taken());
        assertTrue(order.mayTell());
    }

    @Test
    void aRoundMayFollowAnotherWithoutAnOpenGateBetween() {
        closeFor("first");
        await("a");
        closeFor("second");
        assertEquals(List.of("first", "second"), taken());
        clients.runPendingTasks();
        assertEquals(List.of(), taken());
        order.reopen();
        clients.runPendingTasks();
        assertEquals(List.of("a"), taken());
    }

    @Test
    void whoComesTooLateToBeSeenByTheOpeningIsToldAllTheSame() {
        await("a");
        coordinators.runPendingTasks();
        clients.runPendingTasks();
        assertEquals(List.of("a"), taken());
    }

    @Test
    void withoutALeaseNobodyIsToldAndItIsLookedForAgain() {
        lease = false;
        assertFalse(order.mayTell());
        await("a");
        coordinators.runPendingTasks();
        clients.runPendingTasks();
        assertEquals(List.of(), taken());
        coordinators.advanceTimeBy(1, TimeUnit.SECONDS);
        coordinators.runScheduledPendingTasks();
        clients.runPendingTasks();
        assertEquals(List.of("a"), taken(), "who asks again whether it may be told");
    }
}
