package io.ostraka.it.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Against a plain server, whose answers are known. */
class WireClientTest {
    private final Endpoint server =
            TestCluster.of(ClusterSpec.shards(1).withProxies(0)).shard("s0");

    @Test
    void aSimpleQueryIsAnsweredMessageByMessage() {
        try (WireClient client = WireClient.login(server)) {
            List<BackendMessage> answer = client.query("SELECT 1 AS one, NULL AS nothing; BEGIN");
            assertEquals(
                    List.of("T[one, nothing]", "D[1, NULL]", "C SELECT 1", "C BEGIN", "Z T"),
                    answer.stream().map(BackendMessage::toString).toList());
        }
    }

    @Test
    void extendedMessagesCanBeSentOneByOne() {
        try (WireClient client = WireClient.login(server)) {
            client.send(
                    FrontendMessages.parse("p", "SELECT $1::int + 1", 0),
                    FrontendMessages.describeStatement("p"),
                    FrontendMessages.flush());
            assertEquals('1', client.read().type());
            assertEquals(List.of(23), client.read().parameterOids());
            assertEquals(23, client.read().columns().get(0).typeOid());
            client.send(
                    FrontendMessages.bind("", "p", List.of(Optional.of("41")), false),
                    FrontendMessages.execute("", 0),
                    FrontendMessages.closeStatement("p"),
                    FrontendMessages.sync());
            assertEquals(
                    List.of("2[0]", "D[42]", "C SELECT 1", "3[0]", "Z I"),
                    client.untilReady().stream().map(BackendMessage::toString).toList());
        }
    }

    @Test
    void startupOptionsReachTheServer() {
        try (WireClient client = WireClient.login(server, Map.of("application_name", "wire test"))) {
            assertEquals(
                    "D[wire test]", client.query("SHOW application_name").get(1).toString());
        }
    }

    @Test
    void aSecondConnectionCancelsAQuery() {
        try (WireClient client = WireClient.login(server)) {
            client.send(FrontendMessages.query("SELECT pg_sleep(100)"));
            try (WireClient observer = WireClient.login(server)) {
                Await.until(
                        "the query runs",
                        () -> observer.query("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'").stream()
                                .anyMatch(message -> message.type() == 'D'));
            }
            try (WireClient canceller = WireClient.connect(server)) {
                canceller.send(FrontendMessages.cancelRequest(client.backendKeyData()));
                canceller.untilClosed();
            }
            List<BackendMessage> answer = client.untilReady();
            assertEquals("57014", answer.get(answer.size() - 2).sqlState());
        }
    }

    @Test
    void theServersLastWordsAreRead() {
        try (WireClient client = WireClient.login(server)) {
            client.send(FrontendMessages.raw('?', new byte[0]));
            List<BackendMessage> last = client.untilClosed();
            assertEquals("08P01", last.get(last.size() - 1).sqlState());
        }
    }
}
