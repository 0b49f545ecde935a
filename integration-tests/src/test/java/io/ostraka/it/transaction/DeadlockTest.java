package io.ostraka.it.transaction;

import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.transaction.Counters.increment;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import io.ostraka.it.session.NoLeaks;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Circles of waits over two shards: one transaction is ended, the others go on; who only waits is left alone. */
@ExtendWith(NoLeaks.class)
class DeadlockTest {
    private final TestCluster cluster = TestCluster.of(Counters.spec(2));
    private WireClient first;
    private WireClient second;
    private Counters counters;

    @BeforeEach
    void connect() throws SQLException {
        first = WireClient.login(cluster.proxy());
        second = WireClient.login(cluster.proxy());
        counters = Counters.filled(cluster, first);
    }

    @AfterEach
    void disconnect() {
        first.close();
        second.close();
    }

    @Test
    void oneOfTwoThatWaitForEachOtherIsEnded() throws SQLException {
        assertEquals(List.of("BEGIN", "UPDATE 1"), counters.run(first, "BEGIN", increment(0)));
        assertEquals(List.of("BEGIN", "UPDATE 1"), counters.run(second, "BEGIN", increment(1)));
        CompletableFuture<List<BackendMessage>> ofFirst =
                CompletableFuture.supplyAsync(() -> goOn(first, increment(1)));
        CompletableFuture<List<BackendMessage>> ofSecond =
                CompletableFuture.supplyAsync(() -> goOn(second, increment(0)));
        List<String> outcomes = List.of(Counters.outcome(ofFirst.join()), Counters.outcome(ofSecond.join()));
        assertTrue(outcomes.contains("40P01") && outcomes.contains("UPDATE 1"), outcomes::toString);
        BackendMessage error =
                (outcomes.get(0).equals("40P01") ? ofFirst : ofSecond).join().get(0);
        assertEquals("deadlock detected", error.fields().get('M'));
        assertTrue(error.fields().get('D').contains(" waits on shard "), error::toString);
        assertEquals(List.of(1, 1), counters.values());
        assertEquals(List.of("BEGIN", "UPDATE 1", "COMMIT"), counters.run(first, "BEGIN", increment(0), "COMMIT"));
    }

    /** The statement's answer; then the transaction is ended. */
    private List<BackendMessage> goOn(WireClient client, String statement) {
        List<BackendMessage> answer = client.query(counters.sql(statement));
        boolean ended = Counters.outcome(answer).equals("40P01");
        assertEquals(ended ? "ROLLBACK" : "COMMIT", Counters.outcome(client.query("COMMIT")));
        return answer;
    }

    @Test
    void whoOnlyWaitsIsLeftAlone() {
        assertEquals(
                List.of("BEGIN", "UPDATE 1", "UPDATE 1"), counters.run(first, "BEGIN", increment(0), increment(1)));
        assertEquals(List.of("BEGIN", "SELECT 40"), counters.run(second, "BEGIN", "SELECT id FROM counter"));
        second.send(query(counters.sql(increment(0))));
        // Several looks of the watch.
        assertEquals(List.of("SELECT 1"), counters.run(first, "SELECT pg_sleep(5)"));
        assertEquals(List.of("COMMIT"), counters.run(first, "COMMIT"));
        assertEquals("UPDATE 1", Counters.outcome(second.untilReady()));
        assertEquals(List.of("COMMIT"), counters.run(second, "COMMIT"));
    }

    /** Another connection puts the rows together: it would wait for the lock for as long as the transaction waits for it. */
    @Test
    void whoWaitsForItsOwnTransactionIsEnded() throws SQLException {
        assertEquals(
                List.of("BEGIN", "UPDATE 1", "UPDATE 1", "SET", "DO", "RESET"),
                counters.run(
                        first,
                        "BEGIN",
                        increment(0),
                        increment(1),
                        "SET ostraka.shard = 's0'",
                        "DO $$BEGIN LOCK TABLE counter IN ACCESS EXCLUSIVE MODE; END$$",
                        "RESET ostraka.shard"));
        List<BackendMessage> answer = first.query("SELECT count(*) FROM counter a JOIN counter b ON a.n = b.id");
        assertEquals("40P01", Counters.outcome(answer));
        assertEquals(List.of("ROLLBACK"), counters.run(first, "COMMIT"));
        assertEquals(List.of(0, 0), counters.values());
    }

    @Test
    void statementsOverAllShardsDoNotHang() throws SQLException {
        List<CompletableFuture<Integer>> clients = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            clients.add(CompletableFuture.supplyAsync(() -> {
                int done = 0;
                try (WireClient client = WireClient.login(cluster.proxy())) {
                    for (int n = 0; n < 20; n++) {
                        String outcome = Counters.outcome(client.query("UPDATE counter SET n = n + 1"));
                        assertTrue(List.of("UPDATE 40", "40P01").contains(outcome), outcome);
                        done += outcome.equals("UPDATE 40") ? 1 : 0;
                    }
                }
                return done;
            }));
        }
        int all = clients.stream().mapToInt(CompletableFuture::join).sum();
        assertTrue(all > 0);
        assertEquals(List.of(all, all), counters.values());
        assertEquals(0, counters.prepared());
    }
}
