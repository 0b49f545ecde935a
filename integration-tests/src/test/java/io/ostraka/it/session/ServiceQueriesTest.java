package io.ostraka.it.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the proxy asks the shards on its own account finds PostgreSQL's own functions, whatever the search path of the client, or
 * of its role, finds first.
 */
@ExtendWith(NoLeaks.class)
class ServiceQueriesTest {
    private static final String TRAP =
            "CREATE FUNCTION trap.%s LANGUAGE plpgsql AS" + " $$ BEGIN RAISE 'caught' USING ERRCODE = 'TRAP1'; END $$;";

    private static final ClusterSpec SPEC = ClusterSpec.shards(2)
            .withDdl("CREATE TABLE counter (id int PRIMARY KEY); CREATE SCHEMA trap;"
                    + String.format(TRAP, "current_setting(text) RETURNS text")
                    + String.format(TRAP, "set_config(text, text, boolean) RETURNS text")
                    + String.format(TRAP, "pg_current_xact_id_if_assigned() RETURNS xid8")
                    + String.format(TRAP, "pg_current_xact_id() RETURNS xid8")
                    + String.format(TRAP, "pg_xact_status(xid8) RETURNS text")
                    + String.format(TRAP, "pg_logical_emit_message(boolean, text, text) RETURNS pg_lsn")
                    + "DO $$ BEGIN EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = trap, pg_catalog, public',"
                    + " current_user, current_database()); END $$")
            .withTables("counter: { hash: id }");

    private final TestCluster cluster = TestCluster.of(SPEC);

    @Test
    void theTrapsAreOpen() throws SQLException {
        try (Connection shard = cluster.shard("s0").connect();
                Statement statement = shard.createStatement()) {
            for (String call : List.of("current_setting('work_mem')", "pg_current_xact_id()")) {
                SQLException caught = assertThrows(SQLException.class, () -> statement.execute("SELECT " + call));
                assertEquals("TRAP1", caught.getSQLState());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-c work_mem=7MB", "-c work_mem=7MB -c search_path=trap,pg_catalog,public"})
    void aTransactionOverShardsIsCommitted(String options) throws SQLException {
        cluster.empty();
        try (WireClient client = WireClient.login(cluster.proxy(), Map.of("options", options))) {
            assertEquals("D[7MB]", client.query("SHOW work_mem").get(1).toString());
            assertTrue(client.query("SHOW search_path").get(1).toString().contains("trap"));
            client.query("BEGIN");
            for (int id = 1; id <= 8; id++) {
                assertEquals("C INSERT 0 1", outcome(client.query("INSERT INTO counter VALUES (" + id + ")")));
            }
            assertEquals("C COMMIT", outcome(client.query("COMMIT")));
        }
        Map<String, Long> rows = cluster.rowsByShard("counter");
        assertEquals(8, rows.values().stream().mapToLong(Long::longValue).sum());
        assertTrue(rows.values().stream().allMatch(count -> count > 0), rows::toString);
    }

    private static String outcome(List<BackendMessage> answer) {
        return answer.get(0).toString();
    }
}
