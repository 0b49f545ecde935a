package io.ostraka.it.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.transaction.History.Append;
import io.ostraka.it.transaction.History.Outcome;
import io.ostraka.it.transaction.History.Read;
import io.ostraka.it.transaction.History.Step;
import io.ostraka.it.transaction.History.Transaction;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Each anomaly is noticed, and what snapshot isolation allows is none. */
class HistoryTest {
    private static final int X = 1;
    private static final int Y = 2;

    private final History history = new History();

    private void did(String name, Outcome outcome, Step... steps) {
        history.add(new Transaction(name, outcome, List.of(steps)));
    }

    private void did(String name, Step... steps) {
        did(name, Outcome.COMMITTED, steps);
    }

    private static Append append(int key, int value) {
        return new Append(key, value);
    }

    private static Read read(int key, Integer... values) {
        return new Read(key, List.of(values));
    }

    private List<String> anomalies(List<Integer> x, List<Integer> y) {
        return history.anomalies(Map.of(X, x, Y, y));
    }

    private void assertFound(String what, List<Integer> x, List<Integer> y) {
        List<String> found = anomalies(x, y);
        assertTrue(found.stream().anyMatch(one -> one.startsWith(what)), found::toString);
    }

    @Test
    void whatIsDoneOneAfterTheOtherIsFine() {
        did("T1", append(X, 1), append(Y, 2));
        did("T2", read(X, 1), append(X, 3), read(X, 1, 3), read(Y, 2));
        did("T3", Outcome.FAILED, read(X, 1), append(X, 4));
        did("T4", Outcome.UNKNOWN, append(Y, 5));
        assertEquals(List.of(), anomalies(List.of(1, 3), List.of(2, 5)));
        assertEquals(2, history.committed());
    }

    @Test
    void writeSkewIsAllowed() {
        did("T1", read(X), read(Y), append(X, 1));
        did("T2", read(X), read(Y), append(Y, 2));
        assertEquals(List.of(), anomalies(List.of(1), List.of(2)));
    }

    @Test
    void writesInDifferentOrdersAreG0() {
        did("T1", append(X, 1), append(Y, 2));
        did("T2", append(X, 3), append(Y, 4));
        assertFound("G0", List.of(1, 3), List.of(4, 2));
    }

    @Test
    void whatFailedIsNotSeen() {
        did("T1", Outcome.FAILED, append(X, 1));
        assertFound("G1a", List.of(1), List.of());
        did("T2", read(Y, 7));
        assertFound("no version", List.of(), List.of());
    }

    @Test
    void aPartOfATransactionIsG1b() {
        did("T1", append(X, 1), append(X, 2));
        did("T2", read(X, 1));
        assertFound("G1b", List.of(1, 2), List.of());
    }

    @Test
    void readingEachOthersWritesIsG1c() {
        did("T1", append(X, 1), read(Y, 2));
        did("T2", append(Y, 2), read(X, 1));
        assertFound("G0 or G1c", List.of(1), List.of(2));
    }

    @Test
    void aCommittedValueIsNotLost() {
        did("T1", append(X, 1));
        assertFound("lost update", List.of(), List.of());
    }

    @Test
    void halfOfAnUnknownTransactionIsNoTransaction() {
        did("T1", Outcome.UNKNOWN, append(X, 1), append(X, 2));
        assertFound("lost update", List.of(1), List.of());
    }

    @Test
    void halfOfATransactionIsGSingle() {
        did("T1", append(X, 1), append(Y, 2));
        did("T2", read(X, 1), read(Y));
        assertFound("G-single", List.of(1), List.of(2));
    }

    @Test
    void whatIsOverwrittenUnseenIsGSingle() {
        did("T1", read(X), append(X, 1));
        did("T2", read(X), append(X, 2));
        assertFound("G-single", List.of(1, 2), List.of());
    }

    @Test
    void aTransactionReadsOneVersion() {
        did("T1", append(X, 1));
        did("T2", read(X), read(X, 1));
        assertFound("not one snapshot", List.of(1), List.of());
    }

    @Test
    void listsAreReadAsPostgresqlWritesThem() {
        assertEquals(List.of(), History.list("{}"));
        assertEquals(List.of(3, 1), History.list("{3,1}"));
    }
}
