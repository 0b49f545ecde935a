package io.ostraka.proxy.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.proxy.transaction.SessionTransaction.State;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.plan.TableLocks;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SessionTransactionTest {
    private static final ShardName S0 = new ShardName("s0");

    private final SessionTransaction transaction = new SessionTransaction();

    @Test
    void whoJoinsLateHearsWhatWasSaid() {
        transaction.begin("BEGIN READ ONLY");
        transaction.savepoint("a", "SAVEPOINT a", "before a");
        transaction.remember("SET LOCAL work_mem = '1MB'");
        assertEquals(List.of("BEGIN READ ONLY", "SAVEPOINT a", "SET LOCAL work_mem = '1MB'"), transaction.script());
    }

    @Test
    void whatARollbackToASavepointUndoesIsNotSaidToWhoJoinsLate() {
        transaction.begin("BEGIN");
        transaction.savepoint("a", "SAVEPOINT a", "before a");
        transaction.remember("SET LOCAL work_mem = '1MB'");
        transaction.savepoint("b", "SAVEPOINT b", "before b");
        transaction.fail();
        assertEquals("before a", transaction.rollbackTo("a"));
        assertEquals(State.OPEN, transaction.state());
        assertEquals(List.of("BEGIN", "SAVEPOINT a"), transaction.script());
        assertTrue(transaction.hasSavepoint("a"));
        assertFalse(transaction.hasSavepoint("b"));
    }

    @Test
    void theLatestOfTwoSavepointsWithOneNameIsMeant() {
        transaction.begin("BEGIN");
        transaction.savepoint("a", "SAVEPOINT a", "first");
        transaction.savepoint("a", "SAVEPOINT a", "second");
        transaction.release("a");
        assertEquals("first", transaction.rollbackTo("a"));
    }

    @Test
    void whatWasReleasedIsNotSaidAgain() {
        transaction.begin("BEGIN");
        transaction.savepoint("outer", "SAVEPOINT outer", "");
        for (int i = 0; i < 3; i++) {
            transaction.savepoint("a", "SAVEPOINT a", "");
            transaction.savepoint("b", "SAVEPOINT b", "");
            transaction.remember("SET LOCAL x = " + i);
            transaction.release("a");
        }
        assertEquals(
                List.of("BEGIN", "SAVEPOINT outer", "SET LOCAL x = 0", "SET LOCAL x = 1", "SET LOCAL x = 2"),
                transaction.script());
        transaction.rollbackTo("outer");
        assertEquals(List.of("BEGIN", "SAVEPOINT outer"), transaction.script());
    }

    @Test
    void nothingIsLeftAfterTheEnd() {
        transaction.begin("BEGIN ISOLATION LEVEL REPEATABLE  READ");
        assertEquals(Optional.of("repeatable read"), transaction.isolationLevel());
        transaction.fail();
        transaction.end();
        assertEquals(State.NONE, transaction.state());
        assertEquals(List.of(), transaction.script());
        assertEquals(Optional.empty(), transaction.isolationLevel());
    }

    @Test
    void aLevelThatCannotBeMadeOutCountsAsTheStrictest() {
        assertEquals("serializable", SessionTransaction.levelIn("SET default_transaction_isolation TO DEFAULT"));
    }

    @Test
    void commentsSayNoLevelAndTheLastOfSeveralCounts() {
        assertEquals(
                "serializable", SessionTransaction.levelIn("BEGIN /* read committed */ ISOLATION LEVEL SERIALIZABLE"));
        assertEquals(
                "serializable",
                SessionTransaction.levelIn("BEGIN ISOLATION LEVEL READ COMMITTED, ISOLATION LEVEL\nSERIALIZABLE"));
        transaction.begin("BEGIN -- isolation level serializable");
        assertEquals(Optional.empty(), transaction.isolationLevel());
    }

    @Test
    void theLevelOfLaterTransactionsIsNotThisOnes() {
        transaction.begin("BEGIN ISOLATION LEVEL SERIALIZABLE");
        transaction.remember("SET default_transaction_isolation = 'read committed'");
        transaction.remember("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED");
        assertEquals(Optional.of("serializable"), transaction.isolationLevel());
    }

    private static TableLocks locks(TableLocks.Mode mode, boolean isComplete, String... tables) {
        SortedMap<TableName, Set<ShardName>> all = new TreeMap<>();
        for (String table : tables) {
            all.put(new TableName("public", table), Set.of(S0));
        }
        return new TableLocks(mode, all, true, isComplete, false);
    }

    @Test
    void aLockIsTakenOnceForEachShardUnlessAStrongerOneIsNeeded() {
        transaction.begin("BEGIN");
        TableLocks read = locks(TableLocks.Mode.SHARE, true, "t", "u");
        TableLocks write = locks(TableLocks.Mode.SHARE_ROW_EXCLUSIVE, true, "u");
        assertEquals(
                "[public.t, public.u]", transaction.locks().missing(S0, read).toString());
        assertEquals(
                "[]", transaction.locks().missing(new ShardName("s1"), read).toString());
        assertEquals("[public.u]", transaction.locks().missing(S0, write).toString());
        assertEquals("[]", transaction.locks().missing(S0, read).toString());
        transaction.end();
        assertFalse(transaction.locks().hasBegun());
        assertEquals("[public.u]", transaction.locks().missing(S0, write).toString());
    }

    @Test
    void aReturnToASavepointKeepsOnlyOlderLocks() {
        transaction.begin("BEGIN");
        transaction.locks().missing(S0, locks(TableLocks.Mode.SHARE, true, "t"));
        transaction.savepoint("a", "SAVEPOINT a", "");
        transaction.locks().missing(S0, locks(TableLocks.Mode.SHARE, true, "t"));
        assertTrue(transaction.keepsLocks("a"));
        transaction.savepoint("b", "SAVEPOINT b", "");
        transaction.locks().missing(S0, locks(TableLocks.Mode.SHARE, false));
        assertFalse(transaction.keepsLocks("b"));
        transaction.release("b");
        assertFalse(transaction.keepsLocks("a"));
        transaction.savepoint("a", "SAVEPOINT a", "");
        assertTrue(transaction.keepsLocks("a"));
        assertFalse(transaction.keepsLocks("nothing"));
    }
}
