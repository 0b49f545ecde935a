package io.ostraka.tx.peers;

import java.io.IOException;

/** The peer got the call and answered with an error. */
public final class PeerRefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    PeerRefusedException(String message) {
        super(message);
    }
}
