package io.ostraka.proxy.auth;

import static io.ostraka.proxy.auth.Scram.CLIENT_NONCE;
import static io.ostraka.proxy.auth.Scram.NONCE;
import static io.ostraka.proxy.auth.Scram.SALT;
import static io.ostraka.proxy.auth.Scram.body;
import static io.ostraka.proxy.auth.Scram.bytes;
import static io.ostraka.proxy.auth.Scram.initialResponse;
import static io.ostraka.proxy.auth.Scram.refusal;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.proxy.auth.BackendLogin.Step;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class BackendLoginTest {
    private static final String CHALLENGE = "r=" + NONCE + ",s=" + SALT + ",i=4096";
    private static final ByteBuffer OK = body(0, "");
    private static final ByteBuffer SASL = body(10, "SCRAM-SHA-256\0\0");

    /** Shared, so that PBKDF2 runs once for the many logins below. */
    private static final ScramKeyCache CACHE = new ScramKeyCache();

    private static LinkSecurity link(boolean encrypted) {
        return encrypted ? new LinkSecurity.Tls(Optional.empty(), true) : new LinkSecurity.Plaintext();
    }

    private static BackendLogin login(ShardSecret secret, boolean encrypted) {
        return new BackendLogin(
                new ShardName("s0"), new ShardLogin("user", secret), link(encrypted), CACHE, CLIENT_NONCE);
    }

    private static BackendLogin login() {
        return login(new ShardSecret.Password(Scram.PASSWORD), false);
    }

    /** What is sent in the end, with the derivation run on the spot. */
    private static byte[] sent(BackendLogin login, Step step) {
        Step next =
                step instanceof Step.Derive derive ? login.resume(derive.job().get()) : step;
        return bytes(assertInstanceOf(Step.Send.class, next).body());
    }

    @Test
    void theExampleOfRfc7677IsReproduced() {
        BackendLogin login = login();
        // The example has a name in client-first and we have none, so the proof is another one; the server knows it.
        ScramServer server = Scram.server();
        byte[] first = sent(login, login.onAuthentication(SASL));
        assertArrayEquals(initialResponse("n,,n=,r=" + CLIENT_NONCE), first);

        ByteBuffer challenge = ByteBuffer.wrap(server.start(first));
        assertEquals(body(11, CHALLENGE), challenge);
        byte[] last = server.finish(sent(login, login.onAuthentication(challenge)));

        assertInstanceOf(Step.Await.class, login.onAuthentication(ByteBuffer.wrap(last)));
        assertInstanceOf(Step.Done.class, login.onAuthentication(OK));
    }

    @Test
    void theKeysAreDerivedOnceForAllBackendsOfAShard() {
        UserDirectory users = Scram.directory(Scram.withPassword("app", "secret"));
        ScramKeyCache cache = new ScramKeyCache();
        assertTrue(logsIn(users, new ShardSecret.Password("secret"), cache));
        assertEquals(1, cache.size());
        assertFalse(logsIn(users, new ShardSecret.Password("secret"), cache));
        assertTrue(logsIn(
                Scram.directory(Scram.withPassword("app", "secret")), new ShardSecret.Password("secret"), cache));
        assertEquals(2, cache.size());
    }

    /** Logs in at a server of our own; returns whether keys had to be derived. */
    private static boolean logsIn(UserDirectory server, ShardSecret secret, ScramKeyCache cache) {
        ScramServer scram = server.login("app", ShardRoles.NONE, Optional.empty());
        BackendLogin login = new BackendLogin(
                new ShardName("s0"), new ShardLogin("app", secret), link(false), cache, new SecureRandom());
        byte[] first = sent(login, login.onAuthentication(ByteBuffer.wrap(scram.offer())));
        Step step = login.onAuthentication(ByteBuffer.wrap(scram.start(first)));
        login.onAuthentication(ByteBuffer.wrap(scram.finish(sent(login, step))));
        assertInstanceOf(Step.Done.class, login.onAuthentication(OK));
        return step instanceof Step.Derive;
    }

    @Test
    void overTlsTheLoginIsBoundToTheCertificate() {
        ChannelBinding ours = new ChannelBinding(new byte[] {1, 2, 3});
        assertEquals("v=", bound(ours, true, Optional.of(ours)).substring(0, 2));
        ChannelBinding another = new ChannelBinding(new byte[] {1, 2, 4});
        assertEquals("SCRAM channel binding check failed", bound(another, true, Optional.of(ours)));
    }

    /** A server that offers it learns that its offer did not arrive as it was. */
    @Test
    void aChangedOfferIsNoticed() {
        ChannelBinding ours = new ChannelBinding(new byte[] {1, 2, 3});
        assertEquals("SCRAM channel binding negotiation error", bound(ours, false, Optional.of(ours)));
        assertEquals("v=", bound(ours, false, Optional.empty()).substring(0, 2));
    }

    /** Logs in over TLS; what the server says last. {@code offers}: whether what arrives of its offer has channel binding. */
    private static String bound(ChannelBinding ours, boolean offers, Optional<ChannelBinding> theirs) {
        BackendLogin login = new BackendLogin(
                new ShardName("s0"),
                new ShardLogin("user", new ShardSecret.Password(Scram.PASSWORD)),
                new LinkSecurity.Tls(Optional.of(ours), false),
                CACHE,
                CLIENT_NONCE);
        ScramServer server = new ScramServer("user", Scram.VERIFIER, true, theirs, Scram.SERVER_NONCE);
        Step first = login.onAuthentication(offers ? ByteBuffer.wrap(server.offer()) : SASL);
        try {
            byte[] challenge = server.start(sent(login, first));
            return Scram.data(12, server.finish(sent(login, login.onAuthentication(ByteBuffer.wrap(challenge)))));
        } catch (PgErrorException e) {
            return e.error().message();
        }
    }

    @Test
    void whatCannotBeBoundIsRefusedUnlessTheServerWasVerified() {
        for (boolean verified : new boolean[] {true, false}) {
            BackendLogin login = new BackendLogin(
                    new ShardName("s0"),
                    new ShardLogin("user", new ShardSecret.Password(Scram.PASSWORD)),
                    new LinkSecurity.Tls(Optional.empty(), verified),
                    CACHE,
                    CLIENT_NONCE);
            ByteBuffer offer = body(10, "SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0");
            if (verified) {
                assertInstanceOf(Step.Send.class, login.onAuthentication(offer));
            } else {
                assertTrue(refusal(() -> login.onAuthentication(offer)).detail().contains("channel binding"));
            }
        }
    }

    @Test
    void aPasswordGoesInClearOnlyToAServerThatWasVerified() {
        BackendLogin login = new BackendLogin(
                new ShardName("s0"),
                new ShardLogin("user", new ShardSecret.Password(Scram.PASSWORD)),
                new LinkSecurity.Tls(Optional.empty(), false),
                CACHE,
                CLIENT_NONCE);
        assertEquals(
                SqlState.CONNECTION_FAILURE,
                refusal(() -> login.onAuthentication(body(3, ""))).state());
    }

    @Test
    void theKeysOfAClientLogInWhereTheSameVerifierIsStored() {
        UserDirectory users = Scram.directory(Scram.withPassword("app", "secret"));
        ScramServer client = users.login("app", ShardRoles.NONE, Optional.empty());
        BackendLogin asClient = new BackendLogin(
                new ShardName("s0"),
                new ShardLogin("app", new ShardSecret.Password("secret")),
                link(false),
                CACHE,
                new SecureRandom());
        byte[] first = sent(asClient, asClient.onAuthentication(ByteBuffer.wrap(client.offer())));
        client.finish(sent(asClient, asClient.onAuthentication(ByteBuffer.wrap(client.start(first)))));

        assertFalse(logsIn(users, new ShardSecret.Proven(client.keys()), CACHE));
    }

    @Test
    void theKeysOfAClientAreOfNoUseForAnotherVerifier() {
        ScramKeys keys = ScramKeys.derive("secret", new byte[] {1, 2, 3}, 4096);
        BackendLogin login = login(new ShardSecret.Proven(keys), false);
        login.onAuthentication(SASL);
        PgError error = refusal(() -> login.onAuthentication(body(11, CHALLENGE)));
        assertEquals(SqlState.INVALID_PASSWORD, error.state());
        assertTrue(error.detail().contains("another verifier"), error::toString);
    }

    @Test
    void aServerThatAsksForNothingLetsUsIn() {
        BackendLogin login = login(new ShardSecret.Nothing(), false);
        assertInstanceOf(Step.Done.class, login.onAuthentication(OK));
    }

    @Test
    void md5IsAnsweredAsLibpqDoes() {
        BackendLogin login = login();
        byte[] answer = sent(login, login.onAuthentication(body(5, new byte[] {1, 2, 3, 4})));
        // md5(md5("pencil" || "user") || salt), computed with md5sum.
        assertEquals("md54376eb6913b38f9aaff38dc7cf19ca76\0", new String(answer, UTF_8));
        assertInstanceOf(Step.Done.class, login.onAuthentication(OK));
    }

    @Test
    void aPasswordGoesInClearThroughTls() {
        BackendLogin encrypted = login(new ShardSecret.Password("größe"), true);
        assertEquals("größe\0", new String(sent(encrypted, encrypted.onAuthentication(body(3, ""))), UTF_8));
        assertInstanceOf(Step.Done.class, encrypted.onAuthentication(OK));

        PgError error = refusal(() -> login().onAuthentication(body(3, "")));
        assertEquals(SqlState.CONNECTION_FAILURE, error.state());
        assertEquals("login at shard \"s0\" as user \"user\" failed", error.message());
        assertTrue(error.detail().contains("password in clear"), error::toString);
    }

    static Stream<Arguments> requestsForAPassword() {
        return Stream.of(
                Arguments.of("clear text", body(3, "")),
                Arguments.of("md5", body(5, "salt")),
                Arguments.of("SCRAM", SASL));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("requestsForAPassword")
    void whoHasNoPasswordIsToldWhatToSet(String method, ByteBuffer request) {
        PgError error = refusal(() -> login(new ShardSecret.Nothing(), true).onAuthentication(request));
        assertEquals(SqlState.INVALID_PASSWORD, error.state());
        assertTrue(error.hint().contains("shard_password"), error::toString);
    }

    @ParameterizedTest
    @CsvSource({
        "2, Kerberos V5",
        "6, SCM credentials",
        "7, GSSAPI",
        "8, GSSAPI",
        "9, SSPI",
        "4, method 4",
        "-1, method -1"
    })
    void methodsThatAreNotSupportedAreNamed(int code, String name) {
        PgError error = refusal(() -> login().onAuthentication(body(code, "whatever")));
        assertEquals(SqlState.CONNECTION_FAILURE, error.state());
        assertTrue(error.detail().contains(name), error::toString);
    }

    @Test
    void mechanismsThatAreNotSupportedAreNamed() {
        PgError error = refusal(() -> login().onAuthentication(body(10, "OAUTHBEARER\0SCRAM-SHA-1\0\0")));
        assertTrue(error.detail().contains("OAUTHBEARER, SCRAM-SHA-1"), error::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\0", "SCRAM-SHA-256", "SCRAM-SHA-256\0", "SCRAM-SHA-256\0\0more"})
    void malformedListsOfMechanismsAreRefused(String list) {
        assertEquals(
                SqlState.CONNECTION_FAILURE,
                refusal(() -> login().onAuthentication(body(10, list))).state());
    }

    @Test
    void channelBindingIsNotClaimedWhenItIsOffered() {
        BackendLogin login = login();
        byte[] first = sent(login, login.onAuthentication(body(10, "SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0")));
        assertArrayEquals(initialResponse("n,,n=,r=" + CLIENT_NONCE), first);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            empty                      | ''
            nonce of somebody else     | r=somebody,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096
            our nonce unchanged        | r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096
            no nonce                   | s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096
            blank in the nonce         | r=rOprNGfwEbeRWgbNEkqO x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096
            no salt                    | r=rOprNGfwEbeRWgbNEkqOx,i=4096
            empty salt                 | r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096
            salt not base64            | r=rOprNGfwEbeRWgbNEkqOx,s=***,i=4096
            no iterations              | r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==
            zero iterations            | r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0
            negative iterations        | r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-1
            iterations not a number    | r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096x
            iterations over the bound  | r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1000001
            iterations over an int     | r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4294971392
            iterations over a long     | r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=18446744073709555712
            mandatory extension        | m=x,r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096
            junk behind                | r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,junk
            """)
    void hostileChallengesAreRefused(String why, String challenge) {
        BackendLogin login = login();
        login.onAuthentication(SASL);
        assertEquals(
                SqlState.CONNECTION_FAILURE,
                refusal(() -> login.onAuthentication(body(11, challenge))).state());
        assertEquals(
                SqlState.CONNECTION_FAILURE,
                refusal(() -> login.onAuthentication(OK)).state());
    }

    @Test
    void aHugeNonceIsRefusedBeforeItIsRead() {
        BackendLogin login = login();
        login.onAuthentication(SASL);
        String huge = "r=" + CLIENT_NONCE + "x".repeat(1 << 20) + ",s=" + SALT + ",i=4096";
        assertTrue(
                refusal(() -> login.onAuthentication(body(11, huge))).detail().contains("bytes"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                "v=",
                "v=****",
                "e=other-error",
                "x=y",
                "v",
                "",
                "\0"
            })
    void aServerThatDoesNotKnowThePasswordIsRefused(String last) {
        BackendLogin login = login();
        login.onAuthentication(SASL);
        sent(login, login.onAuthentication(body(11, CHALLENGE)));
        assertEquals(
                SqlState.CONNECTION_FAILURE,
                refusal(() -> login.onAuthentication(body(12, last))).state());
        assertEquals(
                SqlState.CONNECTION_FAILURE,
                refusal(() -> login.onAuthentication(OK)).state());
    }

    @Test
    void anOkBeforeTheServersProofIsRefused() {
        BackendLogin afterFirst = login();
        afterFirst.onAuthentication(SASL);
        assertTrue(refusal(() -> afterFirst.onAuthentication(OK)).detail().contains("without proving"));

        BackendLogin afterProof = login();
        afterProof.onAuthentication(SASL);
        sent(afterProof, afterProof.onAuthentication(body(11, CHALLENGE)));
        assertTrue(refusal(() -> afterProof.onAuthentication(OK)).detail().contains("without proving"));
    }

    @Test
    void messagesInTheMiddleOfADerivationAreRefused() {
        BackendLogin login = new BackendLogin(
                new ShardName("s0"),
                new ShardLogin("user", new ShardSecret.Password("other")),
                link(false),
                new ScramKeyCache(),
                CLIENT_NONCE);
        login.onAuthentication(SASL);
        Step.Derive derive = assertInstanceOf(Step.Derive.class, login.onAuthentication(body(11, CHALLENGE)));
        assertEquals(
                SqlState.CONNECTION_FAILURE,
                refusal(() -> login.onAuthentication(OK)).state());
        assertThrows(
                IllegalStateException.class, () -> login.resume(derive.job().get()));
    }

    /** Every message in every state: what is not on the picture of the class comment fails. */
    @Test
    void onlyTheDrawnTransitionsExist() {
        List<ByteBuffer> messages =
                List.of(OK, body(3, ""), body(5, "salt"), SASL, body(11, CHALLENGE), body(12, "v=AAAA"));
        List<List<Integer>> paths = List.of(List.of(), List.of(1), List.of(2), List.of(3), List.of(3, 4));
        List<List<Integer>> allowed = List.of(List.of(0, 1, 2, 3), List.of(0), List.of(0), List.of(4), List.of());
        for (int path = 0; path < paths.size(); path++) {
            for (int message = 0; message < messages.size(); message++) {
                BackendLogin login = login(new ShardSecret.Password(Scram.PASSWORD), true);
                for (int step : paths.get(path)) {
                    sent(login, login.onAuthentication(messages.get(step)));
                }
                ByteBuffer next = messages.get(message);
                if (allowed.get(path).contains(message)) {
                    login.onAuthentication(next);
                } else {
                    assertEquals(
                            SqlState.CONNECTION_FAILURE,
                            refusal(() -> login.onAuthentication(next)).state());
                }
            }
        }
    }

    @Test
    void noChangedMessageOfTheServerPassesAndNoneBreaksTheLogin() {
        long seed = Long.getLong("ostraka.seed", 1);
        Random random = new Random(seed);
        int refused = 0;
        for (int round = 0; round < 5_000; round++) {
            boolean in = logsInDespite(random, seed + ", round " + round);
            refused += in ? 0 : 1;
        }
        assertTrue(refused > 2_500 && refused < 4_500, refused + " of 5000 refused, seed " + seed);
    }

    /** A login with some messages damaged on the way; the salt and the iterations stay, for they cost PBKDF2. */
    private static boolean logsInDespite(Random random, String seed) {
        ScramServer server = Scram.server();
        BackendLogin login = login();
        boolean changed = false;
        try {
            byte[] first = sent(login, login.onAuthentication(SASL));
            byte[] challenge = server.start(first);
            byte[] damaged = random.nextBoolean() ? Fuzz.changed(challenge, random) : challenge;
            changed = !Arrays.equals(challenge, damaged);
            Step step = login.onAuthentication(ByteBuffer.wrap(damaged));
            if (changed && step instanceof Step.Derive) {
                return false;
            }
            byte[] last = server.finish(sent(login, step));
            damaged = random.nextBoolean() ? Fuzz.changed(last, random) : last;
            changed |= !Arrays.equals(last, damaged);
            login.onAuthentication(ByteBuffer.wrap(damaged));
            login.onAuthentication(OK);
        } catch (PgErrorException refused) {
            assertTrue(changed, () -> refused.error() + " although nothing was changed, seed " + seed);
            return false;
        }
        assertFalse(changed, "seed " + seed);
        return true;
    }
}
