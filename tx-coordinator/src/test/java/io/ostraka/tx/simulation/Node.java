package io.ostraka.tx.simulation;

import io.ostraka.tx.decision.Answer;
import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.LogEntry;
import io.ostraka.tx.decision.MalformedBytesException;
import io.ostraka.tx.decision.ShardEntry.FenceShard;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/** A node's process: its part of the log on disk, and while it runs the rest. Registers itself again whenever it must. */
final class Node {
    private static final long TICK = 200_000;
    private static final long ANSWER_TIMEOUT = 400_000;

    final World world;
    final int number;
    private final String name;
    final SimRaft raft;
    private DecisionState state = new DecisionState();
    private byte[] snapshot = new DecisionState().snapshot();
    private Optional<Life> current = Optional.empty();
    private Optional<Leadership> leadership = Optional.empty();
    private UUID bootId = new UUID(0, 0);
    private int life;
    private boolean up;
    private long pausedUntil;
    private double clockRate = 1;
    private long clockOffset;

    Node(World world, int number) {
        this.world = world;
        this.number = number;
        this.name = "n" + number;
        this.raft = new SimRaft(world, this);
    }

    @Override
    public String toString() {
        return name;
    }

    // The process

    int life() {
        return life;
    }

    boolean isUp() {
        return up;
    }

    void boot() {
        up = true;
        life++;
        pausedUntil = 0;
        clockRate = 0.95 + world.random.nextDouble() * 0.1;
        bootId = new UUID(number, world.random.nextLong());
        try {
            state = DecisionState.restore(snapshot);
        } catch (MalformedBytesException e) {
            throw new Broken("I16", e.getMessage());
        }
        world.trace(() -> this + " boots with log " + state.appliedIndex());
        raft.boot((int) state.appliedIndex());
        tick();
    }

    void crash() {
        world.trace(() -> this + " crashes");
        up = false;
        life++;
        endLife();
        leadership = Optional.empty();
    }

    void pause(long micros) {
        world.trace(() -> this + " is paused for " + micros / 1_000 + " ms");
        pausedUntil = world.now() + micros;
    }

    void endPause() {
        pausedUntil = world.now();
    }

    void jumpClock(long micros) {
        world.trace(() -> this + "'s clock jumps by " + micros / 1_000 + " ms");
        clockOffset += micros;
    }

    void takeSnapshot() {
        snapshot = state.snapshot();
    }

    long clockNanos() {
        return (long) ((world.now() * clockRate + clockOffset) * 1_000);
    }

    /** Does it when this life of the process has time for it. */
    void run(long inLife, Runnable what) {
        if (!up || inLife != life) {
            return;
        }
        if (world.now() < pausedUntil) {
            world.after(pausedUntil - world.now(), () -> run(inLife, what));
        } else {
            what.run();
        }
    }

    void later(long micros, Runnable what) {
        long inLife = life;
        world.after((long) (micros / clockRate) + world.lateness(), () -> run(inLife, what));
    }

    // The log

    DecisionState state() {
        return state;
    }

    Answer applied(long term, int index, LogEntry entry) {
        Answer answer = Mutants.answer(world.mutation, entry, state.apply(term, index, entry));
        world.checker.applied(index, entry, answer);
        current.ifPresent(one -> {
            if (state.isLive(one.epoch)) {
                one.applied(index, entry);
            } else {
                world.trace(() -> this + " finds itself expelled, epoch " + one.epoch);
                endLife();
                bootId = new UUID(number, world.random.nextLong());
            }
        });
        leadership.ifPresent(leads -> leads.applied(entry));
        beginLife();
        return answer;
    }

    private void beginLife() {
        Optional<Epoch> epoch = state.epochOf(toString());
        if (current.isEmpty() && epoch.isPresent() && state.bootIdOf(toString()).equals(Optional.of(bootId))) {
            world.trace(() -> this + " lives in epoch " + epoch.get());
            current = Optional.of(new Life(this, epoch.get()));
            current.get().begin(leadership.isPresent());
        }
    }

    private void endLife() {
        current.ifPresent(Life::end);
        current = Optional.empty();
        for (Connection connection : List.copyOf(world.connections)) {
            if (connection.node == this) {
                connection.breakNow();
            }
        }
    }

    /** Sends it to whoever seems to lead. The answer, or nothing known after a while. */
    void propose(LogEntry entry, Consumer<Optional<Answer>> then) {
        boolean[] settled = new boolean[1];
        raft.knownLeader()
                .map(world.nodes::get)
                .ifPresent(leader -> world.send(
                        this,
                        leader,
                        () -> leader.raft.propose(
                                entry,
                                answer -> world.send(leader, this, () -> {
                                    if (!settled[0]) {
                                        settled[0] = true;
                                        then.accept(Optional.of(answer));
                                    }
                                }))));
        later(ANSWER_TIMEOUT, () -> {
            if (!settled[0]) {
                settled[0] = true;
                then.accept(Optional.empty());
            }
        });
    }

    /** As above, until there is an answer. */
    void proposeUntilAnswered(LogEntry entry, Consumer<Answer> then) {
        propose(entry, answer -> answer.ifPresentOrElse(then, () -> proposeUntilAnswered(entry, then)));
    }

    void startedLeading() {
        world.trace(() -> this + " leads in term " + raft.term());
        leadership = Optional.of(new Leadership(this, raft.term()));
        current.ifPresent(one -> one.recovery.lead(true));
        current.ifPresent(Life::sweep);
    }

    void stoppedLeading() {
        leadership = Optional.empty();
        current.ifPresent(one -> one.recovery.lead(false));
    }

    Optional<Leadership> leadership() {
        return leadership;
    }

    Optional<Life> current() {
        return current;
    }

    Optional<Epoch> epoch() {
        return current.map(one -> one.epoch);
    }

    Optional<Workload> workload() {
        return current.map(one -> one.workload);
    }

    /** Whether sessions of this node may use this server. */
    boolean isAdmitted(Server server) {
        return !state.isFenced(server.shard.id)
                && state.endpointOf(server.shard.id)
                        .map(server.endpoint()::equals)
                        .orElse(server.needsNoIntroduction());
    }

    /** How much it has of the WAL of the primary that the log knows. */
    long reach(Server server) {
        return world.followsFailovers && world.mutation != Mutation.TAKE_WHATEVER_WAS_PROMOTED
                ? server.reaches(server.ancestor(state.primaryOf(server.shard.id)))
                : FenceShard.SAME_SERVER;
    }

    /** Whether it is the primary by the log, settled or not. */
    boolean knows(Server server) {
        return state.primaryOf(server.shard.id).map(server.endpoint()::equals).orElse(server.needsNoIntroduction());
    }

    private void tick() {
        if (current.isPresent()) {
            current.get().tick();
        } else {
            LogEntry create = new LogEntry.CreateCluster(World.CLUSTER);
            propose(create, ignored -> {});
            propose(new LogEntry.Register(toString(), bootId), ignored -> {});
        }
        leadership.ifPresent(Leadership::tick);
        later(TICK, this::tick);
    }
}
