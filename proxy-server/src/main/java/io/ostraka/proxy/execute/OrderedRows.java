package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.CorruptedFrameException;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.RowLimit;
import io.ostraka.rules.plan.SortKey;
import io.ostraka.rules.plan.SortType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;

/**
 * Merges the rows of shards that each come in order, and cuts them to LIMIT and OFFSET. A row goes to the client as soon as
 * every shard has shown its next one or has ended. What a shard is ahead is kept as it was read, up to {@link #HIGH_BYTES};
 * then its socket is not read until the merge has caught up. Once the limit is reached what still comes is thrown away: no
 * shard sends more than limit and offset together. A row that is none ends the merge with a
 * {@link io.ostraka.rules.error.PgErrorException}, and its backend.
 *
 * <p>Owns what it has not passed on. Confined to the session's event loop.
 */
final class OrderedRows {
    /** A batch for each shard; a read of the socket may go beyond it. */
    private static final int HIGH_BYTES = 256 << 10;

    private static final int LOW_BYTES = HIGH_BYTES / 2;
    /** Rows are gathered up to this size before they are written. */
    private static final int OUT_BYTES = 16 << 10;

    private final ClientOutput client;
    private final int columns;
    private final List<SortKey> order;
    private final RowLimit.Bounds limit;
    private final Map<Backend, Stream> streams = new HashMap<>();
    private final PriorityQueue<Stream> heads;
    private final int shards;

    private List<SortType> types = List.of();
    private Optional<ByteBuf> out = Optional.empty();
    private long skipped;
    private long emitted;
    /** The limit's last row, whose equals are wanted too. */
    private final MergedRow last;

    private boolean isFull;
    private boolean isClosed;
    /** Whether rows are kept until they are asked for. */
    private boolean isCollecting;

    private boolean isDiscarding;

    OrderedRows(ClientOutput client, int shards, int columns, List<SortKey> order, RowLimit.Bounds limit) {
        this.client = client;
        this.shards = shards;
        this.columns = columns;
        this.order = order;
        this.limit = limit;
        this.last = new MergedRow(columns, order.size());
        this.heads = new PriorityQueue<>(
                Math.max(1, shards), (a, b) -> a.head.compareTo(b.head, order, types, client.encoding()));
        this.isFull = limit.count().orElse(1) == 0;
    }

    /** One shard's rows: those read and not yet merged. */
    private final class Stream {
        private final Backend backend;
        private final ArrayDeque<ByteBuf> chunks = new ArrayDeque<>();
        private final MergedRow head = new MergedRow(columns, order.size());
        private int at;
        private long bytes;
        private boolean isAtRow;
        private boolean hasEnded;

        Stream(Backend backend) {
            this.backend = backend;
        }

        void add(ByteBuf owned) {
            if (chunks.isEmpty()) {
                at = owned.readerIndex();
            }
            chunks.add(owned);
            bytes += owned.readableBytes();
            if (bytes > HIGH_BYTES && !isCollecting) {
                backend.setAhead(true);
            }
        }

        /** Moves to the next row; false when it has not come yet. */
        boolean next() {
            isAtRow = false;
            while (!chunks.isEmpty()) {
                ByteBuf chunk = chunks.element();
                if (at == chunk.writerIndex()) {
                    chunks.remove().release();
                    at = chunks.isEmpty() ? 0 : chunks.element().readerIndex();
                    continue;
                }
                int frame = at;
                int length = 1 + chunk.getInt(frame + 1);
                at += length;
                consumed(length);
                if (chunk.getByte(frame) == BackendTag.DATA_ROW) {
                    read(chunk, frame);
                    isAtRow = true;
                    return true;
                }
                // A notice, which belongs to no row.
                client.write(chunk.retainedSlice(frame, length));
            }
            head.release();
            return false;
        }

        /** It may be another backend whose bytes have led here, which must not suffer. */
        private void read(ByteBuf borrowed, int frame) {
            try {
                head.read(borrowed, frame, types);
            } catch (CorruptedFrameException e) {
                backend.distrust(e.getMessage());
                throw backend.distrust().orElseThrow().toException();
            }
        }

        private void consumed(int length) {
            boolean wasHigh = bytes > LOW_BYTES;
            bytes -= length;
            if (wasHigh && bytes <= LOW_BYTES) {
                backend.setAhead(false);
            }
        }

        void release() {
            head.release();
            isAtRow = false;
            chunks.forEach(ByteBuf::release);
            chunks.clear();
            bytes = 0;
            backend.setAhead(false);
        }
    }

    /** The shards have said what the keys' types are. Throws for texts that cannot be put in order from how they are sent. */
    void typesAre(List<SortType> keyTypes) {
        boolean hasCharacters = keyTypes.stream().anyMatch(type -> type.isText() || type == SortType.NAME);
        if (hasCharacters && !client.encoding().isUtf8() && !client.encoding().isSingleByte()) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "sorting texts of several shards is not supported in client encoding \""
                                    + client.encoding().name() + "\"",
                            "Different characters of the database may be sent as the same.",
                            "Set client_encoding to UTF8.")
                    .toException();
        }
        types = List.copyOf(keyTypes);
    }

    long emitted() {
        return emitted;
    }

    /** Rows of one shard, as whole frames, and perhaps notices between them. Takes ownership. */
    void onRows(Backend backend, ByteBuf owned) {
        if (isClosed) {
            owned.release();
            return;
        }
        Stream stream = stream(backend);
        stream.add(owned);
        if (isCollecting) {
            if (!stream.isAtRow && stream.next()) {
                heads.add(stream);
            }
            return;
        }
        if (order.isEmpty() || isFull) {
            while (stream.next()) {
                emit(stream.head);
            }
        } else {
            if (!stream.isAtRow && stream.next()) {
                heads.add(stream);
            }
            merge();
        }
        writeOut();
    }

    /** One shard has sent all its rows. */
    void onEnd(Backend backend) {
        stream(backend).hasEnded = true;
        if (!isCollecting && !order.isEmpty() && !isFull) {
            merge();
            writeOut();
        }
    }

    /** From now on rows are kept until {@link #take}: the shards are asked for some at a time. */
    void collect() {
        isCollecting = true;
    }

    /** Whether {@link #take} throws the rows away that it would pass on. */
    void discards(boolean discards) {
        isDiscarding = discards;
    }

    /** Whose row {@link #take} gives first; of nobody when that is not known yet, or there is none. */
    Optional<Backend> first() {
        return isFull || !knowsFirst() || heads.isEmpty() ? Optional.empty() : Optional.of(heads.element().backend);
    }

    /** Passes on so many rows, or fewer when a shard has no row left here and may have more. */
    long take(long most) {
        long before = emitted;
        while (emitted - before < most && !isFull && knowsFirst() && !heads.isEmpty()) {
            Stream first = heads.poll();
            emit(first.head);
            if (first.next()) {
                heads.add(first);
            }
        }
        if (isFull) {
            dropHeads();
        }
        writeOut();
        return emitted - before;
    }

    /** Whether nothing is left, here or on a shard. */
    boolean isDone() {
        return isFull || (knowsFirst() && heads.isEmpty());
    }

    /** Whether a shard may have more rows, and none of them is here. */
    boolean isDrained(Backend backend) {
        Stream stream = stream(backend);
        return !stream.isAtRow && !stream.hasEnded;
    }

    /** All shards have: the portal may be executed again. */
    void restart() {
        close();
        streams.clear();
        isClosed = false;
        isFull = false;
        emitted = 0;
    }

    /** Throws away what was kept, and what still comes. */
    void close() {
        isClosed = true;
        streams.values().forEach(Stream::release);
        heads.clear();
        last.release();
        out.ifPresent(ByteBuf::release);
        out = Optional.empty();
    }

    private Stream stream(Backend backend) {
        return streams.computeIfAbsent(backend, Stream::new);
    }

    /** Whether every shard has shown its next row, or has none. */
    private boolean knowsFirst() {
        if (streams.size() < shards) {
            return false;
        }
        for (Stream stream : streams.values()) {
            if (!stream.isAtRow && !stream.hasEnded) {
                return false;
            }
        }
        return true;
    }

    private void merge() {
        if (!knowsFirst()) {
            return;
        }
        while (!heads.isEmpty() && !isFull) {
            Stream first = heads.poll();
            emit(first.head);
            if (first.next()) {
                heads.add(first);
            } else if (!first.hasEnded) {
                return;
            }
        }
        if (isFull) {
            dropHeads();
        }
    }

    private void dropHeads() {
        List<Stream> rest = new ArrayList<>(heads);
        heads.clear();
        rest.forEach(Stream::release);
    }

    private void emit(MergedRow row) {
        if (isFull) {
            return;
        }
        if (skipped < limit.offset()) {
            skipped++;
            return;
        }
        boolean hasLimit = limit.count().isPresent();
        if (hasLimit
                && emitted >= limit.count().getAsLong()
                && row.compareTo(last, order, types, client.encoding()) != 0) {
            isFull = true;
            return;
        }
        if (!isDiscarding) {
            if (out.isEmpty()) {
                out = Optional.of(client.buffer());
            }
            row.writeShown(out.get());
        }
        emitted++;
        if (hasLimit && emitted == limit.count().getAsLong()) {
            if (limit.withTies()) {
                row.keepAs(last, types);
            } else {
                isFull = true;
            }
        }
        if (out.isPresent() && out.get().readableBytes() >= OUT_BYTES) {
            writeOut();
        }
    }

    private void writeOut() {
        out.ifPresent(client::write);
        out = Optional.empty();
    }
}
