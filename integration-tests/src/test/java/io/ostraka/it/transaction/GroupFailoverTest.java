package io.ostraka.it.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.proxy.demo.PostgresServer;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The primary of a shard dies before three proxies, each in a process of its own, in the middle of transfers between two shards;
 * its synchronous standby is promoted, and all proxies follow. The other server is made its standby after each test.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
class GroupFailoverTest {
    private static final int KEYS = 40;

    private StandbyPair servers;
    private ProxyGroup group;
    private Transfers transfers;

    @BeforeAll
    void startGroup(@TempDir Path directory) throws IOException, SQLException {
        servers = new StandbyPair(Counters.DDL, true);
        group = new ProxyGroup(
                directory,
                Map.of("s0", endpoint(servers.c()), "s1", endpoint(servers.primary())),
                Map.of("s1", endpoint(servers.b())));
        group.startAllToBeArmed();
        awaitReadable("n1");
        try (Connection connection = group.proxy("n1").endpoint().connect();
                Statement statement = connection.createStatement()) {
            for (int id = 1; id <= KEYS; id++) {
                statement.execute("INSERT INTO counter VALUES (" + id + ")");
            }
        }
    }

    private static Endpoint endpoint(PostgresServer server) {
        return new Endpoint(server.port(), StandbyPair.DATABASE, "app", "app-password");
    }

    @AfterAll
    void stopGroup() throws IOException {
        group.close();
        servers.close();
    }

    @BeforeEach
    void beginTransfers() throws SQLException {
        ProxyGroup.NODES.forEach(this::awaitReadable);
        StandbyPair.run(servers.c(), StandbyPair.DATABASE, "UPDATE counter SET n = 0");
        StandbyPair.run(servers.primary(), StandbyPair.DATABASE, "UPDATE counter SET n = 0");
        List<Integer> here = ids(servers.primary());
        List<Integer> there = ids(servers.c());
        transfers = new Transfers();
        for (String node : ProxyGroup.NODES) {
            transfers.through(group.proxy(node).endpoint(), here.remove(0), there.remove(0));
        }
        transfers.awaitThrough(endpoints(ProxyGroup.NODES));
    }

    /** Everything is as it was, so the next test finds three proxies and a standby. */
    @AfterEach
    void renewStandby() throws IOException, SQLException {
        transfers.stop();
        servers.renewStandby();
    }

    private static List<Integer> ids(PostgresServer server) throws SQLException {
        List<Integer> ids = new ArrayList<>();
        try (Connection connection = server.connect(StandbyPair.DATABASE);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT id FROM counter ORDER BY id")) {
            while (rows.next()) {
                ids.add(rows.getInt(1));
            }
        }
        return ids;
    }

    private List<Endpoint> endpoints(List<String> nodes) {
        return nodes.stream().map(node -> group.proxy(node).endpoint()).toList();
    }

    /** What the node's console says of the shard with the standby. */
    private String shown(String node, String column) throws SQLException {
        try (Connection connection = group.proxy(node).console().connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SHOW SHARDS")) {
            rows.next();
            rows.next();
            assertEquals("s1", rows.getString("shard"));
            return String.valueOf(rows.getString(column));
        }
    }

    private void awaitReadable(String node) {
        Await.until(
                "the primary is found by " + node, () -> shown(node, "state").equals("readable"));
    }

    /** All three use the new primary, nothing is left prepared, and every transfer is there on both shards, or on none. */
    private void assertAllIsWell() throws SQLException {
        transfers.awaitThrough(endpoints(ProxyGroup.NODES));
        for (String node : ProxyGroup.NODES) {
            assertEquals("127.0.0.1:" + servers.primary().port() + "/test", shown(node, "address"));
        }
        transfers.stop();
        Await.until("nothing is left prepared", () -> prepared(servers.primary()) + prepared(servers.c()) == 0);
        transfers.check(id -> value(servers.primary(), id), id -> value(servers.c(), id));
    }

    private static int prepared(PostgresServer server) throws SQLException {
        return StandbyPair.ask(server, "SELECT count(*) FROM pg_prepared_xacts");
    }

    private static int value(PostgresServer server, int id) throws SQLException {
        return StandbyPair.ask(server, "SELECT n FROM counter WHERE id = " + id);
    }

    @Test
    void allProxiesFollowAndWhatTheyHadDecidedIsFinishedOnTheNewPrimary() throws Exception {
        String deciding = ProxyGroup.without(group.awaitLeader()).get(0);
        group.arm(deciding, "before-commit-prepared:stop");
        group.proxy(deciding).awaitFailpoint();
        servers.primary().kill();
        group.proxy(deciding).goOn();
        servers.promote();
        assertAllIsWell();
    }

    /** In every build those after which the new primary must be asked; all only on demand: {@code bin/ostraka-faults --matrix}. */
    static Stream<String> places() {
        return Boolean.getBoolean("ostraka.matrix")
                ? Stream.of("before-decide", "before-commit-prepared", "after-one-commit-prepared", "before-done")
                : Stream.of("after-one-commit-prepared", "before-done");
    }

    @ParameterizedTest(name = "the leader dies {0}")
    @MethodSource("places")
    void theProxyThatLeadsAndThePrimaryDieTogether(String place) throws Exception {
        String leader = group.awaitLeader();
        group.arm(leader, place + ":halt");
        group.proxy(leader).awaitEnd();
        servers.primary().kill();
        servers.promote();
        transfers.awaitThrough(endpoints(ProxyGroup.without(leader)));
        group.startToBeArmed(leader);
        assertAllIsWell();
    }

    @Test
    void whatALeaderHasBegunToSettleIsSettledByTheNextOne() throws Exception {
        String first = group.awaitLeader();
        group.arm(first, "before-commit-prepared:halt");
        group.proxy(first).awaitEnd();
        servers.c().kill();
        servers.primary().kill();
        servers.promote();
        String second = group.awaitLeader();
        Await.until("the log knows the new primary", () -> shown(second, "address")
                .contains(":" + servers.primary().port()));
        // What the first had decided cannot be finished, because the other shard is away; so nobody may use this one.
        assertEquals("being settled", shown(second, "state"));
        group.proxy(second).kill();
        servers.c().start();
        group.startToBeArmed(first);
        group.startToBeArmed(second);
        assertAllIsWell();
    }
}
