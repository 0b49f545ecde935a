package io.ostraka.proxy.wire;

import io.netty.buffer.ByteBuf;

/** What the tag of a CommandComplete tells, read where it is. */
public final class CommandTag {
    private static final int LOCK = letters("LOCK");
    private static final int TRUNCATE = letters("TRUNCATE");
    private static final int ALTER = letters("ALTER");
    private static final int DROP = letters("DROP");
    private static final int CLUSTER = letters("CLUSTER");
    private static final int REINDEX = letters("REINDEX");
    private static final int REFRESH = letters("REFRESH");
    /** A rule; a role, too, which does no harm. */
    private static final int CREATE = letters("CREATE");

    private static final int SHORTEST_LOCKING = "REINDEX".length();

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

    /** Whether it is of a command that may keep others from reading a table until its transaction ends. */
    public static boolean mayLockOutReaders(ByteBuf borrowed, int frame) {
        if (borrowed.getInt(frame + 1) < Integer.BYTES + SHORTEST_LOCKING) {
            return false;
        }
        int tag = frame + Frame.HEADER_BYTES;
        int letters = borrowed.getInt(tag);
        return letters == LOCK
                || letters == TRUNCATE
                || letters == ALTER
                || letters == DROP
                || letters == CLUSTER
                || letters == REINDEX
                || letters == REFRESH
                || (letters == CREATE && borrowed.getByte(tag + "CREATE ".length()) == 'R');
    }

    private static int letters(String word) {
        return word.charAt(0) << 24 | word.charAt(1) << 16 | word.charAt(2) << 8 | word.charAt(3);
    }
}
