package io.ostraka.it.session;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Pooled by session: what a connection to PostgreSQL keeps from one transaction to the next is kept, and then is gone. */
@ExtendWith(NoLeaks.class)
class SessionModeTest {
    static final ClusterSpec SPEC = ClusterSpec.shards(1)
            .withDdl("CREATE TABLE t (id int PRIMARY KEY, v text)")
            .withDatabase("pool: { size: 4, mode: session }");

    private final TestCluster cluster = TestCluster.of(SPEC);
    private final Twins twins = new Twins(cluster);

    @AfterEach
    void disconnect() throws SQLException {
        twins.close();
        cluster.empty();
    }

    private static int pid(byte[] keyData) {
        return ByteBuffer.wrap(keyData).getInt();
    }

    private static String value(List<BackendMessage> answer) {
        return answer.get(1).toString();
    }

    @Test
    void temporaryTablesStay() {
        twins.query("CREATE TEMP TABLE mine (a int)", "INSERT INTO mine VALUES (1)", "SELECT * FROM mine");
        twins.query("BEGIN", "INSERT INTO mine VALUES (2)", "COMMIT", "SELECT * FROM mine");
        twins.query("CREATE TEMP TABLE t (x int)", "SELECT * FROM t", "DISCARD TEMP", "SELECT * FROM t");
    }

    @Test
    void advisoryLocksStayUntilTheSessionEnds() {
        twins.query("SELECT pg_advisory_lock(4711)", "SELECT pg_advisory_lock_shared(4712)");
        String held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid IN (4711, 4712)"
                + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        assertEquals("D \0\1\0\0\0\0012", twins.query(held).get(1));
        try (WireClient other = WireClient.login(cluster.proxy())) {
            assertEquals("D[f]", value(other.query("SELECT pg_try_advisory_lock(4711)")));
            twins.query("SELECT pg_advisory_unlock(4711)");
            assertEquals("D[t]", value(other.query("SELECT pg_try_advisory_lock(4711)")));
        }
        Await.until("the lock goes with its session", () -> {
            try (WireClient other = WireClient.login(cluster.proxy())) {
                return value(other.query("SELECT pg_try_advisory_lock(4711)")).equals("D[t]");
            }
        });
    }

    @Test
    void notificationsComeToWhoListens() {
        twins.query("LISTEN news", "NOTIFY news, 'to myself'", "SELECT pg_notify('news', 'again')");
        twins.query("BEGIN", "NOTIFY news, 'not yet'", "SELECT 1", "COMMIT");
        twins.query("BEGIN", "NOTIFY news, 'never'", "ROLLBACK", "UNLISTEN news", "NOTIFY news");
        try (WireClient listening = WireClient.login(cluster.proxy());
                WireClient telling = WireClient.login(cluster.proxy())) {
            listening.query("LISTEN others");
            telling.query("NOTIFY others, 'hello'");
            assertEquals('A', listening.read().type());
        }
    }

    @Test
    void cursorsWithHoldStay() {
        twins.query("INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 5) AS i");
        twins.query(
                "BEGIN", "DECLARE c CURSOR WITH HOLD FOR SELECT id, v FROM t ORDER BY id", "FETCH 2 FROM c", "COMMIT");
        twins.query("FETCH 2 FROM c", "UPDATE t SET v = 'new'", "FETCH 9 FROM c", "CLOSE c", "FETCH 1 FROM c");
        twins.query("DECLARE d CURSOR FOR SELECT 1", "BEGIN", "DECLARE d CURSOR FOR SELECT 1", "COMMIT", "FETCH d");
    }

    @Test
    void whatIsPreparedStays() {
        twins.query("PREPARE mine (int) AS SELECT v FROM t WHERE id = $1", "INSERT INTO t VALUES (1, 'one')");
        twins.query("EXECUTE mine (1)", "BEGIN", "EXECUTE mine (2)", "ROLLBACK", "EXECUTE mine (1)");
        twins.query("SELECT name, statement FROM pg_prepared_statements WHERE name = 'mine'");
        twins.query("DEALLOCATE mine", "EXECUTE mine (1)");
    }

    @Test
    void settingsAndSequencesStay() {
        twins.query("SET work_mem = '7MB'", "SELECT set_config('lock_timeout', '9s', false)", "SHOW work_mem");
        twins.query("SHOW lock_timeout", "BEGIN", "SET work_mem = '8MB'", "ROLLBACK", "SHOW work_mem");
        twins.query("CREATE TEMP SEQUENCE s", "SELECT nextval('s')", "SELECT currval('s')", "SELECT lastval()");
        twins.query("DISCARD ALL", "SHOW work_mem", "SHOW lock_timeout", "SELECT currval('s')");
    }

    @Test
    void nothingOfItIsLeftForTheNextSession() {
        try (WireClient first = WireClient.login(cluster.proxy())) {
            first.query("CREATE TEMP TABLE mine (a int)");
            first.query("SET work_mem = '7MB'");
            first.query("PREPARE mine AS SELECT 1");
            first.query("LISTEN news");
        }
        for (int i = 0; i < 4; i++) {
            try (WireClient next = WireClient.login(cluster.proxy())) {
                assertEquals("42P01", next.query("SELECT * FROM mine").get(0).sqlState());
                assertEquals("D[4MB]", value(next.query("SHOW work_mem")));
                assertEquals("26000", next.query("EXECUTE mine").get(0).sqlState());
                assertEquals(
                        "[T[?column?], D[1], C SELECT 1, Z I]",
                        next.query("NOTIFY news; SELECT 1").subList(1, 5).toString());
            }
        }
    }

    @Test
    void theProcessIsTheServersOwn() throws SQLException {
        try (WireClient client = WireClient.login(cluster.proxy());
                Connection server = cluster.shard("s0").connect();
                Statement statement = server.createStatement()) {
            int told = pid(client.backendKeyData());
            assertEquals("D[" + told + "]", value(client.query("SELECT pg_backend_pid()")));
            try (ResultSet rows = statement.executeQuery("SELECT pg_terminate_backend(" + told + ")")) {
                assertTrue(rows.next() && rows.getBoolean(1));
            }
            List<BackendMessage> goodbye = client.untilClosed();
            assertEquals('E', goodbye.get(0).type());
        }
    }

    @Test
    void aCancelReachesTheSessionOfItsKeyOnly() {
        try (WireClient one = WireClient.login(cluster.proxy());
                WireClient other = WireClient.login(cluster.proxy())) {
            assertNotEquals(pid(one.backendKeyData()), pid(other.backendKeyData()));
            byte[] wrong = one.backendKeyData();
            wrong[wrong.length - 1]++;
            one.send(query("SELECT pg_sleep(1000)"));
            other.send(query("SELECT pg_sleep(0.3)"));
            for (byte[] key : List.of(wrong, one.backendKeyData())) {
                try (WireClient cancelling = WireClient.connect(cluster.proxy())) {
                    cancelling.send(FrontendMessages.cancelRequest(key));
                    assertEquals(List.of(), cancelling.untilClosed());
                }
            }
            assertEquals("57014", one.untilReady().get(1).sqlState());
            assertEquals('D', other.untilReady().get(1).type());
        }
    }

    @Test
    void pooledByTransactionTheNumberIsThatOfNoProcess() {
        TestCluster pooled = TestCluster.of(SimpleProtocolTest.SPEC);
        try (WireClient client = WireClient.login(pooled.proxy())) {
            assertTrue(pid(client.backendKeyData()) >= 1 << 22);
        }
    }

    @Test
    void portalsAndStatementsOfTheProtocolStayAsLongAsInPostgres() {
        twins.exchange(parse("s", "SELECT i FROM generate_series(1, 4) AS i"), sync());
        twins.query("BEGIN");
        twins.exchange(bind("p", "s"), execute("p", 2), sync());
        twins.exchange(execute("p", 1), sync());
        twins.query("COMMIT");
        twins.exchange(execute("p", 1), sync());
        twins.exchange(bind("", "s"), execute("", 0), sync());
    }

    @Test
    void overTwoShardsTooTheProcessIsThatOfPgBackendPid() {
        TestCluster two = TestCluster.of(ClusterSpec.shards(2)
                .withDdl("CREATE TABLE t (id int PRIMARY KEY, v text)")
                .withTables("t: { hash: id }")
                .withDatabase("pool: { size: 4, mode: session }"));
        try (WireClient client = WireClient.login(two.proxy(), Map.of("application_name", "mine"))) {
            assertEquals("D[" + pid(client.backendKeyData()) + "]", value(client.query("SELECT pg_backend_pid()")));
        }
    }
}
