package io.ostraka.it.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code users_from_shards}: roles that only the shards know log in, as what they are there. */
@ExtendWith(NoLeaks.class)
class UsersFromShardsTest {
    private static final ClusterSpec SPEC = ClusterSpec.shards(2)
            .withDdl("CREATE TABLE mine (id int PRIMARY KEY); CREATE TABLE open (id int PRIMARY KEY);"
                    + "GRANT SELECT, INSERT ON open TO PUBLIC")
            .withTables("mine: { hash: id }\nopen: { hash: id }")
            .withTop("users_from_shards: true\nlimits: { failed_logins: 100000 }");
    private static final String ROLE = "visitor";

    private final TestCluster cluster = TestCluster.of(SPEC);

    @AfterEach
    void dropRole() throws SQLException {
        onServers("DROP ROLE IF EXISTS " + ROLE);
    }

    private void onServers(String sql) throws SQLException {
        for (String shard : List.of("s0", "s1")) {
            onServer(shard, sql);
        }
    }

    private void onServer(String shard, String sql) throws SQLException {
        try (Connection connection = cluster.server(shard).connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Creates the role everywhere with one verifier of the password; {@code attributes}: further ones. */
    private void createRole(String password, String attributes) throws SQLException {
        onServer("s0", "CREATE ROLE " + ROLE + " LOGIN PASSWORD '" + password + "' " + attributes);
        onServer("s1", "CREATE ROLE " + ROLE + " LOGIN PASSWORD '" + verifier() + "' " + attributes);
    }

    private String verifier() throws SQLException {
        try (Connection connection = cluster.server("s0").connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("SELECT rolpassword FROM pg_authid WHERE rolname = '" + ROLE + "'")) {
            row.next();
            return row.getString(1);
        }
    }

    private Endpoint visitor(String password) {
        return visitor(cluster, password);
    }

    private boolean mayLogIn(String password) {
        try (WireClient client = WireClient.login(visitor(password))) {
            return client.query("SELECT 1").size() == 4;
        } catch (AssertionError refused) {
            // By the proxy, or by a shard that knows the change already.
            assertTrue(refused.getMessage().matches("(?s).*(28P01|28000).*"), refused::toString);
            return false;
        }
    }

    private void awaitLogin(String password) {
        Await.until("the role may log in", () -> mayLogIn(password));
    }

    @Test
    void aRoleLogsInAndIsWhatItIsOnTheShards() throws SQLException {
        createRole("secret", "");
        awaitLogin("secret");
        try (WireClient client = WireClient.login(visitor("secret"))) {
            assertEquals(
                    "D[visitor]", client.query("SELECT current_user").get(1).toString());
            for (int id = 1; id <= 8; id++) {
                assertEquals(
                        "42501",
                        client.query("SELECT id FROM mine WHERE id = " + id)
                                .get(0)
                                .sqlState());
                assertEquals(
                        "C INSERT 0 1",
                        client.query("INSERT INTO open VALUES (" + id + ")")
                                .get(0)
                                .toString());
            }
        }
        assertEquals(
                2,
                cluster.rowsByShard("open").values().stream()
                        .filter(rows -> rows > 0)
                        .count());
        onServers("REASSIGN OWNED BY " + ROLE + " TO app");
        cluster.empty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void whoeverIsCreatedThroughTheProxyLogsInAtOnce(String mode) throws SQLException {
        TestCluster one = TestCluster.of(ClusterSpec.shards(1)
                .withDatabase("pool: { size: 3, mode: " + mode + " }")
                .withTop("users_from_shards: true\nlimits: { failed_logins: 100000 }"));
        onServer("s0", "ALTER ROLE " + one.proxy().user() + " CREATEROLE");
        try (WireClient client = WireClient.login(one.proxy())) {
            for (int i = 0; i < 3; i++) {
                client.query("CREATE ROLE " + ROLE + " LOGIN PASSWORD 'first'");
                WireClient.login(visitor(one, "first")).close();
                client.query("ALTER ROLE " + ROLE + " PASSWORD 'second'");
                WireClient.login(visitor(one, "second")).close();
                client.query("BEGIN");
                client.query("ALTER USER " + ROLE + " PASSWORD 'third'");
                client.query("SAVEPOINT s");
                client.query("COMMIT");
                WireClient.login(visitor(one, "third")).close();
                client.query("BEGIN; ALTER USER " + ROLE + " PASSWORD 'fourth'; COMMIT");
                WireClient.login(visitor(one, "fourth")).close();
                client.send(
                        FrontendMessages.parse("", "ALTER USER " + ROLE + " PASSWORD 'fifth'"),
                        FrontendMessages.bind("", "", List.of(), false),
                        FrontendMessages.execute("", 0),
                        FrontendMessages.sync());
                client.untilReady();
                WireClient.login(visitor(one, "fifth")).close();
                client.query("DROP ROLE " + ROLE);
                assertThrows(AssertionError.class, () -> WireClient.login(visitor(one, "fifth")));
            }
        } finally {
            onServer("s0", "ALTER ROLE " + one.proxy().user() + " NOCREATEROLE");
        }
    }

    private static Endpoint visitor(TestCluster cluster, String password) {
        return new Endpoint(cluster.proxy().port(), cluster.proxy().database(), ROLE, password);
    }

    @Test
    void aWrongPasswordAndARoleThatIsNotThereAreRefusedAlike() throws SQLException {
        AssertionError unknown = assertThrows(AssertionError.class, () -> WireClient.login(visitor("x")));
        createRole("secret", "");
        awaitLogin("secret");
        AssertionError wrong = assertThrows(AssertionError.class, () -> WireClient.login(visitor("x")));
        assertEquals(unknown.getMessage(), wrong.getMessage());
    }

    @Test
    void aChangedPasswordCountsSoon() throws SQLException {
        createRole("first", "");
        awaitLogin("first");
        onServer("s0", "ALTER ROLE " + ROLE + " PASSWORD 'second'");
        onServer("s1", "ALTER ROLE " + ROLE + " PASSWORD '" + verifier() + "'");
        awaitLogin("second");
        assertTrue(!mayLogIn("first"));
        onServers("ALTER ROLE " + ROLE + " NOLOGIN");
        Await.until("it may not log in any more", () -> !mayLogIn("second"));
        onServers("ALTER ROLE " + ROLE + " LOGIN");
        awaitLogin("second");
        onServers("ALTER ROLE " + ROLE + " VALID UNTIL '2001-01-01'");
        Await.until("its password has expired", () -> !mayLogIn("second"));
        onServers("ALTER ROLE " + ROLE + " VALID UNTIL 'infinity'");
        awaitLogin("second");
        onServer("s1", "ALTER ROLE " + ROLE + " PASSWORD 'second'");
        Await.until("its verifiers differ", () -> !mayLogIn("second"));
    }
}
