package io.ostraka.it.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.Differential;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.Protocol;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** SELECT ... FOR UPDATE and its kin over shards. */
class LockedReadTest {
    private static final String SMALL = "SELECT id FROM thing WHERE id < 20";

    private TestCluster cluster;

    @BeforeEach
    void fill() throws SQLException {
        cluster = Bazaar.filled();
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void rowsAreTheSameAsWithoutLocks(Protocol protocol) {
        try (Differential both = cluster.differential(protocol)) {
            both.check(
                    "SELECT id, t FROM thing FOR UPDATE",
                    SMALL + " FOR SHARE",
                    SMALL + " FOR NO KEY UPDATE SKIP LOCKED",
                    "SELECT x.id, p.no FROM thing x JOIN part p ON p.thing_id = x.id FOR KEY SHARE OF p NOWAIT",
                    "SELECT id FROM thing x WHERE EXISTS (SELECT FROM part WHERE thing_id = x.id) FOR UPDATE",
                    "SELECT s.* FROM (SELECT id, i4 FROM thing WHERE b) s FOR UPDATE OF s",
                    "SELECT id FROM thing WHERE id IN (1, 2, 3, 4) FOR UPDATE",
                    "SELECT id FROM thing WHERE id = 1 FOR UPDATE",
                    "SELECT name FROM country FOR UPDATE");
            both.checkOrdered(
                    "SELECT id, t FROM thing ORDER BY id DESC FOR UPDATE", SMALL + " ORDER BY i4, id FOR SHARE");
        }
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void lockedRowsStopOthersUntilTheTransactionEnds(Protocol protocol) {
        try (Differential holder = cluster.differential(protocol);
                Differential other = cluster.differential(protocol)) {
            holder.check("BEGIN", SMALL + " AND id % 3 = 0 FOR UPDATE");
            other.check(
                    SMALL + " FOR UPDATE SKIP LOCKED",
                    SMALL + " AND id % 3 = 1 FOR UPDATE NOWAIT",
                    SMALL + " AND id % 3 = 0 FOR SHARE NOWAIT",
                    "SELECT id FROM thing WHERE id = 3 FOR UPDATE SKIP LOCKED",
                    "SELECT id FROM thing WHERE id = 4 FOR UPDATE SKIP LOCKED");
            other.checkOrdered(SMALL + " ORDER BY id FOR UPDATE SKIP LOCKED");
            holder.check("ROLLBACK");
            other.checkOrdered(SMALL + " ORDER BY id FOR UPDATE SKIP LOCKED", SMALL + " ORDER BY id FOR UPDATE NOWAIT");
            holder.check("BEGIN", SMALL + " FOR SHARE", "SAVEPOINT a", SMALL + " FOR UPDATE", "ROLLBACK TO a");
            other.check(SMALL + " FOR SHARE SKIP LOCKED", SMALL + " FOR UPDATE SKIP LOCKED");
            holder.check("COMMIT");
            other.check(SMALL + " FOR UPDATE SKIP LOCKED");
        }
    }

    @Test
    void rowsThatAreLockedAreWrittenInTheSameTransaction() {
        try (Differential both = cluster.differential(Protocol.EXTENDED)) {
            both.check(
                    "BEGIN",
                    SMALL + " FOR UPDATE",
                    "UPDATE thing SET no2 = no2 WHERE id = 1",
                    "UPDATE thing SET no2 = no2 WHERE id < 20",
                    SMALL + " FOR UPDATE",
                    "COMMIT",
                    "BEGIN READ ONLY",
                    SMALL + " FOR UPDATE",
                    "ROLLBACK");
        }
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void whatPostgresqlDoesNotLockIsAnError(Protocol protocol) {
        try (Differential both = cluster.differential(protocol)) {
            both.check(
                    "SELECT count(*) FROM thing FOR UPDATE",
                    "SELECT DISTINCT id FROM thing FOR UPDATE",
                    "SELECT id, count(*) FROM thing GROUP BY id FOR UPDATE",
                    "SELECT id FROM thing UNION ALL SELECT thing_id FROM part FOR UPDATE",
                    "SELECT id FROM thing FOR UPDATE OF nothing");
        }
    }

    @Test
    void whatWouldLockOtherRowsThanPostgresqlIsRefused() {
        try (Differential both = cluster.differential(Protocol.SIMPLE)) {
            both.checkRefused("SELECT id FROM thing JOIN country ON code = v ORDER BY id FOR UPDATE");
            both.checkRefused("SELECT id FROM thing JOIN country ON code = v FOR UPDATE");
            both.checkRefused("SELECT id FROM (SELECT id FROM thing FOR UPDATE) s");
            both.checkRefused("SELECT a.id FROM thing a JOIN thing b ON a.i4 = b.i4 FOR UPDATE");
            assertFalse(both.checkUnlessRefused("SELECT id FROM thing x JOIN note n ON n.v = x.id FOR UPDATE OF x"));
        }
    }

    /** Each shard has a copy of a country's row: who locks it on a shard of his own would not meet the others. */
    @Test
    void rowsOfReferenceTablesAreLockedOnTheDefaultShardOnly() {
        try (Differential both = cluster.differential(Protocol.SIMPLE)) {
            Set<Boolean> locked = new HashSet<>();
            for (int id = 1; id <= 20; id++) {
                String join = "SELECT id FROM thing JOIN country ON code = v OR true WHERE id = " + id;
                both.check(join + " FOR UPDATE OF thing");
                locked.add(both.checkUnlessRefused(join + " FOR SHARE"));
            }
            assertEquals(Set.of(true, false), locked);
        }
    }

    /** A queue of jobs: each worker takes the next ones, and those of others are neither seen nor waited for. */
    @ParameterizedTest
    @EnumSource(Protocol.class)
    void withLimitOnlyTheRowsThatArePutOutStayLocked(Protocol protocol) {
        try (Differential one = cluster.differential(protocol);
                Differential two = cluster.differential(protocol);
                Differential three = cluster.differential(protocol)) {
            String next = "SELECT id, t FROM thing WHERE id > 3 ORDER BY id LIMIT ";
            one.checkOrdered("BEGIN", next + "4 FOR UPDATE SKIP LOCKED");
            two.checkOrdered("BEGIN", next + "5 FOR UPDATE SKIP LOCKED");
            three.checkOrdered("BEGIN", next + "3 OFFSET 2 FOR NO KEY UPDATE SKIP LOCKED");
            two.checkOrdered("SELECT id FROM thing ORDER BY id DESC LIMIT 2 FOR SHARE SKIP LOCKED", "SAVEPOINT s");
            two.checkOrdered(next + "2 FOR UPDATE SKIP LOCKED", "ROLLBACK TO s");
            three.checkOrdered(next + "100 FOR SHARE SKIP LOCKED", "COMMIT");
            one.checkOrdered(next + "0 FOR UPDATE SKIP LOCKED", next + "6 FOR UPDATE SKIP LOCKED", "COMMIT");
            two.checkOrdered(next + "6 FOR UPDATE SKIP LOCKED", "UPDATE thing SET no2 = no2 WHERE id < 20", "COMMIT");
            one.checkOrdered(
                    next + "6 FOR UPDATE SKIP LOCKED",
                    "BEGIN",
                    next + "2 FOR UPDATE",
                    "SELECT id FROM thing WHERE id > 1000 ORDER BY id LIMIT 2 FOR UPDATE",
                    "SELECT 10 / (id - 4) FROM thing WHERE id > 3 ORDER BY id LIMIT 6 FOR UPDATE",
                    "SELECT count(*) FROM thing",
                    "ROLLBACK");
        }
    }

    @Test
    void withLimitAndInAnyOrderSoManyAreLocked() {
        try (WireClient one = WireClient.login(cluster.proxy());
                WireClient two = WireClient.login(cluster.proxy())) {
            one.query("BEGIN");
            two.query("BEGIN");
            assertEquals(25, rows(one, "SELECT id FROM thing LIMIT 25 FOR UPDATE SKIP LOCKED"));
            assertEquals(35, rows(two, "SELECT id FROM thing LIMIT 50 FOR UPDATE SKIP LOCKED"));
            assertEquals(0, rows(one, "SELECT id FROM thing LIMIT 50 OFFSET 25 FOR UPDATE SKIP LOCKED"));
            one.query("COMMIT");
            assertEquals(25, rows(two, "SELECT id FROM thing LIMIT 50 OFFSET 35 FOR UPDATE SKIP LOCKED"));
            two.query("COMMIT");
        }
    }

    /** Waits for a row that another session has locked, on its way through rows in order. */
    private WireClient waiting(WireClient holder) {
        holder.query("BEGIN");
        holder.query("SELECT id FROM thing WHERE id = 4 FOR UPDATE");
        WireClient waiting = WireClient.login(cluster.proxy());
        waiting.query("BEGIN");
        waiting.send(FrontendMessages.query("SELECT id FROM thing ORDER BY id LIMIT 6 FOR UPDATE"));
        Await.until("a shard waits for the row", () -> countWaiting("SELECT count(*)") == 1);
        return waiting;
    }

    /** Over the backends of all shards that wait for a lock. */
    private long countWaiting(String select) throws SQLException {
        long all = 0;
        for (String shard : List.of("s0", "s1", "s2")) {
            try (Connection connection = cluster.shard(shard).connect();
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(
                            select
                                    + " FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")) {
                rows.next();
                all += rows.getLong(1);
            }
        }
        return all;
    }

    private void goesOn(WireClient client, WireClient holder) {
        assertTrue(client.query("SELECT 1").toString().contains("25P02"));
        client.query("ROLLBACK");
        holder.query("ROLLBACK");
        assertEquals(60, rows(client, "SELECT id FROM thing FOR UPDATE NOWAIT"));
        client.query("BEGIN");
        assertEquals(6, rows(client, "SELECT id FROM thing ORDER BY id LIMIT 6 FOR UPDATE NOWAIT"));
        client.query("COMMIT");
    }

    @Test
    void aCancelEndsTheWaitForARowInOrder() {
        try (WireClient holder = WireClient.login(cluster.proxy());
                WireClient client = waiting(holder)) {
            try (WireClient other = WireClient.connect(cluster.proxy())) {
                other.send(FrontendMessages.cancelRequest(client.backendKeyData()));
                assertEquals(List.of(), other.untilClosed());
            }
            assertTrue(client.untilReady().toString().contains("57014"));
            goesOn(client, holder);
        }
    }

    @Test
    void aShardThatIsLostEndsTheWaitForARowInOrder() throws SQLException {
        try (WireClient holder = WireClient.login(cluster.proxy());
                WireClient client = waiting(holder)) {
            assertEquals(1, countWaiting("SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))"));
            assertTrue(client.untilReady().toString().contains("08006"));
            goesOn(client, holder);
        }
    }

    private static long rows(WireClient client, String sql) {
        return client.query(sql).stream()
                .filter(message -> message.type() == 'D')
                .count();
    }
}
