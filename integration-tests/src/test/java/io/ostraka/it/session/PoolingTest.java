package io.ostraka.it.session;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.flush;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.harness.FrontendMessages.raw;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.util.internal.PlatformDependent;
import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Many sessions over one or two backends: each finds its own state, and none finds another's. */
@ExtendWith(NoLeaks.class)
class PoolingTest {
    private static final String DDL = "CREATE TABLE t (id int PRIMARY KEY, v text)";
    private static final ClusterSpec ONE =
            ClusterSpec.shards(1).withDdl(DDL).withDatabase("pool: { size: 1, acquire_timeout: 30s }");
    private static final ClusterSpec IMPATIENT =
            ClusterSpec.shards(1).withDdl(DDL).withDatabase("pool: { size: 1, acquire_timeout: 100ms }");

    private final TestCluster cluster = TestCluster.of(ONE);
    private final List<WireClient> clients = new ArrayList<>();

    @BeforeEach
    void empty() throws SQLException {
        cluster.empty();
    }

    @AfterEach
    void disconnect() {
        clients.forEach(WireClient::close);
        Await.until("no transaction is left open", () -> backends("state <> 'idle'") == 0);
    }

    private WireClient client() {
        return client(cluster, Map.of());
    }

    private WireClient client(TestCluster of, Map<String, String> options) {
        WireClient client = WireClient.login(of.proxy(), options);
        clients.add(client);
        return client;
    }

    private void endIdleBackends(WireClient... users) throws SQLException {
        cluster.onShard(
                "s0",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app' AND"
                        + " datname = current_database() AND pid <> pg_backend_pid()");
        Await.until("the backends are gone", () -> backends("true") == 0);
        // The proxy may hear of it later than the server's list tells: what is lent in between fails.
        for (WireClient user : users) {
            Await.until("the proxy knows", () -> last(user.query("SELECT 1")).equals("C SELECT 1"));
        }
    }

    /** How many connections the proxy has to the shard, seen from there. */
    private long backends(String condition) throws SQLException {
        try (Connection connection = cluster.shard("s0").connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT count(*) FROM pg_stat_activity WHERE datname ="
                        + " current_database() AND usename = 'app' AND application_name <>"
                        + " 'PostgreSQL JDBC Driver' AND " + condition)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private static String value(List<BackendMessage> answer) {
        return answer.stream()
                .filter(message -> message.type() == 'D')
                .map(BackendMessage::toString)
                .findFirst()
                .orElseGet(answer::toString);
    }

    private static void run(WireClient client, String script) {
        for (String sql : script.split("\\|", -1)) {
            client.query(sql);
        }
    }

    private static String show(WireClient client, String setting) {
        return value(client.query("SHOW " + setting));
    }

    private static String last(List<BackendMessage> answer) {
        return answer.get(answer.size() - 2).toString();
    }

    private static String state(List<BackendMessage> answer) {
        BackendMessage message = answer.get(answer.size() - 2);
        return message.type() == 'E' ? message.sqlState() : message.toString();
    }

    @Test
    void aSettingFollowsItsSessionAndNoOther() throws SQLException {
        WireClient a = client();
        WireClient b = client();
        a.query("SET work_mem = '7MB'");
        b.query("SET work_mem = '9MB'");
        b.query("SET lock_timeout = '9s'");
        for (int i = 0; i < 3; i++) {
            assertEquals("D[7MB]", show(a, "work_mem"));
            assertEquals("D[9MB]", show(b, "work_mem"));
            assertEquals("D[0]", show(a, "lock_timeout"));
            assertEquals("D[9s]", show(b, "lock_timeout"));
        }
        a.query("RESET work_mem");
        assertEquals("D[4MB]", show(a, "work_mem"));
        assertEquals("D[9MB]", show(b, "work_mem"));
        b.query("RESET ALL");
        assertEquals("D[4MB]", show(b, "work_mem"));
        assertEquals(1, backends("true"));
    }

    @Test
    void aSettingGoesWithItsTransaction() {
        WireClient a = client();
        WireClient b = client();
        for (String script : List.of(
                "BEGIN|SET work_mem = '7MB'|ROLLBACK",
                "BEGIN|SET work_mem = '7MB'|SELECT 1/0|COMMIT",
                "BEGIN|SAVEPOINT a|SET work_mem = '7MB'|ROLLBACK TO a|COMMIT",
                "BEGIN|SET LOCAL work_mem = '7MB'|COMMIT",
                "SET work_mem = '7MB'; SELECT 1/0",
                "BEGIN; SET work_mem = '7MB'; ROLLBACK",
                "SET work_mem = '7MB'; ROLLBACK; SELECT 1",
                "SET work_mem = '7MB'; BEGIN; SELECT 1|ROLLBACK",
                "SET LOCAL work_mem = '7MB'; SELECT 1")) {
            run(a, script);
            assertEquals("D[4MB]", show(b, "work_mem"), script);
            assertEquals("D[4MB]", show(a, "work_mem"), script);
        }
    }

    @Test
    void aSettingThatWasCommittedStaysWithItsSessionOnly() {
        for (String script : List.of(
                "BEGIN|SET work_mem = '7MB'|COMMIT",
                "SET work_mem = '7MB'; COMMIT; SELECT 1/0",
                "SET work_mem = '7MB'; SELECT 1",
                "BEGIN|SET work_mem = '7MB'|SAVEPOINT a|SET work_mem = '8MB'|ROLLBACK TO a|COMMIT",
                "BEGIN|SAVEPOINT a|SET work_mem = '7MB'|RELEASE a|COMMIT",
                "BEGIN|SET work_mem = '7MB'|COMMIT AND CHAIN|SET work_mem = '8MB'|ROLLBACK",
                "SET SESSION work_mem TO '7MB'|BEGIN|RESET work_mem|ROLLBACK",
                "SET work_mem = '7MB'|BEGIN|SET work_mem = '8MB'|SELECT 1/0|ROLLBACK")) {
            try (WireClient a = client();
                    WireClient b = client()) {
                run(a, script);
                assertEquals("D[4MB]", show(b, "work_mem"), script);
                assertEquals("D[7MB]", show(a, "work_mem"), script);
            }
        }
    }

    @Test
    void whatAClientStartedWithIsItsDefault() {
        WireClient a = client(
                cluster, Map.of("application_name", "a's", "TimeZone", "Asia/Tokyo", "options", "-c work_mem=7MB"));
        WireClient b = client(cluster, Map.of("application_name", "b's"));
        for (String again :
                List.of("SELECT 1", "RESET ALL", "RESET work_mem", "DISCARD ALL", "SET work_mem TO DEFAULT")) {
            a.query("SET work_mem = '9MB'");
            a.query("BEGIN");
            a.query("SET work_mem = '10MB'");
            a.query("ROLLBACK");
            assertEquals("D[9MB]", show(a, "work_mem"));
            a.query(again.equals("SELECT 1") ? "RESET work_mem" : again);
            assertEquals("D[b's]", show(b, "application_name"));
            assertEquals("D[a's]", show(a, "application_name"), again);
            assertEquals("D[7MB]", show(a, "work_mem"), again);
            assertEquals("D[Asia/Tokyo]", show(a, "timezone"), again);
        }
        a.query("BEGIN");
        a.query("RESET ALL");
        assertEquals("D[7MB]", show(a, "work_mem"));
        a.query("COMMIT");
        assertEquals("D[7MB]", show(a, "work_mem"));
    }

    @Test
    void theClientIsToldOfItsSettingsAndOfNobodyElses() {
        WireClient a = client();
        WireClient b = client();
        assertTrue(a.query("SET application_name = 'a'").toString().contains("S application_name"));
        assertEquals(List.of("C SET", "Z I"), strings(b.query("SET work_mem = '5MB'")));
        assertEquals("[T[?column?], D[1], C SELECT 1, Z I]", a.query("SELECT 1").toString());
        assertEquals("[T[?column?], D[1], C SELECT 1, Z I]", b.query("SELECT 1").toString());
        b.query("BEGIN");
        b.query("SET application_name = 'b'");
        assertTrue(b.query("ROLLBACK").toString().contains("S application_name"));
    }

    private static List<String> strings(List<BackendMessage> messages) {
        return messages.stream().map(BackendMessage::toString).toList();
    }

    @Test
    void preparedStatementsSurviveTheChangeOfBackends() throws SQLException {
        WireClient a = client();
        WireClient b = client();
        a.send(parse("s", "SELECT 'of a'"), sync());
        a.untilReady();
        b.send(parse("s", "SELECT 'of b'"), sync());
        b.untilReady();
        for (int i = 0; i < 3; i++) {
            for (WireClient client : List.of(a, b)) {
                client.send(bind("", "s", List.of(), false), execute("", 0), sync());
                assertEquals(client == a ? "D[of a]" : "D[of b]", value(client.untilReady()));
            }
            endIdleBackends(a, b);
        }
    }

    @Test
    void oneTransactionAfterTheOtherAndTheQueueIsBounded() {
        TestCluster impatient = TestCluster.of(IMPATIENT);
        WireClient a = client(impatient, Map.of());
        WireClient b = client(impatient, Map.of());
        a.query("BEGIN");
        a.query("SELECT 1");
        List<BackendMessage> answer = b.query("SELECT 2");
        assertEquals("53300", answer.get(0).sqlState());
        assertEquals("Z I", answer.get(1).toString());
        b.query("BEGIN");
        assertEquals("53300", b.query("SELECT 2").get(0).sqlState());
        assertEquals("25P02", b.query("SELECT 2").get(0).sqlState());
        a.query("COMMIT");
        assertEquals("C ROLLBACK", last(b.query("COMMIT")));
        assertEquals("D[2]", value(b.query("SELECT 2")));
    }

    @Test
    void whoeverWaitsGetsItsTurn() {
        List<WireClient> many = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            many.add(client());
        }
        for (int round = 0; round < 20; round++) {
            for (WireClient client : many) {
                client.send(query("BEGIN"), query("SELECT pg_backend_pid()"), query("COMMIT"));
            }
            for (WireClient client : many) {
                assertEquals("C BEGIN", last(client.untilReady()));
                assertEquals("C SELECT 1", last(client.untilReady()));
                assertEquals("C COMMIT", last(client.untilReady()));
            }
        }
    }

    @Test
    void sessionsOfAnotherEventLoopGetTheirTurnToo() {
        TestCluster busy = TestCluster.of(
                ClusterSpec.shards(1).withDdl(DDL).withDatabase("pool: { size: 1, acquire_timeout: 1s }"));
        List<WireClient> all = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            all.add(client(busy, Map.of()));
        }
        byte[] transaction = query("SELECT 1 FROM pg_sleep(0.005)");
        for (WireClient each : all) {
            for (int i = 0; i < 60; i++) {
                each.send(transaction);
            }
        }
        for (WireClient each : all) {
            for (int i = 0; i < 60; i++) {
                assertEquals("C SELECT 1", last(each.untilReady()));
            }
        }
    }

    @Test
    void aBackendMovesToTheEventLoopWhereItIsNeededAndIsNotOpenedAnew() {
        TestCluster busy = TestCluster.of(
                ClusterSpec.shards(1).withDdl(DDL).withDatabase("pool: { size: 3, acquire_timeout: 30s }"));
        List<WireClient> all = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            all.add(client(busy, Map.of()));
        }
        Set<String> pids = new HashSet<>();
        for (int round = 0; round < 40; round++) {
            // Some of them at a time, so that the loops take turns in having more to do.
            List<WireClient> some = all.subList(round % 5, round % 5 + 4);
            for (WireClient each : some) {
                each.send(query("BEGIN"), query("SELECT pg_backend_pid()"), query("COMMIT"));
            }
            for (WireClient each : some) {
                each.untilReady();
                pids.add(value(each.untilReady()));
                assertEquals("C COMMIT", last(each.untilReady()));
            }
        }
        assertTrue(pids.size() <= 3, pids::toString);
    }

    @Test
    void aClientThatVanishesLeavesNothingBehind() {
        WireClient inTransaction = client();
        WireClient waiting = client();
        inTransaction.query("BEGIN");
        inTransaction.query("INSERT INTO t VALUES (1, 'x')");
        waiting.send(query("SELECT count(*) FROM t"));
        inTransaction.close();
        assertEquals("D[0]", value(waiting.untilReady()));
    }

    @Test
    void aClientThatVanishesInAPipelineLeavesNothingBehind() {
        WireClient a = client();
        a.send(parse("", "INSERT INTO t VALUES (1, 'x')"), bind("", "", List.of(), false), execute("", 0), flush());
        assertEquals('1', a.read().type());
        assertEquals('2', a.read().type());
        assertEquals('C', a.read().type());
        a.close();
        WireClient b = client();
        assertEquals("D[0]", value(b.query("SELECT count(*) FROM t")));
        assertEquals("[T[?column?], D[1], C SELECT 1, Z I]", b.query("SELECT 1").toString());
    }

    @Test
    void aClientThatVanishesInTheMiddleOfAResultFreesItsBackend() {
        WireClient a = client();
        a.send(query("SELECT repeat('x', 100000) FROM generate_series(1, 100000)"));
        assertEquals('T', a.read().type());
        assertEquals('D', a.read().type());
        a.close();
        assertEquals("D[1]", value(client().query("SELECT 1")));
    }

    @Test
    void aClientThatVanishesWhileItWaitsIsForgotten() {
        WireClient a = client();
        WireClient b = client();
        a.query("BEGIN");
        a.query("SELECT 1");
        b.send(query("SELECT 2"));
        b.close();
        a.query("COMMIT");
        assertEquals("D[3]", value(client().query("SELECT 3")));
    }

    @Test
    void aTemporaryTableKeepsItsBackend() {
        TestCluster two = TestCluster.of(
                ClusterSpec.shards(1).withDdl(DDL).withDatabase("pool: { size: 2, acquire_timeout: 30s }"));
        WireClient a = client(two, Map.of());
        WireClient b = client(two, Map.of());
        assertEquals("C CREATE TABLE", last(a.query("CREATE TEMP TABLE mine (a int)")));
        for (int i = 0; i < 5; i++) {
            assertEquals("C INSERT 0 1", last(a.query("INSERT INTO mine VALUES (1)")));
            assertEquals("42P01", state(b.query("SELECT * FROM mine")));
        }
        a.query("DISCARD ALL");
        assertEquals("42P01", state(a.query("SELECT * FROM mine")));
        WireClient c = client(two, Map.of());
        c.query("BEGIN");
        c.query("SELECT 1");
        assertEquals("D[1]", value(b.query("SELECT 1")), "the backend was given back");
        assertEquals("D[1]", value(a.query("SELECT 1")));
    }

    @Test
    void aBackendThatIsIdleInThePoolMayGo() throws SQLException {
        WireClient a = client();
        a.query("SET work_mem = '7MB'");
        for (int i = 0; i < 3; i++) {
            endIdleBackends(a);
            assertEquals("D[7MB]", show(a, "work_mem"));
        }
    }

    @Test
    void aSlowClientDoesNotMakeTheProxyCollectItsResult() {
        WireClient slow = client();
        long before = PlatformDependent.usedDirectMemory();
        slow.send(query("SELECT repeat('x', 10000) FROM generate_series(1, 40000)"));
        Await.until("the server waits for the client", () -> backends("wait_event = 'ClientWrite'") == 1);
        long more = PlatformDependent.usedDirectMemory() - before;
        assertTrue(
                before >= 0 && more < 100_000_000,
                () -> "the result has 400 MB, and " + more + " bytes more are in use");
        int rows = 0;
        for (BackendMessage message : slow.untilReady()) {
            rows += message.type() == 'D' ? 1 : 0;
        }
        assertEquals(40_000, rows);
    }

    @Test
    void aClientThatOnlySendsDoesNotMakeTheProxyCollectItsAnswers() throws SQLException {
        WireClient talkative = client();
        // The proxy refuses it by itself, and repeats the value.
        byte[] refused = query("SET ostraka.shard = '" + "x".repeat(20_000) + "'");
        int count = 5_000;
        long before = PlatformDependent.usedDirectMemory();
        CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
            for (int i = 0; i < count; i++) {
                talkative.send(refused);
            }
        });
        // The sockets' buffers take some; then the proxy stops reading, and the sender comes to a halt.
        assertThrows(TimeoutException.class, () -> sending.get(2, TimeUnit.SECONDS));
        long more = PlatformDependent.usedDirectMemory() - before;
        assertTrue(before >= 0 && more < 50_000_000, () -> "100 MB were sent, and " + more + " bytes more are in use");
        for (int i = 0; i < count; i++) {
            assertEquals("22023", talkative.untilReady().get(0).sqlState());
        }
        sending.join();
    }

    @Test
    void aShardThatTakesItsCopySlowlyHoldsUpTheClient() throws Exception {
        WireClient copying = client();
        try (Connection locking = cluster.shard("s0").connect();
                Statement statement = locking.createStatement()) {
            locking.setAutoCommit(false);
            statement.execute("INSERT INTO t VALUES (1, 'x')");
            copying.send(query("COPY t FROM STDIN"));
            assertEquals('G', copying.read().type());
            // The first row waits for the other transaction, and the server stops reading.
            copying.send(raw('d', "1\ty\n".getBytes(US_ASCII)));
            byte[] rows = raw('d', ("2\t" + "z".repeat(1_000_000) + "\n").getBytes(US_ASCII));
            long before = PlatformDependent.usedDirectMemory();
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                for (int i = 0; i < 100; i++) {
                    copying.send(rows);
                }
                copying.send(raw('f', "enough\0".getBytes(US_ASCII)));
            });
            assertThrows(TimeoutException.class, () -> sending.get(2, TimeUnit.SECONDS));
            long more = PlatformDependent.usedDirectMemory() - before;
            assertTrue(before >= 0 && more < 50_000_000, () -> more + " bytes more are in use");
            locking.commit();
            List<BackendMessage> answer = copying.untilReady();
            assertEquals("23505", answer.get(0).sqlState());
            sending.join();
            assertEquals("D[1]", value(copying.query("SELECT 1")));
        }
    }
}
