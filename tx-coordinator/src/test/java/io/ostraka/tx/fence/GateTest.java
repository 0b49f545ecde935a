package io.ostraka.tx.fence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.Gtid;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GateTest implements Gate.Port {
    private static final RoundId FIRST = new RoundId(1, 1);
    private static final RoundId SECOND = new RoundId(1, 2);

    private final Gate gate = new Gate(Duration.ofSeconds(1), this);
    private final List<String> told = new ArrayList<>();

    private static Gtid gtid(int sequence) {
        return new Gtid(new Epoch(5), sequence);
    }

    private List<String> taken() {
        List<String> now = List.copyOf(told);
        told.clear();
        return now;
    }

    @Override
    public void windowOpen(Gtid gtid) {
        told.add("window " + gtid);
    }

    @Override
    public void closed(RoundId round) {
        told.add("closed " + round);
    }

    @Override
    public void reopened() {
        told.add("reopened");
    }

    @Override
    public void opened(RoundId round, boolean held) {
        told.add("opened " + round + " " + held);
    }

    @Override
    public void wake(RoundId round, Duration after) {}

    @Test
    void anOpenGateLetsEverybodyThroughAtOnce() {
        gate.openWindow(gtid(1));
        gate.openWindow(gtid(2));
        assertEquals(List.of("window 5_1", "window 5_2"), taken());
    }

    @Test
    void aRoundWaitsForOpenWindowsAndNewOnesWaitForTheRound() {
        gate.openWindow(gtid(1));
        taken();
        gate.onClose(FIRST);
        gate.openWindow(gtid(2));
        assertEquals(List.of(), taken());
        gate.closeWindow(gtid(1));
        assertEquals(List.of("closed 1.1"), taken());
        gate.onOpen(FIRST);
        assertEquals(List.of("reopened", "window 5_2", "opened 1.1 true"), taken());
        assertTrue(gate.isOpen());
    }

    @Test
    void whoDoesNotWantItsWindowAnyMoreGetsNone() {
        gate.onClose(FIRST);
        gate.openWindow(gtid(1));
        gate.closeWindow(gtid(1));
        taken();
        gate.onOpen(FIRST);
        assertEquals(List.of("reopened", "opened 1.1 true"), taken());
    }

    @Test
    void aGateThatNobodyOpensOpensByItselfAndSaysSo() {
        gate.onClose(FIRST);
        gate.openWindow(gtid(1));
        gate.onTooLong(FIRST);
        assertEquals(List.of("closed 1.1", "reopened", "window 5_1"), taken());
        gate.onOpen(FIRST);
        assertEquals(List.of("opened 1.1 false"), taken());
    }

    @Test
    void aRoundThatIsOverBeforeItsGateClosedWasNotHeld() {
        gate.openWindow(gtid(1));
        gate.onClose(FIRST);
        taken();
        gate.onOpen(FIRST);
        assertEquals(List.of("opened 1.1 false"), taken());
    }

    @Test
    void aLaterRoundTakesTheGateFromAnEarlierOne() {
        gate.onClose(FIRST);
        gate.onClose(SECOND);
        assertEquals(List.of("closed 1.1", "closed 1.2"), taken());
        gate.onOpen(FIRST);
        assertEquals(List.of("opened 1.1 false"), taken());
        assertTrue(!gate.isOpen(), "the later round is not over");
        gate.onTooLong(FIRST);
        assertTrue(!gate.isOpen());
        gate.onOpen(SECOND);
        assertEquals(List.of("reopened", "opened 1.2 true"), taken());
    }

    @Test
    void messagesThatComeTwiceLateOrInTheWrongOrderDoNoHarm() {
        gate.onOpen(SECOND);
        assertEquals(List.of("opened 1.2 false"), taken(), "its CLOSE never came");
        gate.onClose(SECOND);
        gate.onClose(FIRST);
        assertTrue(gate.isOpen());
        RoundId third = new RoundId(2, 1);
        gate.onClose(third);
        gate.onClose(third);
        gate.onOpen(third);
        gate.onOpen(third);
        gate.onClose(third);
        assertEquals(List.of("closed 2.1", "closed 2.1", "reopened", "opened 2.1 true", "opened 2.1 true"), taken());
        assertTrue(gate.isOpen());
    }
}
