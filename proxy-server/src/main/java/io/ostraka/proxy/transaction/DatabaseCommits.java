package io.ostraka.proxy.transaction;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.PreparedList;
import io.ostraka.tx.decision.ShardNumber;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What sessions of one database need to know of commits over its shards: whom to hand them to, which shards cannot prepare,
 * and which must not be read because they lack a commit that others show.
 *
 * <p>Thread-safe: sessions read, the coordinator writes. What a statement for one shard costs is the reading of one
 * field.
 */
public final class DatabaseCommits {
    private final String database;
    private final String settings;
    private final boolean isAtomic;
    private final Optional<RealTimeOrder> order;
    private final Map<ShardName, ShardNumber> numbers;
    private final Commits commits;
    private final Set<SpanningTransaction> spanning = ConcurrentHashMap.newKeySet();
    private volatile Set<ShardName> withheld = Set.of();
    private volatile Set<ShardName> unableToPrepare = Set.of();
    private Optional<PgError> refused = Optional.empty();
    /** Why shards must not be read: what both of these say, for one look at each statement. */
    private volatile Map<ShardName, PgError> unreadable = Map.of();

    /** {@code settings}: what all nodes of a group must have alike, as in the file. */
    DatabaseCommits(
            String database,
            String settings,
            boolean isAtomic,
            Optional<RealTimeOrder> order,
            Map<ShardName, ShardNumber> numbers,
            Commits commits) {
        this.database = database;
        this.settings = settings;
        this.isAtomic = isAtomic;
        this.order = order;
        this.numbers = Map.copyOf(numbers);
        this.commits = commits;
    }

    /** Hands the commit over; {@link CommitRequest.Committer#onOutcome} follows. On the event loop of its backends. */
    public void commit(CommitRequest request) {
        commits.commit(database, request);
    }

    /** COMMIT PREPARED or ROLLBACK PREPARED by a client. Any thread. */
    public void finishPrepared(ClientDecision decision) {
        commits.finishPrepared(database, decision);
    }

    /** What clients have prepared and not decided, of all databases, as this node has applied the log. Any thread. */
    public List<PreparedList.Row> preparedByClients() {
        return commits.preparedByClients(database);
    }

    /**
     * Writes a restore point of this name, or one like it, on all shards at one moment. Fails with a {@link
     * io.ostraka.rules.error.PgErrorException}.
     */
    public CompletableFuture<List<PointOnShard>> restorePoint(String name) {
        requireGates();
        return commits.restorePoint(this, name);
    }

    /** Throws where a moment on all shards could be in the middle of a commit of another proxy's. */
    public void requireGates() {
        if (!commits.closesAllGates(isAtomic)) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "database \"" + database + "\" has consistency: shard, and several proxies",
                            "No moment is known there at which no commit over shards is half done.",
                            "Use consistency: atomic.")
                    .toException();
        }
    }

    /** Asks for one point in time on all shards. Any thread. */
    public void snapshot(SnapshotRequest request) {
        commits.snapshot(database, request);
    }

    /** Lets in who wants no commit over shards to be half done meanwhile. Any thread. */
    public void visit(ClosedGate visit) {
        commits.visit(database, visit);
    }

    /** For how long a session tries to read several shards at one point in time. */
    public Duration patience() {
        return commits.isAlone() ? Fence.TIMEOUT : Fence.TIMEOUT_OF_GROUP;
    }

    public ShardNumber numberOf(ShardName shard) {
        return numbers.get(shard);
    }

    /** The shard's name, for people. */
    public ShardName nameOf(ShardNumber number) {
        return numbers.entrySet().stream()
                .filter(entry -> entry.getValue().equals(number))
                .findFirst()
                .orElseThrow()
                .getKey();
    }

    /**
     * Throws {@link io.ostraka.rules.error.PgErrorException} for a shard that lacks a commit which others show; for every shard
     * while this node cannot know which those are, or must not serve the database.
     */
    public void requireReadable(ShardName shard) {
        if (numbers.size() > 1 && !commits.holdsLease()) {
            throw new PgError(
                            SqlState.CANNOT_CONNECT_NOW,
                            "this proxy has lost touch with its group",
                            "It has not heard of a majority of its peers for some seconds, and cannot tell which shards are"
                                    + " complete.",
                            "Connect to another proxy, or try again when a majority is back.")
                    .toException();
        }
        PgError why = unreadable.get(shard);
        if (why != null) {
            throw why.toException();
        }
    }

    /** What is said of a shard that lacks a commit which others show. */
    public static PgError unreadable(ShardName shard) {
        return new PgError(
                SqlState.CANNOT_CONNECT_NOW,
                "shard \"" + shard + "\" is not readable yet",
                "A transaction is committed, and this shard does not show it yet.",
                "It is carried out there as soon as the shard answers; try again then.");
    }

    /** Throws for a shard that could not take part in a commit over several. */
    public void requirePreparable(ShardName shard) {
        if (unableToPrepare.contains(shard)) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "a transaction cannot write on several shards while shard \"" + shard
                                    + "\" has max_prepared_transactions = 0",
                            "Such a transaction is prepared on each of them before it is committed.",
                            "Put \"max_prepared_transactions = 200\" into the shard's postgresql.conf and restart it.")
                    .toException();
        }
    }

    /** A transaction is open on a second shard now. */
    public void opened(SpanningTransaction transaction) {
        spanning.add(transaction);
    }

    public void closed(SpanningTransaction transaction) {
        spanning.remove(transaction);
    }

    /** What is open on several shards. A view. */
    Set<SpanningTransaction> spanning() {
        return spanning;
    }

    String name() {
        return database;
    }

    /** What all nodes of a group must have alike, as in the file. */
    String settings() {
        return settings;
    }

    /** Nothing of it is served, if that is an error. On the coordinator's queue, as {@link #withhold}. */
    void refuse(Optional<PgError> why) {
        refused = why;
        tellUnreadable();
    }

    private void tellUnreadable() {
        Map<ShardName, PgError> all = new HashMap<>();
        withheld.forEach(shard -> all.put(shard, unreadable(shard)));
        refused.ifPresent(why -> numbers.keySet().forEach(shard -> all.put(shard, why)));
        unreadable = Map.copyOf(all);
    }

    /** Whether reads over its shards take snapshots. */
    boolean isAtomic() {
        return isAtomic;
    }

    /** What its clients wait for before they are told something, if it keeps real-time order over its shards. */
    public Optional<RealTimeOrder> order() {
        return order;
    }

    void withhold(Set<ShardName> shards) {
        // Asked after each entry of the log, and mostly the same.
        if (!shards.equals(withheld)) {
            withheld = Set.copyOf(shards);
            tellUnreadable();
        }
    }

    /** Whether it lacks a commit that others show. */
    public boolean isWithheld(ShardName shard) {
        return withheld.contains(shard);
    }

    void unableToPrepare(Set<ShardName> shards) {
        unableToPrepare = Set.copyOf(shards);
    }

    Set<ShardName> unableToPrepare() {
        return unableToPrepare;
    }
}
