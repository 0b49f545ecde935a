package io.ostraka.proxy.session;

import java.security.MessageDigest;
import java.security.SecureRandom;

/** The secret a client must show to cancel what its session runs. Immutable. */
final class CancelKey {
    /** What protocol 3.0 has room for. */
    private static final int BYTES = 4;

    private final byte[] secret;

    private CancelKey(byte[] secret) {
        this.secret = secret;
    }

    static CancelKey random(SecureRandom random) {
        byte[] secret = new byte[BYTES];
        random.nextBytes(secret);
        return new CancelKey(secret);
    }

    byte[] bytes() {
        return secret.clone();
    }

    /** Takes the same time whatever differs. */
    boolean matches(byte[] shown) {
        return MessageDigest.isEqual(secret, shown);
    }
}
