package io.ostraka.proxy.schema;

import io.ostraka.proxy.auth.ShardRoles;
import io.ostraka.proxy.auth.ShardRoles.Stored;
import io.ostraka.rules.config.ClusterConfig;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.config.ShardConfig;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Knows, for {@code users_from_shards}, which roles of a database's shards may log in and what they must prove: they are read at
 * the start, every few seconds, soon after a login that failed, and when a client has changed roles, from each shard by itself. A role counts
 * when all shards let it log in with the same verifier. What a shard that cannot be read said last holds on; while one was
 * never read there is nobody.
 *
 * <p>Thread-safe. Nothing here blocks: see {@link RoleReader}.
 */
public final class RoleService implements AutoCloseable {
    static final String MAY_READ = "SELECT has_column_privilege('pg_authid', 'rolpassword', 'SELECT')";

    private final List<RoleReader> readers = new ArrayList<>();
    private final ShardRoles roles = new ShardRoles(Clock.systemUTC(), () -> readers.forEach(RoleReader::readSoon));

    private RoleService(DatabaseConfig database, List<CatalogPool> pools) {
        pools.forEach(pool -> readers.add(new RoleReader(database.name(), pool, this::publish)));
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
        service.readers.forEach(reader -> reader.start(interval));
        return service;
    }

    /** Who may log in, now and at any time later. */
    public ShardRoles roles() {
        return roles;
    }

    /** Reads them now; completes, on any thread, when that is done, or the service is closed. */
    public CompletableFuture<Void> refresh() {
        return refresh(reader -> true);
    }

    /** Reads them now; completes when that is done with the shards that had an answer when they were asked last. */
    public CompletableFuture<Void> refreshAnswering() {
        return refresh(RoleReader::answers);
    }

    /** Closes the connections that are not in use. Does not wait. */
    public void leave() {
        readers.forEach(RoleReader::leave);
    }

    private CompletableFuture<Void> refresh(Predicate<RoleReader> isWaitedFor) {
        List<CompletableFuture<Void>> waitedFor = new ArrayList<>();
        for (RoleReader reader : readers) {
            boolean waits = isWaitedFor.test(reader);
            CompletableFuture<Void> reading = reader.refresh();
            if (waits) {
                waitedFor.add(reading);
            }
        }
        return CompletableFuture.allOf(waitedFor.toArray(CompletableFuture[]::new));
    }

    /** Runs on the readers' threads: the last word must be of what was found last. */
    private synchronized void publish() {
        List<Map<String, Stored>> found = readers.stream()
                .map(RoleReader::found)
                .flatMap(Optional::stream)
                .toList();
        if (found.size() == readers.size()) {
            roles.replace(common(found));
        }
    }

    /** Those whom every shard lets in with the same verifier, and until the first of them does no longer. */
    private static Map<String, Stored> common(List<Map<String, Stored>> all) {
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
        readers.forEach(RoleReader::close);
    }
}
