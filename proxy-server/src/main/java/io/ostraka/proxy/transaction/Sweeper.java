package io.ostraka.proxy.transaction;

import io.netty.util.concurrent.Future;
import io.ostraka.proxy.backend.BackendProcess;
import io.ostraka.rules.config.ShardName;
import io.ostraka.tx.commit.Coordinator;
import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.Gid;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.decision.PreparedBranches;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.raft.ClusterMembership;
import io.ostraka.tx.recovery.Found;
import io.ostraka.tx.recovery.Recovery;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at each shard every few seconds for prepared transactions that nobody finishes, and has {@link Recovery} say what
 * becomes of them. Keeps sessions from shards that lack a commit which others show.
 *
 * <p>Confined to the coordinator's queue. A crash in the middle leaves less to do for the next start.
 */
final class Sweeper implements Recovery.Port {
    private static final Logger LOG = LoggerFactory.getLogger(Sweeper.class);

    private static final Duration INTERVAL = Duration.ofSeconds(5);
    /** While a shard does not answer. */
    private static final Duration AWAY_INTERVAL = Duration.ofSeconds(1);

    /** With fewer at a time, commits wait for each other often. */
    private static final int FEW_PREPARED = 10;

    /** More commits that are not done have no place in memory. */
    private static final int MANY_COMMITS = 10_000;

    /** Besides ours: what has room of the server's, how many of this database are old, the oldest, and the room there is. */
    private static final String ROOM =
            "SELECT pg_catalog.count(*) FILTER (WHERE database <> pg_catalog.current_database()"
                    + " OR NOT pg_catalog.starts_with(gid, '%s')),"
                    + " pg_catalog.count(*) FILTER (WHERE old), pg_catalog.min(gid) FILTER (WHERE old AND place = 1),"
                    + " pg_catalog.current_setting('max_prepared_transactions')"
                    + " FROM (SELECT gid, database, database = pg_catalog.current_database()"
                    + " AND prepared < pg_catalog.now() - interval '60 seconds' AS old,"
                    + " pg_catalog.row_number() OVER (PARTITION BY database ORDER BY prepared) AS place"
                    + " FROM pg_catalog.pg_prepared_xacts) AS prepared";

    private final ClusterMembership membership;
    private final Coordinator coordinator;
    private final Consumer<PreparedBranches> finish;
    private final Runnable mayBeReadable;
    private final CoordinatorQueue queue;
    /** Of the other nodes, in a group. */
    private final Optional<BackendsElsewhere> backends;

    private final Recovery recovery;
    private final CompletableFuture<Void> settled = new CompletableFuture<>();
    private final Set<ShardId> unseen = new TreeSet<>();
    private final Set<ShardId> away = new TreeSet<>();
    /** Where what other clusters have left has not been looked for yet. */
    private final Set<ShardId> unasked = new TreeSet<>();
    /** The oldest prepared transaction of each shard that was complained of. */
    private final Map<ShardId, String> complainedOf = new HashMap<>();
    /** How many may be prepared there at a time. */
    private final Map<ShardId, Integer> room = new HashMap<>();

    private boolean complainedOfMany;
    /** When each is looked at again. */
    private final Map<ShardId, Future<?>> next = new HashMap<>();

    private boolean leading;
    private Map<ShardId, ShardServer> servers = Map.of();
    /** Only while {@link Recovery} is at work, which is under the state's lock. */
    private Optional<DecisionState> applied = Optional.empty();

    private volatile boolean stopped;

    /** {@code mayBeReadable}: a shard that had to be left alone before may be read now. */
    Sweeper(
            ClusterMembership membership,
            Coordinator coordinator,
            Consumer<PreparedBranches> finish,
            Runnable mayBeReadable,
            CoordinatorQueue queue,
            Optional<BackendsElsewhere> backends) {
        this.membership = membership;
        this.coordinator = coordinator;
        this.finish = finish;
        this.mayBeReadable = mayBeReadable;
        this.queue = queue;
        this.backends = backends;
        this.recovery = new Recovery(membership.cluster(), membership.epoch(), this);
    }

    /** Of a group of one this node is the leader; in a larger one the log says who is. */
    void start(Map<ShardId, ShardServer> all) {
        servers = new TreeMap<>(all);
        unseen.addAll(servers.keySet());
        unasked.addAll(servers.keySet());
        refreshWithheld();
        leading = membership.isAlone();
        recovery.lead(leading);
        underLock(() -> recovery.sweep(List.copyOf(servers.keySet())));
        settleIfDone();
    }

    /** From now on this node settles what dead nodes left, too, or does not any more. */
    void lead(boolean leads) {
        leading = leads;
        recovery.lead(leads);
        if (leads) {
            finishForTheDead();
        }
    }

    /**
     * A node was expelled, or has come back as another life: its connections are ended, what it had decided is finished, and what it had
     * not is looked for, at once. Others wait for the rows that it holds.
     */
    void finishForTheDead() {
        underLock(() -> {
            if (leading) {
                recovery.onExpelled(left(), List.copyOf(servers.keySet()));
            } else {
                recovery.sweep(List.of());
            }
        });
    }

    private Collection<Epoch> left() {
        DecisionState state = state();
        // One that this node has not heard of from the log yet is not a dead one.
        return backends.map(all -> all.left(life -> life.index() <= state.appliedIndex() && !state.isLive(life)))
                .orElseGet(TreeSet::new);
    }

    private void underLock(Runnable what) {
        membership.read(state -> {
            applied = Optional.of(state);
            what.run();
            applied = Optional.empty();
            return true;
        });
    }

    /** Any thread. */
    void stop() {
        stopped = true;
    }

    /** Completes when each shard has been looked at, or does not answer, and those that answer show every commit. */
    CompletableFuture<Void> settled() {
        return settled;
    }

    Optional<ShardServer> server(ShardId shard) {
        return Optional.ofNullable(servers.get(shard));
    }

    /** The log has changed: which shards must not be read now? */
    void refreshWithheld() {
        Set<ShardId> half = new HashSet<>(membership.read(DecisionState::halfShown));
        Map<DatabaseCommits, Set<ShardName>> withheld = new HashMap<>();
        for (ShardServer server : servers.values()) {
            Set<ShardName> names = withheld.computeIfAbsent(server.database(), database -> new HashSet<>());
            if (half.contains(server.id())) {
                names.add(server.name());
            }
        }
        withheld.forEach(DatabaseCommits::withhold);
        mayBeReadable.run();
        settleIfDone();
    }

    private void settleIfDone() {
        if (!settled.isDone() && unseen.isEmpty()) {
            boolean complete = servers.values().stream()
                    .allMatch(server ->
                            away.contains(server.id()) || !server.database().isWithheld(server.name()));
            if (complete) {
                settled.complete(null);
            }
        }
    }

    @Override
    public void scan(ShardId shard) {
        ShardServer server = servers.get(shard);
        if (unasked.remove(shard)) {
            lookForStrangers(server);
        }
        server.links()
                .run(
                        List.of(
                                "SELECT gid, owner FROM pg_catalog.pg_prepared_xacts"
                                        + " WHERE database = pg_catalog.current_database()"
                                        + " AND pg_catalog.starts_with(gid, '" + Gid.prefixOf(membership.cluster())
                                        + "')",
                                ROOM.formatted(Gid.prefixOf(membership.cluster()))),
                        result -> queue.execute(() -> scanned(server, result)));
    }

    /** What another cluster has prepared is never touched: a cluster with a new {@code data_dir} must not guess what the old one had decided. */
    private void lookForStrangers(ShardServer server) {
        server.links()
                .run(
                        List.of("SELECT pg_catalog.count(*), pg_catalog.min(prepared) FROM pg_catalog.pg_prepared_xacts"
                                + " WHERE database = pg_catalog.current_database()"
                                + " AND pg_catalog.starts_with(gid, '" + Gid.PREFIX + "')"
                                + " AND NOT pg_catalog.starts_with(gid, '" + Gid.prefixOf(membership.cluster()) + "')"),
                        result -> queue.execute(() -> {
                            if (result.lost() || result.error().isPresent()) {
                                unasked.add(server.id());
                            } else if (!result.rows().get(0).get(0).equals(Optional.of("0"))) {
                                LOG.warn(
                                        "shard {}: another Ostraka cluster, or this one with another data_dir, has left prepared"
                                                + " transactions: {}, the oldest of {}; they keep their locks, and nobody here"
                                                + " finishes them, see docs/operations.md",
                                        server.name(),
                                        result.rows().get(0).get(0).orElse(""),
                                        result.rows().get(0).get(1).orElse(""));
                            }
                        }));
    }

    private void scanned(ShardServer server, LinkResult result) {
        if (stopped) {
            return;
        }
        boolean answered = !result.lost() && result.error().isEmpty();
        if (answered) {
            away.remove(server.id());
            List<Found> found = new ArrayList<>();
            for (List<Optional<String>> row : result.rows()) {
                if (row.size() == 2) {
                    found.add(new Found(row.get(0).orElseThrow(), row.get(1).orElse("")));
                } else {
                    roomIs(server, row);
                }
            }
            underLock(() -> {
                if (leading) {
                    // If it did not answer when the node was expelled.
                    left().forEach(dead -> endBackends(server.id(), dead));
                }
                recovery.onScan(server.id(), found);
            });
        } else {
            away.add(server.id());
            result.error()
                    .ifPresent(error -> LOG.warn("shard {}: cannot be swept: {}", server.name(), error.message()));
        }
        unseen.remove(server.id());
        settleIfDone();
        lookAtTheLog();
        Duration pause = answered ? INTERVAL : AWAY_INTERVAL;
        Future<?> earlier = next.put(server.id(), queue.schedule(() -> sweep(server.id()), pause));
        if (earlier != null) {
            // Done, unless this look was one out of turn: there is one that comes next.
            earlier.cancel(false);
        }
    }

    private void sweep(ShardId shard) {
        if (!stopped) {
            underLock(() -> recovery.sweep(List.of(shard)));
        }
    }

    private void roomIs(ShardServer server, List<Optional<String>> row) {
        int most = Integer.parseInt(row.get(3).orElseThrow());
        maxPreparedIs(server, most);
        int others = Integer.parseInt(row.get(0).orElseThrow()) + preparedByClients(server.id());
        int nodes = membership.isAlone()
                ? 1
                : membership.read(state -> state.liveEpochs().size());
        int own = Math.max(1, (most - others) / Math.max(1, nodes));
        Integer before = room.put(server.id(), own);
        if (before == null || before != own) {
            coordinator.limitPrepared(server.id(), own);
            boolean isFew = most > 0 && own < FEW_PREPARED;
            if (isFew && (before == null || before >= FEW_PREPARED)) {
                LOG.warn(
                        "shard {}: max_prepared_transactions = {}, of which {} are taken by others, leaves room for {} commits over"
                                + " shards at a time through each proxy; more wait",
                        server.name(),
                        most,
                        others,
                        own);
            }
        }
        complain(server, row.get(1).orElseThrow(), row.get(2));
    }

    private int preparedByClients(ShardId shard) {
        return membership.read(state -> (int) state.preparedByClients().values().stream()
                .filter(transaction -> transaction.shards().contains(shard))
                .count());
    }

    /** It holds locks, and what VACUUM would remove. */
    private void complain(ShardServer server, String old, Optional<String> oldest) {
        if (oldest.isEmpty()) {
            complainedOf.remove(server.id());
        } else if (!oldest.get().equals(complainedOf.put(server.id(), oldest.get()))) {
            LOG.warn(
                    "shard {}: transactions that are prepared for more than 60 s: {}, the oldest is \"{}\"; they hold locks and hold back"
                            + " VACUUM, and SHOW IN_DOUBT tells what they wait for",
                    server.name(),
                    old,
                    oldest.get());
        }
    }

    private void lookAtTheLog() {
        int commits = membership.read(state -> state.storedCommits().size());
        boolean isMany = commits > MANY_COMMITS;
        if (isMany && !complainedOfMany) {
            LOG.warn(
                    "decision log: {} commits are not carried out everywhere, which takes memory; a shard must be away, see SHOW SHARDS",
                    commits);
        }
        complainedOfMany = isMany;
    }

    private static void maxPreparedIs(ShardServer server, int value) {
        boolean isNone = value == 0;
        Set<ShardName> unable = new HashSet<>(server.database().unableToPrepare());
        boolean changed = isNone ? unable.add(server.name()) : unable.remove(server.name());
        if (changed) {
            server.database().unableToPrepare(unable);
            if (isNone) {
                LOG.warn(
                        "shard {}: max_prepared_transactions = 0: transactions that write on it and on other shards are"
                                + " refused; put \"max_prepared_transactions = 200\" into its postgresql.conf and"
                                + " restart it",
                        server.name());
            }
        }
    }

    @Override
    public DecisionState state() {
        return applied.orElseThrow();
    }

    @Override
    public boolean isRunning(Gtid gtid) {
        return coordinator.isRunning(gtid);
    }

    @Override
    public void rollBack(ShardId shard, Gid gid, String owner) {
        LOG.info(
                "tx {}: rolling back what is prepared on shard {}",
                gid.gtid(),
                servers.get(shard).name());
        servers.get(shard)
                .links()
                .runFor(Optional.of(gid.toString()), "ROLLBACK PREPARED '" + gid + "'", result -> result.error()
                        .filter(error -> !error.sqlState().equals("42704"))
                        .ifPresent(error -> LOG.warn("tx {}: {}: {}", gid.gtid(), error.sqlState(), error.message())));
    }

    /** Nothing in a group of one: there a dead node is this one, and its connections ended with it. */
    @Override
    public void endBackends(ShardId shard, Epoch dead) {
        ShardServer server = servers.get(shard);
        List<BackendProcess> left = backends.map(all -> all.of(dead, shard)).orElse(List.of());
        if (left.isEmpty()) {
            backends.ifPresent(all -> all.ended(dead, shard));
            return;
        }
        // A process has another's number soon, and then hardly the same port.
        String theirs = left.stream()
                .map(process -> "(" + process.pid() + ", " + process.clientPort() + ")")
                .collect(Collectors.joining(", "));
        server.links()
                .run(
                        List.of("SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity"
                                + " WHERE datname = pg_catalog.current_database() AND (pid, client_port) IN ("
                                + theirs + ")"),
                        result -> queue.execute(() -> endedBackends(server, dead, result)));
    }

    private void endedBackends(ShardServer server, Epoch dead, LinkResult result) {
        if (result.lost()) {
            return;
        }
        backends.ifPresent(all -> all.ended(dead, server.id()));
        if (result.error().isPresent()) {
            LOG.warn(
                    "shard {}: connections of epoch {}, which was expelled, cannot be ended, and may hold locks: {}",
                    server.name(),
                    dead,
                    result.error().get().message());
        } else if (!result.rows().isEmpty()) {
            LOG.info(
                    "shard {}: ended {} connections of epoch {}, which was expelled",
                    server.name(),
                    result.rows().size(),
                    dead);
        }
    }

    @Override
    public void finish(PreparedBranches transaction) {
        queue.execute(() -> finish.accept(transaction));
    }
}
