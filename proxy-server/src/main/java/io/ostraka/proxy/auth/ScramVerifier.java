package io.ostraka.proxy.auth;

import com.ongres.scram.common.ScramFunctions;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a server keeps of a password: {@code SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>}, as in
 * {@code pg_authid.rolpassword}. It proves a client's password without containing it, but whoever has it can pose as the
 * server, so it counts as a secret.
 *
 * <p>Immutable. Source: RFC 5802 section 3; PostgreSQL, {@code parse_scram_secret}.
 */
final class ScramVerifier {
    /** PostgreSQL's default of {@code scram_iterations}. */
    static final int DEFAULT_ITERATIONS = 4096;
    /** As PostgreSQL chooses its salts. */
    static final int SALT_BYTES = 16;

    private static final Pattern FORM = Pattern.compile(
            "SCRAM-SHA-256\\$([1-9][0-9]{0,8}):([A-Za-z0-9+/=]+)\\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)");

    private final int iterations;
    private final byte[] salt;
    private final byte[] storedKey;
    private final byte[] serverKey;

    /** Takes ownership of the arrays. */
    ScramVerifier(int iterations, byte[] salt, byte[] storedKey, byte[] serverKey) {
        this.iterations = iterations;
        this.salt = salt;
        this.storedKey = storedKey;
        this.serverKey = serverKey;
    }

    /** Runs PBKDF2; see {@link ScramKeys#derive}. */
    static ScramVerifier ofPassword(String password, byte[] salt) {
        ScramKeys keys = ScramKeys.derive(password, salt, DEFAULT_ITERATIONS);
        return new ScramVerifier(DEFAULT_ITERATIONS, salt.clone(), keys.storedKey(), keys.serverKey());
    }

    /** @throws io.ostraka.rules.error.PgErrorException if {@code text} has another form; the error does not repeat it */
    static ScramVerifier parse(String user, String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw malformed(user);
        }
        try {
            Base64.Decoder base64 = Base64.getDecoder();
            byte[] storedKey = base64.decode(matcher.group(3));
            byte[] serverKey = base64.decode(matcher.group(4));
            if (storedKey.length != ScramKeys.KEY_BYTES || serverKey.length != ScramKeys.KEY_BYTES) {
                throw malformed(user);
            }
            return new ScramVerifier(
                    Integer.parseInt(matcher.group(1)), base64.decode(matcher.group(2)), storedKey, serverKey);
        } catch (IllegalArgumentException notBase64) {
            throw malformed(user);
        }
    }

    private static RuntimeException malformed(String user) {
        return new PgError(
                        SqlState.CONFIG_FILE_ERROR,
                        "verifier of user \"" + user + "\" is malformed",
                        "A verifier has the form SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>.",
                        "Copy it from rolpassword in pg_authid, in single quotes or with ${file:PATH}.")
                .toException();
    }

    int iterations() {
        return iterations;
    }

    byte[] salt() {
        return salt.clone();
    }

    byte[] storedKey() {
        return storedKey.clone();
    }

    /** The keys of a client that has proved to know {@code clientKey}. Takes ownership of it. */
    ScramKeys keysWith(byte[] clientKey) {
        return new ScramKeys(salt, iterations, clientKey, serverKey);
    }

    byte[] clientSignature(String authMessage) {
        return ScramFunctions.clientSignature(ScramKeys.MECHANISM, storedKey, authMessage);
    }

    byte[] serverSignature(String authMessage) {
        return ScramFunctions.serverSignature(ScramKeys.MECHANISM, serverKey, authMessage);
    }

    @Override
    public String toString() {
        return "ScramVerifier[***]";
    }
}
