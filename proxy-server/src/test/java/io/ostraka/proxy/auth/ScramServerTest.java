package io.ostraka.proxy.auth;

import static io.ostraka.proxy.auth.Scram.CLIENT_FINAL;
import static io.ostraka.proxy.auth.Scram.CLIENT_FIRST;
import static io.ostraka.proxy.auth.Scram.CLIENT_NONCE;
import static io.ostraka.proxy.auth.Scram.NONCE;
import static io.ostraka.proxy.auth.Scram.PROOF;
import static io.ostraka.proxy.auth.Scram.data;
import static io.ostraka.proxy.auth.Scram.initialResponse;
import static io.ostraka.proxy.auth.Scram.refusal;
import static io.ostraka.proxy.auth.Scram.server;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ongres.scram.client.ScramClient;
import com.ongres.scram.common.StringPreparation;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScramServerTest {

    @Test
    void theExampleOfRfc7677IsReproduced() {
        ScramServer server = server();
        assertEquals("SCRAM-SHA-256\0\0", data(10, server.offer()));
        assertEquals(Scram.SERVER_FIRST, data(11, server.start(initialResponse(CLIENT_FIRST))));
        assertEquals(Scram.SERVER_FINAL, data(12, server.finish(CLIENT_FINAL.getBytes(UTF_8))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"pencil", "p, =\\'\"", "пароль", "I\u00ADX", "\u00AA\u2168", "\u0007bell", " ", "\u00A0"})
    void anIndependentClientLogsInWithTheRightPassword(String password) throws Exception {
        UserDirectory users = Scram.directory(Scram.withPassword("app", password));
        ScramServer server = users.login("app", ShardRoles.NONE, Optional.empty());
        ScramClient client = client("*", password);

        client.serverFirstMessage(data(
                11, server.start(initialResponse(client.clientFirstMessage().toString()))));
        byte[] last = server.finish(client.clientFinalMessage().toString().getBytes(UTF_8));

        // Throws when the signature is not the one of a server that knows the password.
        client.serverFinalMessage(data(12, last));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "*", "nobody=2C", "größe"})
    void theNameInTheFirstMessageIsIgnored(String name) {
        assertTrue(exchange("n,,n=" + name + ",r=abc", "c=biws").startsWith("v="));
    }

    @Test
    void aClientThatBelievesWeHaveNoChannelBindingIsRight() {
        assertTrue(exchange("y,,n=,r=abc", "c=eSws").startsWith("v="));
    }

    @Test
    void extensionsThatAreNotMandatoryAreSkipped() {
        assertTrue(exchange("n,,n=,r=abc,x=1,Y=", "c=biws").startsWith("v="));
    }

    /** Runs a login by hand and returns server-final. */
    private static String exchange(String clientFirst, String channelBinding) {
        ScramServer server = server();
        String serverFirst = data(11, server.start(initialResponse(clientFirst)));
        String withoutProof = channelBinding + ",r=abc" + Scram.SERVER_NONCE + ",z=extension";
        ScramKeys keys = ScramKeys.derive(Scram.PASSWORD, Scram.VERIFIER.salt(), 4096);
        byte[] proof = keys.proof(clientFirst.substring(3) + "," + serverFirst + "," + withoutProof);
        String clientFinal = withoutProof + ",p=" + Base64.getEncoder().encodeToString(proof);
        return data(12, server.finish(clientFinal.getBytes(UTF_8)));
    }

    @Test
    void theProvedKeysLogInElsewhere() {
        ScramServer server = server();
        server.start(initialResponse(CLIENT_FIRST));
        server.finish(CLIENT_FINAL.getBytes(UTF_8));
        ScramKeys derived = ScramKeys.derive(Scram.PASSWORD, Scram.VERIFIER.salt(), 4096);
        assertArrayEquals(derived.proof("anything"), server.keys().proof("anything"));
        assertArrayEquals(derived.serverSignature("anything"), server.keys().serverSignature("anything"));
    }

    static Stream<Arguments> malformedFirstMessages() {
        byte[] good = CLIENT_FIRST.getBytes(UTF_8);
        return Stream.of(
                Arguments.of("empty body", new byte[0]),
                Arguments.of("no terminator", "SCRAM-SHA-256".getBytes(UTF_8)),
                Arguments.of("no length", "SCRAM-SHA-256\0\0\0\0".getBytes(UTF_8)),
                Arguments.of("other mechanism", initialResponse("SCRAM-SHA-1", good)),
                Arguments.of("channel binding not offered", initialResponse("SCRAM-SHA-256-PLUS", good)),
                Arguments.of("no mechanism", initialResponse("", good)),
                Arguments.of("length 0xFFFFFFFF", initialResponse("SCRAM-SHA-256", -1, good)),
                Arguments.of("length 0xFFFFFFFF and nothing", initialResponse("SCRAM-SHA-256", -1, new byte[0])),
                Arguments.of("length 2^31-1", initialResponse("SCRAM-SHA-256", Integer.MAX_VALUE, good)),
                Arguments.of("length -2^31", initialResponse("SCRAM-SHA-256", Integer.MIN_VALUE, good)),
                Arguments.of("length one too long", initialResponse("SCRAM-SHA-256", good.length + 1, good)),
                Arguments.of("length one too short", initialResponse("SCRAM-SHA-256", good.length - 1, good)),
                Arguments.of("empty message", initialResponse("SCRAM-SHA-256", new byte[0])),
                Arguments.of("null byte inside", initialResponse("n,,n=us\0er,r=" + CLIENT_NONCE)),
                Arguments.of("null byte at the end", initialResponse(CLIENT_FIRST + "\0")),
                Arguments.of("not UTF-8", initialResponse("SCRAM-SHA-256", "n,,n=\u00FC,r=x".getBytes(ISO_8859_1))),
                Arguments.of("huge nonce", initialResponse("n,,n=,r=" + "x".repeat(2000))),
                Arguments.of("channel binding used", initialResponse("p=tls-unique,,n=,r=" + CLIENT_NONCE)),
                Arguments.of("unknown flag", initialResponse("x,,n=,r=" + CLIENT_NONCE)),
                Arguments.of("flag alone", initialResponse("n")),
                Arguments.of("no comma", initialResponse("n;,n=,r=" + CLIENT_NONCE)),
                Arguments.of("header alone", initialResponse("n,,")),
                Arguments.of("junk for an identity", initialResponse("n,b=x,n=,r=" + CLIENT_NONCE)),
                Arguments.of("no name", initialResponse("n,,r=" + CLIENT_NONCE)),
                Arguments.of("no nonce", initialResponse("n,,n=user")),
                Arguments.of("empty nonce", initialResponse("n,,n=user,r=")),
                Arguments.of("blank in the nonce", initialResponse("n,,n=user,r=a b")),
                Arguments.of("letter in the nonce", initialResponse("n,,n=user,r=aüb")),
                Arguments.of("junk behind", initialResponse(CLIENT_FIRST + ",1=x")),
                Arguments.of("extension without value", initialResponse(CLIENT_FIRST + ",x")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("malformedFirstMessages")
    void malformedFirstMessagesAreProtocolViolations(String why, byte[] body) {
        ScramServer server = server();
        PgError error = refusal(() -> server.start(body));
        assertEquals(SqlState.PROTOCOL_VIOLATION, error.state(), error::toString);
        assertThrows(IllegalStateException.class, () -> server.start(initialResponse(CLIENT_FIRST)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"n,a=other,n=,r=abc", "n,,m=x,n=,r=abc"})
    void identitiesAndMandatoryExtensionsAreNotSupported(String clientFirst) {
        PgError error = refusal(() -> server().start(initialResponse(clientFirst)));
        assertEquals(SqlState.FEATURE_NOT_SUPPORTED, error.state(), error::toString);
    }

    static Stream<Arguments> malformedFinalMessages() {
        return Stream.of(
                Arguments.of("empty", ""),
                Arguments.of("null byte", "c=biws,r=" + NONCE + "\0,p=" + PROOF),
                Arguments.of("first message again", CLIENT_FIRST),
                Arguments.of("too long", "c=biws,r=" + NONCE + ",x=" + "y".repeat(2000) + ",p=" + PROOF),
                Arguments.of("no channel binding", "r=" + NONCE + ",p=" + PROOF),
                Arguments.of("other channel binding flag", "c=eSws,r=" + NONCE + ",p=" + PROOF),
                Arguments.of("channel binding data", "c=biwsAAAA,r=" + NONCE + ",p=" + PROOF),
                Arguments.of("client's nonce alone", "c=biws,r=" + CLIENT_NONCE + ",p=" + PROOF),
                Arguments.of("nonce too long", "c=biws,r=" + NONCE + "x,p=" + PROOF),
                Arguments.of("other nonce", "c=biws,r=" + Scram.SERVER_NONCE + CLIENT_NONCE + ",p=" + PROOF),
                Arguments.of("no proof", "c=biws,r=" + NONCE),
                Arguments.of("no proof but an extension", "c=biws,r=" + NONCE + ",x=y"),
                Arguments.of("empty proof", "c=biws,r=" + NONCE + ",p="),
                Arguments.of("short proof", "c=biws,r=" + NONCE + ",p=AAAA"),
                Arguments.of("proof not base64", "c=biws,r=" + NONCE + ",p=" + PROOF.replace('Q', '*')),
                Arguments.of("proof without padding", "c=biws,r=" + NONCE + ",p=" + PROOF.replace("=", "")),
                Arguments.of("proof spelled otherwise", "c=biws,r=" + NONCE + ",p=" + PROOF.replace("VQ=", "VR=")),
                Arguments.of("garbage behind", CLIENT_FINAL + ",x=y"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("malformedFinalMessages")
    void malformedFinalMessagesAreProtocolViolations(String why, String clientFinal) {
        ScramServer server = server();
        server.start(initialResponse(CLIENT_FIRST));
        PgError error = refusal(() -> server.finish(clientFinal.getBytes(UTF_8)));
        assertEquals(SqlState.PROTOCOL_VIOLATION, error.state(), error::toString);
        assertThrows(IllegalStateException.class, () -> server.finish(CLIENT_FINAL.getBytes(UTF_8)));
        assertThrows(IllegalStateException.class, server::keys);
    }

    @Test
    void finalMessagesThatAreNotUtf8AreProtocolViolations() {
        ScramServer server = server();
        server.start(initialResponse(CLIENT_FIRST));
        byte[] bytes = CLIENT_FINAL.getBytes(UTF_8);
        bytes[9] = (byte) 0xFF;
        assertEquals(
                SqlState.PROTOCOL_VIOLATION, refusal(() -> server.finish(bytes)).state());
    }

    @Test
    void anUnknownUserTakesTheSameStepsAndGetsTheSameAnswerAsAWrongPassword() throws Exception {
        UserDirectory users = Scram.directory(Scram.withPassword("app", "secret"));
        for (String name : List.of("app", "nobody")) {
            ScramServer server = users.login(name, ShardRoles.NONE, Optional.empty());
            ScramClient client = client("*", "wrong");
            byte[] serverFirst =
                    server.start(initialResponse(client.clientFirstMessage().toString()));
            assertEquals(
                    users.login(name, ShardRoles.NONE, Optional.empty()).start(initialResponse(CLIENT_FIRST)).length
                            - CLIENT_NONCE.length()
                            + 24,
                    serverFirst.length);
            client.serverFirstMessage(data(11, serverFirst));
            byte[] clientFinal = client.clientFinalMessage().toString().getBytes(UTF_8);

            assertEquals(
                    new PgError(SqlState.INVALID_PASSWORD, "password authentication failed for user \"" + name + "\""),
                    refusal(() -> server.finish(clientFinal)));
        }
    }

    @Test
    void anUnknownUserHasTheSameSaltEachTime() {
        UserDirectory users = Scram.directory();
        assertEquals(
                salt(users.login("nobody", ShardRoles.NONE, Optional.empty())),
                salt(users.login("nobody", ShardRoles.NONE, Optional.empty())));
        assertNotEquals(
                salt(users.login("nobody", ShardRoles.NONE, Optional.empty())),
                salt(users.login("somebody", ShardRoles.NONE, Optional.empty())));
        assertNotEquals(
                salt(users.login("nobody", ShardRoles.NONE, Optional.empty())),
                salt(Scram.directory().login("nobody", ShardRoles.NONE, Optional.empty())));
    }

    private static String salt(ScramServer server) {
        String serverFirst = data(11, server.start(initialResponse(CLIENT_FIRST)));
        return serverFirst.substring(serverFirst.indexOf(",s="));
    }

    @Test
    void noncesAreNeverTheSame() {
        UserDirectory users = Scram.directory();
        byte[] first = users.login("app", ShardRoles.NONE, Optional.empty()).start(initialResponse(CLIENT_FIRST));
        byte[] second = users.login("app", ShardRoles.NONE, Optional.empty()).start(initialResponse(CLIENT_FIRST));
        assertNotEquals(data(11, first), data(11, second));
    }

    @Test
    void stepsOutOfTurnAreOurOwnMistake() {
        ScramServer server = server();
        assertThrows(IllegalStateException.class, () -> server.finish(CLIENT_FINAL.getBytes(UTF_8)));
        server.start(initialResponse(CLIENT_FIRST));
        assertThrows(IllegalStateException.class, () -> server.start(initialResponse(CLIENT_FIRST)));
    }

    @Test
    void noChangedMessageGetsInAndNoneBreaksTheServer() {
        long seed = Long.getLong("ostraka.seed", 1);
        Random random = new Random(seed);
        byte[] first = initialResponse(CLIENT_FIRST);
        byte[] last = CLIENT_FINAL.getBytes(UTF_8);
        int refused = 0;
        for (int round = 0; round < 20_000; round++) {
            byte[] fuzzedFirst = random.nextBoolean() ? Fuzz.changed(first, random) : first;
            byte[] fuzzedLast = random.nextBoolean() ? Fuzz.changed(last, random) : last;
            boolean unchanged = Arrays.equals(first, fuzzedFirst) && Arrays.equals(last, fuzzedLast);
            boolean in = logsIn(fuzzedFirst, fuzzedLast, seed);
            assertEquals(unchanged, in, "seed " + seed + ", round " + round);
            refused += in ? 0 : 1;
        }
        assertTrue(refused > 10_000 && refused < 18_000, refused + " of 20000 refused, seed " + seed);
    }

    private static boolean logsIn(byte[] first, byte[] last, long seed) {
        ScramServer server = server();
        try {
            server.start(first);
            server.finish(last);
            return true;
        } catch (PgErrorException refused) {
            assertTrue(
                    List.of(SqlState.PROTOCOL_VIOLATION, SqlState.FEATURE_NOT_SUPPORTED, SqlState.INVALID_PASSWORD)
                            .contains(refused.error().state()),
                    () -> refused.error() + ", seed " + seed);
            return false;
        }
    }

    private static ScramClient client(String user, String password) {
        return ScramClient.builder()
                .advertisedMechanisms(List.of("SCRAM-SHA-256"))
                .username(user)
                .password(password.toCharArray())
                .stringPreparation(StringPreparation.POSTGRESQL_PREPARATION)
                .build();
    }
}
