package io.ostraka.tx.decision;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** A shard as the log names it: the database of Ostraka it belongs to, and its permanent number there. */
public record ShardId(String database, ShardNumber number) implements Comparable<ShardId> {
    static ShardId read(DataInput in) throws IOException {
        return new ShardId(in.readUTF(), ShardNumber.read(in));
    }

    void writeTo(DataOutput out) throws IOException {
        out.writeUTF(database);
        number.writeTo(out);
    }

    @Override
    public int compareTo(ShardId other) {
        int byDatabase = database.compareTo(other.database);
        return byDatabase != 0 ? byDatabase : number.compareTo(other.number);
    }

    @Override
    public String toString() {
        return database + "/" + number;
    }
}
