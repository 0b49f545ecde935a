package io.ostraka.it.transaction;

import io.ostraka.proxy.demo.EmbeddedServers;
import io.ostraka.proxy.demo.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Three servers of one test: a primary {@code a} with its standby {@code b}, and {@code c} for another shard. The standby becomes
 * the primary, and the old primary its standby, as often as one likes. Confined to a test.
 */
final class StandbyPair implements AutoCloseable {
    static final String DATABASE = "test";

    private final EmbeddedServers servers;
    private final boolean synchronous;
    private PostgresServer primary;
    private PostgresServer standby;

    StandbyPair(String ddl, boolean synchronous) throws IOException, SQLException {
        servers = EmbeddedServers.temporary(List.of("a", "b", "c"));
        this.synchronous = synchronous;
        primary = a();
        standby = b();
        for (PostgresServer server : List.of(a(), c())) {
            run(
                    server,
                    "postgres",
                    "CREATE ROLE app LOGIN PASSWORD 'app-password'",
                    "CREATE ROLE ostraka SUPERUSER LOGIN PASSWORD 'recovery-password'",
                    "CREATE DATABASE test OWNER app");
            try (Connection connection = server.connect(DATABASE, "app", "app-password");
                    Statement statement = connection.createStatement()) {
                statement.execute(ddl);
            }
        }
        renewStandby();
    }

    PostgresServer a() {
        return servers.server("a");
    }

    PostgresServer b() {
        return servers.server("b");
    }

    PostgresServer c() {
        return servers.server("c");
    }

    /** Who is the primary now, or was until it was killed. */
    PostgresServer primary() {
        return primary;
    }

    /** A copy of the primary, in the place of whatever the other one was. */
    void renewStandby() throws IOException, SQLException {
        primary.stop();
        standby.stop();
        Path from = servers.directory().resolve(primary.name()).resolve("data");
        Path to = servers.directory().resolve(standby.name()).resolve("data");
        try (Stream<Path> old = Files.walk(to)) {
            for (Path path : old.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
        try (Stream<Path> all = Files.walk(from)) {
            for (Path path : all.toList()) {
                Files.copy(path, to.resolve(from.relativize(path)), StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
        // The file is named last, so it counts; an empty one of the right owner is there already.
        Files.copy(to.resolve("PG_VERSION"), to.resolve("standby.signal"), StandardCopyOption.COPY_ATTRIBUTES);
        Files.writeString(
                to.resolve("postgresql.auto.conf"),
                "primary_conninfo = 'host=127.0.0.1 port=%d user=postgres password=%s application_name=%s'%n"
                        .formatted(primary.port(), primary.superuserPassword(), standby.name()),
                StandardOpenOption.APPEND);
        primary.start();
        standby.start();
        if (synchronous) {
            run(primary, "postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()");
        }
    }

    /** What an operator does, or a tool in his place. */
    void promote() throws SQLException {
        run(standby, "postgres", "SELECT pg_promote(true, 60)");
        PostgresServer old = primary;
        primary = standby;
        standby = old;
    }

    static void run(PostgresServer server, String database, String... statements) throws SQLException {
        try (Connection connection = server.connect(database);
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    static int ask(PostgresServer server, String query) throws SQLException {
        try (Connection connection = server.connect(DATABASE);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            rows.next();
            return rows.getInt(1);
        }
    }

    @Override
    public void close() throws IOException {
        servers.close();
    }
}
