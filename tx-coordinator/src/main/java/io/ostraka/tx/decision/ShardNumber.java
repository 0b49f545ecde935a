package io.ostraka.tx.decision;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** A shard's permanent number within its database: part of every gid, given once and never to another shard. */
public record ShardNumber(int value) implements Comparable<ShardNumber> {
    /** Far above any cluster, and low enough that the next number always exists. */
    public static final int MAX = 1_000_000;

    public ShardNumber {
        if (value < 0 || value > MAX) {
            throw new IllegalArgumentException("shard number " + value + " is not in 0.." + MAX);
        }
    }

    static ShardNumber read(DataInput in) throws IOException {
        return new ShardNumber(Math.toIntExact(Math.min(Encoding.readNumber(in), Integer.MAX_VALUE)));
    }

    void writeTo(DataOutput out) throws IOException {
        Encoding.writeNumber(out, value);
    }

    @Override
    public int compareTo(ShardNumber other) {
        return Integer.compare(value, other.value);
    }

    @Override
    public String toString() {
        return Integer.toString(value);
    }
}
