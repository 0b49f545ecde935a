package io.ostraka.it.transaction;

import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.transaction.Counters.increment;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.Cable;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What becomes of a commit over two shards when one of them, or the way to it, fails otherwise than by dying ({@link CommitCrashTest}): a
 * row of the table of failures for each test.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
class ShardFailuresTest {
    private static final String TOUCH = "UPDATE counter SET n = n WHERE id = $";
    private static final String ITS_OWN =
            "SELECT gid FROM pg_prepared_xacts WHERE database = current_database() AND gid LIKE 'ostraka%'";

    private final TestCluster cluster = TestCluster.of(Counters.spec(2).withProxies(0));
    private Path directory;
    private Path failpoint;
    private Cable cable;
    private ProxyProcess proxy;
    private Counters counters;
    private List<Integer> before = List.of();
    private WireClient client;

    @BeforeAll
    void startProxy(@TempDir Path temporary) throws IOException, SQLException {
        directory = temporary;
        cable = new Cable(cluster.shard("s1"));
        failpoint = directory.resolve("failpoint");
        proxy = new ProxyProcess(
                Files.createDirectory(directory.resolve("proxy")),
                Map.of("s0", cluster.shard("s0"), "s1", cable.end()),
                "",
                "");
        proxy.start("@" + failpoint);
        try (WireClient filling = WireClient.login(proxy.endpoint())) {
            counters = Counters.filled(cluster, filling);
        }
    }

    @AfterAll
    void stopProxy() throws IOException {
        proxy.close();
        cable.close();
    }

    @BeforeEach
    void begin() throws IOException, SQLException {
        Await.until("both shards are written", () -> {
            try (WireClient trying = WireClient.login(proxy.endpoint())) {
                return counters.run(trying, "BEGIN", TOUCH + 0, TOUCH + 1, "COMMIT")
                        .equals(List.of("BEGIN", "UPDATE 1", "UPDATE 1", "COMMIT"));
            }
        });
        before = counters.values();
        client = WireClient.login(proxy.endpoint());
        assertEquals(
                List.of("BEGIN", "UPDATE 1", "UPDATE 1"), counters.run(client, "BEGIN", increment(0), increment(1)));
    }

    @AfterEach
    void end() throws SQLException {
        client.close();
        standby("s1", "");
    }

    /** Sends COMMIT; returns when it has stopped there. */
    private void commitUntil(String place) throws IOException {
        Files.writeString(failpoint, place + ":stop");
        client.send(query("COMMIT"));
        proxy.awaitFailpoint();
    }

    private String outcome() {
        return Counters.outcome(client.untilReady());
    }

    private void assertCommitted(boolean committed) throws SQLException {
        Await.until("nothing is prepared", () -> counters.prepared() == 0);
        int more = committed ? 1 : 0;
        assertEquals(List.of(before.get(0) + more, before.get(1) + more), counters.values());
    }

    private void onS1(String... statements) throws SQLException {
        try (Connection connection = cluster.shard("s1").connect();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    /** Commits on the shard wait for a standby of this name from now on, which is not there. */
    private void standby(String shard, String name) throws SQLException {
        try (Connection connection = cluster.server(shard).connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("ALTER SYSTEM SET synchronous_standby_names = '" + name + "'");
            statement.execute("SELECT pg_reload_conf()");
        }
        Await.until("the shard has read its configuration", () -> counters.ask(shard, "SHOW synchronous_standby_names")
                .equals(name));
    }

    /** Ends whatever waits for the standby; returns how many did. */
    private int wakeThoseWhoWaitForTheStandby() throws SQLException {
        return Integer.parseInt(counters.ask(
                "s1", "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"));
    }

    @Test
    void aNodeIsPartitionedFromOneShardBeforePrepare() throws Exception {
        commitUntil("before-prepare");
        cable.cut();
        proxy.goOn();
        assertEquals("08006", outcome());
        cable.mend();
        assertCommitted(false);
    }

    @Test
    void aNodeIsPartitionedFromOneShardInPhaseTwo() throws Exception {
        commitUntil("before-commit-prepared");
        cable.cut();
        proxy.goOn();
        List<BackendMessage> answer = client.untilReady();
        assertEquals("COMMIT", Counters.outcome(answer));
        assertTrue(answer.stream().anyMatch(message -> message.type() == 'N'), "a warning says what is late");
        assertEquals(List.of("57P03"), counters.run(client, "SELECT n FROM counter WHERE id = $1"));
        cable.mend();
        assertCommitted(true);
    }

    @Test
    void prepareIsDurableAndItsAnswerIsLost() throws Exception {
        commitUntil("before-prepare");
        cable.loseAnswers();
        proxy.goOn();
        Await.until("it is prepared", () -> counters.prepared() == 2);
        cable.cut();
        assertEquals("08006", outcome(), "what has not been said is a no");
        cable.mend();
        assertCommitted(false);
    }

    @Test
    void commitPreparedIsDurableAndItsAnswerIsLost() throws Exception {
        commitUntil("before-commit-prepared");
        cable.loseAnswers();
        proxy.goOn();
        Await.until("it is committed", () -> counters.prepared() == 0);
        cable.mend();
        assertEquals("COMMIT", outcome());
        assertCommitted(true);
    }

    @Test
    void commitPreparedComesTwice() throws Exception {
        commitUntil("before-commit-prepared");
        onS1("COMMIT PREPARED '" + counters.ask("s1", ITS_OWN) + "'");
        proxy.goOn();
        assertEquals("COMMIT", outcome());
        assertCommitted(true);
    }

    @Test
    void theWaitForTheStandbyIsCutShortInPrepare() throws Exception {
        commitUntil("before-prepare");
        standby("s1", "nobody");
        proxy.goOn();
        Await.until("it waits", () -> wakeThoseWhoWaitForTheStandby() > 0);
        standby("s1", "");
        assertEquals("E", kind(client.untilReady()), "prepared here, and perhaps not there, is a no");
        assertCommitted(false);
    }

    @Test
    void theStandbyIsLostInPhaseTwo() throws Exception {
        commitUntil("before-commit-prepared");
        standby("s1", "nobody");
        proxy.goOn();
        assertEquals("COMMIT", outcome(), "after some seconds: the shard is left behind");
        assertEquals(List.of("57P03"), counters.run(client, "SELECT n FROM counter WHERE id = $1"));
        standby("s1", "");
        Await.until("it is read again", () -> counters.run(client, "SELECT n FROM counter WHERE id = $1")
                .equals(List.of("SELECT 1")));
        assertCommitted(true);
    }

    private static String kind(List<BackendMessage> answer) {
        return String.valueOf(answer.get(answer.size() - 2).type());
    }

    @Test
    void maxPreparedTransactionsIsReached() throws Exception {
        List<String> others = new ArrayList<>();
        try {
            String full = "";
            while (full.isEmpty()) {
                String gid = "somebody_elses_" + others.size();
                try {
                    onS1(
                            "BEGIN",
                            "INSERT INTO late VALUES (-" + others.size() + ")",
                            "PREPARE TRANSACTION '" + gid + "'");
                    others.add(gid);
                } catch (SQLException e) {
                    full = e.getSQLState();
                }
            }
            assertEquals("53200", full, "out of shared memory, as PostgreSQL has it");
            BackendMessage error = client.query("COMMIT").stream()
                    .filter(message -> message.type() == 'E')
                    .findFirst()
                    .orElseThrow();
            assertEquals("53000", error.sqlState());
            Await.until(
                    "what others have prepared is left, and nothing else", () -> counters.prepared() == others.size());
        } finally {
            for (String gid : others) {
                onS1("ROLLBACK PREPARED '" + gid + "'");
            }
        }
        assertCommitted(false);
    }

    @Test
    void anOperatorFinishesABranchByHand() throws Exception {
        Path own = Files.createDirectory(directory.resolve("another"));
        try (ProxyProcess another =
                new ProxyProcess(own, Map.of("s0", cluster.shard("s0"), "s1", cluster.shard("s1")), "", "")) {
            // Locks of the one that every test begins with.
            assertEquals("ROLLBACK", Counters.outcome(client.query("ROLLBACK")));
            another.start("before-commit-prepared:stop");
            try (WireClient unlucky = WireClient.login(another.endpoint())) {
                counters.run(unlucky, "BEGIN", increment(0), increment(1));
                unlucky.send(query("COMMIT"));
                another.awaitFailpoint();
                String gid = counters.ask("s1", ITS_OWN);
                onS1("ROLLBACK PREPARED '" + gid + "'");
                another.goOn();
                assertEquals("COMMIT", Counters.outcome(unlucky.untilReady()), "so it was decided");
                String log = Files.readString(own.resolve("proxy.log"));
                assertTrue(log.contains("a person must act"), log);
                assertEquals(
                        List.of("57P03"),
                        counters.run(unlucky, "SELECT n FROM counter WHERE id = $1"),
                        "not this shard");
                try (Connection console = another.console().connect();
                        Statement asking = console.createStatement();
                        ResultSet rows = asking.executeQuery("SHOW IN_DOUBT")) {
                    assertTrue(rows.next());
                    assertEquals(gid, rows.getString("gid"));
                    assertTrue(rows.getString("next").contains("a person must act"), rows.getString("next"));
                }
                // What docs/operations.md tells the operator to do.
                onS1(
                        "BEGIN",
                        counters.sql("UPDATE counter SET n = n + 1 WHERE id = $1"),
                        "PREPARE TRANSACTION '" + gid + "'");
                Await.until("what was prepared again is committed, and the shard is read", () -> counters.run(
                                unlucky, "SELECT n FROM counter WHERE id = $1")
                        .equals(List.of("SELECT 1")));
            }
        }
    }
}
