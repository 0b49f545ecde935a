package io.ostraka.proxy.wire;

import io.netty.buffer.ByteBuf;

/** What the tag of a CommandComplete tells, read where it is. */
public final class CommandTag {
    private CommandTag() {}

    /** Whether an INSERT, UPDATE, DELETE or MERGE has changed rows, so that its transaction has an id. */
    public static boolean hasChangedRows(ByteBuf borrowed, int frame) {
        int tag = frame + Frame.HEADER_BYTES;
        int last = frame + borrowed.getInt(frame + 1) - 1;
        if (last - tag < 2) {
            return false;
        }
        byte first = borrowed.getByte(tag);
        boolean changes = first == 'I'
                || first == 'U'
                || (first == 'D' && borrowed.getByte(tag + 2) == 'L')
                || (first == 'M' && borrowed.getByte(tag + 1) == 'E');
        if (!changes) {
            return false;
        }
        byte digit = borrowed.getByte(last);
        return digit >= '0' && digit <= '9' && (digit != '0' || borrowed.getByte(last - 1) != ' ');
    }
}
