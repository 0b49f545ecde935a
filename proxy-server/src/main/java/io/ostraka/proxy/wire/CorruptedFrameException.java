package io.ostraka.proxy.wire;

/** The bytes of the other side are not the protocol: nothing that follows on this connection can be trusted. */
public final class CorruptedFrameException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public CorruptedFrameException(String message) {
        super(message, null, false, false);
    }
}
