package io.ostraka.it.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.LogCapture;
import io.ostraka.proxy.demo.EmbeddedServers;
import io.ostraka.proxy.demo.PostgresServer;
import io.ostraka.proxy.server.OstrakaServer;
import io.ostraka.rules.config.ConfigReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.event.Level;

/** Shards with room for few prepared transactions, and more clients that commit over both: they wait for each other, and none fails. */
@Timeout(300)
class PrepareRoomTest {
    private static final int CLIENTS = 8;
    private static final int COMMITS = 30;

    @TempDir
    private Path directory;

    @Test
    void whoFindsNoRoomWaits() throws IOException, SQLException {
        try (EmbeddedServers servers = EmbeddedServers.temporary(List.of("a", "b"))) {
            for (PostgresServer server : List.of(servers.server("a"), servers.server("b"))) {
                StandbyPair.run(
                        server,
                        "postgres",
                        "ALTER SYSTEM SET max_prepared_transactions = 2",
                        "CREATE ROLE app LOGIN PASSWORD 'app-password'",
                        "CREATE ROLE ostraka SUPERUSER LOGIN PASSWORD 'recovery-password'",
                        "CREATE DATABASE test OWNER app");
                server.stop();
                server.start();
                StandbyPair.run(
                        server,
                        StandbyPair.DATABASE,
                        "CREATE TABLE counter (id int PRIMARY KEY, n int NOT NULL)",
                        "ALTER TABLE counter OWNER TO app");
            }
            Path file = directory.resolve("proxy.yaml");
            Files.writeString(file, """
                    listen: 127.0.0.1:0
                    data_dir: data
                    users:
                      app: { password: app-password }
                      ostraka: { password: recovery-password }
                    databases:
                      test:
                        shards:
                          s0: { primary: "127.0.0.1:%d" }
                          s1: { primary: "127.0.0.1:%d" }
                        default_shard: s0
                        recovery_user: ostraka
                        tables:
                          counter: { list: id, values: { %s }, otherwise: s0 }
                    """.formatted(
                            servers.server("a").port(), servers.server("b").port(), onSecond()));
            try (LogCapture log = LogCapture.start(Level.WARN);
                    OstrakaServer proxy = OstrakaServer.start(ConfigReader.read(file))) {
                assertTrue(
                        String.join("\n", log.lines()).contains("leaves room for 2 commits over shards at a time"),
                        () -> log.lines().toString());
                Endpoint endpoint = new Endpoint(proxy.addresses().get(0).getPort(), "test", "app", "app-password");
                commitAll(endpoint);
                for (PostgresServer server : List.of(servers.server("a"), servers.server("b"))) {
                    assertEquals(CLIENTS * COMMITS, StandbyPair.ask(server, "SELECT sum(n)::int FROM counter"));
                }
            }
        }
    }

    /** Each client has a row on each of them. */
    private static String onSecond() {
        List<String> values = new ArrayList<>();
        for (int client = 1; client <= CLIENTS; client++) {
            values.add(CLIENTS + client + ": s1");
        }
        return String.join(", ", values);
    }

    private static void commitAll(Endpoint endpoint) {
        List<CompletableFuture<Void>> clients = new ArrayList<>();
        for (int client = 1; client <= CLIENTS; client++) {
            int id = client;
            clients.add(CompletableFuture.runAsync(
                    () -> commit(endpoint, id), work -> new Thread(work, "client-" + id).start()));
        }
        clients.forEach(CompletableFuture::join);
    }

    private static void commit(Endpoint endpoint, int id) {
        try (Connection connection = endpoint.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("INSERT INTO counter VALUES (" + id + ", 0), (" + (CLIENTS + id) + ", 0)");
            for (int i = 0; i < COMMITS; i++) {
                statement.execute("BEGIN");
                statement.execute("UPDATE counter SET n = n + 1 WHERE id = " + id);
                statement.execute("UPDATE counter SET n = n + 1 WHERE id = " + (CLIENTS + id));
                statement.execute("COMMIT");
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
