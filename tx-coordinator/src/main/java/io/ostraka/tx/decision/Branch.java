package io.ostraka.tx.decision;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * One shard's part of a transaction: what is needed to finish it there without its coordinator.
 *
 * @param shardEpoch the shard's epoch when it prepared: after a failover "does not exist" means something else
 * @param role who owns the prepared transaction; only it and superusers may finish it
 * @param transactionId the 64 bit id on that server, which still answers when the prepared transaction is gone
 */
public record Branch(ShardNumber shard, long shardEpoch, String role, long transactionId)
        implements Comparable<Branch> {

    static Branch read(DataInput in) throws IOException {
        return new Branch(ShardNumber.read(in), Encoding.readNumber(in), in.readUTF(), Encoding.readNumber(in));
    }

    void writeTo(DataOutput out) throws IOException {
        shard.writeTo(out);
        Encoding.writeNumber(out, shardEpoch);
        out.writeUTF(role);
        Encoding.writeNumber(out, transactionId);
    }

    @Override
    public int compareTo(Branch other) {
        return shard.compareTo(other.shard);
    }
}
