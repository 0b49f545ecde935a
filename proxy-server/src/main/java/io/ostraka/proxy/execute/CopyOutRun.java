package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.Frame;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * COPY TO STDOUT on several shards as one copy: one beginning, the rows of all as they come, a header once, one end. Rows are
 * passed on as they were read; for a slow client the session stops reading the shards. Confined to the session's event loop.
 *
 * <p>A server sends each row in a CopyData of its own, so does it the header of CSV and text; that of the binary format stands
 * in front of what comes first, and its end is a CopyData too. Source: PostgreSQL's {@code copyto.c}.
 */
public final class CopyOutRun extends SharedRun {
    /** Signature and flags; the length of what the header has besides follows. */
    private static final int BINARY_FLAGS_END = 15;

    private static final int BINARY_HEADER_BYTES = BINARY_FLAGS_END + Integer.BYTES;
    private static final short BINARY_END = -1;

    private final String sql;
    private final Map<Backend, String> openings;
    /** Whether all are to begin in one {@link Moment}. */
    private final boolean together;

    private final boolean isBinary;
    private final boolean hasHeader;
    /** Shards whose first row or header has come. */
    private final Set<Backend> begun = new HashSet<>();
    /** What the first shard has said of format and columns. */
    private Optional<byte[]> response = Optional.empty();
    /** Shards that have not said yet that they have begun, which they do when they have their snapshots. */
    private final Set<Backend> toBegin = new HashSet<>();
    /** Rows that came while it was not known whether all have begun in one moment. */
    private final ArrayDeque<Early> early = new ArrayDeque<>();

    private boolean waits;

    private record Early(Backend backend, ByteBuf rows) {}

    /**
     * {@code openings}: how each shard opens a transaction of this run, so that all read at one time; empty where they need none. {@code
     * together}: they are in a transaction already, and must begin in one moment.
     */
    public CopyOutRun(
            Host host,
            List<Backend> backends,
            String sql,
            boolean isBinary,
            boolean hasHeader,
            Map<Backend, String> openings,
            boolean together) {
        super(host, backends);
        this.together = together;
        this.sql = sql;
        this.openings = Map.copyOf(openings);
        this.isBinary = isBinary;
        this.hasHeader = hasHeader;
    }

    @Override
    public void start() {
        if (together) {
            waits = true;
            host().moment().await(participants(), this::begin, this::begun);
        } else {
            send();
        }
    }

    private void begin() {
        if (isOver()) {
            return;
        }
        if (!toBegin.isEmpty() || response.isPresent()) {
            fail(new PgError(
                    SqlState.SERIALIZATION_FAILURE,
                    "COPY over several shards did not begin on all of them at one time",
                    "A shard took too long, while others wanted to commit.",
                    "Try it again, or copy outside of a transaction block, or in a REPEATABLE READ one."));
            client().flush();
            return;
        }
        toBegin.addAll(participants());
        send();
    }

    /** Whether all have begun in one moment is known. */
    private void begun(Optional<PgError> error) {
        if (isOver()) {
            return;
        }
        if (error.isPresent()) {
            fail(error.get());
            client().flush();
            return;
        }
        waits = false;
        while (!early.isEmpty()) {
            Early next = early.remove();
            pass(next.backend(), next.rows());
        }
        participants().forEach(backend -> backend.setReading(true));
        client().flush();
        settle();
    }

    @Override
    boolean goesOn() {
        return waits;
    }

    private void send() {
        for (Backend backend : participants()) {
            Optional<String> opening = Optional.ofNullable(openings.get(backend));
            opening.ifPresent(begin -> backend.sendQuery(begin, Visibility.NONE));
            backend.sendQuery(sql, Visibility.ROWS);
            opening.ifPresent(begin -> backend.sendQuery("COMMIT", Visibility.NONE));
            backend.flush();
        }
    }

    @Override
    public void onCopyOut(Backend backend, ByteBuf borrowed, int frame) {
        if (isOver()) {
            return;
        }
        if (waits) {
            backend.setReading(false);
            if (toBegin.remove(backend) && toBegin.isEmpty()) {
                host().moment().taken();
            }
        }
        int bytes = 1 + borrowed.getInt(frame + 1);
        byte[] said = ByteBufUtil.getBytes(borrowed, frame, bytes);
        if (response.isEmpty()) {
            response = Optional.of(said);
            client().write(borrowed.retainedSlice(frame, bytes));
        } else if (!Arrays.equals(response.get(), said)) {
            fail(new PgError(
                    SqlState.INTERNAL_ERROR,
                    "shards describe the columns of the copy differently",
                    "The tables that the statement reads are not the same on all shards.",
                    "Compare them with \"bin/ostraka check FILE --connect\"."));
        }
    }

    @Override
    public void onBytes(Backend backend, ByteBuf owned) {
        if (isOver()) {
            owned.release();
        } else if (waits) {
            early.add(new Early(backend, owned));
        } else {
            pass(backend, owned);
        }
    }

    private void pass(Backend backend, ByteBuf owned) {
        if (isBinary || (hasHeader && !begun.contains(backend))) {
            writeRows(backend, owned);
        } else {
            client().write(owned);
        }
    }

    /** Leaves out what only one of the shards is to say. */
    private void writeRows(Backend backend, ByteBuf owned) {
        int run = owned.readerIndex();
        int at = run;
        while (at < owned.writerIndex()) {
            int next = at + 1 + owned.getInt(at + 1);
            if (owned.getByte(at) == BackendTag.COPY_DATA) {
                boolean isFirst = begun.add(backend);
                int row = at + Frame.HEADER_BYTES;
                if (isFirst) {
                    boolean isNews = begun.size() == 1;
                    int rows = isBinary ? row + BINARY_HEADER_BYTES + owned.getInt(row + BINARY_FLAGS_END) : next;
                    client().write(owned.retainedSlice(run, at - run));
                    if (isNews) {
                        copyData(owned, row, rows);
                    }
                    run = at = rows == next ? next : row(owned, rows, next);
                    continue;
                }
                if (isBinary && isEnd(owned, row, next)) {
                    client().write(owned.retainedSlice(run, at - run));
                    run = next;
                }
            }
            at = next;
        }
        client().write(owned.retainedSlice(run, at - run));
        owned.release();
    }

    /** What stood behind a header; returns where the next frame is. */
    private int row(ByteBuf borrowed, int row, int next) {
        if (!isEnd(borrowed, row, next)) {
            copyData(borrowed, row, next);
        }
        return next;
    }

    private static boolean isEnd(ByteBuf borrowed, int row, int next) {
        return next - row == Short.BYTES && borrowed.getShort(row) == BINARY_END;
    }

    private void copyData(ByteBuf borrowed, int from, int until) {
        ByteBuf out = client().buffer();
        out.writeByte(BackendTag.COPY_DATA);
        out.writeInt(Integer.BYTES + until - from);
        out.writeBytes(borrowed, from, until - from);
        client().write(out);
    }

    @Override
    void complete(long counted) {
        ByteBuf out = client().buffer();
        if (isBinary) {
            out.writeByte(BackendTag.COPY_DATA);
            out.writeInt(Integer.BYTES + Short.BYTES);
            out.writeShort(BINARY_END);
        }
        BackendMessages.empty(out, BackendTag.COPY_DONE);
        BackendMessages.commandComplete(out, "COPY " + counted);
        client().write(out);
    }

    @Override
    void drop() {
        early.forEach(kept -> kept.rows().release());
        early.clear();
    }

    @Override
    ByteBuf told(Backend backend, ByteBuf borrowed, int frame) {
        return borrowed.copy(frame, 1 + borrowed.getInt(frame + 1));
    }
}
