package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.ostraka.proxy.wire.ClientEncoding;
import io.ostraka.proxy.wire.CorruptedFrameException;
import io.ostraka.proxy.wire.Frame;
import io.ostraka.rules.plan.SortKey;
import io.ostraka.rules.plan.SortType;
import java.util.List;

/**
 * A DataRow as a shard sent it, with hidden keys behind its columns. Holds a reference to the bytes it stands in from
 * {@link #read} to {@link #release}. Reused for row after row; confined to the session's event loop.
 *
 * <p>Shape: Int16 count; for each column Int32 length, -1 for null, and bytes.
 */
final class MergedRow {
    private static final int NULL = -1;

    private final int columns;
    private final BinaryOrder.Value[] keys;
    private ByteBuf bytes = Unpooled.EMPTY_BUFFER;
    private int frame;
    private int shownEnd;

    MergedRow(int columns, int keys) {
        this.columns = columns;
        this.keys = new BinaryOrder.Value[keys];
        for (int i = 0; i < keys; i++) {
            this.keys[i] = new BinaryOrder.Value();
        }
    }

    /** Reads the frame at {@code start} and trusts no length in it; takes a reference of its own to the buffer. */
    void read(ByteBuf borrowed, int start, List<SortType> types) {
        release();
        int end = start + 1 + borrowed.getInt(start + 1);
        int at = start + Frame.HEADER_BYTES;
        if (end - at < Short.BYTES || borrowed.getUnsignedShort(at) != columns + keys.length) {
            throw new CorruptedFrameException("a row has not the columns that were described");
        }
        at += Short.BYTES;
        for (int i = 0; i < columns; i++) {
            at = endOfValue(borrowed, at, end);
        }
        shownEnd = at;
        for (int i = 0; i < keys.length; i++) {
            int next = endOfValue(borrowed, at, end);
            BinaryOrder.Value key = keys[i];
            key.length = borrowed.getInt(at);
            key.start = at + Integer.BYTES;
            key.buffer = borrowed;
            if (key.length != NULL && i < types.size() && !BinaryOrder.isWhole(types.get(i), key)) {
                throw new CorruptedFrameException(key.length + " bytes are no value of type " + types.get(i));
            }
            at = next;
        }
        if (at != end) {
            throw new CorruptedFrameException("a row's columns do not fill its message");
        }
        frame = start;
        bytes = borrowed.retain();
    }

    /** Throws unless the values of the DataRow at {@code start} fill it. */
    static void requireWhole(ByteBuf borrowed, int start) {
        int end = start + 1 + borrowed.getInt(start + 1);
        int at = start + Frame.HEADER_BYTES + Short.BYTES;
        int values = at <= end ? borrowed.getUnsignedShort(at - Short.BYTES) : 0;
        for (int i = 0; i < values; i++) {
            at = endOfValue(borrowed, at, end);
        }
        if (at != end) {
            throw new CorruptedFrameException("a row's columns do not fill its message");
        }
    }

    /** Where the value ends whose length stands at {@code at}. */
    private static int endOfValue(ByteBuf borrowed, int at, int end) {
        if (end - at < Integer.BYTES) {
            throw new CorruptedFrameException("insufficient data left in a row");
        }
        int length = borrowed.getInt(at);
        int start = at + Integer.BYTES;
        if (length < NULL || length > end - start) {
            throw new CorruptedFrameException("invalid length " + length + " in a row");
        }
        return start + Math.max(0, length);
    }

    /** Makes {@code other} the same row. */
    void keepAs(MergedRow other, List<SortType> types) {
        other.read(bytes, frame, types);
    }

    void release() {
        bytes.release();
        bytes = Unpooled.EMPTY_BUFFER;
    }

    /** Appends the row without its keys. */
    void writeShown(ByteBuf out) {
        int shown = shownEnd - frame;
        out.writeByte(bytes.getByte(frame));
        out.writeInt(shown - 1);
        out.writeShort(columns);
        int values = frame + Frame.HEADER_BYTES + Short.BYTES;
        out.writeBytes(bytes, values, shownEnd - values);
    }

    /** Which of two rows comes first by these keys. */
    int compareTo(MergedRow other, List<SortKey> order, List<SortType> types, ClientEncoding encoding) {
        for (int i = 0; i < keys.length; i++) {
            int result = compare(keys[i], other.keys[i], order.get(i), types.get(i), encoding);
            if (result != 0) {
                return result;
            }
        }
        return 0;
    }

    private static int compare(
            BinaryOrder.Value a, BinaryOrder.Value b, SortKey key, SortType type, ClientEncoding encoding) {
        if (a.length == NULL || b.length == NULL) {
            int nullsLast = Boolean.compare(a.length == NULL, b.length == NULL);
            return key.nullsFirst() ? -nullsLast : nullsLast;
        }
        return key.descending() ? BinaryOrder.compare(type, b, a, encoding) : BinaryOrder.compare(type, a, b, encoding);
    }
}
