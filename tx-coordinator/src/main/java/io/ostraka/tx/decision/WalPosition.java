package io.ostraka.tx.decision;

/** Places in a server's write-ahead log as numbers, in their order; on a timeline and on those that begin in it. */
public final class WalPosition {
    private static final int HEX = 16;

    private WalPosition() {}

    /** Of a {@code pg_lsn} as PostgreSQL writes it: two hexadecimal halves, {@code 16/B374D848}. */
    public static long parse(String lsn) {
        int slash = lsn.indexOf('/');
        return (Long.parseLong(lsn.substring(0, slash), HEX) << Integer.SIZE)
                + Long.parseLong(lsn.substring(slash + 1), HEX);
    }
}
