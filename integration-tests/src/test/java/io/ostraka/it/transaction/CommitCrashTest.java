package io.ostraka.it.transaction;

import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.transaction.Counters.increment;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The proxy's process, or a shard's server, is killed in every state of a commit over two shards: all or nothing is left. */
@Timeout(300)
class CommitCrashTest {
    @TempDir
    private Path directory;

    private final TestCluster cluster = TestCluster.of(Counters.spec(2).withProxies(0));
    private ProxyProcess proxy;
    private Counters counters;

    @BeforeEach
    void configure() throws IOException {
        proxy = new ProxyProcess(directory, cluster, List.of("s0", "s1"));
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        cluster.server("s1").start();
    }

    private WireClient beginning(String failpoint) throws IOException, SQLException {
        proxy.start(failpoint);
        WireClient client = WireClient.login(proxy.endpoint());
        counters = Counters.filled(cluster, client);
        assertEquals(
                List.of("BEGIN", "UPDATE 1", "UPDATE 1"), counters.run(client, "BEGIN", increment(0), increment(1)));
        return client;
    }

    private void assertAllOrNothing(boolean committed) throws SQLException {
        // At once, through a proxy that has just been started: never half of it.
        try (WireClient client = WireClient.login(proxy.endpoint())) {
            List<String> read = List.of("SELECT n FROM counter WHERE id = $0", "SELECT n FROM counter WHERE id = $1");
            for (String sql : read) {
                String row = client.query(counters.sql(sql)).get(1).toString();
                assertEquals(committed ? "D[1]" : "D[0]", row, sql);
            }
        }
        Await.until("nothing is left prepared", () -> counters.prepared() == 0);
        assertEquals(committed ? List.of(1, 1) : List.of(0, 0), counters.values());
        try (WireClient client = WireClient.login(proxy.endpoint())) {
            assertEquals(
                    List.of("BEGIN", "UPDATE 1", "UPDATE 1", "COMMIT"),
                    counters.run(client, "BEGIN", increment(0), increment(1), "COMMIT"));
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "before-prepare, false",
        "after-one-prepare, false",
        "before-decide, false",
        "after-decide, true",
        "before-commit-prepared, true",
        "between-commit-prepared, true",
        "after-one-commit-prepared, true",
        "before-answer, true",
        "before-done, true",
    })
    void theProxyIsKilled(String failpoint, boolean committed) throws IOException, SQLException {
        try (WireClient client = beginning(failpoint + ":halt")) {
            client.send(query("COMMIT"));
            try {
                assertEquals("COMMIT", Counters.outcome(client.untilReady()));
                assertEquals("before-done", failpoint);
            } catch (UncheckedIOException gone) {
                assertTrue(!failpoint.isEmpty());
            }
        }
        proxy.awaitEnd();
        proxy.start("");
        assertAllOrNothing(committed);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "before-prepare, 08006",
        "after-one-prepare, 08006",
        "before-decide, COMMIT",
        "after-decide, COMMIT",
        "before-commit-prepared, COMMIT",
        "between-commit-prepared, COMMIT",
        "before-answer, COMMIT",
        "before-done, COMMIT",
    })
    void aShardIsKilled(String failpoint, String outcome) throws IOException, SQLException {
        try (WireClient client = beginning(failpoint + ":stop")) {
            client.send(query("COMMIT"));
            proxy.awaitFailpoint();
            cluster.server("s1").kill();
            proxy.goOn();
            String seen = Counters.outcome(client.untilReady());
            // With one of two prepared it may have been this shard's, which keeps it.
            assertTrue(seen.equals(outcome) || (failpoint.equals("after-one-prepare") && seen.equals("COMMIT")), seen);
            cluster.server("s1").start();
            Await.until("the shard is readable", () -> {
                try (WireClient other = WireClient.login(proxy.endpoint())) {
                    return counters.run(other, "SELECT n FROM counter WHERE id = $1")
                            .equals(List.of("SELECT 1"));
                }
            });
            assertAllOrNothing(seen.equals("COMMIT"));
        }
    }
}
