package io.ostraka.it.transaction;

import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.transaction.Counters.increment;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import io.ostraka.rules.config.HostPort;
import io.ostraka.tx.peers.PeerSecret;
import io.ostraka.tx.raft.Operator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Three proxies in three processes before the same two shards, as their operator starts them; one is killed while it commits. */
@Timeout(400)
class GroupOfProxiesTest {
    private static final List<String> NODES = List.of("n1", "n2", "n3");
    private static final String SECRET = "a secret of the group's own";

    @TempDir
    private Path directory;

    private final TestCluster cluster = TestCluster.of(Counters.spec(2).withProxies(0));
    private final Map<String, HostPort> addresses = new TreeMap<>();
    private final Map<String, ProxyProcess> proxies = new TreeMap<>();
    private Counters counters;

    @BeforeEach
    void configure() throws IOException {
        for (String node : NODES) {
            addresses.put(node, new HostPort("127.0.0.1", ProxyProcess.freePort()));
        }
        String peers = addresses.entrySet().stream()
                .map(peer -> peer.getKey() + ": \"" + peer.getValue() + "\"")
                .collect(Collectors.joining(", ", "peers: { ", " }\npeer_secret: " + SECRET + "\n"));
        for (String node : NODES) {
            proxies.put(
                    node,
                    new ProxyProcess(
                            Files.createDirectory(directory.resolve(node)),
                            cluster,
                            List.of("s0", "s1"),
                            "node: " + node + "\n" + peers,
                            ""));
        }
    }

    @AfterEach
    void stop() {
        proxies.values().forEach(ProxyProcess::close);
    }

    /** A proxy may refuse logins while a shard is to be settled: to be asked again. */
    private List<String> tried(String node, String... statements) throws IOException {
        try (WireClient client = login(node)) {
            return counters.run(client, statements);
        } catch (AssertionError refused) {
            return List.of(refused.getMessage());
        }
    }

    /** The first node gets the failpoint. They found a group, so none takes clients before all are there. */
    private void startAll(String failpoint) {
        CompletableFuture.allOf(NODES.stream()
                        .map(node -> CompletableFuture.runAsync(
                                () -> start(node, node.equals("n1") ? failpoint : ""),
                                work -> new Thread(work, "start-" + node).start()))
                        .toArray(CompletableFuture[]::new))
                .join();
    }

    private void start(String node, String failpoint) {
        try {
            proxies.get(node).start(failpoint);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private WireClient login(String node) throws IOException {
        return WireClient.login(proxies.get(node).endpoint());
    }

    private String leader() {
        try (Operator operator = new Operator(new PeerSecret(SECRET), addresses)) {
            return operator.statuses().values().stream()
                    .flatMap(Optional::stream)
                    .flatMap(status -> status.leader().stream())
                    .map(id -> id.substring(0, id.indexOf('@')))
                    .findFirst()
                    .orElse("nobody");
        }
    }

    private void assertAllOrNothing(boolean committed, String node) throws SQLException {
        Await.until("the survivors have finished it", () -> counters.prepared() == 0);
        assertEquals(committed ? List.of(1, 1) : List.of(0, 0), counters.values());
        Await.until("both shards are read, and written, through " + node, () -> tried(
                        node,
                        "SELECT n FROM counter WHERE id = $0",
                        "SELECT n FROM counter WHERE id = $1",
                        "BEGIN",
                        increment(0),
                        increment(1),
                        "COMMIT")
                .equals(List.of("SELECT 1", "SELECT 1", "BEGIN", "UPDATE 1", "UPDATE 1", "COMMIT")));
    }

    @ParameterizedTest(name = "{0}, it leads: {1}")
    @CsvSource({"after-one-prepare, false, false", "after-decide, true, true", "after-one-commit-prepared, false, true"
    })
    void survivorsFinishWhatAKilledProxyHadBegun(String failpoint, boolean leads, boolean committed) throws Exception {
        startAll(failpoint + ":halt");
        while (leads && !leader().equals("n1")) {
            String other = leader();
            if (proxies.containsKey(other)) {
                proxies.get(other).kill();
                start(other, "");
            }
        }
        try (WireClient second = login("n2")) {
            counters = Counters.filled(cluster, second);
        }
        try (WireClient client = login("n1")) {
            assertEquals(
                    List.of("BEGIN", "UPDATE 1", "UPDATE 1"),
                    counters.run(client, "BEGIN", increment(0), increment(1)));
            client.send(query("COMMIT"));
            proxies.get("n1").awaitEnd();
        }
        assertAllOrNothing(committed, "n2");
        List<String> read = List.of("SELECT 1", "SELECT 1");
        for (String node : List.of("n3", "n1")) {
            if (node.equals("n1")) {
                start(node, "");
            }
            Await.until("both shards are read through " + node, () -> tried(
                            node, "SELECT n FROM counter WHERE id = $0", "SELECT n FROM counter WHERE id = $1")
                    .equals(read));
        }
        assertEquals(committed ? List.of(2, 2) : List.of(1, 1), counters.values());
    }

    @Test
    void readsThroughAnyProxySeeAllOfACommitOrNothingThoughTheLeaderIsKilled() throws Exception {
        startAll("");
        try (WireClient client = login("n2")) {
            counters = Counters.filled(cluster, client);
        }
        LockStep load = new LockStep(counters);
        for (String node : NODES) {
            load.through(proxies.get(node).endpoint());
        }
        try {
            load.awaitReads(NODES.size());
            Await.until("somebody leads", () -> proxies.containsKey(leader()));
            String leader = leader();
            proxies.get(leader).kill();
            load.awaitReads(NODES.size() - 1);
            start(leader, "");
            load.awaitReads(NODES.size());
            for (int i = 0; i < Integer.getInteger("ostraka.again", 0); i++) {
                load.awaitReads(NODES.size());
                String next = leader();
                if (proxies.containsKey(next)) {
                    proxies.get(next).kill();
                    load.awaitReads(NODES.size() - 1);
                    start(next, "");
                    load.awaitReads(NODES.size());
                }
            }
        } finally {
            load.stop();
        }
        Await.until("nothing is left prepared", () -> counters.prepared() == 0);
        load.check(counters.values());
    }

    @Test
    void aProxyWithoutAMajorityReadsAndWritesNothingOverShards() throws Exception {
        startAll("");
        try (WireClient client = login("n2")) {
            counters = Counters.filled(cluster, client);
        }
        proxies.get("n2").kill();
        proxies.get("n3").kill();
        try (WireClient client = login("n1")) {
            Await.until("it has noticed", () -> counters.run(client, "SELECT n FROM counter WHERE id = $0")
                    .equals(List.of("57P03")));
        }
        start("n2", "");
        Await.until("a majority is back", () -> tried("n1", "BEGIN", increment(0), increment(1), "COMMIT")
                .equals(List.of("BEGIN", "UPDATE 1", "UPDATE 1", "COMMIT")));
        assertEquals(List.of(1, 1), counters.values());
    }

    @Test
    void aDeadlockOverShardsAndProxiesEndsAndWhoOnlyWaitsIsLeftAlone() throws Exception {
        startAll("");
        try (WireClient one = login("n1");
                WireClient other = login("n2")) {
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
        try (WireClient third = login("n3")) {
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
        startAll("");
        try (WireClient client = login("n1")) {
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
            proxies.get("n2").kill();
            cancel("n3", client.backendKeyData());
            assertEquals("57014", client.untilReady().get(1).sqlState());
        }
    }

    @Test
    void whatAClientHasPreparedIsDecidedThroughAnyProxy() throws Exception {
        startAll("");
        try (WireClient second = login("n2")) {
            counters = Counters.filled(cluster, second);
            try (WireClient first = login("n1")) {
                counters.run(first, "BEGIN", increment(0), increment(1), "PREPARE TRANSACTION 'kept'");
                assertEquals(
                        List.of("BEGIN", "UPDATE 1", "42710"),
                        counters
                                .run(second, "BEGIN", "UPDATE country SET name = 'x'", "PREPARE TRANSACTION 'kept'")
                                .stream()
                                .map(outcome -> outcome.equals("UPDATE 0") ? "UPDATE 1" : outcome)
                                .toList());
            }
            proxies.get("n1").kill();
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
        try (WireClient other = WireClient.connect(proxies.get(node).endpoint())) {
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
