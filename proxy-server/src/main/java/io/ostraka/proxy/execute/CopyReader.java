package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.wire.ClientEncoding;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.CopyLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Cuts the data of a COPY FROM into rows, as the server would, and finds the fields of the shard key in them. Data come in
 * pieces of any length; only what is left of the last row is kept. Confined to the session's event loop.
 */
abstract class CopyReader {
    /** Where the rows go. */
    interface Rows {
        /**
         * The bytes {@code [start, end)} are one row, its end of line included. {@code key} are the fields of the shard key as far as
         * the row has them. {@code lines}: for how many the server counts it.
         */
        void onRow(byte[] data, int start, int end, List<Optional<byte[]>> key, int lines);

        /** These bytes are for every shard: a header. */
        void onHeader(byte[] data, int start, int end, int lines);

        /** The data cannot be read on. */
        void onFault(PgError error);

        /** The data have ended, whatever comes. */
        void onEndMark();
    }

    private static final int START_BYTES = 8_192;

    private final Rows rows;
    private final int maxRowBytes;
    protected byte[] data = new byte[START_BYTES];
    /** Where the row at hand starts, where reading goes on, and where what is there ends. */
    protected int start;

    protected int at;
    protected int end;
    private boolean stopped;

    CopyReader(Rows rows, int maxRowBytes) {
        this.rows = rows;
        this.maxRowBytes = maxRowBytes;
    }

    static CopyReader of(CopyLayout layout, ClientEncoding encoding, int[] places, Rows rows, int maxRowBytes) {
        return layout.format() == CopyLayout.Format.BINARY
                ? new BinaryCopyReader(places, rows, maxRowBytes)
                : new TextCopyReader(layout, encoding, places, rows, maxRowBytes);
    }

    final Rows rows() {
        return rows;
    }

    /** Reads {@code bytes} more. */
    final void feed(ByteBuf borrowed, int from, int bytes) {
        if (stopped) {
            return;
        }
        makeRoom(bytes);
        borrowed.getBytes(from, data, end, bytes);
        end += bytes;
        read(false);
    }

    /** No more will come. */
    final void finish() {
        if (!stopped) {
            read(true);
        }
    }

    /** Nothing that follows is read. */
    final void stop() {
        stopped = true;
        start = at = end = 0;
        data = new byte[0];
    }

    final boolean isStopped() {
        return stopped;
    }

    private void read(boolean isLast) {
        while (!stopped && readRow(isLast)) {
            start = at;
        }
        if (!stopped && end - start > maxRowBytes) {
            rows.onFault(new PgError(
                    SqlState.PROGRAM_LIMIT_EXCEEDED,
                    "a row of COPY is longer than " + maxRowBytes + " bytes",
                    "It must be read whole to know which shard it is for.",
                    "Raise limits.collected_message."));
        }
    }

    final void malformed(String why) {
        rows.onFault(new PgError(SqlState.BAD_COPY_FILE_FORMAT, why));
    }

    /** Reads one row, from {@link #start}, going on at {@link #at}, and hands it on; false when more is needed, or none is left. */
    abstract boolean readRow(boolean isLast);

    private void makeRoom(int bytes) {
        int left = end - start;
        if (start > 0) {
            System.arraycopy(data, start, data, 0, left);
            at -= start;
            start = 0;
            end = left;
        }
        if (left + bytes > data.length) {
            data = Arrays.copyOf(data, Math.max(2 * data.length, left + bytes));
        }
    }
}
