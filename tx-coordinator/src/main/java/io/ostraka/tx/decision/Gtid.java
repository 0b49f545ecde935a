package io.ostraka.tx.decision;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** A transaction's name for ever: the life of the node that began it, and its place in that life. */
public record Gtid(Epoch epoch, long sequence) implements Comparable<Gtid> {
    public Gtid {
        if (sequence < 0) {
            throw new IllegalArgumentException("sequence " + sequence + " is negative");
        }
    }

    static Gtid read(DataInput in) throws IOException {
        return new Gtid(new Epoch(Encoding.readNumber(in)), Encoding.readNumber(in));
    }

    void writeTo(DataOutput out) throws IOException {
        Encoding.writeNumber(out, epoch.index());
        Encoding.writeNumber(out, sequence);
    }

    @Override
    public int compareTo(Gtid other) {
        int byEpoch = epoch.compareTo(other.epoch);
        return byEpoch != 0 ? byEpoch : Long.compare(sequence, other.sequence);
    }

    /** As in the gid, and as people read it: {@code 5_1z}. */
    @Override
    public String toString() {
        return Long.toString(epoch.index(), Gid.RADIX) + "_" + Long.toString(sequence, Gid.RADIX);
    }
}
