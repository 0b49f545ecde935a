package io.ostraka.tx.decision;

import io.ostraka.tx.decision.ShardEntry.AdmitShard;
import io.ostraka.tx.decision.ShardEntry.FenceShard;
import io.ostraka.tx.decision.ShardEntry.ForgetUpTo;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The part of {@link DecisionState} that knows the epochs of shards. A shard that never failed over is in epoch 0. */
final class ShardLives {
    private static final Life FIRST = new Life(0, "", false, List.of(), 0);
    /** Of as many failovers in a row it is known what was kept. */
    private static final int MOST_REACHES = 8;

    private final Map<ShardId, Life> lives = new TreeMap<>();

    /**
     * @param endpoint the primary, used already or, while the shard is fenced, about to be; empty for one that nobody named
     * @param reaches how far it goes into its predecessor's WAL, and this one into its own predecessor's, and so on: the latest first
     * @param floor the position in its own WAL up to which decisions may be forgotten
     */
    private record Life(long epoch, String endpoint, boolean fenced, List<Long> reaches, long floor) {
        Life {
            reaches = List.copyOf(reaches);
        }

        long reach() {
            return reaches.isEmpty() ? 0 : reaches.get(0);
        }
    }

    private Life of(ShardId shard) {
        return lives.getOrDefault(shard, FIRST);
    }

    long epochOf(ShardId shard) {
        return of(shard).epoch();
    }

    boolean isFenced(ShardId shard) {
        return of(shard).fenced();
    }

    Optional<String> primaryOf(ShardId shard) {
        return Optional.of(of(shard).endpoint()).filter(endpoint -> !endpoint.isEmpty());
    }

    long reachOf(ShardId shard) {
        return of(shard).reach();
    }

    /** See {@link DecisionState#hasMark}. */
    boolean hasMark(ShardId shard, Branch branch) {
        Life life = of(shard);
        long since = life.epoch() - branch.shardEpoch();
        if (since < 0 || since > life.reaches().size()) {
            return false;
        }
        // Whoever took over first from the server that has prepared it either has the mark or not; the others are its
        // heirs.
        for (int ago = (int) since - 1; ago >= 0; ago--) {
            long reach = life.reaches().get(ago);
            if (reach != FenceShard.SAME_SERVER) {
                return branch.mark() != Branch.NO_MARK && branch.mark() <= reach;
            }
        }
        return true;
    }

    long floorOf(ShardId shard) {
        return of(shard).floor();
    }

    /** {@code floor}: how much of the WAL of the server that it replaces the new one must have. */
    Answer fence(FenceShard entry, long floor, long index) {
        Life life = of(entry.shard());
        if (entry.epoch() == life.epoch() && life.fenced() && life.endpoint().equals(entry.endpoint())) {
            return new Answer.Accepted(index);
        }
        if (entry.epoch() != life.epoch() + 1) {
            return new Answer.Rejected("shard " + entry.shard() + " is in epoch " + life.epoch() + ", " + entry.epoch()
                    + " is not the next one");
        }
        if (entry.reaches() < floor) {
            return new Answer.Rejected("shard " + entry.shard() + " has commits at " + floor + ", " + entry.endpoint()
                    + " has its WAL up to " + entry.reaches() + " only");
        }
        List<Long> reaches = new ArrayList<>(List.of(entry.reaches()));
        reaches.addAll(life.reaches().subList(0, Math.min(life.reaches().size(), MOST_REACHES - 1)));
        lives.put(entry.shard(), new Life(entry.epoch(), entry.endpoint(), true, reaches, 0));
        return new Answer.Accepted(index);
    }

    Answer admit(AdmitShard entry, long index) {
        Life life = of(entry.shard());
        if (life.epoch() != entry.epoch()) {
            return new Answer.Rejected(
                    "shard " + entry.shard() + " is in epoch " + life.epoch() + ", not in " + entry.epoch());
        }
        if (!life.endpoint().equals(entry.endpoint())) {
            return new Answer.Rejected("shard " + entry.shard() + " has another primary in epoch " + life.epoch() + ": "
                    + life.endpoint());
        }
        lives.put(entry.shard(), new Life(life.epoch(), life.endpoint(), false, life.reaches(), life.floor()));
        return new Answer.Accepted(index);
    }

    Answer forgetUpTo(ForgetUpTo entry, long index) {
        Life life = of(entry.shard());
        if (life.epoch() != entry.epoch()) {
            return new Answer.Rejected(
                    "shard " + entry.shard() + " is in epoch " + life.epoch() + ", not in " + entry.epoch());
        }
        long floor = Math.max(life.floor(), entry.position());
        lives.put(entry.shard(), new Life(life.epoch(), life.endpoint(), life.fenced(), life.reaches(), floor));
        return new Answer.Accepted(index);
    }

    void writeTo(DataOutput out) throws IOException {
        Encoding.writeList(out, lives.entrySet(), (life, to) -> {
            life.getKey().writeTo(to);
            Encoding.writeNumber(to, life.getValue().epoch());
            to.writeUTF(life.getValue().endpoint());
            to.writeBoolean(life.getValue().fenced());
            Encoding.writeList(to, life.getValue().reaches(), (reach, at) -> Encoding.writeNumber(at, reach));
            Encoding.writeNumber(to, life.getValue().floor());
        });
    }

    /** {@code all}: older snapshots hold the latest reach only. */
    void readFrom(DataInput in, boolean all) throws IOException {
        for (long left = Encoding.readNumber(in); left > 0; left--) {
            ShardId shard = ShardId.read(in);
            lives.put(
                    shard,
                    new Life(
                            Encoding.readNumber(in),
                            in.readUTF(),
                            in.readBoolean(),
                            all ? Encoding.readList(in, Encoding::readNumber) : List.of(Encoding.readNumber(in)),
                            Encoding.readNumber(in)));
        }
    }
}
