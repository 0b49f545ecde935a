package io.ostraka.tx.decision;

import java.io.DataInput;
import java.io.IOException;

/** Entries about which server is a shard's primary. Applied by {@link ShardLives}. Source: section 10. */
public sealed interface ShardEntry extends LogEntry {

    /** The old primary is not to be used any more. {@code epoch} is the next one, so that two failovers never mix. */
    record FenceShard(ShardId shard, long epoch) implements ShardEntry {
        static final int KIND = 11;

        static FenceShard read(DataInput in) throws IOException {
            return new FenceShard(ShardId.read(in), Encoding.readNumber(in));
        }

        @Override
        public byte[] encode() {
            return Encoding.encode(KIND, out -> {
                shard.writeTo(out);
                Encoding.writeNumber(out, epoch);
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
}
