package io.ostraka.tx.decision;

/** One life of one node: the log index of its REGISTER entry, so it is never given twice and later lives are greater. */
public record Epoch(long index) implements Comparable<Epoch> {
    public Epoch {
        if (index < 0) {
            throw new IllegalArgumentException("epoch " + index + " is negative");
        }
    }

    @Override
    public int compareTo(Epoch other) {
        return Long.compare(index, other.index);
    }

    @Override
    public String toString() {
        return Long.toString(index);
    }
}
