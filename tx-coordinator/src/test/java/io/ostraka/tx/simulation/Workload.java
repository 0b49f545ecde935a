package io.ostraka.tx.simulation;

import io.ostraka.tx.commit.Participant;
import io.ostraka.tx.commit.Participant.Writes;
import io.ostraka.tx.commit.ShardReply;
import io.ostraka.tx.decision.ShardId;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** A node's clients: transactions of every shape, reads of one shard, and reads over all of them. */
final class Workload {
    private final World world;
    private final Life life;
    private final Node node;

    Workload(Life life) {
        this.life = life;
        this.node = life.node;
        this.world = node.world;
    }

    void begin() {
        every(5_000, 200_000, this::transaction);
        every(40_000, 200_000, this::askForVector);
        every(30_000, 150_000, this::readOneShard);
    }

    private void every(long least, long most, Runnable what) {
        node.later(world.between(least, most), () -> {
            if (!life.hasEnded() && !world.isPeaceful()) {
                what.run();
                every(least, most, what);
            }
        });
    }

    private boolean mayUse(Server server) {
        boolean admitted = node.isAdmitted(server) && !node.state().halfShown().contains(server.shard.id);
        return life.lease.isValid(node.clockNanos()) && (admitted || world.mutation == Mutation.READ_BEFORE_ADMISSION);
    }

    // Transactions

    private void transaction() {
        List<ShardId> shuffled = new ArrayList<>(world.shards.keySet());
        Collections.shuffle(shuffled, world.random);
        int participants = world.chance(20) ? 1 : 2 + world.random.nextInt(shuffled.size() - 1);
        int writers = world.chance(65) ? participants : world.random.nextInt(participants + 1);
        begin(new TreeSet<>(shuffled.subList(0, participants)), new TreeSet<>(shuffled.subList(0, writers)));
    }

    /** In peace. */
    Optional<Transaction> transactionOverAllShards() {
        SortedSet<ShardId> all = new TreeSet<>(world.shards.keySet());
        return begin(all, all);
    }

    private Optional<Transaction> begin(SortedSet<ShardId> participants, SortedSet<ShardId> writers) {
        Map<ShardId, Session> joined = new TreeMap<>();
        Transaction transaction =
                new Transaction(world.checker.nextTransaction(), participants, writers, world.checker.toldAtAll());
        for (ShardId shard : participants) {
            Server server = world.shards.get(shard).primary;
            Optional<Connection> connection = mayUse(server) ? world.connect(node, server) : Optional.empty();
            if (connection.isEmpty()) {
                joined.values().forEach(session -> session.connection.breakNow());
                return Optional.empty();
            }
            joined.put(shard, new Session(connection.get(), Optional.of(transaction), world));
        }
        world.checker.began(transaction);
        TreeSet<ShardId> awaited = new TreeSet<>(participants);
        joined.forEach((shard, session) -> session.begin(reply -> {
            if (!(reply instanceof ShardReply.Completed)) {
                joined.values().forEach(other -> other.connection.breakNow());
            } else if (awaited.remove(shard) && awaited.isEmpty() && !life.hasEnded()) {
                commit(transaction, joined);
            }
        }));
        return Optional.of(transaction);
    }

    private void commit(Transaction transaction, Map<ShardId, Session> joined) {
        if (!life.lease.isValid(node.clockNanos())) {
            joined.values().forEach(session -> session.connection.breakNow());
            return;
        }
        List<Participant> participants = new ArrayList<>();
        joined.forEach((shard, session) -> {
            Writes writes = transaction.writers.contains(shard)
                    ? (world.chance(70) ? Writes.YES : Writes.PERHAPS)
                    : (world.chance(70) ? Writes.NO : Writes.PERHAPS);
            participants.add(new Participant(
                    shard.number(),
                    session.connection.server.epoch,
                    writes,
                    "app",
                    world.chance(10),
                    world.chance(80)));
        });
        life.commit(transaction, joined, participants);
    }

    // Reads

    void askForVector() {
        BitSet told = world.checker.toldCommitted();
        VectorRequest request = new VectorRequest(life, told);
        life.toLeader(leader -> leader.request(request));
    }

    void vectorCame(VectorRequest request, SortedMap<ShardId, BitSet> shown) {
        if (!life.hasEnded()) {
            world.checker.vector(shown, request.told());
        }
    }

    void noVectorCame(VectorRequest request) {
        if (!life.hasEnded() && world.isPeaceful()) {
            node.later(20_000, () -> life.toLeader(leader -> leader.request(request)));
        }
    }

    private void readCame(ShardId shard, BitSet shown, BitSet told) {
        world.checker.read(shard, shown, told);
        life.tell(() -> world.checker.toldOf(shown));
    }

    private void readOneShard() {
        SimShard shard = world.anyOf(world.shardList());
        Server server = shard.primary;
        if (mayUse(server)) {
            BitSet told = world.checker.toldCommitted();
            world.connect(node, server)
                    .ifPresent(connection ->
                            world.snapshot(connection, shown -> readCame(shard.id, shown, told), () -> {}));
        }
    }
}
