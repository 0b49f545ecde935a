package io.ostraka.proxy.schema;

import io.ostraka.proxy.auth.ShardRoles;
import io.ostraka.proxy.auth.ShardRoles.Stored;
import io.ostraka.rules.config.ClusterConfig;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.config.ShardConfig;
import io.ostraka.rules.config.ShardName;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads, for {@code users_from_shards}, which roles of a database's shards may log in and what they must prove: at the start,
 * every few seconds, soon after a login that failed, and when a client has changed roles. A role counts when all shards let it log in with the same verifier.
 * What a shard that cannot be read said last holds on; while one was never read there is nobody.
 *
 * <p>Thread-safe. Reads on the thread {@code roles-<database>}. Source: PostgreSQL manual, "pg_authid".
 */
public final class RoleService implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RoleService.class);

    /** Between a reading and the next that a failed login asks for: guessing passwords must not become work for the shards. */
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);

    /** Roles that have another kind of password, or none, cannot prove to the shards who they are. */
    private static final String ROLES = "SELECT rolname, rolpassword,"
            + " CASE WHEN isfinite(rolvaliduntil) THEN extract(epoch FROM rolvaliduntil)::bigint END"
            + " FROM pg_authid WHERE rolcanlogin AND rolpassword LIKE 'SCRAM-SHA-256$%'"
            + " AND (rolvaliduntil IS NULL OR rolvaliduntil > now())";

    static final String MAY_READ = "SELECT has_column_privilege('pg_authid', 'rolpassword', 'SELECT')";

    private final DatabaseConfig database;
    private final List<CatalogPool> pools;
    private final ShardRoles roles = new ShardRoles(Clock.systemUTC(), this::readSoon);
    private final AtomicBoolean isAsked = new AtomicBoolean();
    private final ScheduledExecutorService reading;
    /** When all shards were read last, by {@link System#nanoTime}. */
    private volatile long readAt = System.nanoTime();

    /** What each shard said last. Confined to the reading thread. */
    private final Map<ShardName, Map<String, Stored>> byShard = new LinkedHashMap<>();

    /** Why a shard could not be read, as it was logged. Confined to the reading thread. */
    private final Map<ShardName, String> failures = new HashMap<>();

    private RoleService(DatabaseConfig database, List<CatalogPool> pools) {
        this.database = database;
        this.pools = pools;
        this.reading = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "roles-" + database.name());
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Begins to read the roles of a database that has a recovery user, from the primaries. Does not wait for the first reading.
     *
     * @throws io.ostraka.rules.error.PgErrorException when the recovery user's password is not known
     */
    public static RoleService start(
            ClusterConfig cluster,
            DatabaseConfig database,
            Duration interval,
            Function<ShardConfig, HostPort> primaries) {
        ShardLogin login = SchemaService.recoveryLogin(cluster.users(), database);
        List<CatalogPool> pools = database.shards().values().stream()
                .map(shard -> new CatalogPool(shard, () -> primaries.apply(shard), login))
                .toList();
        RoleService service = new RoleService(database, pools);
        service.reading.scheduleWithFixedDelay(service::read, 0, interval.toMillis(), TimeUnit.MILLISECONDS);
        return service;
    }

    /** Who may log in, now and at any time later. */
    public ShardRoles roles() {
        return roles;
    }

    /** Reads them now; completes, on any thread, when that is done, or the service is closed. */
    public CompletableFuture<Void> refresh() {
        try {
            return CompletableFuture.runAsync(this::read, reading);
        } catch (RejectedExecutionException closed) {
            return CompletableFuture.completedFuture(null);
        }
    }

    private void readSoon() {
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
            LOG.debug("database {}: no more roles are read", database.name());
        }
    }

    private void read() {
        try {
            for (CatalogPool pool : pools) {
                readShard(pool);
            }
            readAt = System.nanoTime();
            roles.replace(byShard.size() < pools.size() ? Map.of() : common());
        } catch (RuntimeException e) {
            LOG.error("database {}: the roles of its shards could not be read", database.name(), e);
        }
    }

    private void readShard(CatalogPool pool) {
        ShardName shard = pool.shard();
        try (Connection connection = pool.connection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(ROLES)) {
            Map<String, Stored> found = new HashMap<>();
            while (rows.next()) {
                long until = rows.getLong(3);
                Optional<Instant> validUntil =
                        rows.wasNull() ? Optional.empty() : Optional.of(Instant.ofEpochSecond(until));
                found.put(rows.getString(1), new Stored(rows.getString(2), validUntil));
            }
            byShard.put(shard, found);
            if (failures.remove(shard) != null) {
                LOG.info("shard {}: its roles are read again", shard);
            }
        } catch (SQLException e) {
            String reason = SchemaService.messageOf(e);
            if (!reason.equals(failures.put(shard, reason))) {
                LOG.warn("shard {}: its roles cannot be read, as users_from_shards needs: {}", shard, reason);
            }
        }
    }

    /** Those whom every shard lets in with the same verifier, and until the first of them does no longer. */
    private Map<String, Stored> common() {
        List<Map<String, Stored>> all = new ArrayList<>(byShard.values());
        Map<String, Stored> common = new HashMap<>(all.get(0));
        for (Map<String, Stored> other : all.subList(1, all.size())) {
            common.replaceAll((name, role) -> {
                Optional<Instant> theirs = Optional.ofNullable(other.get(name)).flatMap(Stored::validUntil);
                boolean isEarlier = theirs.isPresent()
                        && role.validUntil().filter(theirs.get()::isAfter).isEmpty();
                return isEarlier ? new Stored(role.verifier(), theirs) : role;
            });
            common.entrySet().removeIf(entry -> Optional.ofNullable(other.get(entry.getKey()))
                    .filter(theirs -> theirs.verifier().equals(entry.getValue().verifier()))
                    .isEmpty());
        }
        return common;
    }

    @Override
    public void close() {
        reading.shutdownNow();
        pools.forEach(CatalogPool::close);
    }
}
