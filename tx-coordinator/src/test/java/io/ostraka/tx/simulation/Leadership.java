package io.ostraka.tx.simulation;

import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.LogEntry;
import io.ostraka.tx.decision.ShardEntry;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.fence.RoundId;
import io.ostraka.tx.fence.Rounds;
import io.ostraka.tx.fence.Vector;
import io.ostraka.tx.recovery.Admission;
import io.ostraka.tx.recovery.Leases;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/** What a node does while it leads: leases, rounds, the admission of shards. One for each term. */
final class Leadership implements Rounds.Port<VectorRequest>, Leases.Port<Runnable>, Admission.Port {
    final Node node;
    final Leases<Runnable> leases;
    final Rounds<VectorRequest> rounds;
    private final Admission admission;
    private final World world;
    private final long term;
    private final Map<String, BitSet> snapshots = new TreeMap<>();
    private final SortedSet<Epoch> overdue = new TreeSet<>();
    private final List<VectorRequest> joined = new ArrayList<>();
    private boolean running;

    Leadership(Node node, long term) {
        this.node = node;
        this.world = node.world;
        this.term = term;
        this.leases = new Leases<>(Life.LEASE, this);
        this.rounds = new Rounds<>(term, Duration.ofMillis(world.between(150, 1_200)), this);
        this.admission = new Admission(World.CLUSTER, this);
    }

    private void ifLeading(Runnable what) {
        if (node.leadership().filter(now -> now == this).isPresent()) {
            what.run();
        }
    }

    void tick() {
        leases.onTick(node.clockNanos());
        for (SimShard shard : world.shards.values()) {
            Server primary = shard.primary;
            if (primary.up && !world.isCut(node, shard) && !primary.needsNoIntroduction()) {
                admission.onPromoted(
                        shard.id, node.state().shardEpoch(shard.id), primary.endpoint(), node.reach(primary));
            }
        }
        admission.onTick();
    }

    void applied(LogEntry entry) {
        // One that was refused is proposed again at the next tick.
        boolean isTaken = entry instanceof ShardEntry.FenceShard fence
                && state().primaryOf(fence.shard()).equals(Optional.of(fence.endpoint()));
        if (isTaken) {
            admission.onTick();
        }
    }

    /** Of a client on any node. */
    void request(VectorRequest request) {
        if (world.mutation == Mutation.JOIN_THE_RUNNING_ROUND && running) {
            joined.add(request);
        } else {
            rounds.request(request);
        }
    }

    boolean isOverdue(Epoch epoch) {
        return overdue.contains(epoch);
    }

    @Override
    public DecisionState state() {
        return node.state();
    }

    // Leases

    @Override
    public void expel(Epoch epoch) {
        if (world.mutation == Mutation.FORGET_THE_EXPEL) {
            overdue.add(epoch);
            return;
        }
        world.trace(() -> node + " expels epoch " + epoch);
        node.propose(new LogEntry.Expel(epoch, term), ignored -> {});
    }

    @Override
    public void confirmLeadership(Epoch epoch, long renewal) {
        Runnable confirmed = () -> ifLeading(() -> leases.onLeading(epoch, renewal));
        if (world.mutation == Mutation.RENEW_WITHOUT_A_MAJORITY) {
            world.after(0, confirmed);
        } else {
            node.raft.confirmLeadership(() -> world.after(0, confirmed));
        }
    }

    @Override
    public void renewed(Epoch epoch, long renewal) {
        toNode(epoch, life -> life.lease.onRenewed(renewal));
    }

    @Override
    public void appliedEverywhere(Runnable requester) {
        requester.run();
    }

    // Rounds

    @Override
    public SortedSet<Epoch> liveEpochs() {
        return node.state().liveEpochs();
    }

    @Override
    public SortedSet<ShardId> readableShards() {
        SortedSet<ShardId> readable = new TreeSet<>();
        SortedSet<ShardId> half = node.state().halfShown();
        for (SimShard shard : world.shards.values()) {
            boolean complete = !half.contains(shard.id) || world.mutation == Mutation.SNAPSHOT_WHAT_IS_HALF_SHOWN;
            boolean admitted = node.isAdmitted(shard.primary) || world.mutation == Mutation.READ_BEFORE_ADMISSION;
            if (complete && admitted) {
                readable.add(shard.id);
            }
        }
        return readable;
    }

    private void toNode(Epoch epoch, Consumer<Life> what) {
        for (Node to : world.nodes) {
            if (node.state().epochOf(to.toString()).filter(epoch::equals).isPresent()) {
                world.send(node, to, () -> to.current()
                        .filter(life -> life.epoch.equals(epoch))
                        .ifPresent(what));
            }
        }
    }

    @Override
    public void close(Epoch to, RoundId round) {
        if (world.mutation == Mutation.CLOSE_OVER_OPEN_WINDOWS) {
            world.after(world.latency(), () -> ifLeading(() -> rounds.onClosed(to, round)));
        }
        running = true;
        toNode(to, life -> life.gate.onClose(round));
    }

    @Override
    public void open(Epoch to, RoundId round) {
        toNode(to, life -> life.gate.onOpen(round));
    }

    @Override
    public void snapshot(RoundId round, ShardId shard) {
        Server server = world.shards.get(shard).primary;
        String id = round + " " + shard;
        boolean admitted = node.isAdmitted(server) || world.mutation == Mutation.READ_BEFORE_ADMISSION;
        if (!admitted) {
            world.after(0, () -> ifLeading(() -> rounds.onNoSnapshot(round, shard)));
            return;
        }
        world.connect(node, server)
                .ifPresentOrElse(
                        connection -> world.keeperSnapshot(
                                connection,
                                shown -> ifLeading(() -> {
                                    snapshots.put(id, shown);
                                    rounds.onSnapshot(round, shard, id);
                                }),
                                () -> ifLeading(() -> rounds.onNoSnapshot(round, shard))),
                        () -> world.after(0, () -> ifLeading(() -> rounds.onNoSnapshot(round, shard))));
    }

    @Override
    public void release(RoundId round, ShardId shard) {
        snapshots.remove(round + " " + shard);
    }

    @Override
    public void confirmLeadership(RoundId round) {
        if (world.mutation == Mutation.IGNORE_NEWCOMERS) {
            world.after(0, () -> ifLeading(() -> rounds.onLeading(round, List.of())));
        } else {
            node.raft.confirmLeadership(() -> world.after(
                    0,
                    () -> ifLeading(() -> rounds.onLeading(round, node.state().liveEpochs()))));
        }
    }

    @Override
    public void wake(RoundId round, Duration after) {
        node.later(after.toNanos() / 1_000, () -> ifLeading(() -> rounds.onTooLong(round)));
    }

    @Override
    public void enter(RoundId round, VectorRequest visitor) {
        throw new IllegalStateException("nobody visits here");
    }

    @Override
    public void deliver(VectorRequest requester, Vector vector) {
        SortedMap<ShardId, BitSet> shown = new TreeMap<>();
        vector.snapshots().forEach((shard, id) -> shown.put(shard, snapshots.get(id)));
        world.trace(() -> node + " hands out " + vector.round() + ": " + shown);
        running = false;
        joined.add(requester);
        for (VectorRequest one : joined) {
            world.send(node, one.life().node, () -> one.life().workload.vectorCame(one, shown));
        }
        joined.clear();
    }

    @Override
    public void failed(VectorRequest requester) {
        running = false;
        world.trace(() -> node + ": round failed in term " + term);
        world.send(node, requester.life().node, () -> requester.life().workload.noVectorCame(requester));
    }

    // Admission

    @Override
    public void propose(ShardEntry entry) {
        node.propose(entry, ignored -> {});
    }

    @Override
    public void awaitEverywhere(ShardId shard, long epoch, long index) {
        leases.awaitEverywhere(index, () -> ifLeading(() -> admission.onFencedEverywhere(shard, epoch)));
    }

    @Override
    public void scan(ShardId shard) {
        world.scan(node, shard, (server, found) -> ifLeading(() -> admission.onScan(shard, server.endpoint(), found)));
    }
}
