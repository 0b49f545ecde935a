package io.ostraka.it.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What tests may rely on, wherever the servers come from. */
abstract class TestServersContract {
    abstract TestServers start(List<String> names) throws IOException;

    @Test
    void serversAreSeparateAndHaveTheSettingsShardsNeed() throws Exception {
        try (TestServers group = start(List.of("a", "b"))) {
            assertEquals(
                    List.of("a", "b"),
                    group.servers().stream().map(TestServer::name).toList());
            for (TestServer server : group.servers()) {
                try (Connection connection = server.connect("postgres")) {
                    assertEquals("100", one(connection, "SHOW max_prepared_transactions"));
                    assertEquals("logical", one(connection, "SHOW wal_level"));
                    assertEquals("UTF8", one(connection, "SHOW server_encoding"));
                    execute(connection, "CREATE TABLE t AS SELECT '" + server.name() + "' AS name");
                }
                // pgjdbc brings a time zone of its own.
                Endpoint endpoint =
                        new Endpoint(server.port(), "postgres", server.superuser(), server.superuserPassword());
                try (WireClient client = WireClient.login(endpoint)) {
                    assertEquals("D[UTC]", client.query("SHOW TimeZone").get(1).toString());
                }
            }
            for (TestServer server : group.servers()) {
                try (Connection connection = server.connect("postgres")) {
                    assertEquals(server.name(), one(connection, "SELECT name FROM t"));
                }
            }
        }
    }

    @Test
    void loginsNeedThePassword() throws Exception {
        try (TestServers group = start(List.of("a"))) {
            TestServer server = group.servers().get(0);
            SQLException refused =
                    assertThrows(SQLException.class, () -> server.connect("postgres", server.superuser(), "guess"));
            assertEquals("28P01", refused.getSQLState());
        }
    }

    @Test
    void aKilledServerComesBackAtItsAddressWithWhatWasCommittedOrPrepared() throws Exception {
        try (TestServers group = start(List.of("a"))) {
            TestServer server = group.servers().get(0);
            int port = server.port();
            try (Connection connection = server.connect("postgres")) {
                execute(connection, "CREATE TABLE t (id int)");
                execute(connection, "BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'p'");
                server.kill();
                assertThrows(SQLException.class, () -> one(connection, "SELECT 1"));
            }
            assertThrows(SQLException.class, () -> server.connect("postgres"));

            server.start();
            assertEquals(port, server.port());
            try (Connection connection = server.connect("postgres")) {
                assertEquals("0", one(connection, "SELECT count(*) FROM t"));
                execute(connection, "COMMIT PREPARED 'p'");
                assertEquals("1", one(connection, "SELECT count(*) FROM t"));
            }
            assertTrue(server.log().contains("was not properly shut down"), server.log());
            assertFalse(server.log().contains("PANIC"), server.log());
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String one(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            assertTrue(rows.next());
            return rows.getString(1);
        }
    }
}
