package io.ostraka.tx.decision;

import io.ostraka.rules.config.ShardName;
import io.ostraka.tx.decision.LogEntry.CreateCluster;
import io.ostraka.tx.decision.LogEntry.Expel;
import io.ostraka.tx.decision.LogEntry.NumberShard;
import io.ostraka.tx.decision.LogEntry.Register;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * The replicated state: the sum of the applied entries and of nothing else. No clock, no chance, no configuration, so
 * nodes that applied the same prefix of the log hold the same state, give the same answers and write the same snapshot.
 *
 * <p>Only live epochs are kept. An epoch is a log index that its own REGISTER entry claimed, so one that is not live at
 * a later index is dead for ever and needs no memory.
 *
 * <p>Not thread-safe: guarded by the lock of whoever applies the log. Source: {@code transactions.md}, sections 3, 4, 13.
 * Memory is bounded by nodes, shards and transactions in flight.
 */
public final class DecisionState {
    /** As it was before transactions had fates: epochs and numbers only. */
    private static final int SNAPSHOT_WITHOUT_FATES = 1;

    /** As it was when of a shard only the last failover was known. */
    private static final int SNAPSHOT_WITH_LAST_REACHES = 2;

    private static final int SNAPSHOT_KIND = 3;

    private long appliedIndex;
    /** Of the entry that is being applied. */
    private long applyingTerm;

    private Optional<ClusterNumber> cluster = Optional.empty();
    private final Map<String, Life> lives = new TreeMap<>();
    private final Map<String, Map<ShardName, ShardNumber>> numbers = new TreeMap<>();
    private final TransactionFates fates = new TransactionFates();
    private final ShardLives shardLives = new ShardLives();
    private final LogEntry.Handler applying = new Applying();

    /** A node's live epoch, and the registration that began it. */
    private record Life(Epoch epoch, UUID bootId) {}

    /** Before the first entry. */
    public DecisionState() {}

    /**
     * Applies the entry at {@code index} of the log, which a leader put there in {@code term}; called once for each entry, in
     * the order of the log.
     */
    public Answer apply(long term, long index, LogEntry entry) {
        applyingTerm = term;
        Answer answer = entry.handleWith(applying, index);
        appliedIndex = index;
        return answer;
    }

    /** Of the last applied entry; 0 before the first. */
    public long appliedIndex() {
        return appliedIndex;
    }

    /** Empty until the cluster is created. */
    public Optional<ClusterNumber> cluster() {
        return cluster;
    }

    /** The node's epoch, if it has one that was not expelled. */
    public Optional<Epoch> epochOf(String node) {
        return Optional.ofNullable(lives.get(node)).map(Life::epoch);
    }

    /** The node that lives under this epoch. */
    public Optional<String> nodeOf(Epoch epoch) {
        return lives.entrySet().stream()
                .filter(life -> life.getValue().epoch().equals(epoch))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    /** Which registration began the node's epoch: a node that is not sure of its answer finds it here. */
    public Optional<UUID> bootIdOf(String node) {
        return Optional.ofNullable(lives.get(node)).map(Life::bootId);
    }

    /** Whether decisions of this epoch still count. */
    public boolean isLive(Epoch epoch) {
        return lives.values().stream().anyMatch(life -> life.epoch().equals(epoch));
    }

    /** Of every node that lives, in order. */
    public SortedSet<Epoch> liveEpochs() {
        return lives.values().stream().map(Life::epoch).collect(Collectors.toCollection(TreeSet::new));
    }

    /**
     * What must become of a branch of this transaction, as far as this node has applied the log. {@link Fate#COMMIT} and
     * {@link Fate#ROLL_BACK} are for ever. An epoch that this node has not heard of yet is not a dead one.
     */
    public Fate fateOf(Gtid gtid) {
        if (fates.commitOf(gtid).isPresent()) {
            return Fate.COMMIT;
        }
        if (fates.isClients(gtid)) {
            return Fate.CLIENTS;
        }
        if (fates.isAborted(gtid)) {
            return Fate.ROLL_BACK;
        }
        return gtid.epoch().index() > appliedIndex || isLive(gtid.epoch()) ? Fate.UNDECIDED : Fate.ROLL_BACK;
    }

    /** Decided and not done, in the order of their names. A view: valid until the next entry is applied. */
    public Collection<StoredCommit> storedCommits() {
        return fates.commits();
    }

    /** The stored commit of this transaction. */
    public Optional<PreparedBranches> commitOf(Gtid gtid) {
        return fates.commitOf(gtid);
    }

    /** What clients have prepared and not decided, by the clients' names. A view, as above. */
    public Map<String, PreparedBranches> preparedByClients() {
        return fates.byName();
    }

    /** When a client has prepared under this name, which is in use: microseconds since 1970, by some node's clock. */
    public long preparedMicros(String name) {
        return fates.preparedMicros(name);
    }

    /** What a client has prepared under this name. */
    public Optional<PreparedBranches> preparedByClient(String name) {
        return fates.named(name);
    }

    /**
     * Shards that may lack a commit which others show, with nobody's window open over it: what was left behind, and what a
     * dead node had begun. No snapshot that includes them is atomic, and no session should read them.
     */
    public SortedSet<ShardId> halfShown() {
        SortedSet<ShardId> half = new TreeSet<>();
        for (StoredCommit stored : fates.commits()) {
            String database = stored.transaction().database();
            if (stored.behind().isPresent()) {
                stored.behind().get().forEach(shard -> half.add(new ShardId(database, shard)));
            } else if (!isLive(stored.keeper())) {
                half.addAll(stored.transaction().shards());
            }
        }
        return half;
    }

    /** Grows with each failover; 0 for a shard that never had one. */
    public long shardEpoch(ShardId shard) {
        return shardLives.epochOf(shard);
    }

    /** Between the fencing of a shard's old primary and the admission of its new one. */
    public boolean isFenced(ShardId shard) {
        return shardLives.isFenced(shard);
    }

    /** Where the primary is since the last failover; empty when there was none, or while the shard is fenced. */
    public Optional<String> endpointOf(ShardId shard) {
        return isFenced(shard) ? Optional.empty() : primaryOf(shard);
    }

    /** The same, and while the shard is fenced the one that is about to be used; empty when there was no failover. */
    public Optional<String> primaryOf(ShardId shard) {
        return shardLives.primaryOf(shard);
    }

    /** How far into its predecessor's WAL that primary goes. */
    public long reachOf(ShardId shard) {
        return shardLives.reachOf(shard);
    }

    /**
     * Up to where in its WAL whoever takes over from the primary must have it: what is forgotten is there, and of what is not, be it
     * decided or a client's, each transaction was known to the server. What is prepared may be missing all the same, a little further on.
     */
    public long floorOf(ShardId shard) {
        long floor = shardLives.floorOf(shard);
        for (StoredCommit stored : fates.commits()) {
            floor = Math.max(floor, markOf(stored.transaction(), shard));
        }
        for (PreparedBranches prepared : fates.byName().values()) {
            floor = Math.max(floor, markOf(prepared, shard));
        }
        return floor;
    }

    private long markOf(PreparedBranches transaction, ShardId shard) {
        long mark = Branch.NO_MARK;
        if (transaction.database().equals(shard.database())) {
            for (Branch branch : transaction.branches()) {
                if (branch.shard().equals(shard.number()) && branch.shardEpoch() == shardEpoch(shard)) {
                    mark = Math.max(mark, branch.mark());
                }
            }
        }
        return mark;
    }

    /**
     * Whether the primary that the shard has now has the WAL of the one that prepared the branch as far as its mark, through as many
     * failovers as there were since: then the transaction's id means the same there. False, too, when that is not known any more.
     */
    public boolean hasMark(ShardId shard, Branch branch) {
        return shardLives.hasMark(shard, branch);
    }

    /** Whether a shard has failed over since, to a server that has never heard of its branch: nothing was promised, and nothing can be kept. */
    private boolean isLost(PreparedBranches transaction) {
        return transaction.branches().stream()
                .anyMatch(branch -> !hasMark(new ShardId(transaction.database(), branch.shard()), branch));
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
        return Encoding.decode("snapshot", snapshot, (kind, in) -> switch (kind) {
            case SNAPSHOT_WITHOUT_FATES -> Optional.of(readLives(in));
            case SNAPSHOT_WITH_LAST_REACHES -> Optional.of(read(in, false));
            case SNAPSHOT_KIND -> Optional.of(read(in, true));
            default -> Optional.empty();
        });
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
        Encoding.writeNumber(out, appliedIndex);
        fates.writeTo(out);
        shardLives.writeTo(out);
    }

    private static DecisionState read(DataInput in, boolean withAllReaches) throws IOException {
        DecisionState state = readLives(in);
        state.appliedIndex = Encoding.readNumber(in);
        state.fates.readFrom(in);
        state.shardLives.readFrom(in, withAllReaches);
        return state;
    }

    private static DecisionState readLives(DataInput in) throws IOException {
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
                if (life != null) {
                    fates.expelled(life.epoch());
                }
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
            if (entry.term() != applyingTerm) {
                return new Answer.Rejected("epoch " + entry.epoch() + " was found dead in term " + entry.term()
                        + ", and this is term " + applyingTerm);
            }
            lives.values().removeIf(life -> life.epoch().equals(entry.epoch()));
            fates.expelled(entry.epoch());
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

        @Override
        public Answer onCommit(TransactionEntry.Commit entry, long index) {
            return fates.commit(entry, DecisionState.this::isLive, DecisionState.this::isLost);
        }

        @Override
        public Answer onAbort(TransactionEntry.Abort entry, long index) {
            return fates.abort(entry, index, DecisionState.this::isLive);
        }

        @Override
        public Answer onDone(TransactionEntry.Done entry, long index) {
            return fates.done(entry, index);
        }

        @Override
        public Answer onBehind(TransactionEntry.Behind entry, long index) {
            return fates.behind(entry, index);
        }

        @Override
        public Answer onClientPrepared(TransactionEntry.ClientPrepared entry, long index) {
            return fates.clientPrepared(entry, index, epoch -> isLive(epoch) && !isLost(entry.transaction()));
        }

        @Override
        public Answer onClientDecided(TransactionEntry.ClientDecided entry, long index) {
            return fates.clientDecided(entry, index, DecisionState.this::isLive);
        }

        @Override
        public Answer onFenceShard(ShardEntry.FenceShard entry, long index) {
            return shardLives.fence(entry, floorOf(entry.shard()), index);
        }

        @Override
        public Answer onForgetUpTo(ShardEntry.ForgetUpTo entry, long index) {
            return shardLives.forgetUpTo(entry, index);
        }

        @Override
        public Answer onAdmitShard(ShardEntry.AdmitShard entry, long index) {
            return shardLives.admit(entry, index);
        }

        private String name(NumberShard entry) {
            return "shard \"" + entry.shard() + "\" of database \"" + entry.database() + "\"";
        }
    }
}
