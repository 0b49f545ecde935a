package io.ostraka.proxy.schema;

import io.ostraka.proxy.auth.ShardRoles.Stored;
import io.ostraka.rules.config.ShardName;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the roles of one shard, again and again: a shard that cannot be read keeps nobody waiting but who needs it.
 *
 * <p>Thread-safe. Reads on the thread {@code roles-<database>-<shard>}, and tells there what it has read. Source: PostgreSQL
 * manual, "pg_authid".
 */
final class RoleReader implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RoleReader.class);

    /** Between a reading and the next that a failed login asks for: guessing passwords must not become work for the shards. */
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);

    /** Roles that have another kind of password, or none, cannot prove to the shards who they are. */
    private static final String ROLES = "SELECT rolname, rolpassword,"
            + " CASE WHEN isfinite(rolvaliduntil) THEN extract(epoch FROM rolvaliduntil)::bigint END"
            + " FROM pg_authid WHERE rolcanlogin AND rolpassword LIKE 'SCRAM-SHA-256$%'"
            + " AND (rolvaliduntil IS NULL OR rolvaliduntil > now())";

    /** SQLSTATEs of what is wrong with the way to a server, in place of its answer. */
    private static final String CONNECTION_EXCEPTION = "08";

    private final CatalogPool pool;
    private final Runnable whenRead;
    private final ScheduledExecutorService reading;
    private final AtomicBoolean isAsked = new AtomicBoolean();
    /** When it was read last, by {@link System#nanoTime}. */
    private volatile long readAt = System.nanoTime();

    private volatile Optional<Map<String, Stored>> found = Optional.empty();
    private volatile boolean answers;

    /** Why it could not be read, as it was logged. Confined to the reading thread. */
    private String failure = "";

    /** Takes the pool over. {@code whenRead}: run after each reading that succeeded. */
    RoleReader(String database, CatalogPool pool, Runnable whenRead) {
        this.pool = pool;
        this.whenRead = whenRead;
        this.reading = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "roles-" + database + "-" + pool.shard());
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Reads now, for the first time, and after each interval. Does not wait. */
    void start(Duration interval) {
        reading.scheduleWithFixedDelay(this::read, 0, interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    ShardName shard() {
        return pool.shard();
    }

    /** What the shard said last; empty as long as it has said nothing. */
    Optional<Map<String, Stored>> found() {
        return found;
    }

    /** Whether the server said something when it was asked last, if only that the database is not there. */
    boolean answers() {
        return answers;
    }

    /** Reads now; completes, on any thread, when that is done, or the reader is closed. */
    CompletableFuture<Void> refresh() {
        try {
            return CompletableFuture.runAsync(this::read, reading);
        } catch (RejectedExecutionException closed) {
            return CompletableFuture.completedFuture(null);
        }
    }

    /** Closes its connections, when it reads not. */
    void leave() {
        try {
            reading.execute(pool::renew);
        } catch (RejectedExecutionException closed) {
            LOG.debug("shard {}: no more roles are read", shard());
        }
    }

    /** Reads in a moment, once for all who ask for it meanwhile. */
    void readSoon() {
        if (!isAsked.compareAndSet(false, true)) {
            return;
        }
        long sinceLast = System.nanoTime() - readAt;
        try {
            reading.schedule(
                    () -> {
                        isAsked.set(false);
                        read();
                    },
                    AFTER_FAILURE.toNanos() - sinceLast,
                    TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException closed) {
            LOG.debug("shard {}: no more roles are read", shard());
        }
    }

    private void read() {
        try {
            found = Optional.of(asked());
            answers = true;
            if (!failure.isEmpty()) {
                LOG.info("shard {}: its roles are read again", shard());
            }
            failure = "";
            whenRead.run();
        } catch (SQLException e) {
            answers = isAnswer(e);
            String reason = SchemaService.messageOf(e);
            if (!reason.equals(failure)) {
                LOG.warn("shard {}: its roles cannot be read, as users_from_shards needs: {}", shard(), reason);
            }
            failure = reason;
        } catch (RuntimeException e) {
            // The thread's outermost frame: an exception would end the schedule without a word.
            LOG.error("shard {}: its roles could not be read", shard(), e);
        } finally {
            readAt = System.nanoTime();
        }
    }

    private Map<String, Stored> asked() throws SQLException {
        try (Connection connection = pool.connection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(ROLES)) {
            Map<String, Stored> roles = new HashMap<>();
            while (rows.next()) {
                long until = rows.getLong(3);
                Optional<Instant> validUntil =
                        rows.wasNull() ? Optional.empty() : Optional.of(Instant.ofEpochSecond(until));
                roles.put(rows.getString(1), new Stored(rows.getString(2), validUntil));
            }
            return Map.copyOf(roles);
        }
    }

    private static boolean isAnswer(SQLException failure) {
        String state = failure.getSQLState();
        return state != null && !state.startsWith(CONNECTION_EXCEPTION);
    }

    @Override
    public void close() {
        reading.shutdownNow();
        pool.close();
    }
}
