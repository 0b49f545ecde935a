package io.ostraka.it.harness;

import io.ostraka.proxy.server.OstrakaServer;
import io.ostraka.rules.config.ConfigReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Shards, proxies in front of them, and a plain PostgreSQL with the same schema as the reference, on free ports.
 *
 * <p>The servers belong to the JVM and every cluster has databases of its own on them, so a cluster costs a few hundred
 * milliseconds. {@link #of} goes further and keeps a cluster for the next test that wants the same; {@link #empty} gives it back
 * without rows. A test that breaks its cluster for good takes one of its own: {@link #start}.
 *
 * <pre>
 * private static final ClusterSpec SPEC = ClusterSpec.shards(2)
 *         .withDdl("CREATE TABLE orders (customer_id int, id int, PRIMARY KEY (customer_id, id))")
 *         .withTables("orders: { hash: customer_id }");
 *
 * private final TestCluster cluster = TestCluster.of(SPEC);
 * </pre>
 */
public final class TestCluster implements AutoCloseable {
    /** The database's name at the proxies. */
    public static final String DATABASE = "test";

    private static final String DEADLOCK_DETECTED = "40P01";

    /** The longest unasked first. Guarded by itself. */
    private static final Map<ClusterSpec, TestCluster> SHARED = new LinkedHashMap<>(16, 0.75f, true);
    /** Above what one class uses; each has connections to the servers of all, and a proxy's memory. */
    private static final int MOST_SHARED = 16;

    private static final AtomicInteger COUNTER = new AtomicInteger();

    static {
        // Proxies first, then the servers they use: two hooks would run at the same time.
        Runtime.getRuntime().addShutdownHook(new Thread(TestCluster::closeEverything, "test-clusters-close"));
    }

    private final Map<String, TestServer> shards = new LinkedHashMap<>();
    private final Optional<TestServer> combiner;
    private final TestServer reference;
    private final String databaseThere = "test_" + COUNTER.incrementAndGet();
    private final Path directory;
    private final List<OstrakaServer> proxies = new ArrayList<>();

    private TestCluster(ClusterSpec spec) throws IOException, SQLException {
        List<TestServer> servers = ServerPool.ofThisJvm().shards(spec.shards() + (spec.combiner() ? 1 : 0));
        for (TestServer server : servers.subList(0, spec.shards())) {
            shards.put(server.name(), server);
        }
        combiner = spec.combiner() ? Optional.of(servers.get(spec.shards())) : Optional.empty();
        reference = ServerPool.ofThisJvm().reference();
        directory = Files.createTempDirectory("ostraka-it-");
        for (TestServer server : shards.values()) {
            createDatabase(server, spec.ddl());
        }
        if (combiner.isPresent()) {
            createDatabase(combiner.get(), spec.ddl());
        }
        createDatabase(reference, spec.ddl());
        for (int i = 0; i < spec.proxies(); i++) {
            Path file = directory.resolve("proxy-" + i + ".yaml");
            Files.writeString(file, yaml(spec, directory.resolve("proxy-" + i)));
            proxies.add(OstrakaServer.start(ConfigReader.read(file)));
        }
    }

    /** The cluster of this JVM for {@code spec}, started when it is not there. Never close it; ask again for each test. */
    public static TestCluster of(ClusterSpec spec) {
        synchronized (SHARED) {
            TestCluster cluster = SHARED.get(spec);
            if (cluster == null) {
                if (SHARED.size() == MOST_SHARED) {
                    SHARED.remove(SHARED.keySet().iterator().next()).close();
                }
                cluster = start(spec);
                SHARED.put(spec, cluster);
            }
            cluster.startServers();
            return cluster;
        }
    }

    /** A cluster for the caller alone, who closes it. Its servers are shared with others nevertheless. */
    public static TestCluster start(ClusterSpec spec) {
        try {
            return new TestCluster(spec);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The first proxy, as the application's user. */
    public Endpoint proxy() {
        return proxy(0);
    }

    public Endpoint proxy(int index) {
        int port = proxies.get(index).addresses().get(0).getPort();
        return new Endpoint(port, DATABASE, ServerPool.APP_USER, ServerPool.APP_PASSWORD);
    }

    /** The first proxy's console, as one who may open it. */
    public Endpoint console() {
        return new Endpoint(proxy().port(), "ostraka", ServerPool.RECOVERY_USER, ServerPool.RECOVERY_PASSWORD);
    }

    /** The plain PostgreSQL, as the application's user. */
    public Endpoint reference() {
        return endpoint(reference);
    }

    /** A shard directly, as the application's user. */
    public Endpoint shard(String name) {
        return endpoint(server(name));
    }

    /** A shard's server, to kill it, start it again, or read its log. It serves other clusters too: start it before the test ends. */
    public TestServer server(String shard) {
        TestServer server = shards.get(shard);
        if (server == null) {
            throw new IllegalArgumentException("no shard " + shard + " among " + shards.keySet());
        }
        return server;
    }

    /** The combiner directly, as the application's user. */
    public Endpoint combiner() {
        return endpoint(combiner.orElseThrow());
    }

    /** The combiner's server, to kill it. It serves other clusters too: start it before the test ends. */
    public TestServer combinerServer() {
        return combiner.orElseThrow();
    }

    /** A running proxy, to reload or close it. */
    public OstrakaServer proxyServer(int index) {
        return proxies.get(index);
    }

    /** The configuration file a proxy was started with; it may be rewritten for a reload. */
    public Path configFile(int index) {
        return directory.resolve("proxy-" + index + ".yaml");
    }

    /** JDBC through the first proxy; the caller closes it. */
    public Connection connect() throws SQLException {
        return proxy().connect();
    }

    /** The first proxy against the reference, on sessions of its own; the caller closes it. */
    public Differential differential(Protocol protocol) {
        return new Differential(proxy(), reference(), protocol);
    }

    /** How many rows of a table each shard holds, read there directly. */
    public Map<String, Long> rowsByShard(String table) throws SQLException {
        Map<String, Long> counts = new TreeMap<>();
        for (String name : shards.keySet()) {
            try (Connection connection = shard(name).connect();
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery("SELECT count(*) FROM " + table)) {
                rows.next();
                counts.put(name, rows.getLong(1));
            }
        }
        return counts;
    }

    /** Runs statements on every shard and on the reference, past the proxies. */
    public void everywhere(String... statements) throws SQLException {
        for (TestServer server : servers()) {
            run(endpoint(server), statements);
        }
    }

    /** Runs statements on one shard, past the proxies. */
    public void onShard(String name, String... statements) throws SQLException {
        run(shard(name), statements);
    }

    /**
     * Removes all rows of all tables, on the shards and the reference. The proxy may read the catalog meanwhile, which locks tables in
     * another order: who is chosen to give way tries again.
     */
    public void empty() throws SQLException {
        try {
            truncate();
        } catch (SQLException e) {
            if (!DEADLOCK_DETECTED.equals(e.getSQLState())) {
                throw e;
            }
            truncate();
        }
    }

    private void truncate() throws SQLException {
        everywhere("""
                DO $$
                DECLARE tables text;
                BEGIN
                  SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') INTO tables
                    FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema');
                  IF tables IS NOT NULL THEN
                    EXECUTE 'TRUNCATE ' || tables || ' CASCADE';
                  END IF;
                END $$""");
    }

    /** Stops the proxies and drops the databases. */
    @Override
    public void close() {
        stopProxies();
        try {
            startServers();
            for (TestServer server : allServers()) {
                try (Connection connection = server.connect("postgres");
                        Statement statement = connection.createStatement()) {
                    statement.execute("DROP DATABASE IF EXISTS " + databaseThere + " WITH (FORCE)");
                }
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private void stopProxies() {
        proxies.forEach(OstrakaServer::close);
        proxies.clear();
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void closeEverything() {
        synchronized (SHARED) {
            SHARED.values().forEach(TestCluster::stopProxies);
            SHARED.clear();
        }
        ServerPool.ofThisJvm().close();
    }

    private void startServers() {
        try {
            for (TestServer server : allServers()) {
                server.start();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<TestServer> servers() {
        List<TestServer> all = new ArrayList<>(shards.values());
        all.add(reference);
        return all;
    }

    /** Also the combiner, where no rows belong. */
    private List<TestServer> allServers() {
        List<TestServer> all = servers();
        combiner.ifPresent(all::add);
        return all;
    }

    private Endpoint endpoint(TestServer server) {
        return new Endpoint(server.port(), databaseThere, ServerPool.APP_USER, ServerPool.APP_PASSWORD);
    }

    private void createDatabase(TestServer server, String ddl) throws SQLException {
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + databaseThere + " OWNER " + ServerPool.APP_USER);
        }
        run(endpoint(server), ddl);
    }

    private static void run(Endpoint endpoint, String... statements) throws SQLException {
        try (Connection connection = endpoint.connect();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private String yaml(ClusterSpec spec, Path dataDirectory) {
        String shardLines = shards.values().stream()
                .map(server -> "      %s: { primary: \"127.0.0.1:%d/%s\" }\n"
                        .formatted(server.name(), server.port(), databaseThere))
                .collect(Collectors.joining());
        String tables = spec.tables().isBlank() ? "" : "    tables:\n" + indented(6, spec.tables());
        return """
                listen: 127.0.0.1:0
                workers: 2
                data_dir: %s
                users:
                  %s: { password: %s }
                  %s: { password: %s, console: true }
                %sdatabases:
                  %s:
                    shards:
                %s%s    default_shard: s0
                    recovery_user: %s
                %s%s
                """.formatted(
                        dataDirectory,
                        ServerPool.APP_USER,
                        ServerPool.APP_PASSWORD,
                        ServerPool.RECOVERY_USER,
                        ServerPool.RECOVERY_PASSWORD,
                        spec.top().isBlank() ? "" : indented(0, spec.top()),
                        DATABASE,
                        shardLines,
                        combiner.map(server -> "    combiner: { primary: \"127.0.0.1:%d/%s\" }\n"
                                        .formatted(server.port(), databaseThere))
                                .orElse(""),
                        ServerPool.RECOVERY_USER,
                        tables,
                        indented(4, spec.database()));
    }

    private static String indented(int spaces, String yaml) {
        return yaml.isBlank() ? "" : yaml.strip().indent(spaces);
    }
}
