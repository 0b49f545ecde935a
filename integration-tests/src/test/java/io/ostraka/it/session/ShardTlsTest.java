package io.ostraka.it.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.Certificates;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.WireClient;
import io.ostraka.proxy.demo.EmbeddedServers;
import io.ostraka.proxy.demo.PostgresServer;
import io.ostraka.proxy.server.OstrakaServer;
import io.ostraka.rules.config.ConfigReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The way to a shard is as protected as the file says, or it is not gone. */
@ExtendWith(NoLeaks.class)
class ShardTlsTest {
    @TempDir
    static Path directory;

    private static Certificates certificates;
    private static Certificates strangers;
    private static EmbeddedServers servers;
    private static PostgresServer server;

    @BeforeAll
    static void start() throws IOException, SQLException {
        // The server may run as another user, who must get at its files.
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        certificates = new Certificates(directory);
        certificates.sign("here", "san=ip:127.0.0.1");
        certificates.sign("elsewhere", "san=dns:db.example");
        strangers = new Certificates(Files.createDirectory(directory.resolve("strangers")));
        servers = EmbeddedServers.temporary(List.of("encrypting"));
        server = servers.servers().get(0);
        execute("CREATE ROLE app LOGIN PASSWORD 'app-password'");
        execute("ALTER SYSTEM SET ssl = on");
        show("here");
    }

    @AfterAll
    static void stop() throws IOException {
        servers.close();
    }

    private static void execute(String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(
                        "jdbc:postgresql://127.0.0.1:" + server.port() + "/postgres?sslmode=disable",
                        PostgresServer.SUPERUSER,
                        server.superuserPassword());
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** The server shows this certificate from now on. */
    private static void show(String name) throws SQLException, IOException {
        try (Connection connection = DriverManager.getConnection(
                        "jdbc:postgresql://127.0.0.1:" + server.port() + "/postgres?sslmode=disable",
                        PostgresServer.SUPERUSER,
                        server.superuserPassword());
                Statement statement = connection.createStatement()) {
            Path data;
            try (ResultSet row = statement.executeQuery("SHOW data_directory")) {
                row.next();
                data = Path.of(row.getString(1));
            }
            for (String part : List.of("crt", "key")) {
                Path file = data.resolve(name + "." + part);
                Files.copy(
                        directory.resolve(name + "." + part), file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
                Files.setOwner(file, Files.getOwner(data));
            }
            statement.execute("ALTER SYSTEM SET ssl_cert_file = '" + name + ".crt'");
            statement.execute("ALTER SYSTEM SET ssl_key_file = '" + name + ".key'");
            statement.execute("SELECT pg_reload_conf()");
        }
        Await.until("the server shows " + name, () -> isShown(name));
    }

    private static boolean isShown(String name) {
        Endpoint endpoint = new Endpoint(server.port(), "postgres", "app", "app-password");
        try (WireClient client = WireClient.connect(endpoint)) {
            client.send(FrontendMessages.sslRequest());
            return client.readByte() == 'S' && client.shows(certificates.read(name));
        } catch (java.security.GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static OstrakaServer proxy(String tls, Optional<Path> authority) throws IOException {
        Path file = Files.createTempFile(directory, "proxy", ".yaml");
        Files.writeString(file, """
                listen: 127.0.0.1:0
                data_dir: %s
                users: { app: { password: app-password } }
                databases:
                  test:
                    recovery_user: app
                    shards: { s0: { primary: "127.0.0.1:%d/postgres", tls: %s%s } }
                """.formatted(
                        Files.createTempDirectory(directory, "data"),
                        server.port(),
                        tls,
                        authority.map(path -> ", tls_ca: " + path).orElse("")));
        return OstrakaServer.start(ConfigReader.read(file));
    }

    private static Endpoint endpoint(OstrakaServer proxy) {
        return new Endpoint(proxy.addresses().get(0).getPort(), "test", "app", "app-password");
    }

    @ParameterizedTest(name = "{0}, authority {1}, certificate {2}")
    @CsvSource({
        "require, , here",
        "require, , elsewhere",
        "verify_ca, ca, here",
        "verify_ca, ca, elsewhere",
        "verify_full, ca, here",
    })
    void theConnectionIsEncrypted(String tls, String authority, String shown) throws Exception {
        show(shown);
        Optional<Path> file = Optional.ofNullable(authority).map(certificates::certificate);
        try (OstrakaServer proxy = proxy(tls, file);
                WireClient client = WireClient.login(endpoint(proxy))) {
            String encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
            assertEquals("D[t]", client.query(encrypted).get(1).toString());
            String large = "x".repeat(1 << 20);
            assertEquals(
                    "D[" + large.length() + "]",
                    client.query("SELECT length('" + large + "')").get(1).toString());
        }
    }

    @ParameterizedTest(name = "{0}, certificate {1}")
    @CsvSource({"verify_ca, here, true", "verify_full, here, true", "verify_full, elsewhere, false"})
    void aServerThatIsNotTheRightOneIsNotSpokenTo(String tls, String shown, boolean strange) throws Exception {
        show(shown);
        Path authority = (strange ? strangers : certificates).certificate("ca");
        try (OstrakaServer proxy = proxy(tls, Optional.of(authority))) {
            AssertionError refused = assertThrows(AssertionError.class, () -> WireClient.login(endpoint(proxy)));
            assertTrue(refused.getMessage().contains("57P03"), refused::toString);
        }
        Optional<Path> none = Optional.empty();
        try (OstrakaServer proxy = proxy("verify_full", none)) {
            assertThrows(AssertionError.class, () -> WireClient.login(endpoint(proxy)));
        }
    }

    @Test
    void aCancelReachesTheShardOverTlsToo() throws Exception {
        show("here");
        try (OstrakaServer proxy = proxy("verify_full", Optional.of(certificates.certificate("ca")));
                WireClient client = WireClient.login(endpoint(proxy))) {
            client.send(FrontendMessages.query("SELECT pg_sleep(1000)"));
            Await.until("the statement runs", ShardTlsTest::isSleeping);
            try (WireClient other = WireClient.connect(endpoint(proxy))) {
                other.send(FrontendMessages.cancelRequest(client.backendKeyData()));
                assertEquals(List.of(), other.untilClosed());
            }
            assertEquals("57014", client.untilReady().get(1).sqlState());
        }
    }

    private static boolean isSleeping() throws SQLException {
        try (Connection connection = DriverManager.getConnection(
                        "jdbc:postgresql://127.0.0.1:" + server.port() + "/postgres?sslmode=disable",
                        PostgresServer.SUPERUSER,
                        server.superuserPassword());
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT FROM pg_stat_activity WHERE state = 'active' AND query"
                        + " LIKE 'SELECT pg_sleep%' AND pid <> pg_backend_pid()")) {
            return rows.next();
        }
    }
}
