package io.ostraka.it.transaction;

import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.transaction.Counters.increment;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the console says of a commit that stands still, and of a shard that dies meanwhile. */
@Timeout(300)
class ShownInDoubtTest {
    @TempDir
    private Path directory;

    private final TestCluster cluster = TestCluster.of(Counters.spec(2).withProxies(0));
    private ProxyProcess proxy;

    @BeforeEach
    void configure() throws IOException {
        proxy = new ProxyProcess(directory, cluster, List.of("s0", "s1"));
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        cluster.server("s1").start();
    }

    private List<String> inDoubt(Statement console) throws SQLException {
        List<String> shown = new ArrayList<>();
        try (ResultSet rows = console.executeQuery("SHOW IN_DOUBT")) {
            while (rows.next()) {
                boolean isThere = rows.getTimestamp("prepared") != null;
                shown.add(rows.getString("shard") + (isThere ? "" : "?") + " " + rows.getString("decision") + ": "
                        + rows.getString("next"));
            }
        }
        return shown;
    }

    private WireClient committing(String failpoint) throws IOException, SQLException {
        proxy.start(failpoint + ":stop");
        WireClient client = WireClient.login(proxy.endpoint());
        Counters counters = Counters.filled(cluster, client);
        counters.run(client, "BEGIN", increment(0), increment(1));
        client.send(query("COMMIT"));
        proxy.awaitFailpoint();
        return client;
    }

    @Test
    void aDecidedTransactionIsShownWithWhatBecomesOfIt() throws IOException, SQLException {
        try (WireClient client = committing("before-commit-prepared");
                Connection connection = proxy.console().connect();
                Statement console = connection.createStatement()) {
            String node = node(console);
            assertEquals(
                    List.of(
                            "s0 commit: node " + node + " commits it now",
                            "s1 commit: node " + node + " commits it now"),
                    inDoubt(console));
            cluster.server("s1").kill();
            assertEquals(
                    List.of(
                            "s0 commit: node " + node + " commits it now",
                            "s1? commit: node " + node + " commits it when the shard answers"),
                    inDoubt(console));
            assertTrue(console.getWarnings().getMessage().contains("shard \"s1\" does not answer"));
            proxy.goOn();
            assertEquals("COMMIT", Counters.outcome(client.untilReady()));
            assertEquals(List.of("s1? commit: node " + node + " commits it when the shard answers"), inDoubt(console));
            cluster.server("s1").start();
            Await.until("it is finished", () -> inDoubt(console).isEmpty());
        }
    }

    @Test
    void anUndecidedTransactionIsShownAsThat() throws IOException, SQLException {
        try (WireClient client = committing("before-decide");
                Connection connection = proxy.console().connect();
                Statement console = connection.createStatement()) {
            String next = "node " + node(console) + " decides it, or sweeps it within seconds";
            assertEquals(List.of("s0 none: " + next, "s1 none: " + next), inDoubt(console));
            proxy.goOn();
            assertEquals("COMMIT", Counters.outcome(client.untilReady()));
            Await.until("it is finished", () -> inDoubt(console).isEmpty());
        }
    }

    @Test
    void whatAnotherClusterHasPreparedIsToldOfAtTheStartAndLeftAlone() throws IOException, SQLException {
        String gid = "ostraka_0000beef_7_1_0";
        try (Connection connection = cluster.shard("s0").connect();
                Statement shard = connection.createStatement()) {
            shard.execute("BEGIN");
            shard.execute("CREATE TABLE theirs (id int)");
            shard.execute("PREPARE TRANSACTION '" + gid + "'");
            proxy.start("");
            Await.until("it is told of", () -> proxy.log().contains("has left prepared transactions: 1,"));
            assertFalse(proxy.log().contains("shard s1: another"));
            shard.execute("ROLLBACK PREPARED '" + gid + "'");
        }
    }

    private static String node(Statement console) throws SQLException {
        try (ResultSet rows = console.executeQuery("SHOW PEERS")) {
            rows.next();
            return rows.getString("node");
        }
    }
}
