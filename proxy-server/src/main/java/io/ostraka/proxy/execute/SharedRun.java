package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendMessages.Severity;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.ErrorFields;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.proxy.wire.RowShape;
import io.ostraka.proxy.wire.TransactionStatus;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * What runs have in common in which several shards carry out the same command, each its part of it: the first error is the
 * client's and stops the others, and the end is when all backends are at rest. Confined to the session's event loop.
 */
abstract class SharedRun implements ShardRun {
    private static final int CANCELLED_AGAIN_MS = 200;

    private final Host host;
    private final List<Backend> backends;
    /** Those whose connections are there still. */
    private final Set<Backend> left;

    private boolean failed;
    private boolean ended;
    private boolean closed;
    private int answered;
    private long rows;
    private String tag = "";

    SharedRun(Host host, List<Backend> backends) {
        this.host = host;
        this.backends = List.copyOf(backends);
        this.left = new LinkedHashSet<>(backends);
    }

    /** What every shard has answered with its command's tag; the client is to be told the rest. */
    abstract void complete(long counted);

    /** One shard is told to stop, because another one has failed, or the proxy will not go on; a cancel follows. */
    void stop(Backend backend) {}

    /** What the run has failed with. Takes ownership. */
    void tell(ByteBuf owned) {
        client().write(owned);
    }

    /** The frame of a shard's error as the client is to see it, without a position: the shard got another text. Returns an owned. */
    ByteBuf told(Backend backend, ByteBuf borrowed, int frame) {
        ByteBuf out = client().buffer();
        ErrorFields.copyWithoutPosition(out, borrowed, frame);
        return out;
    }

    /** The same with its position moved into the client's text, if the shard got another one. */
    final ByteBuf told(Backend backend, ByteBuf borrowed, int frame, Optional<ScatterMerge.Places> places) {
        if (places.isEmpty()) {
            return borrowed.copy(frame, 1 + borrowed.getInt(frame + 1));
        }
        ByteBuf out = client().buffer();
        ErrorFields.copyWithPosition(
                out, borrowed, frame, position -> places.get().inClients(backend.shard(), position));
        return out;
    }

    /** A shard tells the columns of the cursor, which are those of the others, or the run fails. */
    final void describe(ShardCursor cursor, ByteBuf borrowed, int frame) {
        try {
            cursor.onRowDescription(borrowed, frame);
        } catch (PgErrorException different) {
            fail(different.error());
        }
    }

    /** A shard has refused its part; without a Sync it takes nothing more. */
    void onRefused(Backend backend) {}

    /** The run has failed, or the client is gone: gives back what it has kept. */
    void drop() {}

    /**
     * All backends are at rest, and none has failed: whether the run goes on, having sent more or waiting for something else, which
     * calls {@link #settle}.
     */
    boolean goesOn() {
        return false;
    }

    /** The end of the client's answer. */
    final void finish(String tag) {
        ByteBuf out = client().buffer();
        BackendMessages.commandComplete(out, tag);
        client().write(out);
    }

    /** How many commands the shards carry out in all. */
    int commands() {
        return backends.size();
    }

    final Host host() {
        return host;
    }

    final ClientOutput client() {
        return host.client();
    }

    final boolean isOver() {
        return failed || ended || closed;
    }

    @Override
    public final Collection<Backend> participants() {
        return backends;
    }

    // ---- errors --------------------------------------------------------------------------------------------------

    final void fail(PgError error) {
        ByteBuf out = client().buffer();
        BackendMessages.error(out, Severity.ERROR, error, client().encoding());
        fail(out);
    }

    /** Takes ownership. */
    final void fail(ByteBuf owned) {
        if (isOver()) {
            owned.release();
            return;
        }
        failed = true;
        drop();
        tell(owned);
        for (Backend backend : left) {
            if (backend.hasOutstandingReplies()) {
                stop(backend);
                backend.setReading(true);
                backend.flush();
                cancel(backend);
            }
        }
        settle();
    }

    /** Until it has stopped: a cancel that comes between two of its commands has no effect. */
    private void cancel(Backend backend) {
        if (closed || ended || !backend.isOpen() || !backend.hasOutstandingReplies()) {
            return;
        }
        if (!backend.isBeingCancelled()) {
            host.cancel(backend);
        }
        backend.loop().schedule(() -> cancel(backend), CANCELLED_AGAIN_MS, TimeUnit.MILLISECONDS);
    }

    @Override
    public final void cancel() {
        if (!isOver()) {
            fail(new PgError(SqlState.QUERY_CANCELED, "canceling statement due to user request"));
            client().flush();
        }
    }

    @Override
    public final void onError(Backend backend, Visibility visibility, ByteBuf borrowed, int frame) {
        onRefused(backend);
        if (!isOver()) {
            Optional<PgError> instead = backend.takeReplacement(ErrorFields.read(FieldReader.ofFrame(borrowed, frame)));
            if (instead.isPresent()) {
                fail(instead.get());
            } else {
                fail(told(backend, borrowed, frame));
            }
        } else if (!closed) {
            settle();
        }
    }

    @Override
    public final void onClosed(Backend backend) {
        left.remove(backend);
        PgError lost = host.onLost(backend);
        if (closed) {
            return;
        }
        if (failed) {
            settle();
        } else {
            fail(lost);
        }
        client().flush();
    }

    @Override
    public void close() {
        closed = true;
        drop();
    }

    // ---- the end -------------------------------------------------------------------------------------------------

    @Override
    public final void onCommandEnd(Backend backend, Visibility visibility, ByteBuf borrowed, int frame) {
        if (visibility != Visibility.ROWS || isOver()) {
            return;
        }
        answered++;
        try {
            if (borrowed.getByte(frame) == BackendTag.PORTAL_SUSPENDED) {
                onSuspended(backend);
                return;
            }
            tag = FieldReader.ofFrame(borrowed, frame).string();
            int words = tag.lastIndexOf(' ') + 1;
            if (words > 0 && words < tag.length() && Character.isDigit(tag.charAt(words))) {
                rows += ScatterMerge.count(tag);
            }
            onAnswered(backend);
        } catch (PgErrorException e) {
            fail(e.error());
        }
    }

    /** A shard has carried out its part. */
    void onAnswered(Backend backend) {}

    /** A shard has given as many rows as it was asked for, and may have more. */
    void onSuspended(Backend backend) {
        throw new IllegalStateException("nobody asked for some rows only");
    }

    /** The tag of the command that was completed last. */
    final String tag() {
        return tag;
    }

    /** The rows that the tags of completed commands told so far. */
    final long rows() {
        return rows;
    }

    @Override
    public final void onReady(Backend backend, Visibility visibility, TransactionStatus status) {
        if (!closed) {
            settle();
        }
    }

    final void settle() {
        for (Backend backend : left) {
            if (backend.hasOutstandingReplies()) {
                return;
            }
            if (backend.isBeingCancelled()) {
                backend.afterCancels(this::onCancelled);
                return;
            }
        }
        if (ended || (!failed && (goesOn() || answered < commands()))) {
            return;
        }
        ended = true;
        if (!failed) {
            complete(rows);
        }
        host.onEnd(failed);
    }

    private void onCancelled() {
        if (!closed) {
            settle();
            client().flush();
        }
    }

    // ---- what is passed on or of no interest ---------------------------------------------------------------------

    @Override
    public void onReadComplete(Backend backend) {
        if (!closed) {
            client().flush();
        }
    }

    @Override
    public void onWritable(Backend backend) {}

    @Override
    public final void onParameterStatus(Backend backend, String name, String value) {
        host.onParameterStatus(backend, name, value);
    }

    @Override
    public final void onAsyncMessage(Backend backend, ByteBuf owned) {
        host.onAsyncMessage(backend, owned);
    }

    @Override
    public void onBytes(Backend backend, ByteBuf owned) {
        client().write(owned);
    }

    /** Rows that are merged with those of others; takes ownership. */
    final void merge(OrderedRows merged, Backend backend, ByteBuf owned) {
        try {
            merged.onRows(backend, owned);
        } catch (PgErrorException e) {
            fail(e.error());
        }
    }

    @Override
    public void onRowDescription(Backend backend, ByteBuf borrowed, int frame) {}

    @Override
    public void onParameterDescription(Backend backend, ByteBuf borrowed, int frame) {}

    @Override
    public final void onDescribed(Backend backend, StatementKey statement, Visibility visibility, RowShape result) {}

    @Override
    public void onStepComplete(Backend backend, byte step) {}

    @Override
    public final Optional<String> nameOf(StatementKey statement) {
        return Optional.empty();
    }

    @Override
    public final void onParseSkipped(Backend backend, StatementKey statement, boolean isRefused) {}

    @Override
    public void onCopyIn(Backend backend, ByteBuf borrowed, int frame, boolean syncIgnored) {}

    @Override
    public void onCopyOut(Backend backend, ByteBuf borrowed, int frame) {}
}
