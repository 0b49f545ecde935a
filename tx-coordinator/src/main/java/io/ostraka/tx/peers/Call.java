package io.ostraka.tx.peers;

/** How calls and answers look inside their frames: a byte, then the body. */
final class Call {
    /** First byte of an answer: the handler's follows. */
    static final byte ANSWERED = 0;
    /** First byte of an answer: the handler threw, its message follows. */
    static final byte REFUSED = 1;

    private Call() {}

    static byte[] frame(byte kind, byte[] body) {
        byte[] frame = new byte[1 + body.length];
        frame[0] = kind;
        System.arraycopy(body, 0, frame, 1, body.length);
        return frame;
    }

    static String said(Throwable failure) {
        String message = failure.getMessage();
        return message == null ? failure.getClass().getSimpleName() : message;
    }
}
