package io.ostraka.tx.decision;

import io.ostraka.rules.config.ShardName;
import java.io.DataInput;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;

/**
 * What is proposed to the decision log. An entry is a wish: what it means is decided by {@link DecisionState} when it is
 * applied, in log order, on every node alike. Immutable. Source: {@code transactions.md}, section 4.
 */
public sealed interface LogEntry
        permits LogEntry.CreateCluster,
                LogEntry.Register,
                LogEntry.Expel,
                LogEntry.NumberShard,
                TransactionEntry,
                ShardEntry {

    /** Creates the cluster under this number, unless it exists. */
    record CreateCluster(ClusterNumber number) implements LogEntry {
        static final int KIND = 1;

        static CreateCluster read(DataInput in) throws IOException {
            return new CreateCluster(new ClusterNumber(in.readInt()));
        }

        @Override
        public byte[] encode() {
            return Encoding.encode(KIND, out -> out.writeInt(number.value()));
        }

        @Override
        public Answer handleWith(Handler handler, long index) {
            return handler.onCreateCluster(this, index);
        }
    }

    /**
     * A node comes to life: its epoch is this entry's index, and its earlier one is expelled by the same entry.
     * {@code bootId} is drawn for each registration, so that a repeated proposal is known for what it is.
     */
    record Register(String node, UUID bootId) implements LogEntry {
        static final int KIND = 2;

        static Register read(DataInput in) throws IOException {
            return new Register(in.readUTF(), new UUID(in.readLong(), in.readLong()));
        }

        @Override
        public byte[] encode() {
            return Encoding.encode(KIND, out -> {
                out.writeUTF(node);
                out.writeLong(bootId.getMostSignificantBits());
                out.writeLong(bootId.getLeastSignificantBits());
            });
        }

        @Override
        public Answer handleWith(Handler handler, long index) {
            return handler.onRegister(this, index);
        }
    }

    /**
     * This life is over, whether its node knows or not: nothing it proposes later counts. Holds in the term of the leader
     * that saw the lease run out, and not when it gets into the log in a later one: the next leader may have renewed it.
     */
    record Expel(Epoch epoch, long term) implements LogEntry {
        static final int KIND = 13;

        static Expel read(DataInput in) throws IOException {
            return new Expel(new Epoch(in.readLong()), in.readLong());
        }

        @Override
        public byte[] encode() {
            return Encoding.encode(KIND, out -> {
                out.writeLong(epoch.index());
                out.writeLong(term);
            });
        }

        @Override
        public Answer handleWith(Handler handler, long index) {
            return handler.onExpel(this, index);
        }
    }

    /** Gives a shard its permanent number: the file's, or the next free one when the file has none. */
    record NumberShard(String database, ShardName shard, Optional<ShardNumber> number) implements LogEntry {
        static final int KIND = 4;
        private static final int NO_NUMBER = -1;

        static NumberShard read(DataInput in) throws IOException {
            String database = in.readUTF();
            ShardName shard = new ShardName(in.readUTF());
            int number = in.readInt();
            return new NumberShard(
                    database, shard, number == NO_NUMBER ? Optional.empty() : Optional.of(new ShardNumber(number)));
        }

        /** As configuration has it. */
        public static NumberShard of(String database, ShardName shard, OptionalInt number) {
            return new NumberShard(
                    database,
                    shard,
                    number.isPresent() ? Optional.of(new ShardNumber(number.getAsInt())) : Optional.empty());
        }

        @Override
        public byte[] encode() {
            return Encoding.encode(KIND, out -> {
                out.writeUTF(database);
                out.writeUTF(shard.value());
                out.writeInt(number.map(ShardNumber::value).orElse(NO_NUMBER));
            });
        }

        @Override
        public Answer handleWith(Handler handler, long index) {
            return handler.onNumberShard(this, index);
        }
    }

    /** The bytes that go into the log. */
    byte[] encode();

    /** Calls the handler's method for this entry. {@code index} is the entry's place in the log. */
    Answer handleWith(Handler handler, long index);

    /** No default methods: a new entry compiles only when every handler answers it. */
    interface Handler {
        Answer onCreateCluster(CreateCluster entry, long index);

        Answer onRegister(Register entry, long index);

        Answer onExpel(Expel entry, long index);

        Answer onNumberShard(NumberShard entry, long index);

        Answer onCommit(TransactionEntry.Commit entry, long index);

        Answer onAbort(TransactionEntry.Abort entry, long index);

        Answer onDone(TransactionEntry.Done entry, long index);

        Answer onBehind(TransactionEntry.Behind entry, long index);

        Answer onClientPrepared(TransactionEntry.ClientPrepared entry, long index);

        Answer onClientDecided(TransactionEntry.ClientDecided entry, long index);

        Answer onFenceShard(ShardEntry.FenceShard entry, long index);

        Answer onAdmitShard(ShardEntry.AdmitShard entry, long index);

        Answer onForgetUpTo(ShardEntry.ForgetUpTo entry, long index);
    }

    /** Reads what {@link #encode} wrote. */
    static LogEntry decode(byte[] encoded) throws MalformedBytesException {
        return Encoding.decode("log entry", encoded, (kind, in) -> switch (kind) {
            case CreateCluster.KIND -> Optional.of(CreateCluster.read(in));
            case Register.KIND -> Optional.of(Register.read(in));
            case Expel.KIND -> Optional.of(Expel.read(in));
            case NumberShard.KIND -> Optional.of(NumberShard.read(in));
            case TransactionEntry.Commit.KIND -> Optional.of(TransactionEntry.Commit.read(in));
            case TransactionEntry.Abort.KIND -> Optional.of(TransactionEntry.Abort.read(in));
            case TransactionEntry.Done.KIND -> Optional.of(TransactionEntry.Done.read(in));
            case TransactionEntry.Behind.KIND -> Optional.of(TransactionEntry.Behind.read(in));
            case TransactionEntry.ClientPrepared.KIND -> Optional.of(TransactionEntry.ClientPrepared.read(in));
            case TransactionEntry.ClientDecided.KIND -> Optional.of(TransactionEntry.ClientDecided.read(in));
            case ShardEntry.FenceShard.KIND -> Optional.of(ShardEntry.FenceShard.read(in));
            case ShardEntry.AdmitShard.KIND -> Optional.of(ShardEntry.AdmitShard.read(in));
            case ShardEntry.ForgetUpTo.KIND -> Optional.of(ShardEntry.ForgetUpTo.read(in));
            default -> Optional.<LogEntry>empty();
        });
    }
}
