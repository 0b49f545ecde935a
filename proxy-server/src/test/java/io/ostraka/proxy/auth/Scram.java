package io.ostraka.proxy.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ostraka.rules.config.UserConfig;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.function.Executable;

/** Messages and users that the tests of this package share; the numbers are those of RFC 7677, section 3. */
final class Scram {
    static final String PASSWORD = "pencil";
    static final String CLIENT_NONCE = "rOprNGfwEbeRWgbNEkqO";
    static final String SERVER_NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    static final String NONCE = CLIENT_NONCE + SERVER_NONCE;
    static final String SALT = "W22ZaJ0SNY7soEsUEjb6gQ==";
    static final String CLIENT_FIRST = "n,,n=user,r=" + CLIENT_NONCE;
    static final String SERVER_FIRST = "r=" + NONCE + ",s=" + SALT + ",i=4096";
    static final String PROOF = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    static final String CLIENT_FINAL = "c=biws,r=" + NONCE + ",p=" + PROOF;
    static final String SERVER_FINAL = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

    static final ScramVerifier VERIFIER =
            ScramVerifier.ofPassword(PASSWORD, Base64.getDecoder().decode(SALT));

    private Scram() {}

    static ScramServer server() {
        return new ScramServer("user", VERIFIER, true, Optional.empty(), SERVER_NONCE);
    }

    static byte[] initialResponse(String clientFirst) {
        return initialResponse("SCRAM-SHA-256", clientFirst.getBytes(UTF_8));
    }

    static byte[] initialResponse(String mechanism, byte[] clientFirst) {
        return initialResponse(mechanism, clientFirst.length, clientFirst);
    }

    static byte[] initialResponse(String mechanism, int saidLength, byte[] clientFirst) {
        byte[] name = mechanism.getBytes(UTF_8);
        return ByteBuffer.allocate(name.length + 5 + clientFirst.length)
                .put(name)
                .put((byte) 0)
                .putInt(saidLength)
                .put(clientFirst)
                .array();
    }

    /** The data behind an Authentication message's code, which must be {@code code}. */
    static String data(int code, byte[] body) {
        assertEquals(code, ByteBuffer.wrap(body).getInt());
        return new String(body, Integer.BYTES, body.length - Integer.BYTES, UTF_8);
    }

    /** An Authentication message's body. */
    static ByteBuffer body(int code, String data) {
        return body(code, data.getBytes(UTF_8));
    }

    static ByteBuffer body(int code, byte[] data) {
        return ByteBuffer.allocate(Integer.BYTES + data.length)
                .putInt(code)
                .put(data)
                .rewind();
    }

    static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    static PgError refusal(Executable executable) {
        return assertThrows(PgErrorException.class, executable).error();
    }

    static UserConfig withPassword(String name, String password) {
        return new UserConfig(
                name, new UserConfig.Credential.Password(password), false, Optional.empty(), Optional.empty());
    }

    static UserConfig withVerifier(String name, String verifier) {
        return new UserConfig(
                name, new UserConfig.Credential.Verifier(verifier), false, Optional.empty(), Optional.empty());
    }

    static UserDirectory directory(UserConfig... users) {
        Map<String, UserConfig> byName = new LinkedHashMap<>();
        for (UserConfig user : users) {
            byName.put(user.name(), user);
        }
        return UserDirectory.of(byName);
    }
}
