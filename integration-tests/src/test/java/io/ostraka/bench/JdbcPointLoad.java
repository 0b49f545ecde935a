package io.ostraka.bench;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;

/** Point SELECTs by pgjdbc, one thread for each client. Checks every answer. */
final class JdbcPointLoad implements Load {
    /** The least that a client must have had, as a part of the mean. */
    private static final int UNFAIR = 4;

    private final int rows;
    private final Protocol protocol;
    private final int clients;

    private final boolean judgesFairness;

    JdbcPointLoad(int rows, Protocol protocol, int clients) {
        this(rows, protocol, clients, false);
    }

    private JdbcPointLoad(int rows, Protocol protocol, int clients, boolean judgesFairness) {
        this.rows = rows;
        this.protocol = protocol;
        this.clients = clients;
        this.judgesFairness = judgesFairness;
    }

    /** The same that also fails when a client had far less than its share. */
    JdbcPointLoad fair() {
        return new JdbcPointLoad(rows, protocol, clients, true);
    }

    @Override
    public Outcome run(Target target, Duration duration) throws IOException, SQLException {
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        List<Connection> connections = new ArrayList<>();
        try {
            for (int i = 0; i < clients; i++) {
                connections.add(target.connect(protocol.jdbcOptions()));
            }
            long begin = System.nanoTime();
            List<Future<Long>> counts = new ArrayList<>();
            for (Connection connection : connections) {
                counts.add(threads.submit(() -> query(connection, begin + duration.toNanos())));
            }
            long queries = 0;
            long fewest = Long.MAX_VALUE;
            for (Future<Long> count : counts) {
                queries += count.get();
                fewest = Math.min(fewest, count.get());
            }
            if (judgesFairness && fewest < queries / clients / UNFAIR) {
                throw new SQLException("unfair: a client had " + fewest + " answers, the mean is " + queries / clients);
            }
            Duration time = Duration.ofNanos(System.nanoTime() - begin);
            return new Outcome(queries, time, time.multipliedBy(clients).dividedBy(Math.max(1, queries)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while clients ran", e);
        } catch (ExecutionException e) {
            throw new SQLException(e.getCause().getMessage(), e.getCause());
        } finally {
            threads.shutdown();
            for (Connection connection : connections) {
                connection.close();
            }
        }
    }

    private long query(Connection connection, long deadline) throws SQLException {
        long queries = 0;
        try (PreparedStatement statement = connection.prepareStatement("SELECT payload FROM accounts WHERE id = ?")) {
            do {
                long id = ThreadLocalRandom.current().nextLong(rows) + 1;
                statement.setLong(1, id);
                try (ResultSet result = statement.executeQuery()) {
                    if (!result.next() || !result.getString(1).equals(Shards.payload(id)) || result.next()) {
                        throw new SQLException("wrong answer for id " + id);
                    }
                }
                queries++;
            } while (System.nanoTime() - deadline < 0);
        }
        return queries;
    }
}
