package io.ostraka.proxy.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedServersTest {

    @Test
    void serversHaveTheSettingsThatShardsNeed() throws Exception {
        Path directory;
        try (EmbeddedServers servers = EmbeddedServers.temporary(List.of("s0", "s1"))) {
            directory = servers.directory();
            for (PostgresServer server : servers.servers()) {
                try (Connection connection = server.connect("postgres")) {
                    assertEquals("100", show(connection, "max_prepared_transactions"));
                    assertEquals("logical", show(connection, "wal_level"));
                    assertEquals("UTF8", show(connection, "server_encoding"));
                    assertEquals("127.0.0.1", show(connection, "listen_addresses"));
                    assertEquals(
                            "b C.UTF-8",
                            one(
                                    connection,
                                    "SELECT datlocprovider::text || ' ' || datlocale FROM pg_database"
                                            + " WHERE datname = 'postgres'"));
                }
            }
        }
        assertFalse(Files.exists(directory), "temporary data is removed");
    }

    /** Containers may forbid user namespaces; then the servers run as the user nobody. */
    @Test
    void rootCanStartThemWithoutUserNamespaces() throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "only root has the choice");
        try (EmbeddedServers servers = EmbeddedServers.temporary(List.of("s0"), RunAs.NOBODY)) {
            PostgresServer server = servers.server("s0");
            assertEquals(
                    "nobody",
                    Files.getOwner(servers.directory().resolve("s0/data")).getName());
            server.kill();
            server.start();
            try (Connection connection = server.connect("postgres")) {
                assertEquals("UTF8", show(connection, "server_encoding"));
            }
        }
    }

    @Test
    void nobodyComesInWithoutTheRightPassword() throws Exception {
        try (EmbeddedServers servers = EmbeddedServers.temporary(List.of("s0"))) {
            PostgresServer server = servers.server("s0");
            SQLException refused = assertThrows(
                    SQLException.class, () -> server.connect("postgres", PostgresServer.SUPERUSER, "guess"));
            assertEquals("28P01", refused.getSQLState());
        }
    }

    @Test
    void whatWasCommittedSurvivesAKillAndTheServerComesBackWhereItWas() throws Exception {
        try (EmbeddedServers servers = EmbeddedServers.temporary(List.of("s0"))) {
            PostgresServer server = servers.server("s0");
            int port = server.port();
            try (Connection connection = server.connect("postgres");
                    Statement statement = connection.createStatement()) {
                statement.execute("CREATE TABLE t AS SELECT 42 AS answer");
            }
            server.kill();
            assertFalse(server.isRunning());
            assertThrows(SQLException.class, () -> server.connect("postgres"));

            server.start();
            assertEquals(port, server.port());
            try (Connection connection = server.connect("postgres")) {
                assertEquals("42", one(connection, "SELECT answer FROM t"));
            }
        }
    }

    @Test
    void aKeptDirectoryGoesOnWithItsData(@TempDir Path parent) throws Exception {
        Path directory = parent.resolve("demo");
        try (EmbeddedServers servers = EmbeddedServers.kept(directory, List.of("s0"))) {
            try (Connection connection = servers.server("s0").connect("postgres");
                    Statement statement = connection.createStatement()) {
                assertEquals("on", show(connection, "fsync"));
                statement.execute("CREATE TABLE t AS SELECT 42 AS answer");
            }
            assertFalse(servers.isComplete());
            servers.markComplete();

            IOException inUse = assertThrows(IOException.class, () -> EmbeddedServers.kept(directory, List.of("s0")));
            assertTrue(inUse.getMessage().contains("in use"), inUse.getMessage());
        }
        IOException otherNames =
                assertThrows(IOException.class, () -> EmbeddedServers.kept(directory, List.of("s0", "s1")));
        assertTrue(otherNames.getMessage().contains("holds the servers [s0]"), otherNames.getMessage());

        // As after a crash whose process id has been taken by another program since.
        Path pidFile = directory.resolve("s0/data/postmaster.pid");
        Files.writeString(pidFile, ProcessHandle.current().pid() + "\n");
        try (EmbeddedServers servers = EmbeddedServers.kept(directory, List.of("s0"));
                Connection connection = servers.server("s0").connect("postgres")) {
            assertTrue(servers.isComplete());
            assertEquals("42", one(connection, "SELECT answer FROM t"));
        }
    }

    @Test
    void aDirectoryOfUnfinishedSetUpIsMadeAnew(@TempDir Path directory) throws Exception {
        try (EmbeddedServers servers = EmbeddedServers.kept(directory, List.of("s0", "s1"));
                Connection connection = servers.server("s0").connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE t AS SELECT 42 AS answer");
        }
        try (EmbeddedServers servers = EmbeddedServers.kept(directory, List.of("s0"));
                Connection connection = servers.server("s0").connect("postgres")) {
            assertEquals("f", one(connection, "SELECT to_regclass('t') IS NOT NULL"));
        }
    }

    @Test
    void aDirectoryOfSomebodyElseIsLeftAlone(@TempDir Path directory) throws Exception {
        Path precious = Files.writeString(directory.resolve("precious"), "data");
        assertThrows(IOException.class, () -> EmbeddedServers.kept(directory, List.of("s0")));
        assertTrue(Files.exists(precious));
    }

    @Test
    void theWatchdogStopsServersAndCleansUpAfterAKilledProcess(@TempDir Path parent) throws Exception {
        Path told = parent.resolve("told");
        Process victim = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Victim.class.getName(),
                        told.toString())
                .redirectErrorStream(true)
                .redirectOutput(parent.resolve("output").toFile())
                .start();
        try {
            await(() -> Files.exists(told) && Files.readAllLines(told).size() == 2, parent.resolve("output"));
        } finally {
            victim.destroyForcibly();
        }
        Path directory = Path.of(Files.readAllLines(told).get(0));
        long postmaster = Long.parseLong(Files.readAllLines(told).get(1));
        await(() -> !Files.exists(directory), told);
        // Where process 1 leaves orphans as zombies, their id stays, but nothing runs: they have no command line.
        assertEquals(
                "",
                ProcessHandle.of(postmaster)
                        .flatMap(handle -> handle.info().commandLine())
                        .orElse(""));
    }

    /** Starts a server, tells its directory and process id in a file, and waits for its end. */
    static final class Victim {
        public static void main(String[] args) throws Exception {
            EmbeddedServers servers = EmbeddedServers.temporary(List.of("s0"));
            Path data = servers.directory().resolve("s0").resolve("data");
            List<String> pidFile = Files.readAllLines(data.resolve("postmaster.pid"));
            Files.write(Path.of(args[0]), List.of(servers.directory().toString(), pidFile.get(0)));
            Thread.currentThread().join();
        }
    }

    private interface Condition {
        boolean holds() throws IOException;
    }

    private static void await(Condition condition, Path whatHappened) throws Exception {
        long deadline = System.nanoTime() + 60_000_000_000L;
        while (!condition.holds()) {
            assertTrue(System.nanoTime() < deadline, () -> whatHappened + " does not show what was awaited");
            Thread.onSpinWait();
        }
    }

    private static String show(Connection connection, String setting) throws SQLException {
        return one(connection, "SHOW " + setting);
    }

    private static String one(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            assertTrue(rows.next());
            return rows.getString(1);
        }
    }
}
