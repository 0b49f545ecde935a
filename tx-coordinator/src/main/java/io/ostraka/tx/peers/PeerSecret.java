package io.ostraka.tx.peers;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** What the nodes of a group share and nobody else knows. Immutable, thread-safe; shows itself nowhere. */
public final class PeerSecret {
    /** Shorter ones could be guessed from a recorded handshake with a fake peer. */
    public static final int LEAST_LENGTH = 16;

    private static final String ALGORITHM = "HmacSHA256";

    private final SecretKeySpec key;

    /** @param text at least {@link #LEAST_LENGTH} characters */
    public PeerSecret(String text) {
        if (text.length() < LEAST_LENGTH) {
            throw new IllegalArgumentException("a secret of " + text.length() + " characters");
        }
        key = new SecretKeySpec(text.getBytes(StandardCharsets.UTF_8), ALGORITHM);
    }

    /** HMAC-SHA-256 of all of this, one after the other, under the secret. */
    byte[] hash(byte[]... parts) {
        return hash(key, parts);
    }

    static byte[] hash(SecretKeySpec key, byte[]... parts) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            for (byte[] part : parts) {
                mac.update(part);
            }
            return mac.doFinal();
        } catch (InvalidKeyException e) {
            throw new IllegalStateException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has " + ALGORITHM, e);
        }
    }

    static SecretKeySpec key(byte[] bytes) {
        return new SecretKeySpec(bytes, ALGORITHM);
    }

    @Override
    public String toString() {
        return "(a secret)";
    }
}
