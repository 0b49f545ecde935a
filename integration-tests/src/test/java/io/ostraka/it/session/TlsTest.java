package io.ostraka.it.session;

import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.harness.FrontendMessages.raw;
import static io.ostraka.it.harness.FrontendMessages.sslRequest;
import static io.ostraka.it.harness.FrontendMessages.startup;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.Certificates;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients come in over TLS, however they ask for it, and nobody in the middle can pass for one end or the other. */
@ExtendWith(NoLeaks.class)
class TlsTest {
    @TempDir
    static Path directory;

    private static Certificates certificates;
    private static TestCluster cluster;
    /** The same, but clients must show a certificate. */
    private static TestCluster strict;

    @BeforeAll
    static void start() {
        certificates = new Certificates(directory);
        certificates.sign("server", "san=ip:127.0.0.1");
        certificates.sign("client", "eku=clientAuth");
        cluster = TestCluster.start(spec(certificates, ""));
        strict = TestCluster.start(spec(certificates, ", client_ca: " + certificates.certificate("ca")));
    }

    @AfterAll
    static void stop() {
        cluster.close();
        strict.close();
    }

    private static ClusterSpec spec(Certificates files, String more) {
        return ClusterSpec.shards(1)
                .withTop("tls: { certificate: %s, key: %s%s }"
                        .formatted(files.certificate("server"), files.key("server"), more));
    }

    private static Properties verified() {
        return verified(certificates);
    }

    private static Properties verified(Certificates certificates) {
        Properties properties = new Properties();
        properties.setProperty("sslmode", "verify-full");
        properties.setProperty("sslrootcert", certificates.certificate("ca").toString());
        properties.setProperty("channelBinding", "require");
        return properties;
    }

    private static WireClient asking(TestCluster cluster) {
        WireClient client = WireClient.connect(cluster.proxy());
        client.send(sslRequest());
        assertEquals('S', client.readByte());
        return client;
    }

    private static String state(List<BackendMessage> answer) {
        BackendMessage last = answer.get(answer.size() - 1);
        return last.fields().get('S') + " " + last.sqlState();
    }

    @ParameterizedTest
    @ValueSource(strings = {"postgres", "direct"})
    void driversVerifyTheCertificateAndBindTheirLoginToIt(String negotiation) throws SQLException {
        Properties properties = verified();
        properties.setProperty("sslNegotiation", negotiation);
        String large = "x".repeat(3 << 20);
        try (Connection connection = cluster.proxy().connect(properties);
                PreparedStatement statement = connection.prepareStatement("SELECT ?::text || 'y'")) {
            statement.setString(1, large);
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                assertEquals(large + "y", rows.getString(1));
            }
        }
    }

    @Test
    void aWrongPasswordIsRefusedOverTlsToo() {
        Endpoint proxy = cluster.proxy();
        Endpoint wrong = new Endpoint(proxy.port(), proxy.database(), proxy.user(), "wrong");
        assertEquals(
                "28P01",
                assertThrows(SQLException.class, () -> wrong.connect(verified()))
                        .getSQLState());
    }

    @Test
    void onLoopbackClientsMayComeWithoutTls() {
        try (WireClient client = WireClient.login(cluster.proxy())) {
            assertEquals("D[1]", client.query("SELECT 1").get(1).toString());
        }
    }

    /** What somebody in the middle puts in front of the handshake must not pass for the client's own words. */
    @Test
    void whatComesInClearBeforeTheHandshakeIsNotTaken() {
        Endpoint proxy = cluster.proxy();
        byte[] startup = startup(proxy.user(), proxy.database(), Map.of());
        try (WireClient client = WireClient.connect(proxy)) {
            client.send(sslRequest(), startup);
            assertEquals('S', client.readByte());
            assertThrows(UncheckedIOException.class, () -> client.encrypted(certificates.client()));
        }
        try (WireClient client = WireClient.connect(proxy)) {
            client.send(sslRequest(), query("SELECT 1"));
            assertEquals('S', client.readByte());
            assertThrows(UncheckedIOException.class, () -> client.encrypted(certificates.client()));
        }
    }

    @Test
    void tlsWithinTlsIsNotOffered() {
        try (WireClient client = asking(cluster).encrypted(certificates.client())) {
            client.send(sslRequest());
            assertEquals("FATAL 0A000", state(client.untilClosed()));
        }
    }

    @Test
    void tlsWithoutAskingNeedsItsNameInAlpn() {
        try (WireClient client =
                WireClient.connect(cluster.proxy()).encrypted(certificates.client(), "http/1.1", "postgresql")) {
            client.start(cluster.proxy(), Map.of());
            assertEquals("D[1]", client.query("SELECT 1").get(1).toString());
        }
        try (WireClient client = WireClient.connect(cluster.proxy()).encrypted(certificates.client())) {
            assertEquals(List.of(), client.untilClosed());
        }
    }

    @Test
    void aClientOfAnotherProtocolIsTurnedAway() {
        try (WireClient client = WireClient.connect(cluster.proxy())) {
            assertThrows(UncheckedIOException.class, () -> client.encrypted(certificates.client(), "http/1.1"));
        }
        try (WireClient client = asking(cluster)) {
            assertThrows(UncheckedIOException.class, () -> client.encrypted(certificates.client(), "http/1.1"));
        }
    }

    @Test
    void whereThereIsNoTlsADirectOneIsClosed() {
        TestCluster plain = TestCluster.of(TwoShards.SPEC);
        try (WireClient client = WireClient.connect(plain.proxy())) {
            assertThrows(UncheckedIOException.class, () -> client.encrypted(certificates.client(), "postgresql"));
        }
    }

    @Test
    void aLoginThatWasToldOfNoChannelBindingIsRefused() {
        Endpoint proxy = cluster.proxy();
        try (WireClient client = asking(cluster).encrypted(certificates.client())) {
            client.send(startup(proxy.user(), proxy.database(), Map.of()));
            assertEquals("SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0", sasl(client.read()));
            client.send(initial("SCRAM-SHA-256", "y,,n=,r=abc"));
            assertEquals("FATAL 28000", state(client.untilClosed()));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"SCRAM-SHA-256-PLUS|n,,", "SCRAM-SHA-256|p=tls-server-end-point,,", "SCRAM-SHA-256-PLUS|y,,"})
    void mechanismAndChannelBindingMustAgree(String wrong) {
        Endpoint proxy = cluster.proxy();
        String[] parts = wrong.split("\\|", 2);
        try (WireClient client = asking(cluster).encrypted(certificates.client())) {
            client.send(startup(proxy.user(), proxy.database(), Map.of()), initial(parts[0], parts[1] + "n=,r=abc"));
            assertEquals("FATAL 08P01", state(client.untilClosed()));
        }
    }

    @Test
    void aLoginBoundToAnotherCertificateIsRefused() {
        Endpoint proxy = cluster.proxy();
        try (WireClient client = asking(cluster).encrypted(certificates.client())) {
            client.send(startup(proxy.user(), proxy.database(), Map.of()));
            client.read();
            client.send(initial("SCRAM-SHA-256-PLUS", "p=tls-unique,,n=,r=abc"));
            assertEquals("FATAL 08P01", state(client.untilClosed()));
        }
        try (WireClient client = asking(cluster).encrypted(certificates.client())) {
            client.send(startup(proxy.user(), proxy.database(), Map.of()));
            client.read();
            client.send(initial("SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,n=,r=abc"));
            String nonce = sasl(client.read()).split(",", 2)[0];
            byte[] header = Arrays.copyOf("p=tls-server-end-point,,".getBytes(UTF_8), 24 + 32);
            String bound = java.util.Base64.getEncoder().encodeToString(header);
            client.send(raw('p', ("c=" + bound + "," + nonce + ",p=" + "A".repeat(43) + "=").getBytes(UTF_8)));
            assertEquals("FATAL 28000", state(client.untilClosed()));
        }
    }

    @Test
    void withoutTlsNoChannelBindingIsOffered() {
        Endpoint proxy = cluster.proxy();
        try (WireClient client = WireClient.connect(proxy)) {
            client.send(startup(proxy.user(), proxy.database(), Map.of()));
            assertEquals("SCRAM-SHA-256\0\0", sasl(client.read()));
            client.send(initial("SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,n=,r=abc"));
            assertEquals("FATAL 08P01", state(client.untilClosed()));
        }
    }

    private static String sasl(BackendMessage message) {
        assertEquals('R', message.type(), message::toString);
        return new String(message.body(), Integer.BYTES, message.body().length - Integer.BYTES, ISO_8859_1);
    }

    private static byte[] initial(String mechanism, String clientFirst) {
        byte[] name = mechanism.getBytes(UTF_8);
        byte[] message = clientFirst.getBytes(UTF_8);
        return raw(
                'p',
                ByteBuffer.allocate(name.length + 1 + Integer.BYTES + message.length)
                        .put(name)
                        .put((byte) 0)
                        .putInt(message.length)
                        .put(message)
                        .array());
    }

    @Test
    void aCancelComesOverTlsAsWell() {
        try (WireClient client = asking(cluster).encrypted(certificates.client())) {
            client.start(cluster.proxy(), Map.of());
            client.send(query("SELECT pg_sleep(1000)"));
            Await.until("the statement runs", () -> isActive("SELECT pg_sleep"));
            try (WireClient other = asking(cluster).encrypted(certificates.client())) {
                other.send(FrontendMessages.cancelRequest(client.backendKeyData()));
                assertEquals(List.of(), other.untilClosed());
            }
            assertEquals("57014", client.untilReady().get(1).sqlState());
        }
    }

    private static boolean isActive(String statement) throws SQLException {
        try (Connection connection = cluster.shard("s0").connect();
                Statement asking = connection.createStatement();
                ResultSet rows = asking.executeQuery("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND"
                        + " datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '" + statement
                        + "%'")) {
            rows.next();
            return rows.getLong(1) > 0;
        }
    }

    @Test
    void whoMustShowACertificateShowsOne() {
        try (WireClient client = asking(strict).encrypted(certificates.client("client"))) {
            client.start(strict.proxy(), Map.of());
            assertEquals("D[1]", client.query("SELECT 1").get(1).toString());
        }
        try (WireClient client = WireClient.connect(strict.proxy())) {
            client.send(startup("app", TestCluster.DATABASE, Map.of()));
            assertEquals("FATAL 28000", state(client.untilClosed()));
        }
        try (WireClient client = asking(strict)) {
            // In TLS 1.3 the client's handshake is over before the server has looked at its certificate.
            UncheckedIOException refused = assertThrows(UncheckedIOException.class, () -> {
                try (WireClient encrypted = client.encrypted(certificates.client())) {
                    encrypted.start(strict.proxy(), Map.of());
                }
            });
            assertFalse(refused.toString().contains("Timeout"), refused::toString);
        }
    }

    /** pgjdbc has no channel binding for RSASSA-PSS. */
    @ParameterizedTest(name = "{0} key, {1}, {2}")
    @CsvSource({"RSA, SHA512withRSA, require", "EC, SHA384withECDSA, require", "RSA, RSASSA-PSS, prefer"})
    void everyKindOfCertificateServes(String key, String signature, String binding) throws IOException, SQLException {
        Certificates others = new Certificates(Files.createDirectory(directory.resolve(signature)), key, signature);
        others.sign("server", "san=ip:127.0.0.1");
        Properties properties = verified(others);
        properties.setProperty("channelBinding", binding);
        try (TestCluster other = TestCluster.start(spec(others, ""));
                Connection connection = other.proxy().connect(properties)) {
            assertTrue(connection.isValid(5));
        }
    }

    /** RFC 5929 has no channel binding for it; a login without is better than none. */
    @Test
    void aCertificateWithoutAHashFunctionIsServedWithoutChannelBinding() throws IOException {
        Certificates others =
                new Certificates(Files.createDirectory(directory.resolve("Ed25519")), "Ed25519", "Ed25519");
        others.sign("server", "san=ip:127.0.0.1");
        try (TestCluster other = TestCluster.start(spec(others, ""));
                WireClient client = asking(other).encrypted(others.client())) {
            Endpoint proxy = other.proxy();
            client.send(startup(proxy.user(), proxy.database(), Map.of()));
            assertEquals("SCRAM-SHA-256\0\0", sasl(client.read()));
        }
    }
}
