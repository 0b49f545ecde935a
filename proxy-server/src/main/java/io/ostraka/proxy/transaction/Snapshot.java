package io.ostraka.proxy.transaction;

import io.ostraka.rules.config.ShardName;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One point in time on all shards of a database: the names under which their snapshots can be imported. Shared by all who
 * asked for it at about the same time; each of them releases it once, when it imports no more. Thread-safe.
 */
public final class Snapshot {
    private final Map<ShardName, String> names;
    private final AtomicInteger users;
    private final Runnable unused;

    Snapshot(Map<ShardName, String> names, int users, Runnable unused) {
        this.names = Map.copyOf(names);
        this.users = new AtomicInteger(users);
        this.unused = unused;
    }

    /** The names, by shard. */
    Map<ShardName, String> names() {
        return names;
    }

    /** Whether it can be imported on all of these. */
    public boolean covers(Collection<ShardName> shards) {
        return names.keySet().containsAll(shards);
    }

    /** What a transaction on this shard says first; empty for a shard that could not be reached. */
    public Optional<String> importOn(ShardName shard) {
        return Optional.ofNullable(names.get(shard)).map(name -> "SET TRANSACTION SNAPSHOT '" + name + "'");
    }

    /** Under which name it can be imported there. */
    public Optional<String> nameOn(ShardName shard) {
        return Optional.ofNullable(names.get(shard));
    }

    public void release() {
        if (users.decrementAndGet() == 0) {
            unused.run();
        }
    }
}
