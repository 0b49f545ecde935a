package io.ostraka.it.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The whole of it: shards, proxies, a reference; and the first light of the proxy itself. */
class TestClusterTest {
    private static final ClusterSpec SPEC = ClusterSpec.shards(2).withDdl("""
                    CREATE TABLE accounts (region text NOT NULL, id int NOT NULL, balance numeric(9, 2), PRIMARY KEY (region, id));
                    CREATE TABLE countries (code text PRIMARY KEY)
                    """).withTables("""
                    accounts: { list: region, values: { eu: s0, us: s1 } }
                    countries: { reference: true }
                    """);

    private final TestCluster cluster = TestCluster.of(SPEC);

    @BeforeEach
    void empty() throws SQLException {
        cluster.empty();
    }

    @Test
    void equalSpecsShareACluster() {
        assertSame(cluster, TestCluster.of(SPEC.withProxies(1)));
        assertNotEquals(cluster, TestCluster.of(ClusterSpec.shards(1)));
    }

    @ParameterizedTest
    @EnumSource
    void statementsByKeyAnswerAsOnePostgresAndLandOnTheirShard(Protocol protocol) throws Exception {
        try (Differential differential = cluster.differential(protocol)) {
            differential.check(
                    "INSERT INTO accounts VALUES ('eu', 1, 10.50)",
                    "INSERT INTO accounts VALUES ('us', 2, NULL)",
                    "INSERT INTO accounts VALUES ('us', 2, NULL)",
                    "SELECT * FROM accounts WHERE region = 'eu'",
                    "UPDATE accounts SET balance = 1 WHERE region = 'us' AND id = 2",
                    "SELECT * FROM accounts",
                    "DELETE FROM accounts WHERE region = 'eu' AND id = 1");
        }
        assertEquals(Map.of("s0", 0L, "s1", 1L), cluster.rowsByShard("accounts"));
    }

    @Test
    void bothJdbcUrlsReachTheProxy() throws Exception {
        Endpoint proxy = cluster.proxy();
        for (String scheme : new String[] {"postgresql", "ostraka"}) {
            String url = "jdbc:" + scheme + "://127.0.0.1:" + proxy.port() + "/" + proxy.database();
            try (Connection connection = DriverManager.getConnection(url, proxy.user(), proxy.password());
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery("SHOW ostraka.shard")) {
                assertTrue(rows.next());
            }
        }
    }

    @Test
    void aKilledShardComesBackForTheSameProxy() throws Exception {
        cluster.everywhere("INSERT INTO accounts VALUES ('eu', 1, 1), ('us', 1, 1)");
        try {
            cluster.server("s1").kill();
            try (Connection connection = cluster.connect();
                    Statement statement = connection.createStatement()) {
                statement
                        .executeQuery("SELECT * FROM accounts WHERE region = 'eu'")
                        .close();
                assertThrows(
                        SQLException.class, () -> statement.executeQuery("SELECT * FROM accounts WHERE region = 'us'"));
            }
        } finally {
            cluster.server("s1").start();
        }
        Await.until("s1 answers through the proxy again", () -> {
            try (Connection connection = cluster.connect();
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery("SELECT * FROM accounts WHERE region = 'us'")) {
                return rows.next();
            }
        });
    }

    @Test
    void proxiesOfOneClusterSeeTheSameRows() throws Exception {
        TestCluster two = TestCluster.of(SPEC.withProxies(2));
        two.empty();
        try (Connection first = two.proxy(0).connect();
                Connection second = two.proxy(1).connect();
                Statement write = first.createStatement();
                Statement read = second.createStatement()) {
            write.execute("INSERT INTO accounts VALUES ('us', 7, 7)");
            try (ResultSet rows = read.executeQuery("SELECT id FROM accounts WHERE region = 'us'")) {
                assertTrue(rows.next());
                assertEquals(7, rows.getInt(1));
            }
        }
    }

    @Test
    void whatTheProxyLogsCanBeRead() throws Exception {
        try (LogCapture log = LogCapture.start(org.slf4j.event.Level.DEBUG);
                TestCluster own = TestCluster.start(ClusterSpec.shards(1))) {
            assertTrue(own.proxy().port() > 0);
            assertTrue(log.lines().stream().anyMatch(line -> line.contains("listening on")), log.lines()::toString);
        }
    }
}
