package io.ostraka.proxy.transaction;

import io.netty.channel.EventLoop;
import io.ostraka.proxy.auth.ShardLogin;
import io.ostraka.proxy.backend.BackendConnector;
import io.ostraka.proxy.backend.ShardPlace;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.config.ShardConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.plan.PreparedList;
import io.ostraka.tx.decision.Branch;
import io.ostraka.tx.decision.PreparedBranches;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.decision.ShardNumber;
import io.ostraka.tx.raft.ClusterMembership;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/**
 * Commits over several shards, of all databases of this process: the door between sessions and the coordinator's queue.
 * Thread-safe. Opened, settled and closed by the main thread.
 */
public final class Commits implements AutoCloseable {
    /** Above what settling takes when the shards answer; one that does not is read by nobody until it has been settled. */
    private static final Duration SETTLING = Duration.ofSeconds(5);

    /** Connections to each shard that no session can use up. */
    private static final int RESERVED = 4;

    private final ClusterMembership membership;
    private final BackendConnector connector;
    private final CoordinatorHost coordinator;
    private final ShardLooks looks;
    private final Map<String, DatabaseCommits> databases = new HashMap<>();
    private final Map<ShardId, ShardServer> servers = new TreeMap<>();
    private final List<FollowedShard> followed = new ArrayList<>();

    public Commits(ClusterMembership membership, BackendConnector connector, Failpoints failpoints) {
        this.membership = membership;
        this.connector = connector;
        this.coordinator = new CoordinatorHost(membership, failpoints);
        this.looks = new ShardLooks(membership);
    }

    /** A database with several shards, or with one whose failovers are followed; {@code recovery} can finish what any user has prepared there. Before {@link #start}. */
    public DatabaseCommits add(
            DatabaseConfig config, Map<ShardName, ShardPlace> places, ShardLogin recovery, Iterable<EventLoop> loops) {
        String database = config.name();
        var loop = loops.iterator();
        Map<ShardName, ShardNumber> numbers = new HashMap<>();
        config.shards().keySet().forEach(shard -> numbers.put(shard, membership.shardNumber(database, shard)));
        boolean isOverShards = !config.hasOneShard();
        boolean isAtomic = isOverShards && config.consistency() != DatabaseConfig.Consistency.SHARD;
        Optional<RealTimeOrder> order = isOverShards && config.consistency() == DatabaseConfig.Consistency.STRICT
                ? Optional.of(coordinator.orderOf(database))
                : Optional.empty();
        DatabaseCommits commits = new DatabaseCommits(database, settingsOf(config), isAtomic, order, numbers, this);
        databases.put(database, commits);
        for (ShardConfig shard : config.shards().values()) {
            if (!loop.hasNext()) {
                loop = loops.iterator();
            }
            ShardId id = new ShardId(database, numbers.get(shard.name()));
            EventLoop home = loop.next();
            ShardPlace place = places.get(shard.name());
            ShardPlace forRecovery = place.moves() ? ShardPlace.moving(place.address()) : place;
            ShardServer server = new ShardServer(
                    id,
                    shard.name(),
                    place,
                    new ReservedLinks(connector, forRecovery, recovery, home, RESERVED),
                    new ReservedLinks(connector, place, recovery, home, Fence.MOST_KEEPERS),
                    commits);
            servers.put(id, server);
            if (place.moves()) {
                List<HostPort> listed = new ArrayList<>(List.of(shard.primary()));
                listed.addAll(shard.replicas());
                followed.add(new FollowedShard(
                        server,
                        place,
                        forRecovery,
                        listed.stream()
                                .map(address -> new FollowedShard.Listed(
                                        address,
                                        new ReservedLinks(
                                                connector,
                                                ShardPlace.fixed(place.address().at(address, 0)),
                                                recovery,
                                                home,
                                                1)))
                                .toList()));
            }
        }
        return commits;
    }

    /** What one node could not promise while another has it otherwise. */
    private static String settingsOf(DatabaseConfig config) {
        return config.hasOneShard()
                ? ""
                : ("consistency: " + config.consistency() + ", serializable_across_shards: " + config.serializable())
                        .toLowerCase(Locale.ROOT);
    }

    /** A database with one shard that stays where it is, whose transactions PostgreSQL commits. */
    public DatabaseCommits addSingle(String database, ShardName shard) {
        return new DatabaseCommits(
                database, "", false, Optional.empty(), Map.of(shard, membership.shardNumber(database, shard)), this);
    }

    /**
     * Finishes, or rolls back, what earlier lives of this node left prepared. Returns when that is done, or when shards that do
     * not answer have had some seconds. Blocks.
     */
    public void start() {
        try {
            coordinator
                    .start(servers, followed)
                    .orTimeout(SETTLING.toMillis(), TimeUnit.MILLISECONDS)
                    .join();
        } catch (CompletionException late) {
            // Its shards are withheld from sessions meanwhile.
        }
    }

    boolean isAlone() {
        return membership.isAlone();
    }

    /** Whether this node may read and begin: see {@link ClusterMembership#holdsLease}. */
    boolean holdsLease() {
        return membership.holdsLease();
    }

    void snapshot(String database, SnapshotRequest request) {
        coordinator.snapshot(database, request);
    }

    void visit(String database, ClosedGate visit) {
        coordinator.visit(database, visit);
    }

    void commit(String database, CommitRequest request) {
        CommitLinks links = new CommitLinks(request);
        coordinator.commit(
                database,
                links,
                request.clientsName(),
                request.members().stream()
                        .map(CommitRequest.Member::participant)
                        .toList());
    }

    void finishPrepared(String database, ClientDecision decision) {
        coordinator.finishPrepared(database, decision);
    }

    /** In the order of their names. */
    List<PreparedList.Row> preparedByClients(String database) {
        return membership.read(state -> state.preparedByClients().entrySet().stream()
                .map(named -> row(database, named.getKey(), named.getValue(), state.preparedMicros(named.getKey())))
                .toList());
    }

    private static PreparedList.Row row(String here, String name, PreparedBranches transaction, long preparedMicros) {
        Branch first = transaction.branches().get(0);
        return new PreparedList.Row(
                name,
                first.transactionId(),
                Instant.EPOCH.plus(preparedMicros, ChronoUnit.MICROS),
                first.role(),
                transaction.database(),
                transaction.database().equals(here));
    }

    /** Writes a restore point of this name, or one like it, on all shards of a database of several, at one moment. */
    CompletableFuture<List<PointOnShard>> restorePoint(DatabaseCommits database, String name) {
        List<ShardServer> all = servers.values().stream()
                .filter(server -> server.database() == database)
                .toList();
        return new RestorePoint(database, all, name).write();
    }

    /** Whether commits through other nodes are kept from being half done, too, while a gate is closed. */
    boolean closesAllGates(boolean isAtomic) {
        return isAtomic || membership.isAlone();
    }

    /** What this node's coordinator has to do now. */
    public CompletableFuture<List<RunningCommit>> running() {
        return coordinator.running();
    }

    /** What is prepared on the shards, and what becomes of it. */
    public CompletableFuture<InDoubtReport> inDoubt() {
        return looks.inDoubt(servers.values());
    }

    /** Which server the log has for the shard's primary, if it follows its failovers. */
    public Optional<PrimaryServer> primary(ShardId shard) {
        return membership.read(state -> state.primaryOf(shard)).map(PrimaryServer::parse);
    }

    /** Whether the shard is one of several, or its failovers are followed. */
    public boolean looksAfter(ShardId shard) {
        return servers.containsKey(shard);
    }

    /** Empty for a shard that does not answer, and for one that nobody {@link #looksAfter looks after}. */
    public CompletableFuture<Optional<ShardLook>> look(ShardId shard) {
        ShardServer server = servers.get(shard);
        return server == null ? CompletableFuture.completedFuture(Optional.empty()) : looks.look(server);
    }

    /** Lets commits under way end for some seconds. What is left is finished by the next start. Blocks. */
    @Override
    public void close() {
        coordinator.close();
        servers.values().forEach(server -> {
            server.links().close();
            server.keepers().close();
        });
        followed.forEach(
                shard -> shard.listed().forEach(listed -> listed.links().close()));
    }
}
