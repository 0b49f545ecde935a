package io.ostraka.it.session;

import static io.ostraka.it.harness.FrontendMessages.bind;
import static io.ostraka.it.harness.FrontendMessages.describePortal;
import static io.ostraka.it.harness.FrontendMessages.execute;
import static io.ostraka.it.harness.FrontendMessages.parse;
import static io.ostraka.it.harness.FrontendMessages.query;
import static io.ostraka.it.harness.FrontendMessages.raw;
import static io.ostraka.it.harness.FrontendMessages.sslRequest;
import static io.ostraka.it.harness.FrontendMessages.startup;
import static io.ostraka.it.harness.FrontendMessages.sync;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a stranger or a client sends: the proxy answers or closes, and nobody else notices. */
@ExtendWith(NoLeaks.class)
class FrontDoorTest {
    private final TestCluster cluster = TestCluster.of(TwoShards.SPEC);
    private WireClient witness;

    @BeforeEach
    void connect() {
        witness = WireClient.login(cluster.proxy());
        witness.query("BEGIN");
        witness.query("SELECT 'first'");
    }

    @AfterEach
    void nobodyNoticed() {
        assertEquals("D[still]", witness.query("SELECT 'still'").get(1).toString());
        assertEquals("C COMMIT", witness.query("COMMIT").get(0).toString());
        witness.close();
        try (WireClient late = WireClient.login(cluster.proxy())) {
            assertEquals("D[1]", late.query("SELECT 1").get(1).toString());
        }
    }

    private static byte[] withLength(int length, byte... rest) {
        return ByteBuffer.allocate(Integer.BYTES + rest.length)
                .putInt(length)
                .put(rest)
                .array();
    }

    /** What is answered to a stranger's bytes before the connection is closed. */
    private List<BackendMessage> stranger(byte[]... messages) {
        try (WireClient client = WireClient.connect(cluster.proxy())) {
            client.send(messages);
            return client.untilClosed();
        }
    }

    private static String state(List<BackendMessage> answer) {
        BackendMessage last = answer.get(answer.size() - 1);
        return last.fields().get('S') + " " + last.sqlState();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 10_001, 0x7FFFFFFF, 0x80000000, -1, -8})
    void aStartupPacketOfAnImpossibleLengthIsRefused(int length) {
        assertEquals("FATAL 08P01", state(stranger(withLength(length, new byte[] {0, 3, 0, 0, 0, 0, 0, 0}))));
    }

    @Test
    void startupPacketsThatBreakOffAreRefused() {
        for (byte[] body : List.of(
                new byte[] {0, 3, 0, 0},
                new byte[] {0, 3, 0, 0, 'u', 's', 'e', 'r', 0},
                new byte[] {0, 3, 0, 0, 'u', 's', 'e', 'r', 0, 'a', 'p', 'p'},
                new byte[] {0, 3, 0, 0, 'u', 's', 'e', 'r', 0, 'a', 'p', 'p', 0},
                new byte[] {0, 3, 0, 0, 'u', 's', 'e', 'r', 0, 'a', 'p', 'p', 0, 0, 'x', 0})) {
            assertEquals(
                    "FATAL 08P01",
                    state(stranger(withLength(Integer.BYTES + body.length, body))),
                    () -> Arrays.toString(body));
        }
        assertEquals("FATAL 28000", state(stranger(withLength(9, new byte[] {0, 3, 0, 0, 0}))));
        assertEquals("FATAL 0A000", state(stranger(withLength(9, new byte[] {0, 2, 0, 0, 0}))));
    }

    @Test
    void encryptionIsDeclinedAndTheClientMayGoOn() {
        Endpoint proxy = cluster.proxy();
        try (WireClient client = WireClient.connect(proxy)) {
            client.send(sslRequest());
            assertEquals('N', client.readByte());
            client.send(withLength(8, (byte) 0x04, (byte) 0xd2, (byte) 0x16, (byte) 0x30));
            assertEquals('N', client.readByte());
            client.send(startup(proxy.user(), proxy.database(), Map.of()));
            assertEquals('R', client.read().type());
        }
    }

    /** As PostgreSQL 18 does, whatever the shards are. */
    @Test
    void versionsAndOptionsOfTheProtocolAreNegotiated() {
        for (int minor : List.of(0, 1, 2, 3, 9999)) {
            for (Map<String, String> options :
                    List.of(Map.<String, String>of(), Map.of("_pq_.x", "1"), Map.of("_pq_.report_parameters", "y"))) {
                assertEquals(
                        firstAnswer(cluster.reference(), minor, options),
                        firstAnswer(cluster.proxy(), minor, options),
                        () -> minor + " " + options);
            }
        }
        for (byte major : new byte[] {0, 1, 2, 4, 127}) {
            byte[] startup = withLength(9, new byte[] {0, major, 0, 0, 0});
            assertEquals("FATAL 0A000", state(stranger(startup)), () -> "major " + major);
        }
    }

    private static List<Object> firstAnswer(Endpoint endpoint, int minor, Map<String, String> options) {
        try (WireClient client = WireClient.connect(endpoint)) {
            client.send(startup(minor, endpoint.user(), endpoint.database(), options));
            BackendMessage first = client.read();
            return first.type() == 'R' ? List.of('R') : List.of(first.type(), ByteBuffer.wrap(first.body()));
        }
    }

    @Test
    void whatIsSentWithTheQuestionForEncryptionIsNotTaken() {
        Endpoint proxy = cluster.proxy();
        byte[] startup = startup(proxy.user(), proxy.database(), Map.of());
        byte[] gssRequest = withLength(8, (byte) 0x04, (byte) 0xd2, (byte) 0x16, (byte) 0x30);
        assertEquals("FATAL 08P01", state(stranger(sslRequest(), startup)));
        assertEquals("FATAL 08P01", state(stranger(gssRequest, startup)));
    }

    @Test
    void aSecondStartupInTheMiddleOfTheLoginIsRefused() {
        Endpoint proxy = cluster.proxy();
        byte[] startup = startup(proxy.user(), proxy.database(), Map.of());
        List<BackendMessage> answer = stranger(startup, startup);
        assertEquals('R', answer.get(0).type());
        assertEquals("FATAL 08P01", state(answer));
    }

    @Test
    void theAnswerToTheSaslOfferMustBeOne() {
        Endpoint proxy = cluster.proxy();
        byte[] startup = startup(proxy.user(), proxy.database(), Map.of());
        for (byte[] message : List.of(
                query("SELECT 1"),
                raw('p', new byte[0]),
                raw('p', "SCRAM-SHA-256\0".getBytes(StandardCharsets.US_ASCII)),
                raw('p', "SCRAM-SHA-256\0\377\377\377\377".getBytes(StandardCharsets.ISO_8859_1)),
                raw('p', "SCRAM-SHA-256\0\177\377\377\377n,,n=x,r=y".getBytes(StandardCharsets.ISO_8859_1)),
                raw('p', "PLAIN\0\0\0\0\1x".getBytes(StandardCharsets.ISO_8859_1)),
                withHeader('p', 70_000),
                withHeader('p', -1),
                withHeader('p', 3))) {
            List<BackendMessage> answer = stranger(startup, message);
            assertTrue(state(answer).matches("FATAL (08P01|28.*|28P01)"), () -> state(answer));
        }
    }

    private static byte[] withHeader(char type, int length) {
        return ByteBuffer.allocate(5).put((byte) type).putInt(length).array();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-c=", "-c", "-", "--", "-c =", "--=x", "\\", "-c a=b\\", "-x y", "work_mem=1MB"})
    void startupOptionsThatMeanNothingAreRefused(String options) {
        try (WireClient client = WireClient.login(cluster.proxy(), Map.of("options", options))) {
            fail("logged in: " + client.query("SHOW ALL"));
        } catch (UncheckedIOException | AssertionError e) {
            // The login's end is an ErrorResponse, or what follows one.
            assertTrue(e instanceof UncheckedIOException || e.getMessage().contains("S=FATAL"), e::toString);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, -1, 0x7FFFFFFF, 0x80000000, 0x40000000})
    void aMessageOfAnImpossibleLengthEndsTheSession(int length) {
        for (char type : "QPBDECSHFdcfX".toCharArray()) {
            try (WireClient client = WireClient.login(cluster.proxy())) {
                client.send(withHeader(type, length));
                assertEquals("FATAL 08P01", state(client.untilClosed()), "type " + type);
            }
        }
    }

    @Test
    void lengthsWithinAMessageAreNotTrusted() {
        for (byte[] message : List.of(
                raw('B', new byte[] {0, 0, 0, 0, 0, 1, -1, -1, -1, -2, 0, 0}),
                raw('B', new byte[] {0, 0, 0, 0, 0, 1, 127, -1, -1, -1, 0, 0}),
                raw('B', new byte[] {0, 0, -1, -1}),
                raw('B', new byte[] {0, 0, 0, 0, -1, -1}),
                raw('B', new byte[] {0}),
                raw('B', new byte[] {'x'}),
                raw('P', new byte[] {0}),
                raw('P', new byte[] {0, 0, -1, -1}),
                raw('P', new byte[] {0, 'x'}),
                raw('Q', new byte[] {}),
                raw('Q', new byte[] {'x'}),
                raw('Q', new byte[] {'x', 0, 'y', 0}),
                raw('D', new byte[] {'X', 0}),
                raw('D', new byte[] {'S'}),
                raw('C', new byte[] {}),
                raw('C', new byte[] {'?', 0}),
                raw('E', new byte[] {0, 0, 0}))) {
            try (WireClient client = WireClient.login(cluster.proxy())) {
                client.send(message, sync());
                List<BackendMessage> answer = client.untilClosed();
                assertEquals("FATAL 08P01", state(answer), () -> Arrays.toString(message));
            }
        }
    }

    @Test
    void bytesBeforeTheLoginDoNoHarm() throws IOException {
        Random random = new Random(1);
        byte[] startup = startup("app", TestCluster.DATABASE, Map.of("application_name", "x"));
        for (int round = 0; round < 150; round++) {
            byte[] bytes = random.nextBoolean() ? mutated(startup, random) : random(random);
            throwAway(bytes);
        }
    }

    @Test
    void bytesAfterTheLoginDoNoHarm() {
        Random random = new Random(1);
        byte[] good = all(
                query("SELECT id FROM t"),
                parse("s", "SELECT v FROM t WHERE id = $1"),
                bind("p", "s", List.of(Optional.of("1")), false),
                describePortal("p"),
                execute("p", 0),
                parse("", "SELECT id FROM t"),
                bind("", "", List.of(), true),
                execute("", 0),
                sync(),
                query("BEGIN; SELECT 1"),
                query("COPY t FROM STDIN"),
                raw('d', "x\ty\n".getBytes(StandardCharsets.US_ASCII)),
                raw('c', new byte[0]),
                query("ROLLBACK"));
        for (int round = 0; round < 60; round++) {
            try (WireClient client = WireClient.login(cluster.proxy())) {
                client.send(mutated(good, random));
            }
        }
        Await.until("all of them are gone", () -> cluster.connect().isValid(5));
    }

    private static byte[] all(byte[]... messages) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] message : messages) {
            all.writeBytes(message);
        }
        return all.toByteArray();
    }

    private static byte[] random(Random random) {
        byte[] bytes = new byte[random.nextInt(200)];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] mutated(byte[] good, Random random) {
        byte[] bytes = good.clone();
        for (int i = random.nextInt(4); i >= 0; i--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        return random.nextInt(4) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
    }

    /** Sends and says no more; reads whatever comes. */
    private void throwAway(byte[] bytes) throws IOException {
        try (Socket socket = new Socket(
                InetAddress.getByAddress(new byte[] {127, 0, 0, 1}),
                cluster.proxy().port())) {
            socket.setSoTimeout(60_000);
            OutputStream out = socket.getOutputStream();
            out.write(bytes);
            socket.shutdownOutput();
            InputStream in = socket.getInputStream();
            try {
                in.readAllBytes();
            } catch (SocketException e) {
                assertTrue(e.getMessage().contains("reset"), e::toString);
            }
        }
    }
}
