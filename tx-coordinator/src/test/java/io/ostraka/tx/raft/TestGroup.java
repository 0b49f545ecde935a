package io.ostraka.tx.raft;

import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.tx.decision.Answer;
import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.LogEntry;
import io.ostraka.tx.peers.PeerSecret;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/** Nodes of a group in this process, each pair connected by a {@link Relay} in each direction. */
final class TestGroup implements AutoCloseable {
    static final PeerSecret SECRET = new PeerSecret("for tests, and long enough");
    private static final List<Socket> HELD = new ArrayList<>();
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(90);

    private final Path directory;
    private final Map<String, HostPort> listening = new TreeMap<>();
    private final Map<String, Relay> relays = new LinkedHashMap<>();
    final Map<String, ClusterMembership> running = new TreeMap<>();

    TestGroup(Path directory) {
        this.directory = directory;
    }

    Path dataDir(String node) {
        return directory.resolve(node);
    }

    HostPort address(String node) throws IOException {
        HostPort known = listening.get(node);
        if (known != null) {
            return known;
        }
        HostPort address = new HostPort("127.0.0.1", freePort());
        listening.put(node, address);
        return address;
    }

    /**
     * A port that nobody else is given as long as this process lives, neither one who asks for any port nor an outgoing
     * connection: bound, and not listened on, so that a node may listen where it is told to.
     */
    static synchronized int freePort() throws IOException {
        Socket held = new Socket();
        held.setReuseAddress(true);
        held.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0));
        HELD.add(held);
        return held.getLocalPort();
    }

    /** What {@code node}'s file says. */
    GroupSettings settings(String node, String... names) throws IOException {
        Map<String, HostPort> addresses = new TreeMap<>();
        for (String name : names) {
            if (name.equals(node)) {
                addresses.put(name, address(name));
            } else {
                String cable = node + ">" + name;
                if (!relays.containsKey(cable)) {
                    relays.put(cable, new Relay(address(name)));
                }
                addresses.put(name, relays.get(cable).address());
            }
        }
        return new GroupSettings(node, addresses, SECRET);
    }

    CompletableFuture<ClusterMembership> start(String node, String... names) throws IOException {
        GroupSettings settings = settings(node, names);
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return ClusterMembership.open(dataDir(node), settings, Map.of());
                    } catch (IOException e) {
                        throw new CompletionException(e);
                    }
                },
                work -> new Thread(work, "open-" + node).start());
    }

    /** Starts these, which are all that their files name. */
    void startAll(String... names) throws Exception {
        Map<String, CompletableFuture<ClusterMembership>> starting = new LinkedHashMap<>();
        for (String node : names) {
            starting.put(node, start(node, names));
        }
        for (Map.Entry<String, CompletableFuture<ClusterMembership>> node : starting.entrySet()) {
            running.put(node.getKey(), node.getValue().get(PATIENCE_NANOS, TimeUnit.NANOSECONDS));
        }
    }

    ClusterMembership await(String node, CompletableFuture<ClusterMembership> starting) throws Exception {
        ClusterMembership opened = starting.get(PATIENCE_NANOS, TimeUnit.NANOSECONDS);
        running.put(node, opened);
        return opened;
    }

    void stop(String node) throws IOException {
        running.remove(node).close();
    }

    /** Pulls, or puts back, every cable of this node. */
    void cut(String node, boolean apart) {
        relays.forEach((cable, relay) -> {
            if (cable.startsWith(node + ">") || cable.endsWith(">" + node)) {
                if (apart) {
                    relay.cut();
                } else {
                    relay.mend();
                }
            }
        });
    }

    static LogEntry numbering(String shard) {
        return new LogEntry.NumberShard("shop", new ShardName(shard), Optional.empty());
    }

    /** Through this node; again when the outcome is unknown. */
    int number(String node, String shard) {
        while (true) {
            try {
                Answer answer = running.get(node).propose(numbering(shard)).join();
                return ((Answer.ShardNumbered) answer).number().value();
            } catch (CompletionException e) {
                if (!(e.getCause() instanceof PgErrorException)) {
                    throw e;
                }
            }
        }
    }

    /** Waits until one of these says that it leads, and is believed by all of these. */
    String leader(String... among) {
        String[] found = new String[1];
        await("a leader among " + List.of(among), () -> {
            List<String> said = new ArrayList<>();
            for (String node : among) {
                running.get(node).leader().map(Member::nameOf).ifPresent(said::add);
            }
            found[0] = said.isEmpty() ? "" : said.get(0);
            return said.size() == among.length
                    && said.stream().allMatch(found[0]::equals)
                    && List.of(among).contains(found[0]);
        });
        return found[0];
    }

    /** Waits until every node that runs has applied what makes this true. */
    void awaitEverywhere(String what, Predicate<DecisionState> there) {
        running.forEach((node, membership) -> await(what + " on " + node, () -> membership.read(there::test)));
    }

    static void await(String what, BooleanSupplier there) {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (!there.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("not within " + PATIENCE_NANOS / 1_000_000_000 + " s: " + what);
            }
            LockSupport.parkNanos(20_000_000);
        }
    }

    static void loseDisk(Path dataDir) throws IOException {
        try (var files = Files.walk(dataDir)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Override
    public void close() throws IOException {
        for (ClusterMembership membership : running.values()) {
            membership.close();
        }
        for (Relay relay : relays.values()) {
            relay.close();
        }
    }
}
