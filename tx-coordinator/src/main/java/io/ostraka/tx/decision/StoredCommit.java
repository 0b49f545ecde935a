package io.ostraka.tx.decision;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A decision that stands and is not yet known to be carried out wherever it must be.
 *
 * @param keeper whose window is open while some shards show the transaction and some do not
 * @param behind present when the window was closed all the same: the shards that did not show it then and still do not
 */
public record StoredCommit(PreparedBranches transaction, Epoch keeper, Optional<SortedSet<ShardNumber>> behind) {

    static StoredCommit read(DataInput in) throws IOException {
        PreparedBranches transaction = PreparedBranches.read(in);
        Epoch keeper = new Epoch(Encoding.readNumber(in));
        return new StoredCommit(
                transaction,
                keeper,
                in.readBoolean()
                        ? Optional.of(new TreeSet<>(Encoding.readList(in, ShardNumber::read)))
                        : Optional.empty());
    }

    void writeTo(DataOutput out) throws IOException {
        transaction.writeTo(out);
        Encoding.writeNumber(out, keeper.index());
        out.writeBoolean(behind.isPresent());
        if (behind.isPresent()) {
            Encoding.writeList(out, behind.get(), ShardNumber::writeTo);
        }
    }
}
