package io.ostraka.proxy.auth;

import static io.ostraka.proxy.auth.Scram.refusal;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.config.UserConfig;
import io.ostraka.rules.config.UserConfig.Credential;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UserDirectoryTest {
    /** Of the password "pencil", as PostgreSQL would store it. */
    private static final String VERIFIER = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ=="
            + "$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

    private static final ScramKeys KEYS = ScramKeys.derive("x", new byte[] {1}, 1);

    private static UserDirectory.User user(Credential credential, String shardUser, String shardPassword) {
        UserConfig config = new UserConfig(
                "app", credential, true, Optional.ofNullable(shardUser), Optional.ofNullable(shardPassword));
        return Scram.directory(config).find("app").orElseThrow();
    }

    @Test
    void aUserLogsInToShardsUnderTheSameNameAndPassword() {
        UserDirectory.User user = user(new Credential.Password("secret"), null, null);
        assertEquals(new ShardLogin("app", new ShardSecret.Password("secret")), user.shardLogin());
        assertEquals(user.shardLogin(), user.shardLogin(KEYS));
        assertTrue(user.console());
    }

    @Test
    void aUserLogsInToShardsAsTheFileSays() {
        UserDirectory.User user = user(new Credential.Verifier(VERIFIER), "reader", "other");
        assertEquals(new ShardLogin("reader", new ShardSecret.Password("other")), user.shardLogin());
        assertEquals(user.shardLogin(), user.shardLogin(KEYS));
    }

    @Test
    void aUserKnownByVerifierLogsInToShardsWithTheKeysOfTheClient() {
        UserDirectory.User user = user(new Credential.Verifier(VERIFIER), null, null);
        assertEquals(new ShardLogin("app", new ShardSecret.Nothing()), user.shardLogin());
        assertEquals(new ShardLogin("app", new ShardSecret.Proven(KEYS)), user.shardLogin(KEYS));
    }

    @Test
    void aVerifierIsTakenAsPostgresqlStoresIt() {
        ScramVerifier verifier = ScramVerifier.parse("app", VERIFIER);
        ScramKeys keys = ScramKeys.derive("pencil", verifier.salt(), verifier.iterations());
        assertArrayEquals(keys.storedKey(), verifier.storedKey());
        assertArrayEquals(keys.serverSignature("m"), verifier.serverSignature("m"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "md5c3fcd3d76192e4007dfb496cca67e13b",
                "SCRAM-SHA-256$0:W22ZaJ0SNY7soEsUEjb6gQ==$AAAA:AAAA",
                "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$AAAA:AAAA",
                "SCRAM-SHA-256$4096:W22Za$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:AAAA",
                "SCRAM-SHA-1$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:AAAA",
            })
    void aMalformedVerifierIsAnErrorOfTheFileThatDoesNotRepeatIt(String verifier) {
        PgError error = refusal(() -> Scram.directory(Scram.withVerifier("app", verifier)));
        assertEquals(SqlState.CONFIG_FILE_ERROR, error.state());
        assertEquals("verifier of user \"app\" is malformed", error.message());
        assertFalse(verifier.length() > 20 && error.toString().contains(verifier.substring(18)), error::toString);
    }

    @Test
    void nobodyLogsInWithAnEmptyPassword() {
        UserDirectory users = Scram.directory(Scram.withPassword("app", ""));
        assertInstanceOf(
                ShardSecret.Nothing.class,
                users.find("app").orElseThrow().shardLogin().secret());
        ScramServer server = users.login("app", ShardRoles.NONE, Optional.empty());
        String serverFirst = Scram.data(11, server.start(Scram.initialResponse(Scram.CLIENT_FIRST)));
        String nonce = serverFirst.substring(0, serverFirst.indexOf(','));
        byte[] last = ("c=biws," + nonce + ",p=" + Scram.PROOF).getBytes(UTF_8);
        assertEquals(LoginErrors.wrongPassword("app"), refusal(() -> server.finish(last)));
    }

    @Test
    void nothingSecretIsPrinted() {
        UserDirectory users =
                Scram.directory(Scram.withPassword("app", "pencil"), Scram.withVerifier("report", VERIFIER));
        UserDirectory.User app = users.find("app").orElseThrow();
        List<Object> printed =
                List.of(users, app, app.shardLogin(), app.shardLogin(KEYS), KEYS, ScramVerifier.parse("app", VERIFIER));
        for (Object object : printed) {
            assertFalse(object.toString().contains("pencil"), object.toString());
            assertFalse(object.toString().contains("WG5d8oPm"), object.toString());
            assertFalse(object.toString().contains("[B@"), object.toString());
        }
    }
}
