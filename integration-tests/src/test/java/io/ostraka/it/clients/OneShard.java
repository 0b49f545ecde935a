package io.ostraka.it.clients;

import io.ostraka.it.harness.Endpoint;
import io.ostraka.proxy.demo.EmbeddedServers;
import io.ostraka.proxy.demo.PostgresServer;
import io.ostraka.proxy.server.OstrakaServer;
import io.ostraka.rules.config.ConfigReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A PostgreSQL server of the command's own with a database that can be made anew, and a proxy in front of it when asked for.
 * User {@code test} owns the database, the superuser may log in too, on both ways. Used by one thread.
 */
final class OneShard implements AutoCloseable {
    static final String DATABASE = "test";
    static final String USER = "test";
    static final String PASSWORD = "test";

    private final EmbeddedServers servers;
    private final PostgresServer server;
    private final List<String> extensions;

    private OneShard(EmbeddedServers servers, List<String> extensions) {
        this.servers = servers;
        this.server = servers.server("s0");
        this.extensions = extensions;
    }

    /** {@code extensions} are created in the database whenever it is made anew. */
    static OneShard start(List<String> extensions) throws IOException, SQLException {
        OneShard shard = new OneShard(EmbeddedServers.temporary(List.of("s0")), List.copyOf(extensions));
        try (Connection connection = shard.server.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE ROLE " + USER + " LOGIN PASSWORD '" + PASSWORD + "'");
        } catch (SQLException e) {
            shard.close();
            throw e;
        }
        return shard;
    }

    /** Drops the database with all that was left in it, and the databases and roles that clients made, and creates it again. */
    void renew() throws SQLException {
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement()) {
            for (String name : names(
                    statement, "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'")) {
                statement.execute("DROP DATABASE " + name + " WITH (FORCE)");
            }
            for (String name : names(
                    statement,
                    "SELECT rolname FROM pg_roles WHERE oid >= 16384 AND rolname NOT IN ('" + USER
                            + "', current_user)")) {
                statement.execute("DROP ROLE " + name);
            }
            statement.execute("CREATE DATABASE " + DATABASE + " OWNER " + USER);
            statement.execute("ALTER ROLE " + USER + " RESET ALL");
        }
        try (Connection connection = server.connect(DATABASE);
                Statement statement = connection.createStatement()) {
            for (String extension : extensions) {
                statement.execute("CREATE EXTENSION " + extension);
            }
        }
    }

    private static List<String> names(Statement statement, String query) throws SQLException {
        List<String> names = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery(query)) {
            while (rows.next()) {
                names.add('"' + rows.getString(1).replace("\"", "\"\"") + '"');
            }
        }
        return names;
    }

    /** The server itself, as the ordinary user. */
    Endpoint direct() {
        return new Endpoint(server.port(), DATABASE, USER, PASSWORD);
    }

    String superuserPassword() {
        return server.superuserPassword();
    }

    /**
     * A proxy for the database as it is now; the caller closes both parts. {@code mode}: {@code transaction} or {@code session}. {@code
     * others}: databases that the proxy knows, too, and the local ports of their servers, whether they are there or not.
     */
    Proxied proxied(String mode, Map<String, Integer> others) throws IOException {
        Path directory = Files.createTempDirectory("ostraka-clients-");
        Path file = directory.resolve("ostraka.yaml");
        Files.writeString(file, """
                listen: 127.0.0.1:0
                data_dir: %s
                users:
                  %s: { password: "%s" }
                  %s: { password: "%s" }
                users_from_shards: true
                # Tests of clients try wrong passwords by the dozen, from one address.
                limits: { failed_logins: 10000000 }
                databases:
                  %s:
                    shards:
                      s0: { primary: "127.0.0.1:%d" }
                    default_shard: s0
                    pool: { size: 20, mode: %s }
                    recovery_user: %s
                """.formatted(
                        directory.resolve("data"),
                        USER,
                        PASSWORD,
                        PostgresServer.SUPERUSER,
                        server.superuserPassword(),
                        DATABASE,
                        server.port(),
                        mode,
                        PostgresServer.SUPERUSER));
        for (Map.Entry<String, Integer> other : others.entrySet()) {
            Files.writeString(
                    file,
                    """
                      %s:
                        shards:
                          s0: { primary: "127.0.0.1:%d" }
                        pool: { mode: %s }
                        recovery_user: %s
                    """.formatted(other.getKey(), other.getValue(), mode, PostgresServer.SUPERUSER),
                    StandardOpenOption.APPEND);
        }
        return new Proxied(OstrakaServer.start(ConfigReader.read(file)), directory);
    }

    @Override
    public void close() throws IOException {
        servers.close();
    }

    /** A running proxy and its directory. */
    record Proxied(OstrakaServer proxy, Path directory) implements AutoCloseable {
        Endpoint endpoint() {
            return new Endpoint(proxy.addresses().get(0).getPort(), DATABASE, USER, PASSWORD);
        }

        @Override
        public void close() throws IOException {
            proxy.close();
            try (var files = Files.walk(directory)) {
                for (Path path :
                        files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }
}
