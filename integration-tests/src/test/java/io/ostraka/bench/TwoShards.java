package io.ostraka.bench;

import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.FreePorts;
import io.ostraka.proxy.demo.EmbeddedServers;
import io.ostraka.proxy.demo.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * For commits: two PostgreSQL servers that wait for the disk, a proxy before them, and a group of three, each in a process of its own, with
 * its log on the same disk. Table {@code counters} is dealt to both shards. Confined to the benchmark's thread.
 */
final class TwoShards implements AutoCloseable {
    /** Both shards, reads at one point in time. */
    static final String ATOMIC = "bench";
    /** Both shards, each read by itself. */
    static final String UNFENCED = "unfenced";
    /** One shard only, so without whoever commits over several. */
    static final String ALONE = "alone";

    private static final List<String> SHARDS = List.of("s0", "s1");
    private static final List<String> GROUP = List.of("n1", "n2", "n3");
    /** Slots 0 to 511 of 1024 are the first shard's; formula: resharding.md, section 2. */
    private static final String ON_FIRST_SHARD =
            "(((hashint8extended(id, 8816678312871386365) & 1023) + 227) & 1023) < 512";

    private static final String RELAY = "relay-";
    private static final String USER = "bench";
    private static final Duration START_DEADLINE = Duration.ofSeconds(60);

    private final TemporaryDirectory directory;
    private final EmbeddedServers servers;
    private final int workers;
    private final String password = secret();
    private final List<ChildProcess> proxies = new ArrayList<>();
    private final Map<String, Integer> ports = new TreeMap<>();

    private TwoShards(TemporaryDirectory directory, int workers) throws IOException {
        this.directory = directory;
        this.workers = workers;
        // What is kept is flushed, unlike what is temporary.
        this.servers = EmbeddedServers.kept(directory.path().resolve("servers"), SHARDS);
    }

    /** All of it runs; {@code workers}: event loops of each proxy. */
    static TwoShards start(int rows, int workers) throws IOException, SQLException {
        TemporaryDirectory directory = new TemporaryDirectory();
        TwoShards shards;
        try {
            shards = new TwoShards(directory, workers);
        } catch (IOException | RuntimeException e) {
            directory.close();
            throw e;
        }
        try {
            shards.fill("s0", ON_FIRST_SHARD, rows);
            shards.fill("s1", "NOT " + ON_FIRST_SHARD, rows);
            shards.startProxies();
            shards.startRelay();
        } catch (IOException | SQLException | RuntimeException e) {
            shards.close();
            throw e;
        }
        return shards;
    }

    private static String secret() {
        byte[] random = new byte[16];
        new SecureRandom().nextBytes(random);
        return HexFormat.of().formatHex(random);
    }

    private void fill(String shard, String which, int rows) throws SQLException {
        PostgresServer server = servers.server(shard);
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE ROLE " + USER + " LOGIN PASSWORD '" + password + "'");
            statement.execute("CREATE ROLE ostraka SUPERUSER LOGIN PASSWORD '" + password + "'");
            statement.execute("CREATE DATABASE " + USER + " OWNER " + USER);
        }
        try (Connection connection = shard(shard).connect();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE counters (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)");
            statement.execute("INSERT INTO counters (id) SELECT id FROM generate_series(1, " + rows
                    + "::bigint) id WHERE " + which);
        }
        try (Connection connection = server.connect(USER);
                Statement statement = connection.createStatement()) {
            statement.execute("VACUUM (FREEZE, ANALYZE)");
        }
    }

    /** The server itself. */
    Endpoint shard(String name) {
        return new Endpoint(servers.server(name).port(), USER, USER, password);
    }

    /** The server behind a proxy that understands nothing. */
    Endpoint relayed(String name) {
        return new Endpoint(ports.get(RELAY + name), USER, USER, password);
    }

    /** A proxy that is alone. */
    Endpoint proxy(String database) {
        return new Endpoint(ports.get(""), database, USER, password);
    }

    /** One of three proxies, in turns. */
    Endpoint group(int client) {
        return new Endpoint(ports.get(GROUP.get(client % GROUP.size())), ATOMIC, USER, password);
    }

    List<Long> ids(String shard) throws SQLException {
        List<Long> ids = new ArrayList<>();
        try (Connection connection = shard(shard).connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT id FROM counters")) {
            while (rows.next()) {
                ids.add(rows.getLong(1));
            }
        }
        return ids;
    }

    /** By how much the shard's counters were raised in all. */
    long sum(String shard) throws SQLException {
        try (Connection connection = shard(shard).connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT sum(n) FROM counters")) {
            row.next();
            return row.getLong(1);
        }
    }

    Path directory() {
        return directory.path();
    }

    private void startProxies() throws IOException {
        Map<String, Integer> peerPorts = new TreeMap<>();
        for (String node : GROUP) {
            peerPorts.put(node, FreePorts.reserve());
        }
        String peers = peerPorts.entrySet().stream()
                .map(peer -> peer.getKey() + ": \"127.0.0.1:" + peer.getValue() + "\"")
                .collect(Collectors.joining(", ", "peers: { ", " }\npeer_secret: " + password + "\n"));
        startProxy("", "");
        for (String node : GROUP) {
            startProxy(node, "node: " + node + "\n" + peers);
        }
        for (int i = 0; i < proxies.size(); i++) {
            Endpoint endpoint = i == 0 ? proxy(ATOMIC) : group(i - 1);
            awaitConnection(proxies.get(i), endpoint);
        }
    }

    private void startRelay() throws IOException {
        List<String> arguments = new ArrayList<>();
        arguments.add(String.valueOf(workers));
        for (String shard : SHARDS) {
            ports.put(RELAY + shard, FreePorts.reserve());
            arguments.add(ports.get(RELAY + shard).toString());
            arguments.add(String.valueOf(servers.server(shard).port()));
        }
        ChildProcess relay = ChildProcess.startJava(
                "relay", directory.path(), Relay.class.getName(), arguments.toArray(String[]::new));
        proxies.add(relay);
        for (String shard : SHARDS) {
            awaitConnection(relay, relayed(shard));
        }
    }

    private void startProxy(String node, String top) throws IOException {
        ports.put(node, FreePorts.reserve());
        Path file = Files.writeString(directory.path().resolve("proxy" + node + ".yaml"), """
                %slisten: 127.0.0.1:%d
                workers: %d
                data_dir: %s
                users:
                  %s: { password: "%s" }
                  ostraka: { password: "%s" }
                databases:
                %s%s%s""".formatted(
                        top,
                        ports.get(node),
                        workers,
                        directory.path().resolve("data" + node),
                        USER,
                        password,
                        password,
                        database(ATOMIC, SHARDS, "atomic"),
                        database(UNFENCED, SHARDS, "shard"),
                        database(ALONE, List.of("s0"), "shard")));
        proxies.add(ChildProcess.startJava(
                "proxy" + node, directory.path(), "io.ostraka.proxy.server.Main", "serve", file.toString()));
    }

    private String database(String name, List<String> shards, String consistency) {
        StringBuilder block = new StringBuilder("  " + name + ":\n    shards:\n");
        for (String shard : shards) {
            block.append("      %s: { primary: \"127.0.0.1:%d/%s\" }\n"
                    .formatted(shard, servers.server(shard).port(), USER));
        }
        if (shards.size() > 1) {
            block.append("    default_shard: s0\n    recovery_user: ostraka\n    consistency: " + consistency + "\n");
        }
        return block.append("    tables:\n      counters: { hash: id }\n").toString();
    }

    private static void awaitConnection(ChildProcess proxy, Endpoint endpoint) throws IOException {
        long deadline = System.nanoTime() + START_DEADLINE.toNanos();
        while (true) {
            proxy.requireAlive();
            try (Connection connection = endpoint.connect()) {
                connection.isValid(5);
                return;
            } catch (SQLException notYet) {
                if (System.nanoTime() - deadline > 0) {
                    throw new IOException("the proxy takes no connection:\n" + proxy.lastLines(), notYet);
                }
                Waiting.pause(Duration.ofMillis(50));
            }
        }
    }

    @Override
    public void close() throws IOException {
        try (directory;
                servers) {
            proxies.forEach(ChildProcess::close);
        }
    }
}
