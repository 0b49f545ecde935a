package io.ostraka.it.session;

import static io.ostraka.it.harness.FrontendMessages.query;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A CancelRequest ends what its session runs, on whichever shard, and nothing else. */
@ExtendWith(NoLeaks.class)
class CancelTest {
    private final TestCluster cluster = TestCluster.of(TwoShards.SPEC);
    private TwoShards shards;
    private WireClient client;

    @BeforeEach
    void connect() throws SQLException {
        shards = TwoShards.filled(cluster);
        client = WireClient.login(cluster.proxy());
    }

    @AfterEach
    void disconnect() {
        client.close();
    }

    /** Sends a cancel and waits until the proxy has read it. */
    private void cancel(byte[] key) {
        try (WireClient other = WireClient.connect(cluster.proxy())) {
            other.send(FrontendMessages.cancelRequest(key));
            assertEquals(List.of(), other.untilClosed());
        }
    }

    private void awaitActive(String shard, String statement) {
        Await.until(statement + " runs on " + shard, () -> isActive(shard, statement));
    }

    private boolean isActive(String shard, String statement) throws SQLException {
        try (Connection connection = cluster.shard(shard).connect();
                Statement asking = connection.createStatement();
                ResultSet rows = asking.executeQuery("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND"
                        + " datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '" + statement
                        + "%'")) {
            rows.next();
            return rows.getLong(1) > 0;
        }
    }

    @Test
    void aStatementIsCancelledAndTheSessionGoesOn() {
        client.send(query("SELECT pg_sleep(1000)"));
        awaitActive("s0", "SELECT pg_sleep");
        cancel(client.backendKeyData());
        assertEquals("57014", client.untilReady().get(1).sqlState());
        assertEquals("D[1]", client.query("SELECT 1").get(1).toString());
    }

    @Test
    void fromProtocol32OnKeysAreLong() throws SQLException {
        assertEquals(Integer.BYTES + 4, client.backendKeyData().length);
        try (WireClient modern = WireClient.connect(cluster.proxy())) {
            modern.start(2, cluster.proxy(), Map.of());
            byte[] key = modern.backendKeyData();
            assertEquals(Integer.BYTES + 32, key.length);
            modern.send(query("SELECT pg_sleep(1000)"));
            awaitActive("s0", "SELECT pg_sleep");
            byte[] wrong = key.clone();
            wrong[key.length - 1] ^= 1;
            cancel(wrong);
            cancel(Arrays.copyOf(key, 8));
            cancel(Arrays.copyOf(key, 260));
            assertTrue(isActive("s0", "SELECT pg_sleep"));
            cancel(key);
            assertEquals("57014", modern.untilReady().get(1).sqlState());
        }
    }

    @Test
    void aCancelledStatementFailsItsTransaction() {
        client.query("BEGIN");
        client.send(query("SELECT pg_sleep(1000)"));
        awaitActive("s0", "SELECT pg_sleep");
        cancel(client.backendKeyData());
        List<BackendMessage> answer = client.untilReady();
        assertEquals("57014", answer.get(answer.size() - 2).sqlState());
        assertEquals('E', answer.get(answer.size() - 1).transactionStatus());
        assertEquals("C ROLLBACK", client.query("COMMIT").get(0).toString());
    }

    @Test
    void theWrongKeyDoesNothing() throws SQLException {
        client.send(query("SELECT pg_sleep(1000)"));
        awaitActive("s0", "SELECT pg_sleep");
        byte[] key = client.backendKeyData();
        key[key.length - 1] ^= 1;
        cancel(key);
        byte[] otherSession = client.backendKeyData();
        otherSession[3] ^= 1;
        cancel(otherSession);
        cancel(new byte[8]);
        cancel(new byte[260]);
        assertTrue(isActive("s0", "SELECT pg_sleep"));
        cancel(client.backendKeyData());
        assertEquals("57014", client.untilReady().get(1).sqlState());
    }

    @Test
    void aCancelWithNothingToCancelHitsNothingLater() {
        for (int i = 0; i < 30; i++) {
            client.query("SELECT 1");
            cancel(client.backendKeyData());
            assertEquals("D[2]", client.query("SELECT 2").get(1).toString());
        }
    }

    @Test
    void aCancelThatComesLateHitsNoOtherSession() {
        try (WireClient other = WireClient.login(cluster.proxy())) {
            for (int i = 0; i < 50; i++) {
                client.send(query("SELECT " + i));
                try (WireClient third = WireClient.connect(cluster.proxy())) {
                    third.send(FrontendMessages.cancelRequest(client.backendKeyData()));
                    assertEquals("D[7]", other.query("SELECT 7").get(1).toString());
                    assertEquals(List.of(), third.untilClosed());
                }
                List<BackendMessage> answer = client.untilReady();
                assertEquals('Z', answer.get(answer.size() - 1).type());
                assertEquals("D[8]", other.query("SELECT 8").get(1).toString());
            }
        }
    }

    /** As with PostgreSQL, the end of the connection that has asked for it says that the shard has been told. */
    @Test
    void aCancelThatIsDoneHitsNothingThatFollowsInItsTransaction() {
        for (int i = 0; i < 100; i++) {
            client.query("BEGIN");
            client.send(query("SELECT " + i));
            cancel(client.backendKeyData());
            List<BackendMessage> answer = client.untilReady();
            if (answer.get(answer.size() - 1).transactionStatus() == 'T') {
                assertEquals("D[]", client.query("SELECT pg_sleep(0.02)").get(1).toString(), "behind statement " + i);
            }
            client.query("ROLLBACK");
        }
    }

    @Test
    void aScatterIsCancelledOnBothShards() {
        try (WireClient locking = WireClient.login(cluster.shard("s1"))) {
            locking.query("BEGIN");
            locking.query("LOCK TABLE t");
            client.send(query("SELECT id FROM t"));
            awaitActive("s1", "SELECT id FROM t");
            cancel(client.backendKeyData());
            List<BackendMessage> answer = client.untilReady();
            assertEquals("57014", answer.get(answer.size() - 2).sqlState());
        }
        assertEquals("C SELECT 20", client.query("SELECT FROM t").get(21).toString());
    }

    @Test
    void aWaitForALockIsCancelledInThePipelineOfBothShards() {
        client.query("BEGIN");
        client.query(shards.sql("SELECT v FROM t WHERE id = $0"));
        try (WireClient locking = WireClient.login(cluster.proxy())) {
            locking.query("BEGIN");
            locking.query(shards.sql("UPDATE t SET v = 'x' WHERE id = $1"));
            client.send(query(shards.sql("UPDATE t SET v = 'y' WHERE id = $1")));
            awaitActive("s1", "UPDATE t SET v = ''y''");
            cancel(client.backendKeyData());
            assertEquals("57014", client.untilReady().get(0).sqlState());
        }
        assertEquals("C ROLLBACK", client.query("ROLLBACK").get(0).toString());
    }
}
