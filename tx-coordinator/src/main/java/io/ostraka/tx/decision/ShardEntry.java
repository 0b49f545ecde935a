package io.ostraka.tx.decision;

import java.io.DataInput;
import java.io.IOException;

/** Entries about which server is a shard's primary. Applied by {@link ShardLives}. Source: section 10. */
public sealed interface ShardEntry extends LogEntry {

    /**
     * The old primary is not to be used any more, the new one by nobody but those who finish what is decided. Rejected when
     * decisions were forgotten that the new one may lack.
     *
     * @param epoch the next one, so that two failovers never mix
     * @param reaches the position up to which the new primary has the old one's WAL; {@link #SAME_SERVER} when it is the old one
     */
    record FenceShard(ShardId shard, long epoch, String endpoint, long reaches) implements ShardEntry {
        /** No WAL ends there. */
        public static final long SAME_SERVER = Long.MAX_VALUE;

        static final int KIND = 11;

        static FenceShard read(DataInput in) throws IOException {
            return new FenceShard(ShardId.read(in), Encoding.readNumber(in), in.readUTF(), Encoding.readNumber(in));
        }

        @Override
        public byte[] encode() {
            return Encoding.encode(KIND, out -> {
                shard.writeTo(out);
                Encoding.writeNumber(out, epoch);
                out.writeUTF(endpoint);
                Encoding.writeNumber(out, reaches);
            });
        }

        @Override
        public Answer handleWith(Handler handler, long index) {
            return handler.onFenceShard(this, index);
        }
    }

    /** The primary of this epoch is at {@code endpoint} and settled: sessions may use it. */
    record AdmitShard(ShardId shard, long epoch, String endpoint) implements ShardEntry {
        static final int KIND = 12;

        static AdmitShard read(DataInput in) throws IOException {
            return new AdmitShard(ShardId.read(in), Encoding.readNumber(in), in.readUTF());
        }

        @Override
        public byte[] encode() {
            return Encoding.encode(KIND, out -> {
                shard.writeTo(out);
                Encoding.writeNumber(out, epoch);
                out.writeUTF(endpoint);
            });
        }

        @Override
        public Answer handleWith(Handler handler, long index) {
            return handler.onAdmitShard(this, index);
        }
    }

    /**
     * Decisions are forgotten whose effects on this shard lie before a position of its primary's WAL: who takes over from it
     * must have that much.
     */
    record ForgetUpTo(ShardId shard, long epoch, long position) implements ShardEntry {
        static final int KIND = 14;

        static ForgetUpTo read(DataInput in) throws IOException {
            return new ForgetUpTo(ShardId.read(in), Encoding.readNumber(in), Encoding.readNumber(in));
        }

        @Override
        public byte[] encode() {
            return Encoding.encode(KIND, out -> {
                shard.writeTo(out);
                Encoding.writeNumber(out, epoch);
                Encoding.writeNumber(out, position);
            });
        }

        @Override
        public Answer handleWith(Handler handler, long index) {
            return handler.onForgetUpTo(this, index);
        }
    }
}
