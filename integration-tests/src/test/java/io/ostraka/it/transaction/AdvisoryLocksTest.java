package io.ostraka.it.transaction;

import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.transaction.Counters.increment;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An advisory lock is one lock of the whole cluster, through whichever proxy it is taken, whichever shards its session uses. */
@Timeout(120)
class AdvisoryLocksTest {
    private final TestCluster cluster = TestCluster.of(Counters.spec(2).withProxies(2));
    private Counters counters;
    private WireClient here;
    private WireClient there;

    @BeforeEach
    void connect() throws SQLException {
        here = WireClient.login(cluster.proxy(0));
        there = WireClient.login(cluster.proxy(1));
        counters = Counters.filled(cluster, here);
        // What a session has used last decides nothing.
        counters.run(here, "SELECT n FROM counter WHERE id = $0");
        counters.run(there, "SELECT n FROM counter WHERE id = $1");
    }

    @AfterEach
    void disconnect() {
        here.close();
        there.close();
    }

    private static boolean value(WireClient client, String sql) {
        List<BackendMessage> answer = client.query(sql);
        return answer.stream().anyMatch(message -> message.toString().equals("D[t]"));
    }

    @ParameterizedTest(name = "{0} against {1}: {2}")
    @CsvSource(
            delimiter = '|',
            value = {
                "pg_advisory_lock(7)           | pg_try_advisory_lock(7)             | false",
                "pg_advisory_lock(7)           | pg_try_advisory_lock(8)             | true",
                "pg_advisory_lock(7)           | pg_try_advisory_lock_shared(7)      | false",
                "pg_advisory_lock(7)           | pg_try_advisory_xact_lock(7)        | false",
                "pg_advisory_lock(7)           | pg_try_advisory_xact_lock_shared(7) | false",
                "pg_advisory_lock_shared(7)    | pg_try_advisory_lock_shared(7)      | true",
                "pg_advisory_lock_shared(7)    | pg_try_advisory_lock(7)             | false",
                "pg_try_advisory_lock_shared(7)| pg_try_advisory_xact_lock(7)        | false",
                "pg_advisory_lock(1, 2)        | pg_try_advisory_lock(1, 2)          | false",
                "pg_advisory_lock(1, 2)        | pg_try_advisory_lock(2, 1)          | true",
                "pg_advisory_lock(0, 7)        | pg_try_advisory_lock(7)             | true",
                "pg_advisory_lock_shared(1, 2) | pg_try_advisory_xact_lock(1, 2)     | false",
                "pg_advisory_xact_lock(7)      | pg_try_advisory_lock(7)             | false",
                "pg_advisory_xact_lock_shared(7) | pg_try_advisory_lock(7)           | false",
                "pg_advisory_xact_lock_shared(7) | pg_try_advisory_lock_shared(7)    | true",
                "pg_advisory_xact_lock(1, 2)   | pg_try_advisory_xact_lock_shared(1, 2) | false",
            })
    void theSameKeyExcludesTheSameSessions(String first, String second, boolean isFree) {
        counters.run(here, "BEGIN", increment(1), "SELECT " + first);
        assertEquals(isFree, value(there, "SELECT " + second));
        counters.run(here, increment(0), "COMMIT");
        counters.run(here, "SELECT pg_advisory_unlock_all()");
        assertTrue(value(there, "SELECT " + second));
    }

    @Test
    void aSessionsLockOutlivesItsTransactionsOverShards() {
        assertEquals(List.of("SELECT 1"), counters.run(here, "SELECT pg_advisory_lock(7)"));
        assertEquals(
                List.of("BEGIN", "UPDATE 1", "UPDATE 1", "COMMIT"),
                counters.run(here, "BEGIN", increment(0), increment(1), "COMMIT"));
        assertTrue(!value(there, "SELECT pg_try_advisory_lock(7)"));
        assertEquals(
                List.of("BEGIN", "UPDATE 1", "UPDATE 1", "ROLLBACK"),
                counters.run(here, "BEGIN", increment(0), increment(1), "ROLLBACK"));
        assertTrue(!value(there, "SELECT pg_try_advisory_lock(7)"));
        assertTrue(value(here, "SELECT pg_advisory_unlock(7)"));
        assertTrue(value(there, "SELECT pg_try_advisory_lock(7)"));
        assertTrue(!value(here, "SELECT pg_advisory_unlock(7)"), "it has it no more");
    }

    @Test
    void aTransactionsLockIsHeldUntilItsCommitIsShownEverywhere() throws SQLException {
        counters.run(here, "BEGIN", "SELECT pg_advisory_xact_lock(7)", increment(0), increment(1));
        there.send(query(counters.sql("SELECT pg_advisory_xact_lock(7), (SELECT 1)")));
        Await.until("it waits", () -> waits());
        assertEquals(List.of("COMMIT"), counters.run(here, "COMMIT"));
        assertEquals("SELECT 1", Counters.outcome(there.untilReady()));
        assertEquals(List.of(1, 1), counters.values());
    }

    private boolean waits() throws SQLException {
        return !counters.ask("s0", "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
                .equals("0");
    }

    @Test
    void itEndsWithItsSession() throws IOException {
        assertTrue(value(here, "SELECT pg_try_advisory_lock(1, 1)"));
        here.close();
        Await.until("it is free", () -> value(there, "SELECT pg_try_advisory_lock(1, 1)"));
    }

    @Test
    void itsKeyMayBeAParameter() throws SQLException {
        try (Connection connection = cluster.proxy(0).connect();
                PreparedStatement lock = connection.prepareStatement("SELECT pg_try_advisory_lock(?)")) {
            for (long key = 1; key <= 8; key++) {
                lock.setLong(1, key);
                try (ResultSet rows = lock.executeQuery()) {
                    assertTrue(rows.next() && rows.getBoolean(1));
                }
                assertTrue(!value(there, "SELECT pg_try_advisory_lock(" + key + ")"));
            }
        }
    }

    @Test
    void aLockBesideRowsOfAnotherShardIsRefused() {
        assertEquals(
                List.of("0A000", "0A000"),
                counters.run(
                        here,
                        "SELECT pg_try_advisory_lock(id) FROM counter WHERE id = $1",
                        "SELECT pg_advisory_xact_lock(id) FROM counter"));
    }
}
