package io.ostraka.tx.raft;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.decision.Answer;
import io.ostraka.tx.decision.ClusterNumber;
import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.LogEntry;
import io.ostraka.tx.decision.MalformedBytesException;
import io.ostraka.tx.decision.ShardNumber;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's place in its cluster, kept by the decision log in {@code data_dir}: the cluster's number, the epoch of this
 * life of the node, and the permanent numbers of the shards.
 *
 * <p>Opening blocks (files, Raft): for the main thread, never for an event loop. Thread-safe afterwards. After a crash
 * at any point, opening again finds everything that was answered, and begins a new epoch.
 */
public final class ClusterMembership implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ClusterMembership.class);
    private static final Duration SAY_EVERY = Duration.ofSeconds(5);
    private static final Duration OPEN_DEADLINE = Duration.ofSeconds(30);

    private final DataDirectory directory;
    private final Optional<PeerGroup> peers;
    private final ReplicatedLog log;
    private final ClusterNumber cluster;
    private final Epoch epoch;
    /** In a group. */
    private final Optional<LeaseKeeper> leases;

    /** In a group. */
    private final Optional<StrayCancels> cancels;

    private ClusterMembership(
            DataDirectory directory, Optional<PeerGroup> peers, ReplicatedLog log, ClusterNumber cluster, Epoch epoch) {
        this.directory = directory;
        this.peers = peers;
        this.log = log;
        this.cluster = cluster;
        this.epoch = epoch;
        this.leases = peers.map(group -> new LeaseKeeper(log, group, epoch));
        this.cancels = peers.map(StrayCancels::new);
    }

    /**
     * Opens the log of a group of one, creating the cluster when {@code dataDir} is new, registers this node under a new epoch,
     * and numbers the shards: by database, with the number the file gives, if it gives one. Fails with a {@link
     * PgErrorException} that says what is wrong with the directory, or which number contradicts the log.
     */
    public static ClusterMembership open(Path dataDir, String node, Map<String, Map<ShardName, OptionalInt>> shards)
            throws IOException {
        return open(dataDir, node, Optional.empty(), shards);
    }

    /**
     * As above, in a group. Waits, for as long as it takes, until this node has found its group, is a member of it, and a
     * majority is there: it says in the log what it waits for.
     */
    public static ClusterMembership open(
            Path dataDir, GroupSettings group, Map<String, Map<ShardName, OptionalInt>> shards) throws IOException {
        return open(dataDir, group.node(), Optional.of(group), shards);
    }

    private static ClusterMembership open(
            Path dataDir, String node, Optional<GroupSettings> group, Map<String, Map<ShardName, OptionalInt>> shards)
            throws IOException {
        DataDirectory directory = DataDirectory.claim(dataDir, node, group.isPresent());
        Optional<PeerGroup> peers = Optional.empty();
        ReplicatedLog log = null;
        try {
            if (group.isPresent()) {
                peers = Optional.of(PeerGroup.open(group.get(), directory));
                new Founding(peers.get()).findLog();
            }
            log = ReplicatedLog.start(directory, peers, OPEN_DEADLINE);
            if (peers.isPresent()) {
                peers.get().operate(log);
            }
            ClusterNumber cluster = cluster(directory, log, peers.isPresent());
            LogEntry register = new LogEntry.Register(node, UUID.randomUUID());
            Answer registered = peers.isPresent() ? untilAnswered(log, node, register) : answer(log, register);
            if (!(registered instanceof Answer.Registered life)) {
                throw unexpected(registered);
            }
            log.applied(life.epoch().index()).join();
            ClusterMembership membership = new ClusterMembership(directory, peers, log, cluster, life.epoch());
            membership.numberShards(shards);
            membership.leases.ifPresent(LeaseKeeper::start);
            membership.awaitLease();
            return membership;
        } catch (IOException | RuntimeException e) {
            closeAll(directory, peers, Optional.ofNullable(log));
            throw e;
        }
    }

    /** So that the first clients are served. Not for ever: without a majority it may be long in coming. */
    private void awaitLease() {
        long deadline = System.nanoTime() + SAY_EVERY.toNanos();
        while (!holdsLease() && System.nanoTime() - deadline < 0) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
    }

    /** Repeating it does no harm, and a majority may be long in coming. */
    private static Answer untilAnswered(ReplicatedLog log, String node, LogEntry entry) throws IOException {
        CompletableFuture<Answer> answer = log.propose(entry);
        while (true) {
            try {
                return answer.get(SAY_EVERY.toMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException late) {
                LOG.info("node {}: waiting for a majority of its group, or to be added to it", node);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while this node waited for its group", e);
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof PgErrorException refused)) {
                    throw new IllegalStateException(e);
                }
                if (!refused.error().state().equals(SqlState.TRANSACTION_RESOLUTION_UNKNOWN)) {
                    throw refused;
                }
                answer = log.propose(entry);
            }
        }
    }

    private static ClusterNumber cluster(DataDirectory directory, ReplicatedLog log, boolean inGroup)
            throws IOException {
        Optional<ClusterNumber> inLog = log.read(DecisionState::cluster);
        if (inGroup) {
            // Nothing is applied here before a leader says what is committed, so the log is asked by proposing.
            LogEntry create = new LogEntry.CreateCluster(ClusterNumber.draw(new SecureRandom()));
            ClusterNumber number =
                    numbered(untilAnswered(log, directory.marker().node(), create));
            directory.belongsTo(number);
            return number;
        }
        if (inLog.isEmpty() && directory.cluster().isPresent()) {
            throw directory.damaged("It belongs to cluster "
                    + directory.cluster().get() + ", but its decision log has no entry that created it.");
        }
        ClusterNumber number = inLog.isPresent() ? inLog.get() : create(log);
        directory.belongsTo(number);
        return number;
    }

    private static ClusterNumber create(ReplicatedLog log) {
        return numbered(answer(log, new LogEntry.CreateCluster(ClusterNumber.draw(new SecureRandom()))));
    }

    private static ClusterNumber numbered(Answer answer) {
        if (answer instanceof Answer.ClusterNumbered created) {
            return created.number();
        }
        throw unexpected(answer);
    }

    /** Eight hex digits, chosen when the cluster was created. */
    public ClusterNumber cluster() {
        return cluster;
    }

    /** Of this life of this node; greater than that of every earlier life of any node. */
    public Epoch epoch() {
        return epoch;
    }

    /** The shard's permanent number. {@link IllegalArgumentException} for a shard that was never numbered. */
    public ShardNumber shardNumber(String database, ShardName shard) {
        return log.read(state -> state.numberOf(database, shard))
                .orElseThrow(() -> new IllegalArgumentException(
                        "shard \"" + shard + "\" of database \"" + database + "\" has no number"));
    }

    /**
     * Numbers shards that have none, as after a reload of the file: the file's numbers first, then the next free ones in
     * the order of the shards' names, because the file's order means nothing. Nothing is numbered when one of the file's
     * numbers contradicts the log.
     */
    public void numberShards(Map<String, Map<ShardName, OptionalInt>> shards) {
        List<LogEntry.NumberShard> missing = new ArrayList<>();
        shards.forEach((database, byName) ->
                byName.forEach((shard, number) -> missing.add(LogEntry.NumberShard.of(database, shard, number))));
        missing.removeIf(this::isAsWished);
        missing.sort(Comparator.comparing(
                        (LogEntry.NumberShard entry) -> entry.number().isEmpty())
                .thenComparing(LogEntry.NumberShard::database)
                .thenComparing(LogEntry.NumberShard::shard));
        rehearse(missing);
        for (LogEntry.NumberShard entry : missing) {
            accepted(answer(log, entry));
        }
    }

    private boolean isAsWished(LogEntry.NumberShard wish) {
        Optional<ShardNumber> known = log.read(state -> state.numberOf(wish.database(), wish.shard()));
        return known.isPresent() && (wish.number().isEmpty() || wish.number().equals(known));
    }

    /** Applies the entries to a copy of the state: a number cannot be taken back once it is in the log. */
    private void rehearse(List<LogEntry.NumberShard> entries) {
        DecisionState copy;
        try {
            copy = DecisionState.restore(log.read(DecisionState::snapshot));
        } catch (MalformedBytesException e) {
            throw new IllegalStateException(e);
        }
        for (LogEntry.NumberShard entry : entries) {
            // Numbering ignores term and index, so any will do.
            accepted(copy.apply(0, 0, entry));
        }
    }

    private static void accepted(Answer answer) {
        if (answer instanceof Answer.Rejected rejected) {
            throw new PgError(
                            SqlState.CONFIG_FILE_ERROR,
                            rejected.reason(),
                            "Prepared transactions on the shards carry these numbers.",
                            "Write the number that the decision log has, or leave it out of the file.")
                    .toException();
        }
        if (!(answer instanceof Answer.ShardNumbered)) {
            throw unexpected(answer);
        }
    }

    /**
     * Proposes an entry. The future completes, on a thread of the log's, with what the applied entry decided, {@link
     * Answer.Rejected} included, or fails with a {@link PgErrorException}: {@code 08007}, it may or may not be applied;
     * {@code 57P03}, it will not.
     */
    public CompletableFuture<Answer> propose(LogEntry entry) {
        return log.propose(entry);
    }

    /** Reads the state as this node has applied it, under its lock: short, and nothing that changes escapes. */
    public <T> T read(Function<DecisionState, T> reading) {
        return log.read(reading);
    }

    /** Whether there are no other nodes: then this one always leads, and always lives. */
    public boolean isAlone() {
        return peers.isEmpty();
    }

    /**
     * Whether this node may read shards and begin transactions: in a group it must have renewed its lease, because a node that
     * has not is expelled, and does not hear of shards that must not be read. Any thread; costs a look at the clock.
     */
    public boolean holdsLease() {
        return leases.isEmpty() || leases.get().isHeld();
    }

    /** Completes, on a thread of the log's, when this node has applied the log up to here. */
    public CompletableFuture<Void> applied(long index) {
        return log.applied(index);
    }

    /** Completes, on a thread of the log's, when every node that lives has applied the log up to here. */
    public CompletableFuture<Void> appliedEverywhere(long index) {
        return leases.isEmpty() ? log.applied(index) : leases.get().appliedEverywhere(index);
    }

    /** Completes when this node finds itself expelled: its epoch decides nothing any more, so it must be opened anew. */
    public CompletableFuture<Void> expelled() {
        return leases.map(LeaseKeeper::expelled).orElseGet(CompletableFuture::new);
    }

    /**
     * Asks the other members to cancel what runs under a key that no client of this node has. Completes, always normally, when
     * they have; a member that cannot be reached within seconds is left out.
     */
    public CompletableFuture<Void> cancelElsewhere(byte[] key) {
        return cancels.map(elsewhere -> elsewhere.passOn(key)).orElseGet(() -> CompletableFuture.completedFuture(null));
    }

    /** Who is told of the keys that other members pass on, and completes when that is done; called by many threads. */
    public void onCancel(Function<byte[], CompletableFuture<Void>> handler) {
        peers.ifPresent(group -> group.onCancel(handler));
    }

    /** This node's name among its peers. */
    public String node() {
        return directory.marker().node();
    }

    /**
     * What each peer that the file names, this one among them, says about itself, and where it listens for peers; one that does
     * not answer within seconds has said nothing. Of a group of one there is nobody to ask, and nobody listens.
     */
    public CompletableFuture<List<PeerReport>> peers() {
        if (peers.isEmpty()) {
            return CompletableFuture.completedFuture(
                    List.of(new PeerReport(node(), Optional.empty(), Optional.of(statusAlone()))));
        }
        PeerGroup group = peers.get();
        List<CompletableFuture<PeerReport>> asked = group.settings().addresses().entrySet().stream()
                .map(peer -> (peer.getKey().equals(node())
                                ? CompletableFuture.completedFuture(Optional.of(group.status()))
                                : group.statusOfAsync(peer.getValue()))
                        .thenApply(status -> new PeerReport(peer.getKey(), Optional.of(peer.getValue()), status)))
                .toList();
        return CompletableFuture.allOf(asked.toArray(CompletableFuture<?>[]::new))
                .thenApply(all -> asked.stream().map(CompletableFuture::join).toList());
    }

    private PeerStatus statusAlone() {
        Marker marker = directory.marker();
        return new PeerStatus(
                marker.id(),
                marker.log(),
                List.of(),
                List.of(marker.node()),
                log.leader(),
                log.term(),
                log.appliedIndex());
    }

    /** The member that leads, if this one knows. */
    Optional<String> leader() {
        return log.leader();
    }

    /** A member and a term in which it leads. */
    public record Leader(String member, long term) {}

    /** Who leads, if this one knows. */
    public Optional<Leader> currentLeader() {
        long term = log.term();
        return log.leader().map(member -> new Leader(member, term));
    }

    /** This node as a member of its group. */
    public String member() {
        return directory.marker().id();
    }

    /** What its operator calls it. */
    public static String nameOf(String member) {
        return Member.nameOf(member);
    }

    /** The member whose life this is; none when it is not the latest of a member. */
    public Optional<String> memberOf(Epoch life) {
        return log.members().stream()
                .map(Member::id)
                .filter(id ->
                        log.read(state -> state.epochOf(Member.nameOf(id))).equals(Optional.of(life)))
                .findFirst();
    }

    /** Says something about snapshots to another member; fails when it cannot be known whether that was heard. */
    public CompletableFuture<Void> sendFence(String to, byte[] message) {
        return peers.map(group -> group.callAsync(to, PeerCall.FENCE, message))
                .orElseGet(() -> CompletableFuture.failedFuture(new IOException("there are no peers")))
                .thenAccept(nothing -> {});
    }

    /** Who hears what other members say about snapshots. */
    public void onFence(FenceListener listener) {
        peers.ifPresent(group -> group.onFence(listener));
    }

    /** Whether a majority says, after this call, that this node leads, and all is applied here that was committed before. */
    public CompletableFuture<Boolean> confirmLeadership() {
        return log.confirmLeadership();
    }

    /** Of what is applied here; returns the index it stands for. */
    long takeSnapshot() throws IOException {
        return log.takeSnapshot();
    }

    /** What happens to the log here from now on. */
    public void tell(LogListener listener) {
        log.tell(listener);
    }

    private static Answer answer(ReplicatedLog log, LogEntry entry) {
        try {
            return log.propose(entry).join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof PgErrorException refused) {
                throw refused;
            }
            throw e;
        }
    }

    private static IllegalStateException unexpected(Answer answer) {
        return new IllegalStateException("the decision log answered " + answer);
    }

    /** Closes the log and lets another process have the directory. The epoch ends with the node's next registration. */
    @Override
    public void close() throws IOException {
        leases.ifPresent(LeaseKeeper::close);
        cancels.ifPresent(StrayCancels::close);
        closeAll(directory, peers, Optional.of(log));
    }

    private static void closeAll(DataDirectory directory, Optional<PeerGroup> peers, Optional<ReplicatedLog> log)
            throws IOException {
        try (directory) {
            if (peers.isPresent()) {
                peers.get().stopAnswering();
            }
            if (log.isPresent()) {
                log.get().close();
            }
        } finally {
            if (peers.isPresent()) {
                peers.get().close();
            }
        }
    }
}
