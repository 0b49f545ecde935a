package io.ostraka.it.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.LogCapture;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import io.ostraka.it.session.NoLeaks;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.event.Level;

/**
 * Strangers with broken messages, one after the other, while a well-behaved session works: it must not notice, and afterwards
 * every backend of the pool serves again. {@code -Dostraka.visits=10000} for more of them, {@code -Dostraka.seed=42} for
 * those from that seed on.
 */
@ExtendWith(NoLeaks.class)
class FrontDoorFuzzTest {
    private static final int VISITS = Integer.getInteger("ostraka.visits", 100);
    private static final int POOL = 4;

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void strangersDoNoHarm(int shards) throws SQLException {
        TestCluster cluster = TestCluster.of(ClusterSpec.shards(shards)
                .withDdl(ScriptGenerator.DDL + "; CREATE TABLE witness (id int PRIMARY KEY, n int)")
                .withTables("witness: { hash: id }")
                .withDatabase("pool: { size: " + POOL + " }"));
        cluster.empty();
        long first = Long.getLong("ostraka.seed", 1);
        String seeds = "seeds from " + first;
        AtomicBoolean over = new AtomicBoolean();
        try (LogCapture log = LogCapture.start(Level.WARN)) {
            CompletableFuture<Integer> witness = CompletableFuture.supplyAsync(() -> work(cluster, over));
            try {
                FrontDoorFuzz strangers = new FrontDoorFuzz(cluster.proxy());
                for (int visit = 0; visit < VISITS; visit++) {
                    strangers.visit(first + visit);
                }
            } finally {
                over.set(true);
            }
            assertTrue(witness.join() > 0, seeds);
            allBackendsServe(cluster, shards);
            assertEquals(
                    List.of(),
                    log.lines().stream()
                            .filter(line -> line.startsWith("ERROR") || line.contains("closing backend"))
                            .toList(),
                    seeds);
        }
    }

    /** Transactions of a session that is nobody's enemy; each answer is what it must be. Returns their number. */
    private static int work(TestCluster cluster, AtomicBoolean over) {
        int done = 0;
        try (WireClient client = WireClient.login(cluster.proxy())) {
            assertEquals(
                    "C INSERT 0 1",
                    client.query("INSERT INTO witness VALUES (1, 0)").get(0).toString());
            client.query("SET work_mem = '3MB'");
            do {
                assertEquals("C BEGIN", client.query("BEGIN").get(0).toString());
                assertEquals(
                        "D[" + (done + 1) + "]",
                        client.query("UPDATE witness SET n = n + 1 WHERE id = 1 RETURNING n")
                                .get(1)
                                .toString());
                assertEquals("C COMMIT", client.query("COMMIT").get(0).toString());
                assertEquals(
                        "D[" + (done + 1) + "]",
                        client.query("SELECT n FROM witness").get(1).toString());
                assertEquals("D[3MB]", client.query("SHOW work_mem").get(1).toString());
                done++;
            } while (!over.get());
        }
        return done;
    }

    /** Nothing is left open on a shard, and as many transactions as the pool has backends run side by side. */
    private static void allBackendsServe(TestCluster cluster, int shards) {
        for (int shard = 0; shard < shards; shard++) {
            String name = "s" + shard;
            Await.until("no transaction is left open on " + name, () -> openTransactions(cluster, name) == 0);
        }
        List<WireClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < POOL; i++) {
                WireClient client = WireClient.login(cluster.proxy());
                clients.add(client);
                client.query("BEGIN");
                assertEquals("D[1]", client.query("SELECT 1").get(1).toString());
                assertEquals(
                        "D[1]", client.query("SELECT id FROM witness").get(1).toString());
            }
        } finally {
            clients.forEach(WireClient::close);
        }
    }

    private static int openTransactions(TestCluster cluster, String shard) throws SQLException {
        try (Connection connection = cluster.shard(shard).connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT count(*) FROM pg_stat_activity"
                        + " WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"
                        + " AND usename = current_user")) {
            rows.next();
            return rows.getInt(1);
        }
    }
}
