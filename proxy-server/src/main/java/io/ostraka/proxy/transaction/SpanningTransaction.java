package io.ostraka.proxy.transaction;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.tx.deadlock.Waiter;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.Set;

/**
 * A transaction that is open on several shards, for who looks for deadlocks: which of the shards' processes are its own.
 * Written by the session's event loop, read by the coordinator.
 */
public final class SpanningTransaction {
    private final Waiter waiter;
    private final Victim session;
    private volatile Set<ShardProcess> processes = Set.of();

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

    /** A shard has joined, or another of its processes works for the transaction beside the one that has joined. */
    public void joined(ShardName shard, int process) {
        Set<ShardProcess> more = new HashSet<>(processes);
        more.add(new ShardProcess(shard, process));
        processes = Set.copyOf(more);
    }

    /** A process beside the transaction serves it no longer. */
    public void left(ShardName shard, int process) {
        Set<ShardProcess> less = new HashSet<>(processes);
        less.remove(new ShardProcess(shard, process));
        processes = Set.copyOf(less);
    }

    Waiter waiter() {
        return waiter;
    }

    Victim session() {
        return session;
    }

    Set<ShardProcess> processes() {
        return processes;
    }

    boolean owns(ShardProcess process) {
        return processes.contains(process);
    }

    /** Whether it could wait for itself: a shard does not know that two of its processes belong together. */
    boolean hasSeveralOnOneShard() {
        Set<ShardProcess> now = processes;
        return now.stream().map(ShardProcess::shard).distinct().count() < now.size();
    }
}
