package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.proxy.wire.Frame;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Merge;
import io.ostraka.rules.plan.SortKey;
import io.ostraka.rules.plan.SortType;
import java.util.ArrayList;
import java.util.List;

/**
 * RowDescription of a result with hidden keys behind its columns. Borrows the buffers; without state.
 *
 * <p>Shape: Int16 count; for each column a name, Int32 table, Int16 attribute, Int32 type, Int16 size, Int32 modifier, Int16
 * format.
 */
final class ResultColumns {
    private static final int BEFORE_TYPE = Integer.BYTES + Short.BYTES;
    private static final int BEHIND_TYPE = Short.BYTES + Integer.BYTES + Short.BYTES;

    private ResultColumns() {}

    /**
     * The types of the keys.
     *
     * @throws io.ostraka.rules.error.PgErrorException when the order of one is not known here
     */
    static List<SortType> keyTypes(ByteBuf borrowed, int frame, Merge.Ordered plan) {
        FieldReader in = FieldReader.ofFrame(borrowed, frame);
        int count = in.count();
        if (count != plan.columns() + plan.keys().size()) {
            throw new PgError(
                            SqlState.INTERNAL_ERROR,
                            "a result over several shards has " + count + " columns in place of "
                                    + (plan.columns() + plan.keys().size()))
                    .toException();
        }
        List<SortType> types = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            in.string();
            in.skip(BEFORE_TYPE);
            int oid = in.int32();
            in.skip(BEHIND_TYPE);
            if (i >= plan.columns()) {
                types.add(keyType(oid, plan.keys().get(i - plan.columns())));
            }
        }
        return types;
    }

    private static SortType keyType(int oid, SortKey key) {
        SortType type = SortType.ofOid(oid)
                .orElseThrow(() ->
                        unordered("Values of the type with OID " + oid + " have an order that only a server knows."));
        if (type.isText() && !key.bytewise()) {
            throw unordered("The collation of a text in ORDER BY is not known to be that of its bytes.");
        }
        return type;
    }

    private static RuntimeException unordered(String detail) {
        return new PgError(
                        SqlState.FEATURE_NOT_SUPPORTED,
                        "this ORDER BY is not supported yet for rows of several shards",
                        detail,
                        "Order by numbers, dates, or texts with COLLATE \"C\".")
                .toException();
    }

    /** Appends the description of the first {@code columns} columns. */
    static void writeShown(ByteBuf out, ByteBuf borrowed, int frame, int columns) {
        FieldReader in = FieldReader.ofFrame(borrowed, frame);
        in.count();
        for (int i = 0; i < columns; i++) {
            in.string();
            in.skip(BEFORE_TYPE + Integer.BYTES + BEHIND_TYPE);
        }
        int fields = frame + Frame.HEADER_BYTES + Short.BYTES;
        int bytes = in.position() - fields;
        out.writeByte(borrowed.getByte(frame));
        out.writeInt(Integer.BYTES + Short.BYTES + bytes);
        out.writeShort(columns);
        out.writeBytes(borrowed, fields, bytes);
    }
}
