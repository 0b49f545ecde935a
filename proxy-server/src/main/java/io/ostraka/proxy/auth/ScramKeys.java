package io.ostraka.proxy.auth;

import com.ongres.scram.common.ScramFunctions;
import com.ongres.scram.common.ScramMechanism;
import com.ongres.stringprep.Profile;
import com.ongres.stringprep.Stringprep;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * What a SCRAM client derives from a password, and all it needs to log in: ClientKey and ServerKey, for one salt and one
 * number of iterations. Whoever holds them can log in wherever the same verifier is stored, without the password.
 *
 * <p>Immutable; a secret. Source: RFC 5802 section 3.
 */
public final class ScramKeys {
    static final ScramMechanism MECHANISM = ScramMechanism.SCRAM_SHA_256;
    /** Length of every SHA-256 key, signature and proof. */
    static final int KEY_BYTES = 32;

    private static final Profile SASLPREP = Stringprep.getProvider("SASLprep");

    private final byte[] salt;
    private final int iterations;
    private final byte[] clientKey;
    private final byte[] serverKey;

    /** Takes ownership of the arrays. */
    ScramKeys(byte[] salt, int iterations, byte[] clientKey, byte[] serverKey) {
        this.salt = salt;
        this.iterations = iterations;
        this.clientKey = clientKey;
        this.serverKey = serverKey;
    }

    /**
     * Runs PBKDF2: milliseconds for PostgreSQL's usual 4096 iterations, so never on an event loop. The password is prepared
     * as PostgreSQL does it: SASLprep, and taken as it is where SASLprep refuses it.
     */
    static ScramKeys derive(String password, byte[] salt, int iterations) {
        byte[] salted = saltedPassword(prepared(password), salt, iterations);
        return new ScramKeys(
                salt.clone(),
                iterations,
                ScramFunctions.clientKey(MECHANISM, salted),
                ScramFunctions.serverKey(MECHANISM, salted));
    }

    /** The JDK's PBKDF2, because that of ongres does the preparation too. It encodes in UTF-8. */
    private static byte[] saltedPassword(char[] prepared, byte[] salt, int iterations) {
        try {
            return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                    .generateSecret(new PBEKeySpec(prepared, salt, iterations, KEY_BYTES * Byte.SIZE))
                    .getEncoded();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has PBKDF2WithHmacSHA256", e);
        }
    }

    /** SASLprep; what that refuses PostgreSQL takes as it is, on both sides. */
    private static char[] prepared(String password) {
        // ZERO WIDTH SPACE is in two tables of RFC 3454: PostgreSQL makes a blank of it, stringprep nothing.
        char[] mapped = password.replace('\u200B', ' ').toCharArray();
        try {
            return SASLPREP.prepareStored(mapped);
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException refused) {
            // The second is how stringprep 2.2 says that nothing is left, of a lone soft hyphen for example.
            return password.toCharArray();
        }
    }

    /** Whether a server that asks with this salt and count checks against the verifier these keys belong to. */
    boolean answers(byte[] askedSalt, int askedIterations) {
        return iterations == askedIterations && Arrays.equals(salt, askedSalt);
    }

    byte[] storedKey() {
        return ScramFunctions.storedKey(MECHANISM, clientKey);
    }

    byte[] serverKey() {
        return serverKey.clone();
    }

    /** ClientProof: ClientKey xor the signature of the whole exchange. */
    byte[] proof(String authMessage) {
        return xor(clientKey, ScramFunctions.clientSignature(MECHANISM, storedKey(), authMessage));
    }

    /** What an honest server sends in its last message. */
    byte[] serverSignature(String authMessage) {
        return ScramFunctions.serverSignature(MECHANISM, serverKey, authMessage);
    }

    static byte[] xor(byte[] left, byte[] right) {
        byte[] result = new byte[left.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (byte) (left[i] ^ right[i]);
        }
        return result;
    }

    /** Two logins with the same password share a pool. */
    @Override
    public boolean equals(Object other) {
        return other instanceof ScramKeys keys
                && answers(keys.salt, keys.iterations)
                && MessageDigest.isEqual(clientKey, keys.clientKey)
                && MessageDigest.isEqual(serverKey, keys.serverKey);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(salt) + iterations;
    }

    @Override
    public String toString() {
        return "ScramKeys[***]";
    }
}
