package io.ostraka.tx.peers;

import java.io.IOException;

/** Whoever is at the other end does not share the secret. */
public final class NotAPeerException extends IOException {
    private static final long serialVersionUID = 1L;

    NotAPeerException(String message) {
        super(message);
    }

    NotAPeerException(String message, Throwable cause) {
        super(message, cause);
    }
}
