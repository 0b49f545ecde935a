package io.ostraka.tx.simulation;

import io.ostraka.tx.commit.ShardReply;
import io.ostraka.tx.decision.ClusterNumber;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.decision.ShardNumber;
import io.ostraka.tx.recovery.Found;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * One run: everything that happens follows from the seed and the mutation. Faults for some seconds, then peace; in the end
 * nothing may be left over and every node must commit and read across shards again.
 */
final class World {
    static final String DATABASE = "db";
    static final ClusterNumber CLUSTER = new ClusterNumber(0x5eed);
    static final Set<String> FOREIGN =
            new LinkedHashSet<>(List.of("x", "ostraka_", "ostraka_deadbeef_1_1_0", "ostraka_00005eed_1_1"));
    static final long KEEPALIVE = 1_500_000;

    private static final long FAULTS_LAST = 6_000_000;
    private static final long HEALING_LASTS_AT_MOST = 30_000_000;

    final Random random;
    final Mutation mutation;
    /** Whether clients are told nothing while snapshots are taken: {@code consistency: strict}. */
    final boolean keepsRealTime;

    final Scheduler scheduler = new Scheduler();
    final List<Node> nodes = new ArrayList<>();
    private final List<List<Node>> others = new ArrayList<>();
    final Map<ShardId, SimShard> shards = new TreeMap<>();
    final List<Connection> connections = new ArrayList<>();
    final Checker checker;
    final Set<String> cuts = new TreeSet<>();
    private final Optional<List<String>> trace;
    /** Whether clocks jump that never should. What is decided must not care; who reads a shard left behind may. */
    final boolean clocksJump;

    /** Whether standbys are promoted that may lack what was acknowledged: the log has to see to it. */
    final boolean followsFailovers;

    /** Whether shards have room for few prepared transactions of a node. */
    final boolean hasLittleRoom;

    /** Whether snapshots take long, so that much happens during rounds. */
    private final boolean slowKeepers;

    private boolean peace;
    private boolean slow;

    World(long seed, Mutation mutation, Optional<List<String>> trace) {
        // Neighbouring seeds of Random begin alike.
        this.random = new Random(seed * 0x9E3779B97F4A7C15L);
        this.mutation = mutation;
        this.trace = trace;
        this.checker = new Checker(this);
        this.keepsRealTime = chance(20);
        this.clocksJump = chance(25);
        this.slowKeepers = chance(25);
        this.followsFailovers = seed % 3 == 0;
        this.hasLittleRoom = seed % 11 == 10;
        int shardCount = 2 + random.nextInt(2);
        for (int number = 0; number < shardCount; number++) {
            ShardId id = new ShardId(DATABASE, new ShardNumber(number));
            SimShard shard = new SimShard(this, id);
            shards.put(id, shard);
            FOREIGN.forEach(shard.primary::foreign);
        }
        int nodeCount = chance(25) ? 1 : 3;
        for (int number = 0; number < nodeCount; number++) {
            nodes.add(new Node(this, number));
        }
        for (Node node : nodes) {
            others.add(nodes.stream().filter(other -> other != node).toList());
        }
    }

    /** Throws {@link Broken} at the first invariant that does not hold. */
    void run() {
        nodes.forEach(Node::boot);
        Faults faults = new Faults(this);
        faults.begin();
        scheduler.runUntil(FAULTS_LAST);
        trace(() -> "--- peace");
        faults.end();
        peace = true;
        long deadline = now() + HEALING_LASTS_AT_MOST;
        String left = "not looked yet";
        while (!left.isEmpty()) {
            if (now() > deadline) {
                throw new Broken("I9", "after 30 s of peace " + left);
            }
            scheduler.runUntil(now() + 1_000_000);
            left = checker.leftOver();
        }
        checker.judgeTheEnd();
        for (int attempt = 1; !itWorks(); attempt++) {
            if (attempt == 5) {
                throw new Broken("liveness", "in peace, a node cannot commit and read over all shards");
            }
        }
    }

    private boolean itWorks() {
        List<Transaction> last = new ArrayList<>();
        int vectorsBefore = checker.vectors();
        for (Node node : nodes) {
            node.workload().flatMap(Workload::transactionOverAllShards).ifPresent(last::add);
            node.workload().ifPresent(Workload::askForVector);
        }
        scheduler.runUntil(now() + 1_500_000);
        boolean left = !checker.leftOver().isEmpty();
        checker.judgeTheEnd();
        return !left
                && last.size() == nodes.size()
                && last.stream().allMatch(transaction -> transaction.outcome.isPresent())
                && checker.vectors() >= vectorsBefore + nodes.size();
    }

    boolean isPeaceful() {
        return peace;
    }

    // Time and chance

    long now() {
        return scheduler.now();
    }

    void after(long micros, Runnable what) {
        scheduler.after(micros, what);
    }

    boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }

    long between(long least, long most) {
        return least + (long) (random.nextDouble() * (most - least));
    }

    <T> T anyOf(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    List<SimShard> shardList() {
        return List.copyOf(shards.values());
    }

    /** Mostly fast, sometimes not. */
    long latency() {
        return chance(slow ? 30 : 3) ? between(5_000, 120_000) : between(50, 600);
    }

    /** Of a timer: a busy machine runs what is due later than what came after it. */
    long lateness() {
        return !peace && chance(2) ? between(0, 1_200_000) : 0;
    }

    void slowDown(boolean down) {
        slow = down;
    }

    void trace(Supplier<String> line) {
        trace.ifPresent(lines -> lines.add(String.format("%9.4f  %s", now() / 1e6, line.get())));
    }

    // Network between nodes

    int majority() {
        return nodes.size() / 2 + 1;
    }

    List<Node> others(Node node) {
        return others.get(node.number);
    }

    static String link(Object one, Object other) {
        String a = one.toString();
        String b = other.toString();
        return a.compareTo(b) < 0 ? a + "/" + b : b + "/" + a;
    }

    boolean isCut(Object one, Object other) {
        return !cuts.isEmpty() && cuts.contains(link(one, other));
    }

    /** Once, or never, or twice, and in any order. */
    void send(Node from, Node to, Runnable arrival) {
        if (from == to) {
            after(0, () -> to.run(to.life(), arrival));
            return;
        }
        if (isCut(from, to) || (!peace && chance(1))) {
            return;
        }
        after(latency(), () -> to.run(to.life(), arrival));
        if (!peace && chance(2)) {
            after(latency() + between(0, 300_000), () -> to.run(to.life(), arrival));
        }
    }

    // Network between nodes and shards

    /** For what is no session's. Empty when the primary cannot be reached, or this node has not heard of it from the log. */
    Optional<Connection> reserved(Node node, ShardId shard) {
        Server primary = shards.get(shard).primary;
        return node.knows(primary) ? connect(node, primary) : Optional.empty();
    }

    /** Empty when the server cannot be reached. */
    Optional<Connection> connect(Node node, Server server) {
        return server.up && !isCut(node, server.shard)
                ? Optional.of(new Connection(this, node, server))
                : Optional.empty();
    }

    /** For a round. */
    void keeperSnapshot(Connection connection, Consumer<BitSet> then, Runnable otherwise) {
        after(slowKeepers && !peace ? between(0, 600_000) : 0, () -> snapshot(connection, then, otherwise));
    }

    void snapshot(Connection connection, Consumer<BitSet> then, Runnable otherwise) {
        BitSet[] shown = new BitSet[1];
        connection.request(
                (server, answer) -> {
                    shown[0] = server.visible();
                    answer.accept(new ShardReply.Completed("SELECT 1", false, Optional.empty(), server.epoch));
                },
                reply -> {
                    if (reply instanceof ShardReply.Completed) {
                        then.accept(shown[0]);
                    } else {
                        otherwise.run();
                    }
                });
    }

    void scan(Node node, ShardId shard, BiConsumer<Server, List<Found>> then) {
        reserved(node, shard).ifPresent(connection -> {
            List<Found> rows = new ArrayList<>();
            connection.request(
                    (server, answer) -> {
                        rows.addAll(server.scan());
                        answer.accept(new ShardReply.Completed("SELECT", false, Optional.empty(), server.epoch));
                    },
                    reply -> {
                        if (reply instanceof ShardReply.Completed) {
                            then.accept(connection.server, rows);
                        }
                    });
        });
    }

    void endBackends(Server server, Epoch dead) {
        for (Connection connection : List.copyOf(connections)) {
            boolean theirs = connection.node.epoch().filter(dead::equals).isPresent() || !connection.node.isUp();
            if (connection.server == server && theirs) {
                connection.breakNow();
            }
        }
    }

    void breakConnections(Predicate<Connection> which) {
        for (Connection connection : List.copyOf(connections)) {
            if (which.test(connection)) {
                connection.breakNow();
            }
        }
    }

    /** Whether every node's view of the log lets sessions use the primary that the shard has now. */
    boolean isSettled(SimShard shard) {
        return nodes.stream().allMatch(node -> node.isAdmitted(shard.primary));
    }
}
