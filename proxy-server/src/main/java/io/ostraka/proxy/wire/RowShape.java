package io.ostraka.proxy.wire;

import io.netty.buffer.ByteBuf;

/**
 * What two RowDescriptions must have in common to describe the same result: names, types, modifiers and formats of the
 * columns, but neither table OIDs nor user types' OIDs, which differ from server to server. NoData has no columns.
 */
public record RowShape(String columns) {
    /** From here on OIDs are given to what users create. */
    private static final long FIRST_USER_OID = 16_384;

    private static final long RECORD = 2249;
    private static final long RECORD_ARRAY = 2287;

    /** Whether rows of the one can be shown as rows of the other, whatever their columns are called. */
    public boolean isOfSameTypes(RowShape other) {
        return withoutNames().equals(other.withoutNames());
    }

    private String withoutNames() {
        StringBuilder types = new StringBuilder();
        int at = 0;
        while (at < columns.length()) {
            int type = columns.indexOf('\0', at) + 1;
            int end = columns.indexOf(';', type) + 1;
            types.append(columns, type, end);
            at = end;
        }
        return types.toString();
    }

    /** Of the RowDescription or NoData at {@code frame}. */
    public static RowShape read(ByteBuf borrowed, int frame) {
        if (borrowed.getByte(frame) != BackendTag.ROW_DESCRIPTION) {
            return new RowShape("");
        }
        StringBuilder columns = new StringBuilder();
        FieldReader in = FieldReader.ofFrame(borrowed, frame);
        int count = in.count();
        for (int i = 0; i < count; i++) {
            columns.append(in.string()).append('\0');
            in.skip(Integer.BYTES + Short.BYTES);
            columns.append(type(in.int32() & 0xFFFF_FFFFL)).append(' ');
            in.skip(Short.BYTES);
            columns.append(in.int32()).append(' ').append(in.int16()).append(';');
        }
        return new RowShape(columns.toString());
    }

    /** Users' types have other OIDs on each server; a view's row is a record where its definition stands in the view's place. */
    private static long type(long oid) {
        return oid == RECORD || oid == RECORD_ARRAY ? FIRST_USER_OID : Math.min(oid, FIRST_USER_OID);
    }
}
