package io.ostraka.proxy.execute;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Rows of the binary format. Confined to the session's event loop. Source: PostgreSQL manual, "COPY", "Binary Format".
 */
final class BinaryCopyReader extends CopyReader {
    private static final int FLAGS_END = 15;
    private static final short END = -1;

    private final int[] places;
    private boolean hasHeader;

    BinaryCopyReader(int[] places, Rows rows, int maxRowBytes) {
        super(rows, maxRowBytes);
        this.places = places.clone();
    }

    @Override
    boolean readRow(boolean isLast) {
        boolean isRead = hasHeader ? readTuple() : readHeader();
        if (!isRead && isLast && !isStopped()) {
            if (!hasHeader) {
                malformed("COPY file signature not recognized");
            } else if (end > start) {
                malformed("unexpected EOF in COPY data");
            }
        }
        return isRead;
    }

    private boolean readHeader() {
        if (end - start < FLAGS_END + Integer.BYTES) {
            return false;
        }
        int length = int32(start + FLAGS_END);
        if (length < 0) {
            malformed("invalid COPY file header (wrong length)");
            return false;
        }
        if (end - start - FLAGS_END - Integer.BYTES < length) {
            return false;
        }
        hasHeader = true;
        at = start + FLAGS_END + Integer.BYTES + length;
        rows().onHeader(data, start, at, 0);
        return true;
    }

    private boolean readTuple() {
        if (end - start < Short.BYTES) {
            return false;
        }
        short fields = (short) ((data[start] << 8) | (data[start + 1] & 0xFF));
        if (fields == END) {
            at = start + Short.BYTES;
            rows().onEndMark();
            return false;
        }
        List<Optional<byte[]>> key = new ArrayList<>(places.length);
        for (int ignored : places) {
            key.add(Optional.empty());
        }
        int position = start + Short.BYTES;
        for (int field = 0; field < fields; field++) {
            if (end - position < Integer.BYTES) {
                return false;
            }
            int length = int32(position);
            position += Integer.BYTES;
            if (length < -1) {
                malformed("invalid field size");
                return false;
            }
            if (end - position < Math.max(0, length)) {
                return false;
            }
            for (int i = 0; i < places.length; i++) {
                if (places[i] == field && length >= 0) {
                    key.set(i, Optional.of(Arrays.copyOfRange(data, position, position + length)));
                }
            }
            position += Math.max(0, length);
        }
        at = position;
        rows().onRow(data, start, position, key, 1);
        return true;
    }

    private int int32(int offset) {
        return (data[offset] << 24)
                | ((data[offset + 1] & 0xFF) << 16)
                | ((data[offset + 2] & 0xFF) << 8)
                | (data[offset + 3] & 0xFF);
    }
}
