package io.ostraka.it.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.Endpoint;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Clients of several proxies that move one from a row on one shard to a row on another, each between rows of its own, and readers of
 * the sum of all rows, which is 0 at any time. Errors are taken for faults, and tried again on a new connection. Thread-safe.
 */
final class Transfers {
    private static final int ENOUGH = 20;

    private final List<Client> writers = new CopyOnWriteArrayList<>();
    private final List<CompletableFuture<Void>> running = new CopyOnWriteArrayList<>();
    private final Set<String> errors = ConcurrentHashMap.newKeySet();
    private volatile boolean stopped;

    private interface Turn {
        void take(Statement statement) throws SQLException;
    }

    private static final class Client {
        private final Endpoint proxy;
        private final int from;
        private final int to;
        private final AtomicInteger tried = new AtomicInteger();
        private final AtomicInteger confirmed = new AtomicInteger();

        Client(Endpoint proxy, int from, int to) {
            this.proxy = proxy;
            this.from = from;
            this.to = to;
        }

        private void move(Statement statement) throws SQLException {
            statement.execute("BEGIN");
            statement.execute("UPDATE counter SET n = n - 1 WHERE id = " + from);
            statement.execute("UPDATE counter SET n = n + 1 WHERE id = " + to);
            tried.incrementAndGet();
            statement.execute("COMMIT");
            confirmed.incrementAndGet();
        }
    }

    /** A writer, between these rows, and a reader from now on. */
    void through(Endpoint proxy, int from, int to) {
        Client client = new Client(proxy, from, to);
        writers.add(client);
        start(proxy, client::move);
        start(proxy, Transfers::read);
    }

    private static void read(Statement statement) throws SQLException {
        try (ResultSet rows = statement.executeQuery("SELECT sum(n) FROM counter")) {
            rows.next();
            assertEquals(0, rows.getLong(1), "half of a transfer was read");
        }
    }

    private void start(Endpoint proxy, Turn turn) {
        running.add(CompletableFuture.runAsync(
                () -> run(proxy, turn), work -> new Thread(work, "transfers-" + proxy.port()).start()));
    }

    private void run(Endpoint proxy, Turn turn) {
        while (!stopped) {
            try (Connection connection = proxy.connect();
                    Statement statement = connection.createStatement()) {
                while (!stopped) {
                    turn.take(statement);
                }
            } catch (SQLException e) {
                errors.add(e.getSQLState() + " " + e.getMessage());
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            }
        }
    }

    /** Through each of these proxies many have been confirmed from now on. */
    void awaitThrough(List<Endpoint> proxies) {
        Map<Client, Integer> before = new ConcurrentHashMap<>();
        writers.stream()
                .filter(client -> proxies.contains(client.proxy))
                .forEach(client -> before.put(client, client.confirmed.get()));
        assertEquals(proxies.size(), before.size());
        Await.until("transfers go on through " + proxies, () -> {
            running.stream().filter(CompletableFuture::isCompletedExceptionally).forEach(CompletableFuture::join);
            for (Client client : before.keySet()) {
                if (client.confirmed.get() < before.get(client) + ENOUGH) {
                    throw new IllegalStateException("confirmed " + client.confirmed + " through " + client.proxy + ", "
                            + before.get(client) + " before; errors " + errors);
                }
            }
            return true;
        });
    }

    void stop() {
        stopped = true;
        running.forEach(CompletableFuture::join);
    }

    interface Rows {
        int get(int id) throws SQLException;
    }

    /** What the two shards have at the end, when nothing is prepared any more. */
    void check(Rows here, Rows there) throws SQLException {
        for (Client client : writers) {
            int moved = there.get(client.to);
            assertEquals(-moved, here.get(client.from), "half of a transfer is lost");
            assertTrue(
                    moved >= client.confirmed.get() && moved <= client.tried.get(),
                    () -> moved + " of " + client.confirmed + " confirmed and " + client.tried + " tried");
        }
    }
}
