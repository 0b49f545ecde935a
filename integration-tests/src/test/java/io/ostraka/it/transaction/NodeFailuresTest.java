package io.ostraka.it.transaction;

import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.transaction.Counters.increment;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.Cable;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What becomes of a commit when one of three proxies dies or hangs in the middle of it, each in a process of its own: a row of the table
 * of failures for each test. All three live at the beginning of each, and at its end. Those rows that take long, and the same for
 * proxies that do not lead, only when asked for: {@code bin/ostraka-faults --matrix}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
class NodeFailuresTest {
    private static final String ALL = "ostraka.matrix";
    /** Where the leader dies in every build: what is left is rolled back, either, committed. */
    private static final Set<String> ALWAYS = Set.of("before-decide", "after-propose", "after-one-commit-prepared");

    private static final String TOUCH = "UPDATE counter SET n = n WHERE id = $";

    private final TestCluster cluster = TestCluster.of(Counters.spec(2).withProxies(0));
    private Cable cable;
    private ProxyGroup group;
    private Counters counters;
    private List<Integer> before = List.of();

    /** What is left of the transaction. */
    private enum Fate {
        NONE(0, 0),
        ALL(1, 1),
        EITHER(0, 1);

        private final int least;
        private final int most;

        Fate(int least, int most) {
            this.least = least;
            this.most = most;
        }
    }

    @BeforeAll
    void startGroup(@TempDir Path directory) throws IOException, SQLException {
        cable = new Cable(cluster.shard("s1"));
        group = new ProxyGroup(directory, cluster, Map.of("s1", cable.end()));
        group.startAllToBeArmed();
        try (WireClient client = group.login("n2")) {
            counters = Counters.filled(cluster, client);
        }
    }

    @AfterAll
    void stopGroup() throws IOException {
        group.close();
        cable.close();
    }

    @BeforeEach
    void look() throws SQLException {
        ProxyGroup.NODES.forEach(this::awaitService);
        Await.until("nothing is prepared", () -> counters.prepared() == 0);
        before = counters.values();
    }

    /** Both shards are read and written through this proxy, which needs both the fence and whatever the commit had locked. */
    private void awaitService(String node) {
        Await.until("both shards are read, and written, through " + node, () -> group.tried(
                        node,
                        counters,
                        "SELECT n FROM counter WHERE id IN ($0, $1)",
                        "BEGIN",
                        TOUCH + 0,
                        TOUCH + 1,
                        "COMMIT")
                .equals(List.of("SELECT 2", "BEGIN", "UPDATE 1", "UPDATE 1", "COMMIT")));
    }

    private String follower() {
        return ProxyGroup.without(group.awaitLeader()).get(0);
    }

    /** A client in a transaction that has written on both shards. */
    private WireClient beginning(String node) throws IOException {
        WireClient client = group.login(node);
        assertEquals(
                List.of("BEGIN", "UPDATE 1", "UPDATE 1"), counters.run(client, "BEGIN", increment(0), increment(1)));
        return client;
    }

    /** The tag, or the SQLSTATE; "lost" when there is no answer. */
    private static String outcome(WireClient client) {
        try {
            return Counters.outcome(client.untilReady());
        } catch (UncheckedIOException gone) {
            return "lost";
        }
    }

    private void assertFate(Fate fate) throws SQLException {
        Await.until("nothing is prepared", () -> counters.prepared() == 0);
        List<Integer> values = counters.values();
        assertEquals(values.get(0) - before.get(0), values.get(1) - before.get(1), () -> "half of it: " + values);
        int more = values.get(0) - before.get(0);
        assertTrue(more >= fate.least && more <= fate.most, () -> before + " before, now " + values);
    }

    /** The others serve both shards without it, and how soon. */
    private void assertSurvivorsFinish(String row, String dead, Fate fate) throws SQLException {
        long since = System.nanoTime();
        ProxyGroup.without(dead).forEach(this::awaitService);
        assertFate(fate);
        System.out.printf(
                "%s: finished by the survivors in %.1f s%n",
                row, Duration.ofNanos(System.nanoTime() - since).toMillis() / 1000.0);
    }

    static Stream<Arguments> deaths() {
        boolean all = Boolean.getBoolean(ALL);
        return (all ? Stream.of(true, false) : Stream.of(true)).flatMap(leads -> Stream.of(
                        Arguments.of("before any PREPARE", "before-prepare", leads, Fate.NONE),
                        Arguments.of("after some PREPAREs", "after-one-prepare", leads, Fate.NONE),
                        Arguments.of("all prepared, nothing proposed", "before-decide", leads, Fate.NONE),
                        Arguments.of("proposal sent, fate unknown", "after-propose", leads, Fate.EITHER),
                        Arguments.of("decided, nobody knows it yet", "after-apply", leads, Fate.ALL),
                        Arguments.of("decided, phase two not begun", "after-decide", leads, Fate.ALL),
                        Arguments.of("at the beginning of phase two", "before-commit-prepared", leads, Fate.ALL),
                        Arguments.of("within phase two", "after-one-commit-prepared", leads, Fate.ALL),
                        Arguments.of("all committed, client not answered", "before-answer", leads, Fate.ALL),
                        Arguments.of("answered, DONE not logged", "before-done", leads, Fate.ALL))
                .filter(row -> all || ALWAYS.contains(String.valueOf(row.get()[1]))));
    }

    @ParameterizedTest(name = "{0}, it leads: {2}")
    @MethodSource("deaths")
    void aNodeDies(String row, String failpoint, boolean leads, Fate fate) throws Exception {
        String dying = leads ? group.awaitLeader() : follower();
        try (WireClient client = beginning(dying)) {
            group.arm(dying, failpoint + ":halt");
            client.send(query("COMMIT"));
            String outcome = outcome(client);
            // A node that follows may hear the leader's answer before it has applied the entry itself.
            boolean mayBeAnswered = failpoint.equals("before-done") || (failpoint.equals("after-apply") && !leads);
            assertTrue(outcome.equals("lost") || (mayBeAnswered && outcome.equals("COMMIT")), outcome);
        }
        group.proxy(dying).awaitEnd();
        assertSurvivorsFinish(row, dying, fate);
        group.startToBeArmed(dying);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"before-decide, NONE", "after-one-commit-prepared, ALL"})
    @EnabledIfSystemProperty(named = ALL, matches = "true", disabledReason = "bin/ostraka-faults --matrix")
    void aNodeHangs(String failpoint, Fate fate) throws Exception {
        String hanging = group.awaitLeader();
        try (WireClient client = beginning(hanging)) {
            group.arm(hanging, failpoint + ":stop");
            client.send(query("COMMIT"));
            group.proxy(hanging).awaitFailpoint();
            group.proxy(hanging).pause();
            assertSurvivorsFinish("node hangs, " + failpoint, hanging, fate);
            group.proxy(hanging).resume();
            group.proxy(hanging).goOn();
            // What it still says comes too late to change anything; nor does it tell the client another thing.
            String outcome = outcome(client);
            assertTrue(
                    fate == Fate.ALL ? List.of("COMMIT", "lost").contains(outcome) : !outcome.equals("COMMIT"),
                    outcome);
        }
        awaitService(hanging);
        assertFate(fate);
    }

    @Test
    void rowsThatAHungNodeHasLockedAreFreedWhenItIsExpelled() throws Exception {
        String hanging = group.awaitLeader();
        try (WireClient client = group.login(hanging)) {
            assertEquals(List.of("BEGIN", "UPDATE 1"), counters.run(client, "BEGIN", increment(0)));
            Await.until(
                    "its connection has been open for as long as the others need to know of it", () -> !counters.ask(
                                    "s0",
                                    "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND query LIKE"
                                            + " 'UPDATE counter%' AND state_change < clock_timestamp() - interval '3 s'")
                            .equals("0"));
            group.proxy(hanging).pause();
            assertSurvivorsFinish("node hangs in a transaction", hanging, Fate.NONE);
            group.proxy(hanging).resume();
            client.send(query("COMMIT"));
            String outcome = outcome(client);
            assertTrue(List.of("lost", "08006").contains(outcome), outcome);
        }
        awaitService(hanging);
        assertFate(Fate.NONE);
    }

    @Test
    @EnabledIfSystemProperty(named = ALL, matches = "true", disabledReason = "bin/ostraka-faults --matrix")
    void theLeaderDiesBeforeTheEntryIsOnAMajority() throws Exception {
        String leader = group.awaitLeader();
        String coordinating = follower();
        try (WireClient client = beginning(coordinating)) {
            group.arm(coordinating, "before-decide:stop");
            client.send(query("COMMIT"));
            group.proxy(coordinating).awaitFailpoint();
            group.proxy(leader).kill();
            group.proxy(coordinating).goOn();
            assertEquals("COMMIT", outcome(client), "the next leader is asked again");
        }
        assertSurvivorsFinish("leader dies before the entry is on a majority", leader, Fate.ALL);
        group.startToBeArmed(leader);
    }

    @Test
    @EnabledIfSystemProperty(named = ALL, matches = "true", disabledReason = "bin/ostraka-faults --matrix")
    void theLeaderDiesAfterMajorityBeforeItAnswers() throws Exception {
        String leader = group.awaitLeader();
        try (WireClient client = beginning(follower())) {
            group.arm(leader, "after-apply:halt");
            client.send(query("COMMIT"));
            assertEquals("COMMIT", outcome(client), "the next leader knows it, too");
        }
        group.proxy(leader).awaitEnd();
        assertSurvivorsFinish("leader dies after majority, before it answers", leader, Fate.ALL);
        group.startToBeArmed(leader);
    }

    @Test
    @EnabledIfSystemProperty(named = ALL, matches = "true", disabledReason = "bin/ostraka-faults --matrix")
    void aNodeCutOffFromOneShardInPhaseTwoDies() throws Exception {
        try (WireClient client = beginning("n1")) {
            group.arm("n1", "before-commit-prepared:stop");
            client.send(query("COMMIT"));
            group.proxy("n1").awaitFailpoint();
            cable.cut();
            group.proxy("n1").goOn();
            assertEquals("COMMIT", outcome(client), "the decision stands");
        }
        assertEquals(1, counters.prepared(), "the shard that cannot be reached is behind");
        Await.until("nobody reads it meanwhile, through any proxy", () -> group.tried(
                        "n2", counters, "SELECT n FROM counter WHERE id = $1")
                .equals(List.of("57P03")));
        group.proxy("n1").kill();
        assertSurvivorsFinish("node partitioned from one shard, then dies", "n1", Fate.ALL);
        cable.mend();
        group.startToBeArmed("n1");
    }

    @Test
    @EnabledIfSystemProperty(named = ALL, matches = "true", disabledReason = "bin/ostraka-faults --matrix")
    void aPrepareIsDeliveredLate() throws Exception {
        String dying = follower();
        String gid;
        try (WireClient client = beginning(dying)) {
            group.arm(dying, "before-decide:stop");
            client.send(query("COMMIT"));
            group.proxy(dying).awaitFailpoint();
            gid = counters.ask("s0", "SELECT gid FROM pg_prepared_xacts WHERE database = current_database()");
            group.proxy(dying).kill();
        }
        assertSurvivorsFinish("node dies, its PREPARE not delivered yet", dying, Fate.NONE);
        try (Connection late = cluster.shard("s0").connect();
                Statement statement = late.createStatement()) {
            statement.execute("BEGIN");
            statement.execute(counters.sql("UPDATE counter SET n = n + 100 WHERE id = $0"));
            statement.execute("PREPARE TRANSACTION '" + gid + "'");
        }
        assertFate(Fate.NONE);
        group.startToBeArmed(dying);
    }

    @Test
    @EnabledIfSystemProperty(named = ALL, matches = "true", disabledReason = "bin/ostraka-faults --matrix")
    void theMajorityIsLost() throws Exception {
        String leader = group.awaitLeader();
        try (WireClient client = beginning(leader)) {
            group.arm(leader, "before-decide:stop");
            client.send(query("COMMIT"));
            group.proxy(leader).awaitFailpoint();
            ProxyGroup.without(leader).forEach(node -> group.proxy(node).kill());
            group.proxy(leader).goOn();
            assertTrue(List.of("08007", "40000").contains(outcome(client)), "nobody can tell");
        }
        ProxyGroup.without(leader).forEach(group::startToBeArmed);
        ProxyGroup.NODES.forEach(this::awaitService);
        assertFate(Fate.EITHER);
    }
}
