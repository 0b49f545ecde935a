package io.ostraka.proxy.transaction;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.tx.deadlock.Waiter;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;

/**
 * A transaction that is open on several shards, for who looks for deadlocks: which of the shards' processes are its own.
 * Written by the session's event loop, read by the coordinator.
 */
public final class SpanningTransaction {
    private final Waiter waiter;
    private final Victim session;
    private volatile Map<ShardName, Integer> processes = Map.of();

    /** The session of a transaction. Called on the coordinator's queue: hops home by itself. */
    public interface Victim {
        /** Ends what that process runs for the transaction, if it still does, with this error. */
        void breakDeadlock(ShardName shard, int process, PgError error);
    }

    /** It begins now. {@code name} is for people, and unique. */
    public SpanningTransaction(String name, Victim session) {
        this.waiter = new Waiter(name, now());
        this.session = session;
    }

    /** In microseconds, by a clock whose readings mean something to other nodes: of a circle the youngest is ended. */
    static long now() {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    }

    /** A shard has joined. */
    public void joined(ShardName shard, int process) {
        Map<ShardName, Integer> more = new HashMap<>(processes);
        more.put(shard, process);
        processes = Map.copyOf(more);
    }

    Waiter waiter() {
        return waiter;
    }

    Victim session() {
        return session;
    }

    Map<ShardName, Integer> processes() {
        return processes;
    }

    boolean owns(ShardName shard, int process) {
        Integer own = processes.get(shard);
        return own != null && own == process;
    }
}
