package io.ostraka.proxy.transaction;

import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.Future;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.BackendListener;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.ErrorFields;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.proxy.wire.RowShape;
import io.ostraka.proxy.wire.TransactionStatus;
import io.ostraka.tx.commit.ShardError;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A backend that is told what to run by the coordinator, not by a session: simple queries, one batch at a time, whose rows are
 * read here. What the server says to the session all the while (settings, notifications) is passed on to it.
 *
 * <p>Confined to the event loop of its backend, which it borrows. A crash leaves what the server rolls back, or has prepared.
 */
final class ShardLink implements BackendListener {
    private final Backend backend;
    private final Optional<BackendListener> session;

    private Optional<Consumer<LinkResult>> then = Optional.empty();
    private Optional<Future<?>> timer = Optional.empty();
    private int readies;
    private Optional<ShardError> error = Optional.empty();
    private String tag = "";
    private boolean warned;
    private List<List<Optional<String>>> rows = new ArrayList<>();
    private boolean closed;

    private ShardLink(Backend backend, Optional<BackendListener> session) {
        this.backend = backend;
        this.session = session;
    }

    /** Takes over from whoever listens to it; {@code session} hears what concerns it. */
    static ShardLink takeOver(Backend backend, BackendListener session) {
        backend.detach();
        return attached(backend, Optional.of(session));
    }

    /** For a backend that was just lent by a pool. */
    static ShardLink to(Backend backend) {
        return attached(backend, Optional.empty());
    }

    private static ShardLink attached(Backend backend, Optional<BackendListener> session) {
        ShardLink link = new ShardLink(backend, session);
        link.closed = !backend.isOpen();
        backend.attach(link);
        return link;
    }

    Backend backend() {
        return backend;
    }

    boolean isClosed() {
        return closed;
    }

    boolean isIdle() {
        return then.isEmpty();
    }

    /**
     * Runs each of {@code queries} as a message of its own; one result comes. After an error the transaction block is rolled
     * back. A server that has not answered after {@code patience} is given up.
     */
    void run(List<String> queries, Duration patience, Consumer<LinkResult> whenDone) {
        assert backend.loop().inEventLoop();
        if (then.isPresent()) {
            throw new IllegalStateException("a second batch for a backend of shard " + backend.shard());
        }
        if (closed) {
            whenDone.accept(LinkResult.LOST);
            return;
        }
        then = Optional.of(whenDone);
        error = Optional.empty();
        tag = "";
        warned = false;
        rows = new ArrayList<>();
        readies = queries.size();
        for (String query : queries) {
            backend.sendQuery(query, Visibility.ROWS);
        }
        backend.flush();
        timer = Optional.of(backend.loop().schedule(backend::close, patience.toMillis(), TimeUnit.MILLISECONDS));
    }

    /** Lets go of the backend, which must be idle. */
    void release() {
        backend.detach();
    }

    private void done(LinkResult result) {
        Optional<Consumer<LinkResult>> waiting = then;
        then = Optional.empty();
        timer.ifPresent(running -> running.cancel(false));
        timer = Optional.empty();
        waiting.ifPresent(one -> one.accept(result));
    }

    @Override
    public void onBytes(Backend from, ByteBuf owned) {
        try {
            int bytes;
            for (int frame = owned.readerIndex(); frame < owned.writerIndex(); frame += bytes) {
                bytes = 1 + owned.getInt(frame + 1);
                onFrame(owned, frame, bytes);
            }
        } finally {
            owned.release();
        }
    }

    private void onFrame(ByteBuf borrowed, int frame, int bytes) {
        switch (borrowed.getByte(frame)) {
            case BackendTag.DATA_ROW -> rows.add(row(FieldReader.ofFrame(borrowed, frame)));
            case BackendTag.NOTICE_RESPONSE -> {
                if (ErrorFields.read(FieldReader.ofFrame(borrowed, frame))
                        .severity()
                        .equals("WARNING")) {
                    warned = true;
                } else {
                    session.ifPresent(
                            listener -> listener.onAsyncMessage(backend, borrowed.retainedSlice(frame, bytes)));
                }
            }
            default -> {
                // Nothing else is shown of such a query.
            }
        }
    }

    private List<Optional<String>> row(FieldReader fields) {
        List<Optional<String>> row = new ArrayList<>();
        for (int left = fields.count(); left > 0; left--) {
            int length = fields.int32();
            row.add(
                    length < 0
                            ? Optional.empty()
                            : Optional.of(backend.encoding().text(fields.bytes(length))));
        }
        return row;
    }

    @Override
    public void onRowDescription(Backend from, ByteBuf borrowed, int frame) {
        // Rows are read as text.
    }

    @Override
    public void onParameterDescription(Backend from, ByteBuf borrowed, int frame) {
        throw new IllegalStateException("a link describes nothing");
    }

    @Override
    public void onDescribed(Backend from, StatementKey statement, Visibility visibility, RowShape result) {
        throw new IllegalStateException("a link describes nothing");
    }

    @Override
    public void onStepComplete(Backend from, byte step) {
        throw new IllegalStateException("a link sends simple queries");
    }

    @Override
    public void onCommandEnd(Backend from, Visibility visibility, ByteBuf borrowed, int frame) {
        if (borrowed.getByte(frame) == BackendTag.COMMAND_COMPLETE) {
            tag = FieldReader.ofFrame(borrowed, frame).string();
        }
    }

    @Override
    public void onError(Backend from, Visibility visibility, ByteBuf borrowed, int frame) {
        ErrorFields fields = ErrorFields.read(FieldReader.ofFrame(borrowed, frame, backend.encoding()));
        if (error.isEmpty()) {
            error = Optional.of(new ShardError(fields.sqlState(), fields.message(), fields.detail(), fields.hint()));
        }
    }

    @Override
    public Optional<String> nameOf(StatementKey statement) {
        return Optional.empty();
    }

    @Override
    public void onParseSkipped(Backend from, StatementKey statement, boolean isRefused) {
        throw new IllegalStateException("a link prepares nothing");
    }

    @Override
    public void onCopyIn(Backend from, ByteBuf borrowed, int frame, boolean syncIgnored) {
        throw new IllegalStateException("a link copies nothing");
    }

    @Override
    public void onCopyOut(Backend from, ByteBuf borrowed, int frame) {
        throw new IllegalStateException("a link copies nothing");
    }

    @Override
    public void onReady(Backend from, Visibility visibility, TransactionStatus status) {
        readies--;
        if (readies > 0) {
            return;
        }
        if (error.isPresent() && status != TransactionStatus.IDLE) {
            readies = 1;
            backend.sendQuery("ROLLBACK", Visibility.ROWS);
            backend.flush();
            return;
        }
        done(new LinkResult(false, error, tag, warned, rows, backend.shardEpoch()));
    }

    @Override
    public void onParameterStatus(Backend from, String name, String value) {
        session.ifPresent(listener -> listener.onParameterStatus(backend, name, value));
    }

    @Override
    public void onAsyncMessage(Backend from, ByteBuf owned) {
        if (session.isPresent()) {
            session.get().onAsyncMessage(backend, owned);
        } else {
            owned.release();
        }
    }

    @Override
    public void onReadComplete(Backend from) {
        // Nothing is kept back.
    }

    @Override
    public void onWritable(Backend from) {
        // What is sent is short.
    }

    @Override
    public void onClosed(Backend from) {
        closed = true;
        done(LinkResult.LOST);
    }
}
