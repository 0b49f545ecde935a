package io.ostraka.tx.decision;

import io.ostraka.rules.config.ShardName;
import io.ostraka.tx.decision.LogEntry.CreateCluster;
import io.ostraka.tx.decision.LogEntry.Expel;
import io.ostraka.tx.decision.LogEntry.NumberShard;
import io.ostraka.tx.decision.LogEntry.Register;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The replicated state: the sum of the applied entries and of nothing else. No clock, no chance, no configuration, so
 * nodes that applied the same prefix of the log hold the same state, give the same answers and write the same snapshot.
 *
 * <p>Only live epochs are kept. An epoch is a log index that its own REGISTER entry claimed, so one that is not live at
 * a later index is dead for ever and needs no memory.
 *
 * <p>Not thread-safe: guarded by the lock of whoever applies the log. Source: {@code transactions.md}, sections 3, 4, 13.
 */
public final class DecisionState {
    private static final int SNAPSHOT_KIND = 1;

    private Optional<ClusterNumber> cluster = Optional.empty();
    private final Map<String, Life> lives = new TreeMap<>();
    private final Map<String, Map<ShardName, ShardNumber>> numbers = new TreeMap<>();
    private final LogEntry.Handler applying = new Applying();

    /** A node's live epoch, and the registration that began it. */
    private record Life(Epoch epoch, UUID bootId) {}

    /** Before the first entry. */
    public DecisionState() {}

    /**
     * Applies the entry at {@code index} of the log; called once for each entry, in the order of the log.
     */
    public Answer apply(long index, LogEntry entry) {
        return entry.handleWith(applying, index);
    }

    /** Empty until the cluster is created. */
    public Optional<ClusterNumber> cluster() {
        return cluster;
    }

    /** The node's epoch, if it has one that was not expelled. */
    public Optional<Epoch> epochOf(String node) {
        return Optional.ofNullable(lives.get(node)).map(Life::epoch);
    }

    /** Whether decisions of this epoch still count. */
    public boolean isLive(Epoch epoch) {
        return lives.values().stream().anyMatch(life -> life.epoch().equals(epoch));
    }

    /** Empty for a shard that the log has never heard of. */
    public Optional<ShardNumber> numberOf(String database, ShardName shard) {
        return Optional.ofNullable(numbers.getOrDefault(database, Map.of()).get(shard));
    }

    /** Equal states give equal bytes. */
    public byte[] snapshot() {
        return Encoding.encode(SNAPSHOT_KIND, this::writeTo);
    }

    /** The state that wrote these bytes. */
    public static DecisionState restore(byte[] snapshot) throws MalformedBytesException {
        return Encoding.decode(
                "snapshot", snapshot, (kind, in) -> kind == SNAPSHOT_KIND ? Optional.of(read(in)) : Optional.empty());
    }

    private void writeTo(DataOutput out) throws IOException {
        out.writeBoolean(cluster.isPresent());
        if (cluster.isPresent()) {
            out.writeInt(cluster.get().value());
        }
        out.writeInt(lives.size());
        for (Map.Entry<String, Life> life : lives.entrySet()) {
            out.writeUTF(life.getKey());
            out.writeLong(life.getValue().epoch().index());
            out.writeLong(life.getValue().bootId().getMostSignificantBits());
            out.writeLong(life.getValue().bootId().getLeastSignificantBits());
        }
        out.writeInt(numbers.size());
        for (Map.Entry<String, Map<ShardName, ShardNumber>> database : numbers.entrySet()) {
            out.writeUTF(database.getKey());
            out.writeInt(database.getValue().size());
            for (Map.Entry<ShardName, ShardNumber> shard : database.getValue().entrySet()) {
                out.writeUTF(shard.getKey().value());
                out.writeInt(shard.getValue().value());
            }
        }
    }

    private static DecisionState read(DataInput in) throws IOException {
        DecisionState state = new DecisionState();
        if (in.readBoolean()) {
            state.cluster = Optional.of(new ClusterNumber(in.readInt()));
        }
        for (int left = in.readInt(); left > 0; left--) {
            state.lives.put(in.readUTF(), new Life(new Epoch(in.readLong()), new UUID(in.readLong(), in.readLong())));
        }
        for (int databases = in.readInt(); databases > 0; databases--) {
            Map<ShardName, ShardNumber> shards = state.shardsOf(in.readUTF());
            for (int left = in.readInt(); left > 0; left--) {
                shards.put(new ShardName(in.readUTF()), new ShardNumber(in.readInt()));
            }
        }
        return state;
    }

    private Map<ShardName, ShardNumber> shardsOf(String database) {
        return numbers.computeIfAbsent(database, unseen -> new TreeMap<>());
    }

    private final class Applying implements LogEntry.Handler {

        /** The first one wins; later ones learn its number. */
        @Override
        public Answer onCreateCluster(CreateCluster entry, long index) {
            if (cluster.isEmpty()) {
                cluster = Optional.of(entry.number());
            }
            return new Answer.ClusterNumbered(cluster.get());
        }

        @Override
        public Answer onRegister(Register entry, long index) {
            if (cluster.isEmpty()) {
                return new Answer.Rejected("node \"" + entry.node() + "\" cannot register before the cluster exists");
            }
            Life life = lives.get(entry.node());
            if (life == null || !life.bootId().equals(entry.bootId())) {
                life = new Life(new Epoch(index), entry.bootId());
                lives.put(entry.node(), life);
            }
            return new Answer.Registered(life.epoch());
        }

        @Override
        public Answer onExpel(Expel entry, long index) {
            if (entry.epoch().index() >= index) {
                return new Answer.Rejected("epoch " + entry.epoch() + " does not exist");
            }
            lives.values().removeIf(life -> life.epoch().equals(entry.epoch()));
            return new Answer.Expelled(entry.epoch());
        }

        @Override
        public Answer onNumberShard(NumberShard entry, long index) {
            Optional<ShardNumber> known = numberOf(entry.database(), entry.shard());
            if (known.isPresent()) {
                return entry.number().isEmpty() || entry.number().equals(known)
                        ? new Answer.ShardNumbered(known.get())
                        : new Answer.Rejected(
                                name(entry) + " has number " + known.get() + " in the decision log, the file says "
                                        + entry.number().get());
            }
            Map<ShardName, ShardNumber> shards = numbers.getOrDefault(entry.database(), Map.of());
            if (entry.number().isPresent()
                    && shards.containsValue(entry.number().get())) {
                ShardName owner = shards.entrySet().stream()
                        .filter(other -> other.getValue().equals(entry.number().get()))
                        .findFirst()
                        .orElseThrow()
                        .getKey();
                return new Answer.Rejected(name(entry) + " cannot have number "
                        + entry.number().get() + ": it is shard \"" + owner + "\"'s in the decision log");
            }
            int next =
                    shards.values().stream().mapToInt(ShardNumber::value).max().orElse(-1) + 1;
            if (entry.number().isEmpty() && next > ShardNumber.MAX) {
                return new Answer.Rejected(
                        "no number is left for " + name(entry) + ": " + ShardNumber.MAX + " is taken");
            }
            ShardNumber number = entry.number().orElseGet(() -> new ShardNumber(next));
            shardsOf(entry.database()).put(entry.shard(), number);
            return new Answer.ShardNumbered(number);
        }

        private String name(NumberShard entry) {
            return "shard \"" + entry.shard() + "\" of database \"" + entry.database() + "\"";
        }
    }
}
