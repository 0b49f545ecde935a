package io.ostraka.proxy.schema;

import io.ostraka.proxy.auth.ShardSecret;
import io.ostraka.rules.config.ClusterConfig;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.config.ShardConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.UserConfig;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a database's catalog: reads it from every shard at start, asks each shard every few seconds whether something has
 * changed, and reads again what did. A shard that cannot be read keeps the catalog it had; one that was never read is named
 * in {@link SchemaState#unread}, and is asked again at every look.
 *
 * <p>Thread-safe. {@link #current} never waits. Everything else happens on the threads {@code schema-<database>} (which owns
 * what was read, and calls the listener) and {@code schema-<database>-<n>} (which talk to the shards). Nothing is kept on
 * disk: after a crash the shards are read again.
 */
public final class SchemaService implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SchemaService.class);

    /** A shard that takes longer to answer counts as unreachable this time, so that it does not hold up the others. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final DatabaseConfig database;
    private final Consumer<SchemaState> listener;
    private final Duration interval;
    private final List<ShardWatch> watches = new ArrayList<>();
    private final ScheduledExecutorService looking;
    private final ExecutorService reading;
    private volatile SchemaState current;
    private volatile Future<?> schedule = CompletableFuture.completedFuture(null);
    /** Confined to the looking thread, as the watches are. */
    private final Set<String> reported = new HashSet<>();

    /** One shard: its pool, and what is known of it. Confined to the looking thread, but for the pool. */
    private static final class ShardWatch {
        private final CatalogPool pool;
        private String fingerprint = "";
        private Optional<ShardSchema> schema = Optional.empty();
        private String failure = "it was not asked yet";

        ShardWatch(CatalogPool pool) {
            this.pool = pool;
        }
    }

    /** What came of looking at a shard: {@code schema} is empty when its fingerprint was the known one. */
    private record Look(String fingerprint, Optional<ShardSchema> schema) {}

    private SchemaService(
            DatabaseConfig database, List<CatalogPool> pools, Duration interval, Consumer<SchemaState> listener) {
        this.database = database;
        this.interval = interval;
        this.listener = listener;
        pools.forEach(pool -> watches.add(new ShardWatch(pool)));
        looking = Executors.newSingleThreadScheduledExecutor(named("schema-" + database.name(), new AtomicInteger()));
        reading = Executors.newFixedThreadPool(
                watches.size(), named("schema-" + database.name() + "-", new AtomicInteger(1)));
        current = SchemaMerge.merge(database, 0, Map.of(), failures());
    }

    /**
     * The service of a database, not yet started. Empty for a database of one shard without {@code recovery_user}: nothing
     * is to be decided there, so no catalog is needed.
     *
     * @param interval between two looks for changes
     * @param listener told every new state, on the service's thread; must not block for long
     * @throws io.ostraka.rules.error.PgErrorException when the recovery user's password is not known
     */
    public static Optional<SchemaService> of(
            ClusterConfig cluster, DatabaseConfig database, Duration interval, Consumer<SchemaState> listener) {
        return of(cluster, database, interval, listener, ShardConfig::primary);
    }

    /** The same; {@code primaries} says where the shards' primaries are now. */
    public static Optional<SchemaService> of(
            ClusterConfig cluster,
            DatabaseConfig database,
            Duration interval,
            Consumer<SchemaState> listener,
            Function<ShardConfig, HostPort> primaries) {
        if (database.recoveryUser().isEmpty()) {
            return Optional.empty();
        }
        ShardLogin login = recoveryLogin(cluster.users(), database);
        List<CatalogPool> pools = Stream.concat(database.shards().values().stream(), database.combiner().stream())
                .map(shard -> new CatalogPool(shard, () -> primaries.apply(shard), login))
                .toList();
        return Optional.of(new SchemaService(database, pools, interval, listener));
    }

    /** As whom the catalog is read. */
    static ShardLogin recoveryLogin(Map<String, UserConfig> users, DatabaseConfig database) {
        String name = database.recoveryUser().orElseThrow();
        return Optional.ofNullable(users.get(name)).flatMap(ShardLogin::of).orElseThrow(() -> new PgError(
                        SqlState.CONFIG_FILE_ERROR,
                        "the password of recovery user \"" + name + "\" of database \"" + database.name()
                                + "\" is not known",
                        "With a verifier alone nobody can log in to the shards.",
                        "Give the user a password or a shard_password.")
                .toException());
    }

    /** As whom prepared transactions are finished. */
    public static io.ostraka.proxy.auth.ShardLogin recoveryUser(ClusterConfig cluster, DatabaseConfig database) {
        ShardLogin login = recoveryLogin(cluster.users(), database);
        return new io.ostraka.proxy.auth.ShardLogin(login.user(), new ShardSecret.Password(login.password()));
    }

    private static ThreadFactory named(String name, AtomicInteger next) {
        return task -> {
            int number = next.getAndIncrement();
            Thread thread = new Thread(task, number == 0 ? name : name + number);
            thread.setDaemon(true);
            return thread;
        };
    }

    /** Begins to read every shard that answers, and then to look for changes; completes with what the first reading found. */
    public CompletableFuture<SchemaState> start() {
        CompletableFuture<SchemaState> first = refresh();
        schedule = looking.scheduleWithFixedDelay(
                () -> lookGuarded(false), interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
        return first;
    }

    /** The newest state. Before {@link #start} it is an empty one of version 0, in which every shard is unread. */
    public SchemaState current() {
        return current;
    }

    /**
     * Reads all shards now: after a change of schema, or when a shard is back. Completes with a state that has every
     * change committed before this call on the shards that answer; on the service's thread, so hop home first.
     */
    public CompletableFuture<SchemaState> refresh() {
        try {
            return CompletableFuture.supplyAsync(
                    () -> {
                        look(true);
                        return current;
                    },
                    looking);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(
                    new PgError(SqlState.ADMIN_SHUTDOWN, "the proxy is shutting down").toException());
        }
    }

    /** Closes the connections, when nothing is being read. Does not wait. */
    public void leave() {
        try {
            looking.execute(() -> watches.forEach(watch -> watch.pool.renew()));
        } catch (RejectedExecutionException closed) {
            log.debug("database {}: its catalog is not read any more", database.name());
        }
    }

    private void lookGuarded(boolean force) {
        try {
            look(force);
        } catch (RuntimeException e) {
            // The thread's outermost frame: an exception would end the schedule without a word.
            log.error("database {}: looking for changes of the schema failed", database.name(), e);
        }
    }

    private void look(boolean force) {
        Map<ShardWatch, Future<Look>> looks = new HashMap<>();
        for (ShardWatch watch : watches) {
            String known = watch.fingerprint;
            looks.put(watch, reading.submit(() -> lookAt(watch.pool, known, force)));
        }
        long end = System.nanoTime() + PATIENCE.toNanos();
        boolean changed = false;
        for (ShardWatch watch : watches) {
            changed |= outcome(watch, looks.get(watch), end);
        }
        if (changed) {
            publish();
        }
    }

    private static Look lookAt(CatalogPool pool, String known, boolean force) throws SQLException {
        // Before the reading: a change in between is found again at the next look.
        String fingerprint;
        try (Connection connection = pool.connection()) {
            fingerprint = CatalogReader.fingerprint(connection);
            if (known.isEmpty() || (force && fingerprint.equals(known))) {
                return new Look(fingerprint, Optional.of(CatalogReader.read(connection)));
            }
        }
        if (fingerprint.equals(known)) {
            return new Look(fingerprint, Optional.empty());
        }
        // What was set for roles or the database shows on new connections.
        pool.renew();
        try (Connection connection = pool.connection()) {
            return new Look(fingerprint, Optional.of(CatalogReader.read(connection)));
        }
    }

    /** Whether the state must be made anew. */
    private boolean outcome(ShardWatch watch, Future<Look> look, long end) {
        ShardName shard = watch.pool.shard();
        try {
            Look seen = look.get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
            if (!watch.failure.isEmpty() && watch.schema.isPresent()) {
                log.info("shard {}: the catalog can be read again", shard);
            }
            watch.failure = "";
            watch.fingerprint = seen.fingerprint();
            if (seen.schema().isEmpty() || seen.schema().equals(watch.schema)) {
                return false;
            }
            watch.schema = seen.schema();
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (ExecutionException e) {
            return failed(watch, messageOf(e.getCause()));
        } catch (TimeoutException | CancellationException e) {
            look.cancel(true);
            return failed(watch, "no answer within " + PATIENCE.toSeconds() + " s");
        }
    }

    private boolean failed(ShardWatch watch, String failure) {
        if (watch.failure.equals(failure)) {
            return false;
        }
        log.warn("shard {}: the catalog cannot be read: {}", watch.pool.shard(), failure);
        watch.failure = failure;
        return watch.schema.isEmpty();
    }

    /** The innermost message: the outer ones are the pool's. */
    static String messageOf(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() instanceof SQLException cause) {
            root = cause;
        }
        String message = root.getMessage();
        return message == null
                ? root.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
    }

    private Map<ShardName, String> failures() {
        Map<ShardName, String> failures = new TreeMap<>();
        watches.stream()
                .filter(watch -> watch.schema.isEmpty())
                .forEach(watch -> failures.put(watch.pool.shard(), watch.failure));
        return failures;
    }

    private void publish() {
        Map<ShardName, ShardSchema> read = new TreeMap<>();
        watches.forEach(watch -> watch.schema.ifPresent(schema -> read.put(watch.pool.shard(), schema)));
        SchemaState next = SchemaMerge.merge(database, current.catalog().version() + 1, read, failures());
        current = next;
        log.info(
                "database {}: catalog version {} in use",
                database.name(),
                next.catalog().version());
        Set<String> lines = new HashSet<>();
        next.differences().forEach(difference -> lines.add(difference.text()));
        next.rules().problems().forEach(problem -> lines.add(problem.toString()));
        reported.retainAll(lines);
        lines.stream()
                .sorted()
                .filter(reported::add)
                .forEach(line -> log.warn("database {}: {}", database.name(), line));
        listener.accept(next);
    }

    /** Ends the looking, and the connections. */
    @Override
    public void close() {
        schedule.cancel(true);
        looking.shutdownNow();
        reading.shutdownNow();
        watches.forEach(watch -> watch.pool.close());
    }
}
