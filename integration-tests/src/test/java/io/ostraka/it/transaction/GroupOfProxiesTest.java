package io.ostraka.it.transaction;

import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.transaction.Counters.increment;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Three proxies in three processes before the same two shards, as their operator starts them. What they do about failures: {@link NodeFailuresTest}. */
@Timeout(400)
class GroupOfProxiesTest {
    @TempDir
    private Path directory;

    private final TestCluster cluster = TestCluster.of(Counters.spec(2).withProxies(0));
    private ProxyGroup group;
    private Counters counters;

    @BeforeEach
    void configure() throws IOException {
        group = new ProxyGroup(directory, cluster, Map.of());
    }

    @AfterEach
    void stop() {
        group.close();
    }

    @Test
    void readsThroughAnyProxySeeAllOfACommitOrNothingThoughTheLeaderIsKilled() throws Exception {
        group.startAll("");
        try (WireClient client = group.login("n2")) {
            counters = Counters.filled(cluster, client);
        }
        LockStep load = new LockStep(counters);
        for (String node : ProxyGroup.NODES) {
            load.through(group.proxy(node).endpoint());
        }
        try {
            load.awaitReads(ProxyGroup.NODES.size());
            for (int i = 0; i <= Integer.getInteger("ostraka.again", 0); i++) {
                String leader = group.awaitLeader();
                group.proxy(leader).kill();
                load.awaitReads(ProxyGroup.NODES.size() - 1);
                group.start(leader, "");
                load.awaitReads(ProxyGroup.NODES.size());
            }
        } finally {
            load.stop();
        }
        Await.until("nothing is left prepared", () -> counters.prepared() == 0);
        load.check(counters.values());
    }

    @Test
    void aProxyWithoutAMajorityReadsAndWritesNothingOverShards() throws Exception {
        group.startAll("");
        try (WireClient client = group.login("n2")) {
            counters = Counters.filled(cluster, client);
        }
        group.proxy("n2").kill();
        group.proxy("n3").kill();
        try (WireClient client = group.login("n1")) {
            Await.until("it has noticed", () -> counters.run(client, "SELECT n FROM counter WHERE id = $0")
                    .equals(List.of("57P03")));
        }
        group.start("n2", "");
        Await.until(
                "a majority is back", () -> group.tried("n1", counters, "BEGIN", increment(0), increment(1), "COMMIT")
                        .equals(List.of("BEGIN", "UPDATE 1", "UPDATE 1", "COMMIT")));
        assertEquals(List.of(1, 1), counters.values());
    }

    @Test
    void whoseFileSaysOtherwiseServesNothingUntilAllFilesSayTheSame() throws Exception {
        group.startAll("");
        try (WireClient client = group.login("n2")) {
            counters = Counters.filled(cluster, client);
        }
        restartAsStrict("n3");
        awaitRefusal("n3");
        assertServes("n1");
        restartAsStrict("n1");
        awaitRefusal("n1");
        assertServes("n2");
        restartAsStrict("n2");
        for (String node : ProxyGroup.NODES) {
            Await.until(node + " serves", () -> group.tried(node, counters, "SELECT n FROM counter WHERE id = $0")
                    .equals(List.of("SELECT 1")));
        }
    }

    private void restartAsStrict(String node) throws IOException {
        group.proxy(node).kill();
        group.proxy(node).change(file -> file.replace("default_shard:", "consistency: strict\n    default_shard:"));
        group.proxy(node).launch("");
    }

    private void awaitRefusal(String node) {
        Await.until(node + " refuses", () -> {
            String refusal = group.tried(node, counters, "SELECT 1").get(0);
            return refusal.contains("57P03") && refusal.contains("has other settings for database \"test\"");
        });
    }

    private void assertServes(String node) throws IOException {
        assertEquals(List.of("SELECT 1"), group.tried(node, counters, "SELECT n FROM counter WHERE id = $0"));
    }

    @Test
    void aDeadlockOverShardsAndProxiesEndsAndWhoOnlyWaitsIsLeftAlone() throws Exception {
        group.startAll("");
        try (WireClient one = group.login("n1");
                WireClient other = group.login("n2")) {
            counters = Counters.filled(cluster, one);
            for (int i = 1; i <= 3; i++) {
                assertEquals(List.of("BEGIN", "UPDATE 1"), counters.run(one, "BEGIN", increment(0)));
                assertEquals(List.of("BEGIN", "UPDATE 1"), counters.run(other, "BEGIN", increment(1)));
                CompletableFuture<String> ofOne = CompletableFuture.supplyAsync(() -> goOn(one, increment(1)));
                String ofOther = goOn(other, increment(0));
                assertEquals(Set.of("40P01", "UPDATE 1"), Set.of(ofOne.join(), ofOther));
                assertEquals(List.of(i, i), counters.values());
            }
            assertWhoOnlyWaitsIsLeftAlone(one, other);
        }
    }

    /** What came of the statement; then the transaction is ended, so that the other one goes on. */
    private String goOn(WireClient client, String statement) {
        String outcome = Counters.outcome(client.query(counters.sql(statement)));
        assertEquals(outcome.equals("40P01") ? "ROLLBACK" : "COMMIT", Counters.outcome(client.query("COMMIT")));
        return outcome;
    }

    private void assertWhoOnlyWaitsIsLeftAlone(WireClient one, WireClient other) throws IOException {
        try (WireClient third = group.login("n3")) {
            counters.run(one, "BEGIN", increment(0), increment(1));
            counters.run(other, "BEGIN");
            CompletableFuture<String> ofOther =
                    CompletableFuture.supplyAsync(() -> Counters.outcome(other.query(counters.sql(increment(0)))));
            counters.run(third, "BEGIN", "UPDATE counter SET n = n WHERE id NOT IN ($0, $1)");
            CompletableFuture<String> ofThird =
                    CompletableFuture.supplyAsync(() -> Counters.outcome(third.query(counters.sql(increment(1)))));
            Await.until("both wait, for longer than two looks take", () -> waiting() == 2);
            assertEquals(List.of("COMMIT"), counters.run(one, "COMMIT"));
            assertEquals(List.of("UPDATE 1", "UPDATE 1"), List.of(ofOther.join(), ofThird.join()));
        }
    }

    /** How many have waited for a lock for three seconds. */
    private int waiting() throws SQLException {
        int count = 0;
        for (String shard : List.of("s0", "s1")) {
            count += Integer.parseInt(
                    counters.ask(
                            shard,
                            "SELECT count(*) FROM pg_locks WHERE NOT granted AND waitstart < clock_timestamp() - interval '3 s'"));
        }
        return count;
    }

    @Test
    void aCancelReachesItsSessionWhicheverProxyItIsSentTo() throws Exception {
        group.startAll("");
        try (WireClient client = group.login("n1")) {
            client.send(query("SELECT pg_sleep(1000)"));
            Await.until("it sleeps", this::sleeps);
            byte[] wrong = client.backendKeyData();
            wrong[wrong.length - 1] ^= 1;
            cancel("n2", wrong);
            assertTrue(sleeps(), "a wrong key cancels nothing");
            cancel("n2", client.backendKeyData());
            assertEquals("57014", client.untilReady().get(1).sqlState());
            client.send(query("SELECT pg_sleep(1000)"));
            Await.until("it sleeps again", this::sleeps);
            group.proxy("n2").kill();
            cancel("n3", client.backendKeyData());
            assertEquals("57014", client.untilReady().get(1).sqlState());
        }
    }

    @Test
    void whatAClientHasPreparedIsDecidedThroughAnyProxy() throws Exception {
        group.startAll("");
        try (WireClient second = group.login("n2")) {
            counters = Counters.filled(cluster, second);
            try (WireClient first = group.login("n1")) {
                counters.run(first, "BEGIN", increment(0), increment(1), "PREPARE TRANSACTION 'kept'");
                assertEquals(
                        List.of("BEGIN", "UPDATE 1", "42710"),
                        counters
                                .run(second, "BEGIN", "UPDATE country SET name = 'x'", "PREPARE TRANSACTION 'kept'")
                                .stream()
                                .map(outcome -> outcome.equals("UPDATE 0") ? "UPDATE 1" : outcome)
                                .toList());
            }
            group.proxy("n1").kill();
            assertEquals(
                    List.of("SELECT 1", "COMMIT PREPARED", "SELECT 0", "42704"),
                    counters.run(
                            second,
                            "SELECT gid FROM pg_prepared_xacts WHERE gid = 'kept'",
                            "COMMIT PREPARED 'kept'",
                            "SELECT gid FROM pg_prepared_xacts",
                            "ROLLBACK PREPARED 'kept'"));
        }
        assertEquals(List.of(1, 1), counters.values());
        assertEquals(0, counters.prepared());
    }

    /** Returns when the proxy has dealt with it. */
    private void cancel(String node, byte[] key) throws IOException {
        try (WireClient other = WireClient.connect(group.proxy(node).endpoint())) {
            other.send(FrontendMessages.cancelRequest(key));
            assertEquals(List.of(), other.untilClosed());
        }
    }

    private boolean sleeps() throws SQLException {
        try (Connection connection = cluster.shard("s0").connect();
                Statement asking = connection.createStatement();
                ResultSet rows = asking.executeQuery(
                        "SELECT FROM pg_stat_activity WHERE state = 'active' AND" + " query LIKE 'SELECT pg_sleep%'")) {
            return rows.next();
        }
    }
}
