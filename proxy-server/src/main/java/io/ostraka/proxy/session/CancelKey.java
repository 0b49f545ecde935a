package io.ostraka.proxy.session;

import java.security.MessageDigest;
import java.security.SecureRandom;

/**
 * What a client must show to cancel what its session runs: the number it knows as the server's process id, and a secret. Both
 * are random, so that the short secrets of protocol 3.0 are not all there is to guess; but the number is the server's
 * own where the session has one server process for its whole life, for clients that look for it there. Immutable.
 */
final class CancelKey {
    /** What protocol 3.0 has room for. */
    private static final int SHORT_BYTES = 4;

    /** As long as PostgreSQL's own, where the protocol has room for it. */
    private static final int LONG_BYTES = 32;

    /** Linux numbers processes below this. */
    private static final int FIRST_NUMBER = 1 << 22;

    private final int pid;
    private final byte[] secret;

    private CancelKey(int pid, byte[] secret) {
        this.pid = pid;
        this.secret = secret;
    }

    /** With a number that no process has. */
    static CancelKey random(SecureRandom random, boolean isLong) {
        return of(random.nextInt(FIRST_NUMBER, Integer.MAX_VALUE), random, isLong);
    }

    /** With the number of a server's process. */
    static CancelKey of(int pid, SecureRandom random, boolean isLong) {
        byte[] secret = new byte[isLong ? LONG_BYTES : SHORT_BYTES];
        random.nextBytes(secret);
        return new CancelKey(pid, secret);
    }

    int pid() {
        return pid;
    }

    byte[] secret() {
        return secret.clone();
    }

    /** Takes the same time whatever differs. */
    boolean matches(byte[] shown) {
        return MessageDigest.isEqual(secret, shown);
    }
}
