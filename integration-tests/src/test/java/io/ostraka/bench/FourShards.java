package io.ostraka.bench;

import io.ostraka.it.harness.FreePorts;
import io.ostraka.proxy.demo.EmbeddedServers;
import io.ostraka.proxy.demo.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * For reads over several shards: a PostgreSQL with all rows, four with their parts, and a proxy before these in a process of its own, with
 * two databases on the same shards, of which one reads at one point in time. Confined to the benchmark's thread.
 */
final class FourShards implements AutoCloseable {
    static final List<String> SHARDS = List.of("s0", "s1", "s2", "s3");
    static final String WHOLE = "whole";

    private static final String DATABASE = "bench";
    /** The database without one point in time for its reads. */
    private static final String UNFENCED = "unfenced";

    private static final String USER = "bench";
    private static final Duration START_DEADLINE = Duration.ofSeconds(60);

    private final EmbeddedServers servers;
    private final TemporaryDirectory directory;
    private final String password;
    private final int port;
    private ChildProcess proxy;

    private FourShards(EmbeddedServers servers, TemporaryDirectory directory, String password) throws IOException {
        this.servers = servers;
        this.directory = directory;
        this.password = password;
        this.port = FreePorts.reserve();
    }

    /** With tables, but without rows and without a proxy. */
    static FourShards start(String ddl) throws IOException, SQLException {
        byte[] random = new byte[16];
        new SecureRandom().nextBytes(random);
        List<String> names = new ArrayList<>(SHARDS);
        names.add(WHOLE);
        FourShards shards = new FourShards(
                EmbeddedServers.temporary(names),
                new TemporaryDirectory(),
                HexFormat.of().formatHex(random));
        try {
            for (String name : names) {
                shards.make(name, ddl);
            }
        } catch (SQLException | RuntimeException e) {
            shards.close();
            throw e;
        }
        return shards;
    }

    private void make(String name, String ddl) throws SQLException {
        PostgresServer server = servers.server(name);
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE ROLE " + USER + " LOGIN PASSWORD '" + password + "'");
            statement.execute("CREATE ROLE ostraka SUPERUSER LOGIN PASSWORD '" + password + "'");
            statement.execute("CREATE DATABASE " + DATABASE + " OWNER " + USER);
        }
        execute(name, ddl);
    }

    /** Whether a bigint key belongs to the shard: slots are dealt in equal runs; formula: resharding.md, section 2. */
    static String owns(String shard, String key) {
        int place = SHARDS.indexOf(shard);
        return place < 0
                ? "true"
                : "(((hashint8extended(" + key + ", 8816678312871386365) & 1023) + 227) & 1023) / 256 = " + place;
    }

    void execute(String server, String sql) throws SQLException {
        try (Connection connection = server(server).connect();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Statistics, and no hint bits left to write. */
    void settle() throws SQLException {
        for (PostgresServer server : servers.servers()) {
            try (Connection connection = server.connect(DATABASE);
                    Statement statement = connection.createStatement()) {
                statement.execute("VACUUM (FREEZE, ANALYZE)");
            }
        }
    }

    Target server(String name) {
        return new Target(servers.server(name).port(), DATABASE, USER, password);
    }

    Target proxy() {
        return new Target(port, DATABASE, USER, password);
    }

    Target unfenced() {
        return new Target(port, UNFENCED, USER, password);
    }

    ChildProcess proxyProcess() {
        return proxy;
    }

    /** {@code tables}: the rules, a line each; {@code flags}: of its JVM, after which others stand that they overrule. */
    void startProxy(String tables, List<String> flags) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (String shard : SHARDS) {
            lines.append("      %s: { primary: \"127.0.0.1:%d/%s\" }%n"
                    .formatted(shard, servers.server(shard).port(), DATABASE));
        }
        String database = """
                    shards:
                %s    default_shard: s0
                    recovery_user: ostraka
                    tables:
                %s""".formatted(lines, tables.indent(6));
        Path file = Files.writeString(directory.path().resolve("ostraka.yaml"), """
                listen: 127.0.0.1:%d
                data_dir: %s
                users:
                  %s: { password: "%s" }
                  ostraka: { password: "%s" }
                databases:
                  %s:
                %s  %s:
                    consistency: shard
                %s
                """.formatted(
                        port,
                        directory.path().resolve("data"),
                        USER,
                        password,
                        password,
                        DATABASE,
                        database,
                        UNFENCED,
                        database));
        proxy = ChildProcess.startJava(
                "ostraka", directory.path(), flags, "io.ostraka.proxy.server.Main", "serve", file.toString());
        long deadline = System.nanoTime() + START_DEADLINE.toNanos();
        while (true) {
            proxy.requireAlive();
            try (Connection connection = proxy().connect()) {
                connection.isValid(5);
                return;
            } catch (SQLException notYet) {
                if (System.nanoTime() - deadline > 0) {
                    throw new IOException("the proxy takes no connection:\n" + proxy.lastLines(), notYet);
                }
                Waiting.pause(Duration.ofMillis(50));
            }
        }
    }

    @Override
    public void close() throws IOException {
        try (directory;
                servers) {
            if (proxy != null) {
                proxy.close();
            }
        }
    }
}
