package io.ostraka.tx.decision;

import java.io.IOException;

/** Bytes that are no entry, answer or snapshot of this version: written by a newer one, or damaged. */
public final class MalformedBytesException extends IOException {
    private static final long serialVersionUID = 1L;

    public MalformedBytesException(String message) {
        super(message);
    }

    public MalformedBytesException(String message, Throwable cause) {
        super(message, cause);
    }
}
