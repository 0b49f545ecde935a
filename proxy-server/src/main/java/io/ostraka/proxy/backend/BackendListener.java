package io.ostraka.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.wire.ErrorFields;
import io.ostraka.proxy.wire.RowShape;
import io.ostraka.proxy.wire.TransactionStatus;
import java.util.Optional;

/**
 * Who hears a backend while it is lent out. All calls come on the backend's event loop, in the order of the replies, but
 * bytes may be passed on later than {@link #onCommandEnd} to save a write; they are before {@link #onReady} and {@link
 * #onError}. Buffers named {@code borrowed} are valid for the call.
 */
public interface BackendListener {
    /**
     * Bytes for the client, unchanged. Whole frames, but for the rows and copy data of one message under
     * {@link Visibility#ALL}, which may come in pieces.
     */
    void onBytes(Backend backend, ByteBuf owned);

    /** RowDescription or NoData under {@link Visibility#ROWS}; the frame stands at {@code frame}. */
    void onRowDescription(Backend backend, ByteBuf borrowed, int frame);

    /** ParameterDescription under {@link Visibility#ROWS}. */
    void onParameterDescription(Backend backend, ByteBuf borrowed, int frame);

    /** What a statement's Describe was answered; the bytes were passed on where {@code visibility} shows them. */
    void onDescribed(Backend backend, StatementKey statement, Visibility visibility, RowShape result);

    /** ParseComplete, BindComplete or CloseComplete under {@link Visibility#ROWS}. */
    void onStepComplete(Backend backend, byte tag);

    /** CommandComplete, EmptyQueryResponse or PortalSuspended. The bytes were passed on where {@code visibility} shows them. */
    void onCommandEnd(Backend backend, Visibility visibility, ByteBuf borrowed, int frame);

    /**
     * An error. Its bytes were passed on under {@link Visibility#ALL} and only then, unless it is to be replaced: see {@link
     * Backend#takeReplacement}.
     */
    void onError(Backend backend, Visibility visibility, ByteBuf borrowed, int frame);

    /**
     * A Bind under {@link Visibility#BUT_ERRORS} was refused, and all that was sent besides is its Execute, its Describe if {@code
     * isDescribed}, and Sync. Whether the listener has sent it anew; else the error is told.
     */
    default boolean triesAgain(Backend backend, ErrorFields error, boolean isDescribed) {
        return false;
    }

    /** The client's own name for a statement, if it has one. */
    Optional<String> nameOf(StatementKey statement);

    /** The client gets no ParseComplete for this statement: the Parse was refused, or an error came before it. */
    void onParseSkipped(Backend backend, StatementKey statement, boolean isRefused);

    /** A Bind of the client's to this backend alone has made no portal, as none behind it: an error came before. Told of each. */
    default void onBindSkipped(Backend backend) {}

    /** The client gets no CloseComplete for this statement, which is still there: an error came before the Close. */
    default void onCloseSkipped(Backend backend, StatementKey statement) {}

    /**
     * CopyInResponse: the server now takes CopyData. {@code syncIgnored}: a Sync sent before will not be answered. Its bytes were
     * passed on under {@link Visibility#ALL}.
     */
    void onCopyIn(Backend backend, ByteBuf borrowed, int frame, boolean syncIgnored);

    /** CopyOutResponse under {@link Visibility#ROWS}: copy data follow. */
    void onCopyOut(Backend backend, ByteBuf borrowed, int frame);

    /** ReadyForQuery, whose bytes are never passed on: the session words its own. */
    void onReady(Backend backend, Visibility visibility, TransactionStatus status);

    void onParameterStatus(Backend backend, String name, String value);

    /** A NotificationResponse or NoticeResponse that answers no message. */
    void onAsyncMessage(Backend backend, ByteBuf owned);

    /** All that was read has been told: the time to flush. */
    void onReadComplete(Backend backend);

    /** The socket took what was written: more may be sent. */
    void onWritable(Backend backend);

    /** The connection is gone, with replies outstanding or not. */
    void onClosed(Backend backend);
}
