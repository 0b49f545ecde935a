package io.ostraka.tx.decision;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.List;

/** A transaction of which every branch is prepared. {@code database} is Ostraka's; a transaction never leaves it. */
public record PreparedBranches(Gtid gtid, String database, List<Branch> branches) {
    public PreparedBranches {
        branches = branches.stream().sorted().toList();
        if (branches.isEmpty()) {
            throw new IllegalArgumentException("transaction " + gtid + " has no branches");
        }
    }

    static PreparedBranches read(DataInput in) throws IOException {
        return new PreparedBranches(Gtid.read(in), in.readUTF(), Encoding.readList(in, Branch::read));
    }

    void writeTo(DataOutput out) throws IOException {
        gtid.writeTo(out);
        out.writeUTF(database);
        Encoding.writeList(out, branches, Branch::writeTo);
    }

    /** In the order of their numbers. */
    public List<ShardId> shards() {
        return branches.stream()
                .map(branch -> new ShardId(database, branch.shard()))
                .toList();
    }

    /** How this transaction's branch is called on its server. */
    public Gid gid(ClusterNumber cluster, ShardNumber shard) {
        return new Gid(cluster, gtid, shard);
    }
}
