package io.ostraka.it.session;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Sessions of several roles share a statement that is prepared once, on the one backend: each sees the rows its policy shows. */
@ExtendWith(NoLeaks.class)
class RowSecurityTest {
    private static final ClusterSpec SPEC =
            ClusterSpec.shards(1).withDdl("""
                    CREATE TABLE letter (owner text, body text);
                    ALTER TABLE letter ENABLE ROW LEVEL SECURITY;
                    CREATE POLICY own ON letter USING (owner = current_user);
                    GRANT SELECT ON letter TO PUBLIC;
                    INSERT INTO letter VALUES ('it_alice', 'to alice'), ('it_bob', 'to bob');
                    """).withDatabase("pool: { size: 1, acquire_timeout: 30s }");

    /** PostgreSQL may go over to a generic plan from the sixth execution on. */
    private static final int EXECUTIONS = 8;

    private final TestCluster cluster = TestCluster.of(SPEC);

    @BeforeEach
    void createRoles() throws SQLException {
        dropRoles();
        onServer("CREATE ROLE it_alice; CREATE ROLE it_bob; GRANT it_alice, it_bob TO app");
    }

    @AfterEach
    void dropRoles() throws SQLException {
        onServer("DROP ROLE IF EXISTS it_alice, it_bob");
    }

    private void onServer(String sql) throws SQLException {
        try (Connection connection = cluster.server("s0").connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static List<String> read(WireClient client) {
        client.send(bind("", "s", List.of(), false), execute("", 0), sync());
        return client.untilReady().stream()
                .filter(message -> message.type() == 'D' || message.type() == 'E')
                .map(BackendMessage::toString)
                .toList();
    }

    @Test
    void aPlanOfOneRoleDoesNotServeAnother() {
        try (WireClient owner = WireClient.login(cluster.proxy());
                WireClient alice = WireClient.login(cluster.proxy());
                WireClient bob = WireClient.login(cluster.proxy())) {
            alice.query("SET ROLE it_alice");
            bob.query("SET ROLE it_bob");
            for (WireClient client : List.of(owner, alice, bob)) {
                client.send(parse("s", "SELECT body FROM letter ORDER BY body"), sync());
                client.untilReady();
            }
            for (int i = 0; i < EXECUTIONS; i++) {
                assertEquals(List.of("D[to alice]"), read(alice));
                assertEquals(List.of("D[to bob]"), read(bob));
                assertEquals(List.of("D[to alice]", "D[to bob]"), read(owner));
            }
            alice.query("SET ROLE it_bob");
            assertEquals(List.of("D[to bob]"), read(alice));
            alice.query("RESET ROLE");
            assertEquals(List.of("D[to alice]", "D[to bob]"), read(alice));
            assertEquals(List.of("D[to bob]"), read(bob));
        }
    }
}
