package io.ostraka.tx.decision;

import io.ostraka.tx.decision.ShardEntry.AdmitShard;
import io.ostraka.tx.decision.ShardEntry.FenceShard;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The part of {@link DecisionState} that knows the epochs of shards. A shard that never failed over is in epoch 0. */
final class ShardLives {
    private final Map<ShardId, Life> lives = new TreeMap<>();

    /** {@code endpoint} is empty while the shard is fenced. */
    private record Life(long epoch, Optional<String> endpoint) {}

    long epochOf(ShardId shard) {
        Life life = lives.get(shard);
        return life == null ? 0 : life.epoch();
    }

    boolean isFenced(ShardId shard) {
        Life life = lives.get(shard);
        return life != null && life.endpoint().isEmpty();
    }

    Optional<String> endpointOf(ShardId shard) {
        return Optional.ofNullable(lives.get(shard)).flatMap(Life::endpoint);
    }

    Answer fence(FenceShard entry, long index) {
        long current = epochOf(entry.shard());
        if (entry.epoch() == current && isFenced(entry.shard())) {
            return new Answer.Accepted(index);
        }
        if (entry.epoch() != current + 1) {
            return new Answer.Rejected("shard " + entry.shard() + " is in epoch " + current + ", " + entry.epoch()
                    + " is not the next one");
        }
        lives.put(entry.shard(), new Life(entry.epoch(), Optional.empty()));
        return new Answer.Accepted(index);
    }

    Answer admit(AdmitShard entry, long index) {
        Life life = lives.get(entry.shard());
        if (life == null || life.epoch() != entry.epoch()) {
            return new Answer.Rejected(
                    "shard " + entry.shard() + " is in epoch " + epochOf(entry.shard()) + ", not in " + entry.epoch());
        }
        if (life.endpoint().isPresent() && !life.endpoint().get().equals(entry.endpoint())) {
            return new Answer.Rejected("shard " + entry.shard() + " has a primary in epoch " + life.epoch()
                    + " already: " + life.endpoint().get());
        }
        lives.put(entry.shard(), new Life(entry.epoch(), Optional.of(entry.endpoint())));
        return new Answer.Accepted(index);
    }

    void writeTo(DataOutput out) throws IOException {
        Encoding.writeList(out, lives.entrySet(), (life, to) -> {
            life.getKey().writeTo(to);
            Encoding.writeNumber(to, life.getValue().epoch());
            to.writeBoolean(life.getValue().endpoint().isPresent());
            if (life.getValue().endpoint().isPresent()) {
                to.writeUTF(life.getValue().endpoint().get());
            }
        });
    }

    void readFrom(DataInput in) throws IOException {
        for (long left = Encoding.readNumber(in); left > 0; left--) {
            ShardId shard = ShardId.read(in);
            long epoch = Encoding.readNumber(in);
            lives.put(shard, new Life(epoch, in.readBoolean() ? Optional.of(in.readUTF()) : Optional.empty()));
        }
    }
}
