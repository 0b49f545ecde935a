package io.ostraka.proxy.session;

import io.ostraka.proxy.auth.ShardLogin;
import io.ostraka.proxy.auth.ShardSecret;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.BackendConnector;
import io.ostraka.proxy.backend.BackendPool;
import io.ostraka.proxy.backend.ShardAddress;
import io.ostraka.proxy.backend.ShardPlace;
import io.ostraka.proxy.transaction.DatabaseCommits;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.PoolConfig;
import io.ostraka.rules.config.ShardName;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One database as sessions see it: its shards, their pools by login, and where its plans come from. Thread-safe.
 */
public final class ServedDatabase {
    /** So long a client that has changed roles waits for its answer at most. */
    private static final int LONGEST_ROLES_S = 5;

    private record PoolKey(ShardName shard, ShardLogin login) {}

    private final DatabaseConfig config;
    private final BackendConnector connector;
    private final Planned.Source plans;
    private final DatabaseCommits commits;
    private final Server server;
    private final Map<ShardName, ShardPlace> places;
    private final Map<PoolKey, BackendPool> pools = new ConcurrentHashMap<>();
    private final AtomicLong schemaChanges = new AtomicLong();

    /** What is told of changes that concern other databases of the proxy, too. Thread-safe. */
    public interface Server {
        /** Roles were changed: completes, on any thread, when they were read again. */
        CompletableFuture<Void> readRoles();

        /** Closes the connections that nobody uses to databases with one of these names on their servers. */
        void leave(Set<String> databases);
    }

    /** {@code places} has where each of the shards is. */
    public ServedDatabase(
            DatabaseConfig config,
            Map<ShardName, ShardPlace> places,
            BackendConnector connector,
            Planned.Source plans,
            DatabaseCommits commits,
            Server server) {
        this.config = config;
        this.connector = connector;
        this.plans = plans;
        this.commits = commits;
        this.server = server;
        this.places = Map.copyOf(places);
    }

    public String name() {
        return config.name();
    }

    ShardName defaultShard() {
        return config.defaultShard();
    }

    public boolean hasOneShard() {
        return config.hasOneShard();
    }

    /** Whether reads over shards are to see all of a commit over shards, or nothing of it. */
    public boolean isAtomic() {
        return config.consistency() != DatabaseConfig.Consistency.SHARD;
    }

    /** Whether SERIALIZABLE transactions are kept so by locks. */
    boolean locksForSerializable() {
        return !config.hasOneShard() && config.serializable() == DatabaseConfig.SerializableAcrossShards.LOCK;
    }

    boolean hasShard(String name) {
        return config.shards().keySet().stream().anyMatch(shard -> shard.value().equals(name));
    }

    public List<ShardName> shards() {
        return List.copyOf(config.shards().keySet());
    }

    boolean poolsBySession() {
        return config.pool().mode() == PoolConfig.Mode.SESSION;
    }

    public DatabaseCommits commits() {
        return commits;
    }

    Planned.Source plans() {
        return plans;
    }

    /**
     * Grows with each change of the schema that this proxy knows of: made through it, found in the catalog, or told by a server
     * that could not go on with a prepared statement.
     */
    long schemaAge() {
        return schemaChanges.get() + plans.generation();
    }

    void onSchemaChange() {
        schemaChanges.incrementAndGet();
    }

    /** ALTER ROLE or ALTER DATABASE: connections opened before now may begin otherwise than new ones, on any of the servers. */
    void onDefaultsChange() {
        connector.retireOlder();
    }

    /** Roles were changed: completes, on any thread, when they log in as they are now, or that cannot be had soon. */
    CompletableFuture<Void> readRoles() {
        return server.readRoles().completeOnTimeout(null, LONGEST_ROLES_S, TimeUnit.SECONDS);
    }

    /** One of these databases is to be dropped: as long as somebody is connected to it, a server waits, and then refuses. */
    void leave(Set<String> databases) {
        server.leave(databases);
    }

    BackendPool pool(ShardName shard, ShardLogin login) {
        PoolKey wanted = new PoolKey(shard, login);
        BackendPool known = pools.get(wanted);
        if (known != null) {
            return known;
        }
        retireOthers(wanted);
        return pools.computeIfAbsent(
                wanted, key -> new BackendPool(connector, places.get(shard), login, config.pool()));
    }

    /** A role that comes with new keys has a new password: nobody is lent the connections of the old one. */
    private void retireOthers(PoolKey wanted) {
        if (!(wanted.login().secret() instanceof ShardSecret.Proven)) {
            return;
        }
        pools.forEach((other, pool) -> {
            boolean isOld = other.shard().equals(wanted.shard())
                    && other.login().user().equals(wanted.login().user())
                    && other.login().secret() instanceof ShardSecret.Proven;
            if (isOld && pools.remove(other, pool)) {
                pool.closeIdle();
            }
        });
    }

    /** Where its primary is, or was when it was last known. */
    public ShardAddress address(ShardName shard) {
        return places.get(shard).address();
    }

    /** Whether it is known where its primary is, and settled what was left there. */
    public boolean hasPrimary(ShardName shard) {
        return places.get(shard).unknown().isEmpty();
    }

    /** Completes, always normally, when the backend's server has heard of it, or cannot. */
    CompletableFuture<Void> cancel(Backend backend) {
        return connector.cancel(backend);
    }

    /** Closes the backends nobody uses. */
    public void closeIdle() {
        pools.values().forEach(BackendPool::closeIdle);
    }
}
