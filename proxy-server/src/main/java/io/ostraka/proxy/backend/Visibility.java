package io.ostraka.proxy.backend;

import io.ostraka.proxy.wire.BackendTag;

/** Which of the replies to a message the client sees. Errors are told to the listener whatever it says. */
public enum Visibility {
    /** The client sent the message: everything. */
    ALL,
    /** The proxy sent it on its own account: nothing. */
    NONE,
    /** The client sent it, but an error may not be what it gets: {@link BackendListener#triesAgain}. */
    BUT_ERRORS,
    /** One shard of several: its rows and copy data, as whole frames; the rest is merged by the listener. */
    ROWS;

    boolean shows(byte tag) {
        return switch (this) {
            case ALL -> true;
            case NONE -> false;
            case BUT_ERRORS -> tag != BackendTag.ERROR_RESPONSE;
            case ROWS -> tag == BackendTag.DATA_ROW || tag == BackendTag.COPY_DATA;
        };
    }
}
