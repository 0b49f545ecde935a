package io.ostraka.tx.decision;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** What applying an entry decided: the proposer's answer. The same on every node. Immutable. */
public sealed interface Answer {

    /** The cluster's number: the one proposed, or the one that was there before. */
    record ClusterNumbered(ClusterNumber number) implements Answer {
        static final int KIND = 1;

        static ClusterNumbered read(DataInput in) throws IOException {
            return new ClusterNumbered(new ClusterNumber(in.readInt()));
        }

        @Override
        public byte[] encode() {
            return Encoding.encode(KIND, out -> out.writeInt(number.value()));
        }
    }

    /** The node lives under this epoch. */
    record Registered(Epoch epoch) implements Answer {
        static final int KIND = 2;

        static Registered read(DataInput in) throws IOException {
            return new Registered(new Epoch(in.readLong()));
        }

        @Override
        public byte[] encode() {
            return Encoding.encode(KIND, out -> out.writeLong(epoch.index()));
        }
    }

    /** The epoch is dead, now or since long. */
    record Expelled(Epoch epoch) implements Answer {
        static final int KIND = 3;

        static Expelled read(DataInput in) throws IOException {
            return new Expelled(new Epoch(in.readLong()));
        }

        @Override
        public byte[] encode() {
            return Encoding.encode(KIND, out -> out.writeLong(epoch.index()));
        }
    }

    /** The shard's permanent number. */
    record ShardNumbered(ShardNumber number) implements Answer {
        static final int KIND = 4;

        static ShardNumbered read(DataInput in) throws IOException {
            return new ShardNumbered(new ShardNumber(in.readInt()));
        }

        @Override
        public byte[] encode() {
            return Encoding.encode(KIND, out -> out.writeInt(number.value()));
        }
    }

    /** The entry changed nothing. {@code reason} is worded as the message of an error. */
    record Rejected(String reason) implements Answer {
        static final int KIND = 5;

        static Rejected read(DataInput in) throws IOException {
            return new Rejected(in.readUTF());
        }

        @Override
        public byte[] encode() {
            return Encoding.encode(KIND, (DataOutput out) -> out.writeUTF(reason));
        }
    }

    /** One by one, in the entry's order: whether the commit stands. */
    record Decided(List<Boolean> accepted) implements Answer {
        static final int KIND = 6;

        public Decided {
            accepted = List.copyOf(accepted);
        }

        static Decided read(DataInput in) throws IOException {
            return new Decided(Encoding.readList(in, DataInput::readBoolean));
        }

        @Override
        public byte[] encode() {
            return Encoding.encode(KIND, out -> Encoding.writeList(out, accepted, (yes, to) -> to.writeBoolean(yes)));
        }
    }

    /** The entry took effect, or had before. {@code index} is its place in the log: who has applied that knows of it. */
    record Accepted(long index) implements Answer {
        static final int KIND = 7;

        static Accepted read(DataInput in) throws IOException {
            return new Accepted(Encoding.readNumber(in));
        }

        @Override
        public byte[] encode() {
            return Encoding.encode(KIND, out -> Encoding.writeNumber(out, index));
        }
    }

    /** The bytes that go to a proposer on another node. */
    byte[] encode();

    /** Reads what {@link #encode} wrote. */
    static Answer decode(byte[] encoded) throws MalformedBytesException {
        return Encoding.decode("answer", encoded, (kind, in) -> switch (kind) {
            case ClusterNumbered.KIND -> Optional.of(ClusterNumbered.read(in));
            case Registered.KIND -> Optional.of(Registered.read(in));
            case Expelled.KIND -> Optional.of(Expelled.read(in));
            case ShardNumbered.KIND -> Optional.of(ShardNumbered.read(in));
            case Rejected.KIND -> Optional.of(Rejected.read(in));
            case Decided.KIND -> Optional.of(Decided.read(in));
            case Accepted.KIND -> Optional.of(Accepted.read(in));
            default -> Optional.<Answer>empty();
        });
    }
}
