package io.ostraka.it.transaction;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.FreePorts;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import io.ostraka.rules.config.HostPort;
import io.ostraka.tx.peers.PeerSecret;
import io.ostraka.tx.raft.Operator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Three proxies in three processes before two shards, as their operator starts them. Confined to a test. */
final class ProxyGroup implements AutoCloseable {
    static final List<String> NODES = List.of("n1", "n2", "n3");
    private static final String SECRET = "a secret of the group's own";

    private final Path directory;
    private final Map<String, HostPort> addresses = new TreeMap<>();
    private final Map<String, ProxyProcess> proxies = new TreeMap<>();

    /** Not started; before the first two shards. Where one has an endpoint in {@code elsewhere}, the first node reaches it by that. */
    ProxyGroup(Path directory, TestCluster cluster, Map<String, Endpoint> elsewhere) throws IOException {
        this(directory, node -> shards(cluster, node.equals(NODES.get(0)) ? elsewhere : Map.of()), Map.of(), "");
    }

    /** Not started. */
    ProxyGroup(Path directory, Map<String, Endpoint> shards, Map<String, Endpoint> standbys) throws IOException {
        this(directory, node -> shards, standbys, "");
    }

    /** Not started; its database keeps real-time order over the first two shards. */
    static ProxyGroup strict(Path directory, TestCluster cluster) throws IOException {
        return new ProxyGroup(directory, node -> shards(cluster, Map.of()), Map.of(), "consistency: strict\n");
    }

    private ProxyGroup(
            Path directory,
            Function<String, Map<String, Endpoint>> shards,
            Map<String, Endpoint> standbys,
            String ofDatabase)
            throws IOException {
        this.directory = directory;
        for (String node : NODES) {
            addresses.put(node, new HostPort("127.0.0.1", FreePorts.reserve()));
        }
        String peers = addresses.entrySet().stream()
                .map(peer -> peer.getKey() + ": \"" + peer.getValue() + "\"")
                .collect(Collectors.joining(", ", "peers: { ", " }\npeer_secret: " + SECRET + "\n"));
        for (String node : NODES) {
            proxies.put(
                    node,
                    new ProxyProcess(
                            Files.createDirectory(directory.resolve(node)),
                            shards.apply(node),
                            standbys,
                            "node: " + node + "\n" + peers,
                            ofDatabase));
        }
    }

    private static Map<String, Endpoint> shards(TestCluster cluster, Map<String, Endpoint> elsewhere) {
        Map<String, Endpoint> shards = new TreeMap<>();
        for (String shard : List.of("s0", "s1")) {
            shards.put(shard, elsewhere.getOrDefault(shard, cluster.shard(shard)));
        }
        return shards;
    }

    /** With a failpoint on the first node, as {@link ProxyProcess#start}. They found a group, so none takes clients before all are there. */
    void startAll(String failpoint) {
        together(node -> start(node, node.equals(NODES.get(0)) ? failpoint : ""));
    }

    /** Each with failpoints to be armed later. */
    void startAllToBeArmed() {
        together(this::startToBeArmed);
    }

    private interface Starter {
        void start(String node);
    }

    private static void together(Starter starter) {
        CompletableFuture.allOf(NODES.stream()
                        .map(node -> CompletableFuture.runAsync(
                                () -> starter.start(node), work -> new Thread(work, "start-" + node).start()))
                        .toArray(CompletableFuture[]::new))
                .join();
    }

    void start(String node, String failpoint) {
        try {
            proxies.get(node).start(failpoint);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void startToBeArmed(String node) {
        start(node, "@" + failpointOf(node));
    }

    private Path failpointOf(String node) {
        return directory.resolve(node).resolve("failpoint");
    }

    /** Has the node, started by {@link #startToBeArmed}, halt or stop when it comes to that place for the first time from now on. */
    void arm(String node, String failpoint) throws IOException {
        Path next = directory.resolve(node + ".failpoint");
        Files.writeString(next, failpoint);
        Files.move(next, failpointOf(node));
    }

    ProxyProcess proxy(String node) {
        return proxies.get(node);
    }

    WireClient login(String node) throws IOException {
        return WireClient.login(proxies.get(node).endpoint());
    }

    /** A proxy may refuse logins while a shard is to be settled: to be asked again. */
    List<String> tried(String node, Counters counters, String... statements) throws IOException {
        try (WireClient client = login(node)) {
            return counters.run(client, statements);
        } catch (AssertionError refused) {
            return List.of(refused.getMessage());
        }
    }

    /** Who leads, as far as anybody says; perhaps one who is dead. */
    Optional<String> leader() {
        try (Operator operator = new Operator(new PeerSecret(SECRET), addresses)) {
            return operator.statuses().values().stream()
                    .flatMap(Optional::stream)
                    .flatMap(status -> status.leader().stream())
                    .map(id -> id.substring(0, id.indexOf('@')))
                    .findFirst();
        }
    }

    /** Who leads, once somebody does and all that live agree. */
    String awaitLeader() {
        String[] leads = {""};
        Await.until("somebody leads", () -> {
            try (Operator operator = new Operator(new PeerSecret(SECRET), addresses)) {
                List<Optional<String>> said = operator.statuses().values().stream()
                        .flatMap(Optional::stream)
                        .map(status -> status.leader().map(id -> id.substring(0, id.indexOf('@'))))
                        .distinct()
                        .toList();
                if (said.size() != 1 || said.get(0).isEmpty()) {
                    return false;
                }
                leads[0] = said.get(0).get();
                return proxies.get(leads[0]).isRunning();
            }
        });
        return leads[0];
    }

    static List<String> without(String node) {
        return NODES.stream().filter(other -> !other.equals(node)).toList();
    }

    @Override
    public void close() {
        proxies.values().forEach(ProxyProcess::close);
    }
}
