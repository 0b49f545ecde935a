package io.ostraka.tx.decision;

import java.io.DataInput;
import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/** Entries about the fate of transactions over several shards. Applied by {@link TransactionFates}. */
public sealed interface TransactionEntry extends LogEntry {

    /** Several decisions in one entry, one flush: each is accepted or rejected by itself. */
    record Commit(List<PreparedBranches> transactions) implements TransactionEntry {
        static final int KIND = 5;

        public Commit {
            transactions = List.copyOf(transactions);
        }

        static Commit read(DataInput in) throws IOException {
            return new Commit(Encoding.readList(in, PreparedBranches::read));
        }

        @Override
        public byte[] encode() {
            return Encoding.encode(KIND, out -> Encoding.writeList(out, transactions, PreparedBranches::writeTo));
        }

        @Override
        public Answer handleWith(Handler handler, long index) {
            return handler.onCommit(this, index);
        }
    }

    /** Settles a transaction whose node lives, against it: for operators. Its owner aborts its own without an entry. */
    record Abort(Gtid gtid) implements TransactionEntry {
        static final int KIND = 6;

        static Abort read(DataInput in) throws IOException {
            return new Abort(Gtid.read(in));
        }

        @Override
        public byte[] encode() {
            return Encoding.encode(KIND, gtid::writeTo);
        }

        @Override
        public Answer handleWith(Handler handler, long index) {
            return handler.onAbort(this, index);
        }
    }

    /** Every branch of these is finished wherever it may come back from: the fates can be forgotten. */
    record Done(List<Gtid> gtids) implements TransactionEntry {
        static final int KIND = 7;

        public Done {
            gtids = List.copyOf(gtids);
        }

        static Done read(DataInput in) throws IOException {
            return new Done(Encoding.readList(in, Gtid::read));
        }

        @Override
        public byte[] encode() {
            return Encoding.encode(KIND, out -> Encoding.writeList(out, gtids, Gtid::writeTo));
        }

        @Override
        public Answer handleWith(Handler handler, long index) {
            return handler.onDone(this, index);
        }
    }

    /**
     * A decided transaction's window was closed although these shards do not show it yet: nobody reads them until they do.
     * Repeated with fewer shards as they catch up; empty when all have.
     */
    record Behind(Gtid gtid, SortedSet<ShardNumber> shards) implements TransactionEntry {
        static final int KIND = 8;

        public Behind {
            shards = Collections.unmodifiableSortedSet(new TreeSet<>(shards));
        }

        static Behind read(DataInput in) throws IOException {
            return new Behind(Gtid.read(in), new TreeSet<>(Encoding.readList(in, ShardNumber::read)));
        }

        @Override
        public byte[] encode() {
            return Encoding.encode(KIND, out -> {
                gtid.writeTo(out);
                Encoding.writeList(out, shards, ShardNumber::writeTo);
            });
        }

        @Override
        public Answer handleWith(Handler handler, long index) {
            return handler.onBehind(this, index);
        }
    }

    /**
     * A client's own {@code PREPARE TRANSACTION 'name'}: from now on only the client decides. {@code preparedMicros}: when, by
     * the node's clock, since 1970; for people only.
     */
    record ClientPrepared(String name, PreparedBranches transaction, long preparedMicros) implements TransactionEntry {
        static final int KIND = 9;

        static ClientPrepared read(DataInput in) throws IOException {
            return new ClientPrepared(in.readUTF(), PreparedBranches.read(in), in.readLong());
        }

        @Override
        public byte[] encode() {
            return Encoding.encode(KIND, out -> {
                out.writeUTF(name);
                transaction.writeTo(out);
                out.writeLong(preparedMicros);
            });
        }

        @Override
        public Answer handleWith(Handler handler, long index) {
            return handler.onClientPrepared(this, index);
        }
    }

    /**
     * The client's {@code COMMIT PREPARED} or {@code ROLLBACK PREPARED}, through any node. Names the transaction, too, so
     * that a repeated proposal is known for what it is even when the name was taken again in between. {@code by} carries
     * it out, and is not always the node that prepared.
     */
    record ClientDecided(String name, Gtid gtid, boolean commit, Epoch by) implements TransactionEntry {
        static final int KIND = 10;

        static ClientDecided read(DataInput in) throws IOException {
            return new ClientDecided(in.readUTF(), Gtid.read(in), in.readBoolean(), new Epoch(Encoding.readNumber(in)));
        }

        @Override
        public byte[] encode() {
            return Encoding.encode(KIND, out -> {
                out.writeUTF(name);
                gtid.writeTo(out);
                out.writeBoolean(commit);
                Encoding.writeNumber(out, by.index());
            });
        }

        @Override
        public Answer handleWith(Handler handler, long index) {
            return handler.onClientDecided(this, index);
        }
    }
}
