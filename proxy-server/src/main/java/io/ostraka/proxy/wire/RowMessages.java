package io.ostraka.proxy.wire;

import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.Optional;

/** Appends the messages of rows that the proxy itself makes. Thread-safe; the buffer is the caller's. */
public final class RowMessages {
    /** {@code typeSize} as in {@code pg_type.typlen}. */
    public record Column(String name, int typeOid, int typeSize) {}

    private RowMessages() {}

    /** RowDescription; {@code formats} has one for each column. */
    public static void description(ByteBuf out, List<Column> columns, short[] formats) {
        int frame = FrontendMessages.begin(out, BackendTag.ROW_DESCRIPTION);
        out.writeShort(columns.size());
        for (int i = 0; i < columns.size(); i++) {
            Column column = columns.get(i);
            FrontendMessages.string(out, column.name());
            // Of no table.
            out.writeInt(0);
            out.writeShort(0);
            out.writeInt(column.typeOid());
            out.writeShort(column.typeSize());
            out.writeInt(-1);
            out.writeShort(formats[i]);
        }
        FrontendMessages.end(out, frame);
    }

    /** DataRow; an empty value is NULL. */
    public static void row(ByteBuf out, List<Optional<byte[]>> values) {
        int frame = FrontendMessages.begin(out, BackendTag.DATA_ROW);
        out.writeShort(values.size());
        for (Optional<byte[]> value : values) {
            if (value.isPresent()) {
                out.writeInt(value.get().length);
                out.writeBytes(value.get());
            } else {
                out.writeInt(-1);
            }
        }
        FrontendMessages.end(out, frame);
    }
}
