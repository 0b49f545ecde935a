package io.ostraka.it.admin;

import static io.ostraka.it.harness.FrontendMessages.query;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The database {@code ostraka}: who may open it, what it shows, in both protocols. */
@Timeout(120)
class ConsoleTest {
    private static final ClusterSpec SPEC = ClusterSpec.shards(2)
            .withDdl("CREATE TABLE item (id int PRIMARY KEY, n int)")
            .withTables("item: { hash: id }");

    private final TestCluster cluster = TestCluster.of(SPEC);

    private List<String> column(Statement statement, String sql, String column) throws SQLException {
        List<String> values = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                values.add(rows.getString(column));
            }
        }
        return values;
    }

    private Endpoint at(String database, String user, String password) {
        return new Endpoint(cluster.proxy().port(), database, user, password);
    }

    @Test
    void opensToAdministratorsOnly() {
        SQLException refused = assertThrows(SQLException.class, () -> at(
                        "ostraka", cluster.proxy().user(), cluster.proxy().password())
                .connect());
        assertEquals("42501", refused.getSQLState());
        SQLException wrong = assertThrows(
                SQLException.class,
                () -> at("ostraka", cluster.console().user(), "wrong").connect());
        assertEquals("28P01", wrong.getSQLState());
    }

    @Test
    void showsTheShards() throws SQLException {
        try (Connection connection = cluster.console().connect();
                Statement statement = connection.createStatement()) {
            assertEquals(List.of("s0", "s1"), column(statement, "SHOW SHARDS", "shard"));
            assertEquals(List.of("readable", "readable"), column(statement, "show shards;", "state"));
            try (ResultSet rows = statement.executeQuery("SHOW SHARDS")) {
                assertTrue(rows.next());
                assertEquals(0, rows.getInt("number"));
                assertTrue(rows.getInt("max_prepared") > 0);
                assertTrue(rows.getString("version").startsWith("18"), rows.getString("version"));
                assertTrue(rows.getString("address").startsWith("127.0.0.1:"));
            }
        }
    }

    @Test
    void showsAShardThatIsDown() throws Exception {
        cluster.server("s1").kill();
        try (Connection connection = cluster.console().connect();
                Statement statement = connection.createStatement()) {
            assertEquals(List.of("readable", "no answer"), column(statement, "SHOW SHARDS", "state"));
            assertEquals(List.of(), column(statement, "SHOW IN_DOUBT", "gid"));
            assertTrue(statement.getWarnings().getMessage().contains("shard \"s1\" does not answer"));
        } finally {
            cluster.server("s1").start();
        }
    }

    @Test
    void showsAProxyAlone() throws SQLException {
        try (Connection connection = cluster.console().connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SHOW PEERS")) {
            assertTrue(rows.next());
            assertEquals("leads", rows.getString("state"));
            assertEquals(null, rows.getString("address"));
            assertTrue(rows.getBoolean("self"));
            assertTrue(rows.getLong("applied") >= rows.getLong("epoch"));
            assertFalse(rows.next());
        }
    }

    @Test
    void showsOpenTransactionsAndWhereTheyAre() throws SQLException {
        cluster.empty();
        try (Connection client = cluster.connect();
                Statement work = client.createStatement();
                Connection connection = cluster.console().connect();
                Statement statement = connection.createStatement()) {
            assertEquals(List.of(), column(statement, "SHOW TRANSACTIONS", "state"));
            client.setAutoCommit(false);
            for (int id = 1; id <= 20; id++) {
                work.execute("INSERT INTO item VALUES (" + id + ", 0)");
            }
            try (ResultSet rows = statement.executeQuery("SHOW TRANSACTIONS")) {
                assertTrue(rows.next());
                assertEquals("open", rows.getString("state"));
                assertEquals("test", rows.getString("database"));
                assertEquals(cluster.proxy().user(), rows.getString("user"));
                assertEquals(
                        "s0, s1",
                        List.of(rows.getString("shards").split(", ")).stream()
                                .sorted()
                                .collect(Collectors.joining(", ")));
                assertEquals(rows.getString("shards"), rows.getString("written"));
                OffsetDateTime since = rows.getObject("spans_since", OffsetDateTime.class);
                assertTrue(
                        Duration.between(since.toInstant(), Instant.now()).abs().toMinutes() < 5,
                        "it began some moments ago: " + since);
                assertFalse(rows.next());
            }
            assertThrows(SQLException.class, () -> work.execute("SELECT 1/0"));
            assertEquals(List.of("failed"), column(statement, "SHOW TRANSACTIONS", "state"));
            client.rollback();
            assertEquals(List.of(), column(statement, "SHOW TRANSACTIONS", "state"));
        }
    }

    /** A driver changes to the binary format after some executions, and may ask for a few rows at a time. */
    @Test
    void showsTheSameInTextAndBinaryAndInPieces() throws SQLException {
        try (Connection connection = cluster.console().connect()) {
            connection.setAutoCommit(false);
            try (PreparedStatement prepared = connection.prepareStatement("SHOW SHARDS")) {
                prepared.setFetchSize(1);
                List<String> seen = new ArrayList<>();
                for (int i = 0; i < 12; i++) {
                    try (ResultSet rows = prepared.executeQuery()) {
                        while (rows.next()) {
                            seen.add(rows.getString("shard") + rows.getLong("number") + rows.getLong("max_prepared"));
                        }
                    }
                }
                assertEquals(24, seen.size());
                assertEquals(2, seen.stream().distinct().count(), seen.toString());
            }
            connection.commit();
        }
    }

    @Test
    void answersWhatItDoesNotKnowWithAnErrorAndGoesOn() {
        try (WireClient client = WireClient.login(cluster.console())) {
            String completion = "SELECT c.relname FROM pg_catalog.pg_class c WHERE c.relname LIKE 'x%'; SHOW HELP";
            for (String sql :
                    List.of(completion, "SELECT 1", "SHOW nothing", "SHOW SHARDS extra", "'", "CREATE TABLE t ()")) {
                List<BackendMessage> answer = client.query(sql);
                assertEquals("EZ", types(answer), sql);
            }
            assertEquals("0A000", client.query("SELECT 1").get(0).sqlState());
            assertEquals("42704", client.query("SHOW nothing").get(0).sqlState());
            assertEquals("IZ", types(client.query(" ; -- nothing")));
            assertEquals("CZ", types(client.query("BEGIN")));
            assertEquals("EZ", types(client.query("SELECT 1")));
            assertEquals("TDDDDDDDCCZ", types(client.query("show /* all */ \n help; COMMIT")));
            assertEquals("TDCZ", types(client.query("SHOW TRANSACTION ISOLATION LEVEL")));
        }
    }

    @Test
    void takesMessagesThatComeTogetherInTheirOrder() {
        try (WireClient client = WireClient.login(cluster.console())) {
            client.send(query("SHOW SHARDS"), query("SHOW PEERS"), query("SHOW HELP"));
            assertEquals("TDDCZ", types(client.untilReady()));
            assertEquals("TDCZ", types(client.untilReady()));
            assertEquals("TDDDDDDDCZ", types(client.untilReady()));
        }
    }

    private static String types(List<BackendMessage> answer) {
        return answer.stream().map(message -> String.valueOf(message.type())).collect(Collectors.joining());
    }

    @Test
    void endsWhenItsServerStops() throws Exception {
        try (TestCluster own = TestCluster.start(SPEC);
                WireClient client = WireClient.login(own.console())) {
            own.proxyServer(0).close();
            List<BackendMessage> last = client.untilClosed();
            assertEquals("57P01", last.get(0).sqlState());
        }
    }
}
