package io.ostraka.tx.simulation;

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
import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.Gid;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.decision.LogEntry;
import io.ostraka.tx.decision.PreparedBranches;
import io.ostraka.tx.decision.ShardEntry;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.decision.ShardNumber;
import io.ostraka.tx.decision.TransactionEntry;
import io.ostraka.tx.decision.WalPosition;
import io.ostraka.tx.fence.Gate;
import io.ostraka.tx.fence.RoundId;
import io.ostraka.tx.recovery.Lease;
import io.ostraka.tx.recovery.Recovery;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/** One epoch of a node: the protocol's classes, plugged into the world. What comes after its end is not heard. */
final class Life implements CommitPort, GroupCommit.Port, Gate.Port, Recovery.Port {
    static final Duration LEASE = Duration.ofMillis(1_200);
    private static final int TICKS_BETWEEN_SWEEPS = 5;

    final Node node;
    final Epoch epoch;
    final Coordinator coordinator;
    final GroupCommit log = new GroupCommit(this);
    final Gate gate = new Gate(Duration.ofMillis(600), this);
    final Recovery recovery;
    final Lease lease = new Lease(LEASE.multipliedBy(8).dividedBy(10));
    final Workload workload;
    private final World world;
    private final Map<Gtid, Map<ShardId, Session>> sessions = new TreeMap<>();
    private final Map<Gtid, Transaction> transactions = new TreeMap<>();
    /** Branches that a successor of their server has committed. */
    private final Set<String> survivors = new TreeSet<>();

    /** What clients are told when the gate is open again. */
    private final List<Runnable> keptBack = new ArrayList<>();

    private Set<Gtid> ranBeforeTheScan = new TreeSet<>();
    private boolean ended;
    private int ticks;

    Life(Node node, Epoch epoch) {
        this.node = node;
        this.epoch = epoch;
        this.world = node.world;
        this.coordinator = new Coordinator(
                World.CLUSTER,
                epoch,
                new CommitSettings(Duration.ofMillis(2_500), Duration.ofMillis(400), Duration.ofMillis(60)),
                this);
        if (world.hasLittleRoom) {
            world.shards.keySet().forEach(shard -> coordinator.limitPrepared(shard, 1));
        }
        this.recovery = new Recovery(World.CLUSTER, epoch, this);
        this.workload = new Workload(this);
    }

    void begin(boolean leads) {
        recovery.lead(leads);
        renew();
        workload.begin();
    }

    void end() {
        ended = true;
    }

    boolean hasEnded() {
        return ended;
    }

    private Runnable unlessEnded(Runnable what) {
        return () -> {
            if (!ended) {
                what.run();
            }
        };
    }

    void tick() {
        renew();
        tellWhatWasKeptBack();
        if (ticks++ % TICKS_BETWEEN_SWEEPS == 0) {
            sweep();
        }
    }

    void sweep() {
        recovery.sweep(List.copyOf(world.shards.keySet()));
    }

    private void renew() {
        long sentAt = node.clockNanos();
        long applied = node.state().appliedIndex();
        toLeader(leader -> leader.leases.onRenewal(epoch, sentAt, applied, leader.node.clockNanos()));
    }

    void toLeader(Consumer<Leadership> what) {
        node.raft
                .knownLeader()
                .map(world.nodes::get)
                .ifPresent(leader ->
                        world.send(node, leader, () -> leader.leadership().ifPresent(what)));
    }

    void applied(int index, LogEntry entry) {
        if (entry instanceof LogEntry.Expel expel) {
            recovery.onExpelled(List.of(expel.epoch()), List.copyOf(world.shards.keySet()));
        }
    }

    // What the coordinator wants

    /** Its connections are those that ran the transaction. */
    void commit(Transaction transaction, Map<ShardId, Session> joined, List<Participant> participants) {
        Gtid gtid = coordinator.next();
        transaction.gtid = Optional.of(gtid);
        world.checker.named(transaction, gtid);
        world.trace(() -> node + " commits " + transaction + " as " + gtid + ", writers " + transaction.writers
                + ", participants " + transaction.participants);
        transactions.put(gtid, transaction);
        sessions.put(gtid, joined);
        coordinator.commit(gtid, World.DATABASE, participants);
    }

    @Override
    public void send(Gtid gtid, ShardId shard, Step step, List<String> commands) {
        Transaction transaction = transactions.get(gtid);
        if (step == Step.PREPARE && transaction.writers.size() < 2) {
            throw new Broken("I10", transaction + " wrote on " + transaction.writers + " and is prepared");
        }
        if (step == Step.PREPARE
                && world.mutation == Mutation.DECIDE_BEFORE_ALL_VOTES
                && !shard.equals(transaction.writers.first())) {
            world.after(
                    0,
                    unlessEnded(() -> coordinator.onReply(
                            gtid,
                            shard.number(),
                            step,
                            new ShardReply.Completed("PREPARE TRANSACTION", false, Optional.of("1"), 0))));
            sessions.get(gtid).get(shard).run(step, commands, ignored -> {});
            return;
        }
        sessions.get(gtid).get(shard).run(step, commands, reply -> replied(gtid, shard, step, weighed(step, reply)));
    }

    /** One primary's word is not its successor's. */
    private ShardReply weighed(Step step, ShardReply reply) {
        return step == Step.COMMIT_PREPARED && world.followsFailovers && reply instanceof ShardReply.Completed completed
                ? new ShardReply.Completed(completed.tag(), true, completed.value(), completed.shardEpoch())
                : reply;
    }

    @Override
    public void sendElsewhere(Gtid gtid, ShardId shard, Branch branch, Step step, String command) {
        if (step == Step.BARRIER && world.mutation == Mutation.FORGET_WITHOUT_A_BARRIER) {
            world.after(
                    0,
                    unlessEnded(() -> coordinator.onReply(
                            gtid,
                            shard.number(),
                            step,
                            new ShardReply.Completed(
                                    "SELECT 1", false, Optional.empty(), world.shards.get(shard).primary.epoch))));
            return;
        }
        world.reserved(node, shard)
                .ifPresentOrElse(
                        connection -> new Session(connection, Optional.empty(), world)
                                .run(
                                        step,
                                        List.of(command),
                                        reply -> repliedElsewhere(gtid, shard, branch, connection, step, reply)),
                        () -> world.after(
                                world.latency(),
                                () -> node.run(node.life(), () -> replied(gtid, shard, step, new ShardReply.Lost()))));
    }

    private void repliedElsewhere(
            Gtid gtid, ShardId shard, Branch branch, Connection connection, Step step, ShardReply reply) {
        if (step == Step.BARRIER && world.followsFailovers) {
            writeFloor(shard, reply, then -> replied(gtid, shard, step, then));
        } else if (step == Step.COMMIT_PREPARED
                && reply instanceof ShardReply.Failed failed
                && failed.error().sqlState().equals("42704")
                && failed.shardEpoch() != branch.shardEpoch()) {
            new Session(connection, Optional.empty(), world)
                    .run(Step.LOOK, List.of("'" + branch.transactionId() + "'"), status -> {
                        boolean isCommitted = status instanceof ShardReply.Completed completed
                                && completed.value().equals(Optional.of("committed"))
                                && completed.shardEpoch() == node.state().shardEpoch(shard);
                        if (isCommitted && node.state().hasMark(shard, branch)) {
                            survivors.add(gtid + " " + shard);
                        }
                        replied(gtid, shard, step, status instanceof ShardReply.Lost ? status : reply);
                    });
        } else {
            replied(gtid, shard, step, weighed(step, reply));
        }
    }

    /** Before a decision is forgotten: whoever takes over must have that much. */
    private void writeFloor(ShardId shard, ShardReply reply, Consumer<ShardReply> then) {
        if (!(reply instanceof ShardReply.Completed completed)
                || completed.warned()
                || world.mutation == Mutation.FORGET_WITHOUT_A_FLOOR) {
            then.accept(reply);
            return;
        }
        long position = WalPosition.parse(completed.value().orElseThrow());
        node.propose(
                new ShardEntry.ForgetUpTo(shard, completed.shardEpoch(), position),
                answer -> then.accept(
                        answer.filter(Answer.Accepted.class::isInstance).isPresent()
                                ? completed
                                : new ShardReply.Lost()));
    }

    private void replied(Gtid gtid, ShardId shard, Step step, ShardReply reply) {
        if (ended) {
            return;
        }
        world.trace(() -> node + ": " + gtid + " " + step + " on " + shard + ": " + reply);
        coordinator.onReply(gtid, shard.number(), step, mutated(step, reply));
    }

    private ShardReply mutated(Step step, ShardReply reply) {
        if (reply instanceof ShardReply.Completed completed && completed.warned()) {
            boolean trusted = (step == Step.PREPARE && world.mutation == Mutation.COUNT_A_WARNED_VOTE)
                    || (step == Step.COMMIT_PREPARED && world.mutation == Mutation.TRUST_A_WARNED_COMMIT);
            return trusted
                    ? new ShardReply.Completed(completed.tag(), false, completed.value(), completed.shardEpoch())
                    : reply;
        }
        boolean gone = reply instanceof ShardReply.Failed failed
                && failed.error().sqlState().equals("42704");
        return gone && step == Step.COMMIT_PREPARED && world.mutation == Mutation.TRUST_DOES_NOT_EXIST
                ? new ShardReply.Completed("COMMIT PREPARED", false, Optional.empty(), 0)
                : reply;
    }

    @Override
    public void openWindow(Gtid gtid) {
        if (world.mutation == Mutation.PASS_A_CLOSED_GATE) {
            world.after(0, unlessEnded(() -> coordinator.onWindowOpen(gtid)));
        } else {
            gate.openWindow(gtid);
        }
    }

    @Override
    public void closeWindow(Gtid gtid) {
        gate.closeWindow(gtid);
    }

    @Override
    public void decide(PreparedBranches transaction) {
        log.decide(transaction);
    }

    @Override
    public void register(String name, PreparedBranches transaction) {
        throw new UnsupportedOperationException("no client prepares here");
    }

    @Override
    public void leaveBehind(Gtid gtid, SortedSet<ShardNumber> shards) {
        world.trace(() -> node + ": " + gtid + " leaves behind " + shards);
        Runnable told = unlessEnded(() -> coordinator.onLeftBehind(gtid));
        node.proposeUntilAnswered(new TransactionEntry.Behind(gtid, shards), answer -> {
            if (answer instanceof Answer.Accepted accepted && world.mutation != Mutation.ANSWER_BEFORE_ALL_KNOW) {
                awaitEverywhere(accepted.index(), told, new boolean[1]);
            } else {
                told.run();
            }
        });
    }

    private void awaitEverywhere(long index, Runnable told, boolean[] done) {
        toLeader(leader -> leader.leases.awaitEverywhere(
                index,
                () -> world.send(leader.node, node, () -> {
                    if (!done[0]) {
                        done[0] = true;
                        told.run();
                    }
                })));
        node.later(300_000, unlessEnded(() -> {
            if (!done[0]) {
                awaitEverywhere(index, told, done);
            }
        }));
    }

    @Override
    public void forget(Gtid gtid) {
        log.forget(gtid);
    }

    @Override
    public void wake(Gtid gtid, Alarm alarm, Duration after) {
        node.later(after.toNanos() / 1_000, unlessEnded(() -> coordinator.onAlarm(gtid, alarm)));
    }

    @Override
    public boolean hasSurvived(Gtid gtid, ShardId shard, Branch branch) {
        return survivors.contains(gtid + " " + shard);
    }

    @Override
    public void answer(Gtid gtid, Outcome outcome) {
        tell(() -> world.checker.answered(transactions.get(gtid), outcome));
    }

    /** To a client, at once or when that may be. */
    void tell(Runnable what) {
        if (mayTell()) {
            what.run();
        } else {
            keptBack.add(unlessEnded(what));
        }
    }

    private boolean mayTell() {
        boolean isQuiet = gate.isClosed() && world.mutation != Mutation.TELL_DURING_ROUNDS;
        return !world.keepsRealTime || (lease.isValid(node.clockNanos()) && !isQuiet);
    }

    private void tellWhatWasKeptBack() {
        if (mayTell()) {
            List<Runnable> now = List.copyOf(keptBack);
            keptBack.clear();
            now.forEach(Runnable::run);
        }
    }

    @Override
    public void brokenPromise(Gtid gtid, ShardId shard, String seen) {
        throw new Broken("I1", shard + " broke its promise for " + gtid + ": " + seen);
    }

    // What group commit wants

    @Override
    public void propose(LogEntry entry) {
        node.propose(entry, answer -> {
            if (ended) {
                return;
            }
            if (entry instanceof TransactionEntry.Done) {
                answer.ifPresentOrElse(done -> log.onForgotten(), log::onNotForgotten);
            } else if (answer.isPresent() && answer.get() instanceof Answer.Decided decided) {
                log.onDecided(decided);
            } else if (world.mutation == Mutation.ROLL_BACK_WHEN_UNKNOWN) {
                int proposed = ((TransactionEntry.Commit) entry).transactions().size();
                log.onDecided(new Answer.Decided(Collections.nCopies(proposed, false)));
            } else {
                log.onNoDecision();
            }
        });
    }

    @Override
    public void decided(Gtid gtid, boolean accepted) {
        coordinator.onDecided(gtid, accepted);
        if (world.mutation == Mutation.FORGET_EARLY && accepted) {
            log.forget(gtid);
        }
    }

    @Override
    public void forgotten(Gtid gtid) {
        coordinator.onForgotten(gtid);
    }

    // What the gate wants

    @Override
    public void windowOpen(Gtid gtid) {
        world.after(0, () -> node.run(node.life(), unlessEnded(() -> coordinator.onWindowOpen(gtid))));
    }

    @Override
    public void closed(RoundId round) {
        toLeader(leader -> leader.rounds.onClosed(epoch, round));
    }

    @Override
    public void reopened() {
        tellWhatWasKeptBack();
    }

    @Override
    public void opened(RoundId round, boolean held) {
        boolean said = held || world.mutation == Mutation.BELIEVE_EVERY_GATE;
        toLeader(leader -> leader.rounds.onOpened(epoch, round, said));
    }

    @Override
    public void wakeToDecide(Gtid gtid) {
        node.later(0, unlessEnded(log::onTurnEnd));
    }

    @Override
    public void wakeToForget(Duration after) {
        node.later(after.toNanos() / 1_000, unlessEnded(log::onGathered));
    }

    @Override
    public void wake(RoundId round, Duration after) {
        node.later(after.toNanos() / 1_000, unlessEnded(() -> gate.onTooLong(round)));
    }

    // What recovery wants

    @Override
    public DecisionState state() {
        return node.state();
    }

    @Override
    public boolean isRunning(Gtid gtid) {
        return world.mutation == Mutation.SKIP_THE_SECOND_LOOK
                ? ranBeforeTheScan.contains(gtid)
                : coordinator.isRunning(gtid);
    }

    @Override
    public void scan(ShardId shard) {
        ranBeforeTheScan = new TreeSet<>(coordinator.running());
        world.scan(node, shard, (server, found) -> {
            if (!ended) {
                recovery.onScan(shard, found);
                Mutants.afterScan(this, shard, found);
            }
        });
    }

    @Override
    public void rollBack(ShardId shard, Gid gid, String owner) {
        rollBack(shard, gid.toString());
    }

    void rollBack(ShardId shard, String gid) {
        world.reserved(node, shard).ifPresent(connection -> new Session(connection, Optional.empty(), world)
                .run(Step.ROLLBACK_PREPARED, List.of("ROLLBACK PREPARED '" + gid + "'"), ignored -> {}));
    }

    @Override
    public void endBackends(ShardId shard, Epoch dead) {
        world.reserved(node, shard)
                .ifPresent(
                        connection -> world.after(world.latency(), () -> world.endBackends(connection.server, dead)));
    }

    @Override
    public void finish(PreparedBranches transaction) {
        world.trace(() -> node + " finishes " + transaction.gtid());
        coordinator.finish(transaction);
    }
}
