package io.ostraka.it.session;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.closePortal;
import static io.ostraka.it.harness.FrontendMessages.closeStatement;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.sslRequest;
import static io.ostraka.it.harness.FrontendMessages.startup;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.Certificates;
import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What clients may take of the proxy before they are served. */
@ExtendWith(NoLeaks.class)
class LoginLimitsTest {
    private static TestCluster limited(String limits) {
        return TestCluster.start(ClusterSpec.shards(1).withTop("limits: { " + limits + " }"));
    }

    private static String refusal(Endpoint endpoint) {
        return assertThrows(AssertionError.class, () -> WireClient.login(endpoint))
                .getMessage();
    }

    @Test
    void whoDoesNotLogInInTimeIsClosed(@TempDir Path directory) {
        Certificates certificates = new Certificates(directory);
        certificates.sign("server", "san=ip:127.0.0.1");
        ClusterSpec spec = ClusterSpec.shards(1)
                .withTop("limits: { login_timeout: 300ms }\ntls: { certificate: %s, key: %s }"
                        .formatted(certificates.certificate("server"), certificates.key("server")));
        try (TestCluster cluster = TestCluster.start(spec)) {
            byte[] startup = startup("app", TestCluster.DATABASE, Map.of());
            try (WireClient silent = WireClient.connect(cluster.proxy());
                    WireClient withoutHandshake = WireClient.connect(cluster.proxy());
                    WireClient withoutProof = WireClient.connect(cluster.proxy())) {
                withoutHandshake.send(sslRequest());
                withoutProof.send(startup);
                assertEquals('S', withoutHandshake.readByte());
                assertEquals('R', withoutProof.read().type());
                assertEquals(List.of(), silent.untilClosed());
                assertEquals(List.of(), withoutHandshake.untilClosed());
                assertEquals(List.of(), withoutProof.untilClosed());
            }
        }
    }

    @Test
    void clientsAreCountedInAllAndByUser() {
        try (TestCluster cluster = limited("sessions: 3, sessions_per_user: 2")) {
            Endpoint app = cluster.proxy();
            Endpoint other = new Endpoint(app.port(), app.database(), "ostraka", "recovery-password");
            WireClient second = WireClient.login(app);
            try (WireClient first = WireClient.login(app)) {
                assertTrue(refusal(app).contains("too many connections for role \"app\""), () -> refusal(app));
                try (WireClient third = WireClient.login(other)) {
                    assertTrue(refusal(app).contains("sorry, too many clients already"), () -> refusal(app));
                    assertTrue(refusal(app).contains("53300"), () -> refusal(app));
                    assertEquals("D[1]", third.query("SELECT 1").get(1).toString());
                }
                assertEquals("D[1]", first.query("SELECT 1").get(1).toString());
                second.close();
                Await.until("there is room again", () -> {
                    try (WireClient again = WireClient.login(app)) {
                        return again.query("SELECT 1").size() == 4;
                    } catch (AssertionError full) {
                        return false;
                    }
                });
            }
        }
    }

    @Test
    void moreLoginsInASecondThanAllowedAreRefused() {
        try (TestCluster cluster = limited("logins_per_second: 1")) {
            byte[] startup = startup("app", TestCluster.DATABASE, Map.of());
            List<WireClient> clients = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                WireClient client = WireClient.connect(cluster.proxy());
                client.send(startup);
                clients.add(client);
            }
            List<BackendMessage> answers =
                    clients.stream().map(WireClient::read).toList();
            assertTrue(answers.stream().anyMatch(answer -> answer.type() == 'R'));
            assertTrue(answers.stream()
                    .anyMatch(
                            answer -> answer.type() == 'E' && answer.sqlState().equals("53300")));
            clients.forEach(WireClient::close);
        }
    }

    @Test
    void anAddressWhoseLoginsFailIsRefusedForAWhile() {
        try (TestCluster cluster = limited("failed_logins: 3, forgive_failed_login: 1h")) {
            Endpoint app = cluster.proxy();
            Endpoint guess = new Endpoint(app.port(), app.database(), "app", "wrong");
            WireClient.login(app).close();
            for (int i = 0; i < 3; i++) {
                assertTrue(refusal(guess).contains("28P01"));
            }
            assertTrue(refusal(guess).contains("too many failed logins from this address"));
            assertTrue(refusal(app).contains("too many failed logins from this address"));
        }
    }

    @Test
    void connectionsThatHaveYetToLogInAreCounted() {
        try (TestCluster cluster = limited("logins_in_progress: 2")) {
            List<WireClient> silent = new ArrayList<>();
            WireClient first = WireClient.login(cluster.proxy());
            for (int i = 0; i < 2; i++) {
                WireClient client = WireClient.connect(cluster.proxy());
                client.send(startup("app", TestCluster.DATABASE, Map.of()));
                assertEquals('R', client.read().type());
                silent.add(client);
            }
            try (WireClient third = WireClient.connect(cluster.proxy())) {
                assertEquals(List.of(), third.untilClosed());
            }
            assertEquals("D[1]", first.query("SELECT 1").get(1).toString());
            silent.get(0).close();
            Await.until("there is room again", () -> {
                try (WireClient again = WireClient.login(cluster.proxy())) {
                    return again.query("SELECT 1").size() == 4;
                } catch (AssertionError | UncheckedIOException full) {
                    return false;
                }
            });
            silent.forEach(WireClient::close);
            first.close();
        }
    }

    @Test
    void statementsAndPortalsOfASessionAreCounted() {
        try (TestCluster cluster = limited("prepared_statements: 3, portals: 2, prepared_text: 1KiB");
                WireClient client = WireClient.login(cluster.proxy())) {
            for (String name : List.of("a", "b", "c")) {
                client.send(parse(name, "SELECT 1"), sync());
                assertEquals('1', client.untilReady().get(0).type());
            }
            client.send(parse("d", "SELECT 1"), sync());
            assertEquals("53400", client.untilReady().get(0).sqlState());
            assertEquals("53400", client.query("PREPARE d AS SELECT 1").get(0).sqlState());
            client.send(closeStatement("c"), parse("", "SELECT 1"), parse("", "SELECT 2"), sync());
            assertEquals('3', client.untilReady().get(0).type());
            client.query("BEGIN");
            client.send(bind("p", "a"), bind("q", "a"), bind("q", "a"), sync());
            assertEquals("42P03", client.untilReady().get(2).sqlState());
            client.query("ROLLBACK");
            client.query("BEGIN");
            client.send(bind("p", "a"), bind("q", "a"), closePortal("q"), bind("r", "a"), bind("s", "a"), sync());
            List<BackendMessage> answer = client.untilReady();
            assertEquals("53400", answer.get(4).sqlState());
            client.query("ROLLBACK");
            client.send(closeStatement("a"), parse("long", "SELECT '" + "x".repeat(1024) + "'"), sync());
            assertEquals("53400", client.untilReady().get(1).sqlState());
            client.send(parse("long", "SELECT '" + "x".repeat(900) + "'"), sync());
            assertEquals('1', client.untilReady().get(0).type());
            client.query("DEALLOCATE ALL");
            client.send(parse("long", "SELECT '" + "x".repeat(1000) + "'"), sync());
            assertEquals('1', client.untilReady().get(0).type());
        }
    }
}
