package io.ostraka.it.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The PostgreSQL servers of this JVM's tests: started when the first test asks, used by all clusters (each has databases of
 * its own there), stopped when the JVM ends. Guarded by its own lock.
 *
 * <p>{@code -Dostraka.it.servers=containers} takes them from containers in place of the embedded binaries.
 */
final class ServerPool {
    static final String APP_USER = "app";
    static final String APP_PASSWORD = "app-password";
    static final String RECOVERY_USER = "ostraka";
    static final String RECOVERY_PASSWORD = "recovery-password";

    private static final String REFERENCE = "reference";
    private static final ServerPool POOL = new ServerPool();

    private final List<TestServers> groups = new ArrayList<>();
    private final Map<String, TestServer> byName = new LinkedHashMap<>();

    private ServerPool() {}

    static ServerPool ofThisJvm() {
        return POOL;
    }

    /** The first {@code count} shard servers; all of them run. */
    synchronized List<TestServer> shards(int count) {
        List<String> names = IntStream.range(0, count).mapToObj(i -> "s" + i).toList();
        return running(names);
    }

    synchronized TestServer reference() {
        return running(List.of(REFERENCE)).get(0);
    }

    synchronized void close() {
        for (TestServers group : groups) {
            try {
                group.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        groups.clear();
        byName.clear();
    }

    private List<TestServer> running(List<String> names) {
        try {
            List<String> missing = new ArrayList<>(names);
            missing.removeAll(byName.keySet());
            if (!missing.isEmpty()) {
                // The reference is nearly always wanted next, and starts meanwhile.
                if (!byName.containsKey(REFERENCE) && !missing.contains(REFERENCE)) {
                    missing.add(REFERENCE);
                }
                start(missing);
            }
            List<TestServer> servers = new ArrayList<>();
            for (String name : names) {
                TestServer server = byName.get(name);
                server.start(); // an earlier test may have killed it
                servers.add(server);
            }
            return servers;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private void start(List<String> names) throws IOException, SQLException {
        TestServers group = System.getProperty("ostraka.it.servers", "embedded").equals("containers")
                ? new ContainerTestServers(names)
                : new EmbeddedTestServers(names);
        groups.add(group);
        for (TestServer server : group.servers()) {
            try (Connection connection = server.connect("postgres");
                    Statement statement = connection.createStatement()) {
                statement.execute("CREATE ROLE " + APP_USER + " LOGIN PASSWORD '" + APP_PASSWORD + "'");
                statement.execute(
                        "CREATE ROLE " + RECOVERY_USER + " SUPERUSER LOGIN PASSWORD '" + RECOVERY_PASSWORD + "'");
            }
            byName.put(server.name(), server);
        }
    }
}
