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
 * @param mark a place in that server's WAL behind which the id is known: a standby that has this much gives it to no other
 *     transaction. {@link #NO_MARK} in epoch 0, of shards whose failovers nobody follows
 */
public record Branch(ShardNumber shard, long shardEpoch, String role, long transactionId, long mark)
        implements Comparable<Branch> {
    public static final long NO_MARK = 0;

    public Branch {
        if (shardEpoch == 0 && mark != NO_MARK) {
            throw new IllegalArgumentException("a mark on a shard that is not followed");
        }
    }

    static Branch read(DataInput in) throws IOException {
        ShardNumber shard = ShardNumber.read(in);
        long shardEpoch = Encoding.readNumber(in);
        return new Branch(
                shard,
                shardEpoch,
                in.readUTF(),
                Encoding.readNumber(in),
                shardEpoch == 0 ? NO_MARK : Encoding.readNumber(in));
    }

    void writeTo(DataOutput out) throws IOException {
        shard.writeTo(out);
        Encoding.writeNumber(out, shardEpoch);
        out.writeUTF(role);
        Encoding.writeNumber(out, transactionId);
        if (shardEpoch != 0) {
            Encoding.writeNumber(out, mark);
        }
    }

    @Override
    public int compareTo(Branch other) {
        return shard.compareTo(other.shard);
    }
}
