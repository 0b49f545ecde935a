package io.ostraka.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.CorruptedFrameException;
import io.ostraka.proxy.wire.ErrorFields;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.proxy.wire.Frame;
import io.ostraka.proxy.wire.RowShape;
import io.ostraka.proxy.wire.TransactionStatus;
import io.ostraka.rules.error.SqlState;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The replies one {@link Backend} waits for, and what it reads matched to them. Confined to the backend's event loop. Owns the
 * proxy's own answers that keep their place among the replies.
 */
final class Replies {
    private static final Logger LOG = LoggerFactory.getLogger(Replies.class);

    /** A length no PostgreSQL sends: its own limit for one message is below. */
    private static final int MAX_LENGTH = 0x7FFF_FFF0;

    /** What must be whole before it is passed on, such as an error or a row that is to be merged, may not be longer. */
    private static final int MAX_COLLECTED = 256 << 20;

    /** A Bind that is refused for this has made no portal; for its values it has, before it read them. */
    private static final String IN_FAILED_BLOCK = SqlState.IN_FAILED_SQL_TRANSACTION.code();

    /** Bind, Describe, Execute and Sync. */
    private static final int LONG_READ = 4;

    private final Backend backend;
    private final ArrayDeque<Expected> expected = new ArrayDeque<>();
    /** Bytes still to come of a frame that is being passed on in pieces. */
    private int restOfPiece;
    /** How many entries of {@link #expected} are answers of the proxy's own. */
    private int ownQueued;
    /** As of the last ReadyForQuery. */
    private TransactionStatus status = TransactionStatus.IDLE;

    Replies(Backend backend) {
        this.backend = backend;
    }

    void expect(Expected reply) {
        expected.add(reply);
    }

    /** The next to come is ReadyForQuery, and nobody is to see it. */
    void hideSync() {
        Expected sync = expected.remove();
        assert sync.kind == Expected.Kind.SYNC;
        expected.addFirst(Expected.of(sync.kind, Visibility.NONE));
    }

    /** Whether none is outstanding. */
    boolean areAllHere() {
        return expected.isEmpty();
    }

    TransactionStatus status() {
        return status;
    }

    boolean isInsideMessage() {
        return restOfPiece > 0;
    }

    /** How often ReadyForQuery is still to come for something that was sent. */
    int awaitedReadies() {
        int readies = 0;
        for (Expected reply : expected) {
            if (reply.endsWithReady()) {
                readies++;
            }
        }
        return readies;
    }

    void answerInOrder(Expected answer, ByteBuf owned) {
        if (expected.isEmpty()) {
            listenerOrRelease(owned);
        } else {
            expected.add(answer);
            ownQueued++;
        }
    }

    /** Handles whole frames, and pieces of those that may be passed on in pieces. Returns where the unread rest begins. */
    int consume(ByteBuf in) {
        int at = in.readerIndex();
        int end = in.writerIndex();
        // Bytes [run, at) are for the client and not yet passed on.
        int run = at;
        if (restOfPiece > 0) {
            int piece = Math.min(restOfPiece, end - at);
            restOfPiece -= piece;
            at += piece;
        }
        while (end - at >= Frame.HEADER_BYTES) {
            int length = in.getInt(at + 1);
            if (length < Frame.MIN_LENGTH || length > MAX_LENGTH) {
                throw new CorruptedFrameException("message length " + length + " is not in 4.." + MAX_LENGTH);
            }
            byte tag = in.getByte(at);
            Expected head = expected.peek();
            if (end - at <= length) {
                if (head != null && head.visibility == Visibility.ALL && mayComeInPieces(tag)) {
                    restOfPiece = 1 + length - (end - at);
                    at = end;
                } else if (length > MAX_COLLECTED) {
                    throw new CorruptedFrameException("message '" + (char) tag + "' of " + length + " bytes");
                }
                break;
            }
            int next = at + 1 + length;
            boolean isRowForClient = head != null
                    && (tag == BackendTag.DATA_ROW || tag == BackendTag.COPY_DATA)
                    && head.visibility.shows(tag);
            if (!isRowForClient) {
                if (!isShown(in, at, tag, head)) {
                    pass(in, run, at);
                    run = next;
                } else if (tag == BackendTag.ERROR_RESPONSE) {
                    passError(in, run, at, next);
                    run = next;
                } else if (ownQueued > 0 || tag == BackendTag.COPY_IN_RESPONSE) {
                    pass(in, run, next);
                    run = next;
                }
                onFrame(in, at, tag, head);
            }
            at = next;
        }
        pass(in, run, at);
        return at;
    }

    private static boolean mayComeInPieces(byte tag) {
        return tag == BackendTag.DATA_ROW || tag == BackendTag.COPY_DATA || tag == BackendTag.FUNCTION_CALL_RESPONSE;
    }

    private boolean isShown(ByteBuf in, int frame, byte tag, Expected head) {
        return switch (tag) {
            case BackendTag.ERROR_RESPONSE -> {
                ErrorFields error = ErrorFields.read(FieldReader.ofFrame(in, frame));
                yield head != null && head.visibility.shows(tag) && !error.endsSession() && !backend.replaces(error);
            }
            case BackendTag.READY_FOR_QUERY, BackendTag.PARAMETER_STATUS, BackendTag.NOTIFICATION_RESPONSE -> false;
            case BackendTag.NOTICE_RESPONSE -> head != null && head.visibility != Visibility.NONE;
            default -> head != null && head.visibility.shows(tag);
        };
    }

    private void pass(ByteBuf in, int start, int end) {
        if (end > start && backend.lentTo().isPresent()) {
            backend.lentTo().get().onBytes(backend, in.retainedSlice(start, end - start));
        }
    }

    private void passError(ByteBuf in, int run, int frame, int next) {
        Optional<ByteBuf> told = ServerNames.replaced(in, frame, backend);
        pass(in, run, told.isPresent() ? frame : next);
        told.ifPresent(this::listenerOrRelease);
    }

    private void onFrame(ByteBuf in, int frame, byte tag, Expected head) {
        switch (tag) {
            case BackendTag.PARAMETER_STATUS -> onParameterStatus(in, frame);
            case BackendTag.NOTIFICATION_RESPONSE -> onAsyncMessage(in, frame);
            case BackendTag.NOTICE_RESPONSE -> {
                if (head == null) {
                    onAsyncMessage(in, frame);
                }
            }
            case BackendTag.ERROR_RESPONSE -> onError(in, frame, head);
            default -> {
                if (head == null) {
                    throw new CorruptedFrameException("message '" + (char) tag + "' answers nothing that was sent");
                }
                onReply(in, frame, tag, head);
            }
        }
    }

    private void onReply(ByteBuf in, int frame, byte tag, Expected head) {
        Expected.Kind kind = head.kind;
        boolean tellsListener = head.visibility == Visibility.ROWS;
        switch (tag) {
            case BackendTag.PARSE_COMPLETE -> step(kind == Expected.Kind.PARSE, tag, tellsListener);
            case BackendTag.BIND_COMPLETE -> step(kind == Expected.Kind.BIND, tag, tellsListener);
            case BackendTag.CLOSE_COMPLETE -> step(kind == Expected.Kind.CLOSE, tag, tellsListener);
            case BackendTag.PARAMETER_DESCRIPTION -> {
                if (tellsListener) {
                    listener().onParameterDescription(backend, in, frame);
                }
            }
            case BackendTag.ROW_DESCRIPTION, BackendTag.NO_DATA -> {
                if (kind == Expected.Kind.DESCRIBE) {
                    expected.remove();
                    if (head.statement.isPresent()) {
                        listener()
                                .onDescribed(backend, head.statement.get(), head.visibility, RowShape.read(in, frame));
                    }
                }
                if (tellsListener) {
                    listener().onRowDescription(backend, in, frame);
                }
                ownAnswers();
            }
            case BackendTag.COMMAND_COMPLETE, BackendTag.EMPTY_QUERY_RESPONSE, BackendTag.PORTAL_SUSPENDED -> {
                if (kind == Expected.Kind.EXECUTE) {
                    expected.remove();
                }
                listener().onCommandEnd(backend, head.visibility, in, frame);
                ownAnswers();
            }
            case BackendTag.COPY_IN_RESPONSE -> listener().onCopyIn(backend, in, frame, syncIgnored());
            case BackendTag.COPY_OUT_RESPONSE -> {
                if (tellsListener) {
                    listener().onCopyOut(backend, in, frame);
                }
            }
            case BackendTag.READY_FOR_QUERY -> {
                if (!head.endsWithReady()) {
                    throw new CorruptedFrameException("ReadyForQuery while " + kind + " is not answered");
                }
                expected.remove();
                status = TransactionStatus.of(in.getByte(frame + Frame.HEADER_BYTES));
                listener().onReady(backend, head.visibility, status);
            }
            default -> {
                // Rows that are hidden, copy responses, function results: passed on already, or not meant to be.
            }
        }
    }

    /**
     * A server that copies in throws away Syncs until it has the data, also those that were sent before the client could know.
     * Returns whether there was one, whose ReadyForQuery will not come.
     */
    private boolean syncIgnored() {
        boolean ignored = expected.peek().kind == Expected.Kind.EXECUTE
                && expected.removeIf(reply -> reply.kind == Expected.Kind.SYNC);
        if (ignored) {
            backend.needsSync();
        }
        return ignored;
    }

    private void step(boolean isExpected, byte tag, boolean tellsListener) {
        if (!isExpected) {
            throw new CorruptedFrameException("message '" + (char) tag + "' is out of order");
        }
        expected.remove();
        if (tellsListener) {
            listener().onStepComplete(backend, tag);
        }
        ownAnswers();
    }

    private void ownAnswers() {
        while (ownQueued > 0 && expected.peek().kind == Expected.Kind.OWN) {
            ownQueued--;
            listenerOrRelease(expected.remove().own.orElseThrow());
        }
    }

    /**
     * The server skips what was sent up to the next Sync. A simple query that stands behind messages of the proxy's own is
     * skipped with them, so a Sync is sent in its place.
     */
    private void onError(ByteBuf in, int frame, Expected head) {
        ErrorFields error = ErrorFields.read(FieldReader.ofFrame(in, frame));
        if (head == null || error.endsSession()) {
            // Its closing follows, and is told then.
            LOG.info(
                    "shard {}: backend {} was ended by the server: {}",
                    backend.shard(),
                    backend.pid().value(),
                    error.sqlState());
            return;
        }
        backend.forgetUnnamed();
        boolean maySendAgain = head.visibility == Visibility.BUT_ERRORS;
        boolean isWhole = maySendAgain && isWholeRead();
        boolean isDescribed = isWhole && expected.size() == LONG_READ;
        Visibility visibility = maySendAgain ? Visibility.ALL : head.visibility;
        boolean answersQuery = head.kind == Expected.Kind.QUERY;
        while (!answersQuery && !expected.isEmpty() && expected.peek().kind != Expected.Kind.SYNC) {
            Expected skipped = expected.remove();
            skip(skipped, skipped == head);
            if (isClientsBind(skipped) && (skipped != head || error.sqlState().equals(IN_FAILED_BLOCK))) {
                listener().onBindSkipped(backend);
            }
            if (skipped.kind == Expected.Kind.QUERY) {
                expected.addFirst(Expected.of(Expected.Kind.SYNC, skipped.visibility));
                backend.sendSyncInPlace();
                break;
            }
        }
        if (maySendAgain) {
            if (isWhole && listener().triesAgain(backend, error, isDescribed)) {
                return;
            }
            if (!backend.replaces(error)) {
                passError(in, frame, frame, frame + 1 + in.getInt(frame + 1));
            }
        }
        listener().onError(backend, visibility, in, frame);
    }

    /** Whether nothing else is to come than the answers to Bind, Execute and Sync, and to a Describe between. */
    private boolean isWholeRead() {
        if (expected.size() < LONG_READ - 1 || expected.size() > LONG_READ) {
            return false;
        }
        Iterator<Expected> all = expected.iterator();
        return all.next().kind == Expected.Kind.BIND
                && (expected.size() < LONG_READ || all.next().kind == Expected.Kind.DESCRIBE)
                && all.next().kind == Expected.Kind.EXECUTE
                && all.next().kind == Expected.Kind.SYNC;
    }

    private static boolean isClientsBind(Expected reply) {
        return reply.kind == Expected.Kind.BIND
                && (reply.visibility == Visibility.ALL || reply.visibility == Visibility.BUT_ERRORS);
    }

    private void skip(Expected skipped, boolean isRefused) {
        skipped.own.ifPresent(owned -> {
            ownQueued--;
            owned.release();
        });
        skipped.statement.filter(key -> skipped.kind != Expected.Kind.DESCRIBE).ifPresent(key -> {
            if (skipped.closes) {
                listener().onCloseSkipped(backend, key);
                return;
            }
            if (skipped.isNamed) {
                backend.forget(key);
            }
            if (skipped.visibility != Visibility.NONE) {
                listener().onParseSkipped(backend, key, isRefused);
            }
        });
    }

    private void onParameterStatus(ByteBuf in, int frame) {
        FieldReader fields = FieldReader.ofFrame(in, frame, backend.encoding());
        String name = fields.shownString();
        String value = fields.shownString();
        backend.reported(name, value);
        backend.lentTo().ifPresent(borrower -> borrower.onParameterStatus(backend, name, value));
    }

    private void onAsyncMessage(ByteBuf in, int frame) {
        int bytes = 1 + in.getInt(frame + 1);
        backend.lentTo().ifPresent(borrower -> borrower.onAsyncMessage(backend, in.retainedSlice(frame, bytes)));
    }

    private BackendListener listener() {
        return backend.lentTo().orElseThrow(() -> new CorruptedFrameException("a reply came while nobody had asked"));
    }

    private void listenerOrRelease(ByteBuf owned) {
        if (backend.lentTo().isPresent()) {
            backend.lentTo().get().onBytes(backend, owned);
        } else {
            owned.release();
        }
    }

    /** Nothing more will come. */
    void release() {
        expected.forEach(reply -> reply.own.ifPresent(ByteBuf::release));
        expected.clear();
    }
}
