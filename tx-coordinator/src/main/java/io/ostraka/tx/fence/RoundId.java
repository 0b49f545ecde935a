package io.ostraka.tx.fence;

import java.util.Comparator;

/** A round, never begun twice: the term of the leader that began it, and its place in that term. */
public record RoundId(long term, long number) implements Comparable<RoundId> {
    private static final Comparator<RoundId> ORDER =
            Comparator.comparingLong(RoundId::term).thenComparingLong(RoundId::number);

    /** Before every round. */
    public static final RoundId NONE = new RoundId(-1, 0);

    @Override
    public int compareTo(RoundId other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return term + "." + number;
    }
}
