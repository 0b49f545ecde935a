package io.ostraka.proxy.transaction;

import io.ostraka.proxy.transaction.Failpoints.Place;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.commit.Alarm;
import io.ostraka.tx.commit.CommitPort;
import io.ostraka.tx.commit.CommitSettings;
import io.ostraka.tx.commit.Coordinator;
import io.ostraka.tx.commit.GroupCommit;
import io.ostraka.tx.commit.Outcome;
import io.ostraka.tx.commit.Participant;
import io.ostraka.tx.commit.ShardReply;
import io.ostraka.tx.commit.Step;
import io.ostraka.tx.decision.Answer;
import io.ostraka.tx.decision.Branch;
import io.ostraka.tx.decision.Gid;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.decision.LogEntry;
import io.ostraka.tx.decision.PreparedBranches;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.decision.ShardNumber;
import io.ostraka.tx.decision.TransactionEntry;
import io.ostraka.tx.fence.Gate;
import io.ostraka.tx.raft.ClusterMembership;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The commit protocol's pure classes, plugged into the log and the shards: everything that happens to a commit is an event of the
 * {@link CoordinatorQueue}, to which all of it is confined, and what it wants done is handed to the event loop of its connections,
 * to the log, or to the reserved connections. Nothing here blocks.
 *
 * <p>A crash loses all of it; {@link Sweeper} finishes what is left at the next start.
 */
final class CoordinatorHost implements CommitPort, GroupCommit.Port {
    private static final Logger LOG = LoggerFactory.getLogger(CoordinatorHost.class);

    private static final CommitSettings SETTINGS =
            new CommitSettings(Duration.ofSeconds(30), Duration.ofSeconds(5), Duration.ofMillis(200));

    /** Between proposals of the same entry, while the log does not answer. */
    private static final Duration LOG_PAUSE = Duration.ofMillis(500);

    private static final Duration DRAIN = Duration.ofSeconds(5);

    /** By how much alarms may be late: nearly all are for what has ended long before, and cost it no timer. */
    private static final Duration TICK = Duration.ofMillis(50);

    private final CoordinatorQueue queue;
    private final ClusterMembership membership;
    private final Failpoints failpoints;
    private final Coordinator coordinator;
    private final GroupCommit log = new GroupCommit(this);
    private final Map<String, Fence> fences = new HashMap<>();
    /** Of databases where this node is alone. */
    private final Map<String, LoneGate> gates = new HashMap<>();

    private final Map<String, RealTimeOrder> orders = new ConcurrentHashMap<>();
    private final Optional<GroupFence> group;
    private final Sweeper sweeper;
    private final ClientDecisions decisions;
    private final Failovers failovers;
    private final FailoverEvidence evidence;
    /** What is under way, by name, until nothing of it is left to do. */
    private final Map<Gtid, UnderWay> underWay = new HashMap<>();

    /** The transaction whose second phase was begun last. */
    private Optional<Gtid> finishing = Optional.empty();

    /** {@code links} are those of the session; absent when this node finishes what an earlier life has left. */
    private record UnderWay(String database, Optional<CommitLinks> links, Map<Alarm, Long> alarmNanos) {
        UnderWay(String database, Optional<CommitLinks> links) {
            this(database, links, new EnumMap<>(Alarm.class));
        }
    }

    private boolean ticking;

    CoordinatorHost(ClusterMembership membership, Failpoints failpoints) {
        this.membership = membership;
        this.failpoints = failpoints;
        this.queue = new CoordinatorQueue(!failpoints.mayStop());
        this.coordinator = new Coordinator(membership.cluster(), membership.epoch(), SETTINGS, this);
        this.group = membership.isAlone()
                ? Optional.empty()
                : Optional.of(new GroupFence(queue, membership, this::orderOf, this::windowOpen));
        this.sweeper = new Sweeper(
                membership, coordinator, this::finish, this::mayBeReadable, queue, group.map(GroupFence::backends));
        this.failovers = new Failovers(membership, queue);
        this.evidence = new FailoverEvidence(membership, failovers, queue::execute);
        this.decisions = new ClientDecisions(membership, queue, new ClientDecisions.Work() {
            @Override
            public Optional<ShardServer> server(ShardId shard) {
                return sweeper.server(shard);
            }

            @Override
            public void finish(PreparedBranches transaction) {
                finishQuietly(transaction);
            }

            @Override
            public boolean isRunning(Gtid gtid) {
                return coordinator.isRunning(gtid);
            }

            @Override
            public void forget(Gtid gtid) {
                log.forget(gtid);
            }
        });
    }

    /** The future completes when what earlier lives left is settled, and the settings of nodes that came before are known. Any thread. */
    CompletableFuture<Void> start(Map<ShardId, ShardServer> servers, Collection<FollowedShard> followed) {
        queue.execute(() -> {
            Map<DatabaseCommits, List<ShardServer>> byDatabase = new HashMap<>();
            servers.values().forEach(server -> byDatabase
                    .computeIfAbsent(server.database(), first -> new ArrayList<>())
                    .add(server));
            byDatabase.forEach((database, its) -> {
                new DeadlockWatch(queue, database, its, group.map(GroupFence::spanning)).start();
                Fence fence = fence(database.name(), its);
                fences.put(database.name(), fence);
                if (database.isAtomic()) {
                    fence.prepare();
                }
            });
            failovers.start(followed);
            sweeper.start(servers);
            group.ifPresent(ofAll -> {
                ofAll.backends().start(servers.values());
                ofAll.settings().start(byDatabase.keySet());
            });
        });
        group.ifPresent(ofAll -> membership.tell(
                new GroupEvents(queue::executeLater, sweeper, failovers, ofAll, fences.values(), failpoints)));
        return CompletableFuture.allOf(
                sweeper.settled(),
                failovers.settled(),
                group.map(ofAll -> ofAll.settings().known()).orElseGet(() -> CompletableFuture.completedFuture(null)));
    }

    private Fence fence(String database, List<ShardServer> shards) {
        if (group.isPresent()) {
            Fence fence = new Fence(queue, membership, shards, group.get().gatesOf(database), Fence.TIMEOUT_OF_GROUP);
            group.get().add(database, fence);
            return fence;
        }
        LoneGate gate = new LoneGate(queue, membership.epoch(), orderOf(database), this::windowOpen);
        gates.put(database, gate);
        Fence fence = new Fence(queue, membership, shards, gate, Fence.TIMEOUT);
        gate.serves(fence);
        fence.lead(1);
        return fence;
    }

    /** What the clients of a database wait for that keeps real-time order. Any thread. */
    RealTimeOrder orderOf(String database) {
        return orders.computeIfAbsent(database, first -> new RealTimeOrder(queue, membership::holdsLease));
    }

    private void mayBeReadable() {
        fences.values().forEach(Fence::onMayBeReadable);
    }

    private Gate gateOf(String database) {
        return group.isPresent()
                ? group.get().gate(database)
                : gates.get(database).gate();
    }

    /** Any thread; the links are confined to theirs. */
    void commit(String database, CommitLinks links, Optional<String> clientsName, List<Participant> participants) {
        queue.execute(() -> {
            Gtid gtid = coordinator.next();
            underWay.put(gtid, new UnderWay(database, Optional.of(links)));
            event(gtid, () -> {
                if (clientsName.isPresent()) {
                    coordinator.prepare(gtid, clientsName.get(), database, participants);
                } else {
                    coordinator.commit(gtid, database, participants);
                }
            });
        });
    }

    /** Any thread. */
    void finishPrepared(String database, ClientDecision decision) {
        queue.execute(() -> decisions.decide(database, decision));
    }

    /** Any thread. */
    void snapshot(String database, SnapshotRequest request) {
        queue.execute(() -> group.ifPresentOrElse(ofAll -> ofAll.request(database, request), () -> fences.get(database)
                .request(new FenceRequest.Own(request))));
    }

    /** Any thread. */
    void visit(String database, ClosedGate visit) {
        queue.execute(() -> group.ifPresentOrElse(ofAll -> ofAll.visit(database, visit), () -> fences.get(database)
                .visit(new FenceRequest.OwnVisit(visit))));
    }

    /** What is under way, for people. Any thread. */
    CompletableFuture<List<RunningCommit>> running() {
        return CompletableFuture.supplyAsync(
                () -> underWay.entrySet().stream()
                        .map(entry -> new RunningCommit(
                                entry.getKey(),
                                entry.getValue().database(),
                                entry.getValue()
                                        .links()
                                        .map(links -> OptionalInt.of(links.session()))
                                        .orElse(OptionalInt.empty()),
                                coordinator.stateOf(entry.getKey())))
                        .toList(),
                queue);
    }

    private void finish(PreparedBranches transaction) {
        Gtid gtid = transaction.gtid();
        LOG.info("tx {}: finishing what a client, or an earlier life of this node, had decided", gtid);
        finishQuietly(transaction);
    }

    private void finishQuietly(PreparedBranches transaction) {
        Gtid gtid = transaction.gtid();
        underWay.putIfAbsent(gtid, new UnderWay(transaction.database(), Optional.empty()));
        event(gtid, () -> coordinator.finish(transaction, behind -> decisions.shown(gtid, behind)));
    }

    private void event(Gtid gtid, Runnable what) {
        what.run();
        if (!coordinator.isRunning(gtid)) {
            UnderWay ended = underWay.remove(gtid);
            if (ended != null) {
                evidence.forget(gtid);
                onLinks(ended, CommitLinks::ended);
            }
        }
    }

    private static void onLinks(UnderWay transaction, Consumer<CommitLinks> what) {
        transaction.links().ifPresent(links -> links.loop().execute(() -> what.accept(links)));
    }

    // What the coordinator wants

    @Override
    public void send(Gtid gtid, ShardId shard, Step step, List<String> commands) {
        if (step == Step.PREPARE) {
            failpoints.reach(Place.BEFORE_PREPARE);
        } else if (step == Step.COMMIT_PREPARED) {
            boolean isFirst = !finishing.equals(Optional.of(gtid));
            finishing = Optional.of(gtid);
            failpoints.reach(isFirst ? Place.BEFORE_COMMIT_PREPARED : Place.BETWEEN_COMMIT_PREPARED);
        }
        onLinks(
                underWay.get(gtid),
                links -> links.send(
                        shard.number(),
                        step,
                        commands,
                        reply ->
                                queue.execute(() -> replied(gtid, shard, step, evidence.weighed(shard, step, reply)))));
    }

    @Override
    public void sendElsewhere(Gtid gtid, ShardId shard, Branch branch, Step step, String command) {
        Optional<String> gid = step == Step.COMMIT_PREPARED
                ? Optional.of(new Gid(membership.cluster(), gtid, shard.number()).toString())
                : Optional.empty();
        sweeper.server(shard)
                .ifPresentOrElse(
                        server -> evidence.sendElsewhere(
                                gtid, server, branch, step, gid, command, reply -> replied(gtid, shard, step, reply)),
                        () -> queue.execute(() -> replied(gtid, shard, step, new ShardReply.Lost())));
    }

    private void replied(Gtid gtid, ShardId shard, Step step, ShardReply reply) {
        LOG.debug("tx {}: {} on {}: {}", gtid, step, shard, reply);
        if (step == Step.PREPARE) {
            failpoints.reach(Place.AFTER_ONE_PREPARE);
        } else if (step == Step.COMMIT_PREPARED) {
            failpoints.reach(Place.AFTER_ONE_COMMIT_PREPARED);
        }
        event(gtid, () -> coordinator.onReply(gtid, shard.number(), step, reply));
    }

    @Override
    public void openWindow(Gtid gtid) {
        gateOf(underWay.get(gtid).database()).openWindow(gtid);
    }

    @Override
    public void closeWindow(Gtid gtid) {
        // Also of one that has ended: whoever does not know it does nothing.
        group.ifPresent(ofAll -> ofAll.closeWindow(gtid));
        gates.values().forEach(lone -> lone.gate().closeWindow(gtid));
    }

    @Override
    public void decide(PreparedBranches transaction) {
        failpoints.reach(Place.BEFORE_DECIDE);
        log.decide(transaction);
    }

    @Override
    public void wakeToDecide(Gtid gtid) {
        onLinks(underWay.get(gtid), turnOfLoop -> queue.execute(log::onTurnEnd));
    }

    @Override
    public void register(String name, PreparedBranches transaction) {
        Instant now = Instant.now();
        propose(
                transaction.gtid(),
                new TransactionEntry.ClientPrepared(name, transaction, ChronoUnit.MICROS.between(Instant.EPOCH, now)));
    }

    private void propose(Gtid gtid, TransactionEntry.ClientPrepared entry) {
        failpoints.reach(Place.BEFORE_DECIDE);
        membership
                .propose(entry)
                .whenComplete((answer, failure) -> queue.execute(() -> {
                    if (failure != null) {
                        LOG.warn("decision log: no answer, asking again: {}", failure.getMessage());
                        later(LOG_PAUSE, () -> propose(gtid, entry));
                    } else if (answer instanceof Answer.Accepted accepted) {
                        failpoints.reach(Place.AFTER_DECIDE);
                        // From then on any node knows the name.
                        membership
                                .appliedEverywhere(accepted.index())
                                .thenRun(() -> queue.execute(() -> event(gtid, () -> {
                                    coordinator.onDecided(gtid, true);
                                    coordinator.onForgotten(gtid);
                                })));
                    } else {
                        event(gtid, () -> nameRefused(gtid, entry.name()));
                    }
                }));
    }

    private void nameRefused(Gtid gtid, String name) {
        if (membership.read(state -> state.preparedByClient(name)).isPresent()) {
            coordinator.onNameRefused(
                    gtid,
                    new PgError(
                            SqlState.DUPLICATE_OBJECT, "transaction identifier \"" + name + "\" is already in use"));
        } else {
            coordinator.onDecided(gtid, false);
        }
    }

    @Override
    public void leaveBehind(Gtid gtid, SortedSet<ShardNumber> shards) {
        if (!shards.isEmpty()) {
            LOG.warn("tx {}: committed, and not shown yet by shards {}: nobody reads them until they do", gtid, shards);
        }
        proposeBehind(gtid, new TransactionEntry.Behind(gtid, shards));
    }

    private void proposeBehind(Gtid gtid, TransactionEntry.Behind entry) {
        membership
                .propose(entry)
                .whenComplete((answer, failure) -> queue.execute(() -> {
                    if (failure != null) {
                        later(LOG_PAUSE, () -> proposeBehind(gtid, entry));
                        return;
                    }
                    sweeper.refreshWithheld();
                    if (answer instanceof Answer.Accepted accepted) {
                        membership
                                .appliedEverywhere(accepted.index())
                                .thenRun(() -> queue.execute(() -> event(gtid, () -> coordinator.onLeftBehind(gtid))));
                    } else {
                        // Proposed again after the commit was forgotten: every shard shows it.
                        event(gtid, () -> coordinator.onLeftBehind(gtid));
                    }
                }));
    }

    @Override
    public void forget(Gtid gtid) {
        failpoints.reach(Place.BEFORE_DONE);
        log.forget(gtid);
    }

    @Override
    public void wake(Gtid gtid, Alarm alarm, Duration after) {
        underWay.get(gtid).alarmNanos().put(alarm, System.nanoTime() + after.toNanos());
        if (!ticking) {
            ticking = true;
            later(TICK, this::tick);
        }
    }

    private void tick() {
        long now = System.nanoTime();
        Map<Gtid, List<Alarm>> due = new HashMap<>();
        underWay.forEach((gtid, transaction) -> transaction.alarmNanos().forEach((alarm, nanos) -> {
            if (now - nanos >= 0) {
                due.computeIfAbsent(gtid, first -> new ArrayList<>()).add(alarm);
            }
        }));
        ticking = !underWay.isEmpty();
        if (ticking) {
            later(TICK, this::tick);
        }
        due.forEach((gtid, alarms) -> {
            underWay.get(gtid).alarmNanos().keySet().removeAll(alarms);
            alarms.forEach(alarm -> event(gtid, () -> coordinator.onAlarm(gtid, alarm)));
        });
    }

    private void later(Duration after, Runnable what) {
        queue.schedule(what, after);
    }

    @Override
    public boolean hasSurvived(Gtid gtid, ShardId shard, Branch branch) {
        return evidence.hasSurvived(gtid, shard);
    }

    @Override
    public void answer(Gtid gtid, Outcome outcome) {
        failpoints.reach(Place.BEFORE_ANSWER);
        LOG.debug("tx {}: {}", gtid, outcome);
        onLinks(underWay.get(gtid), links -> links.answered(outcome));
    }

    @Override
    public void brokenPromise(Gtid gtid, ShardId shard, String seen) {
        LOG.error(
                "tx {}: it is committed, but shard {} does not have it: {}{}; a person must act, see docs/operations.md",
                gtid,
                shard,
                seen,
                evidence.said(gtid, shard));
    }

    // What group commit wants

    @Override
    public void propose(LogEntry entry) {
        CompletableFuture<Answer> asked = membership.propose(entry);
        if (entry instanceof TransactionEntry.Commit) {
            failpoints.reach(Place.AFTER_PROPOSE);
        }
        asked.whenComplete((answer, failure) -> queue.execute(() -> {
            boolean isDone = entry instanceof TransactionEntry.Done;
            if (failure != null) {
                LOG.warn("decision log: no answer, asking again: {}", failure.getMessage());
                later(LOG_PAUSE, isDone ? log::onNotForgotten : log::onNoDecision);
            } else if (isDone) {
                // Until it is applied here, the sweeper would take it for one that nobody finishes.
                membership
                        .applied(((Answer.Accepted) answer).index())
                        .thenRun(() -> queue.execute(() -> {
                            log.onForgotten();
                            sweeper.refreshWithheld();
                        }));
            } else {
                log.onDecided((Answer.Decided) answer);
            }
        }));
    }

    @Override
    public void wakeToForget(Duration after) {
        later(after, log::onGathered);
    }

    @Override
    public void decided(Gtid gtid, boolean accepted) {
        failpoints.reach(Place.AFTER_DECIDE);
        event(gtid, () -> coordinator.onDecided(gtid, accepted));
    }

    @Override
    public void forgotten(Gtid gtid) {
        event(gtid, () -> coordinator.onForgotten(gtid));
    }

    private void windowOpen(Gtid gtid) {
        event(gtid, () -> coordinator.onWindowOpen(gtid));
    }

    /** Waits for commits under way, then stops the thread. Blocks. */
    void close() {
        sweeper.stop();
        failovers.stop();
        long deadline = System.nanoTime() + DRAIN.toNanos();
        while (isBusy() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
        queue.close();
    }

    private boolean isBusy() {
        return CompletableFuture.supplyAsync(() -> !underWay.isEmpty(), queue).join();
    }
}
