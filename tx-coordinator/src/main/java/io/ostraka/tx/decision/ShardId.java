package io.ostraka.tx.decision;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Comparator;

/** A shard as the log names it: the database of Ostraka it belongs to, and its permanent number there. */
public record ShardId(String database, ShardNumber number) implements Comparable<ShardId> {
    private static final Comparator<ShardId> ORDER =
            Comparator.comparing(ShardId::database).thenComparing(ShardId::number);

    static ShardId read(DataInput in) throws IOException {
        return new ShardId(in.readUTF(), ShardNumber.read(in));
    }

    void writeTo(DataOutput out) throws IOException {
        out.writeUTF(database);
        number.writeTo(out);
    }

    @Override
    public int compareTo(ShardId other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return database + "/" + number;
    }
}
