package io.ostraka.tx.deadlock;

import io.ostraka.tx.decision.ShardId;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A backend that waits for a lock, as a shard shows it: {@code pg_locks} where not granted, with {@code
 * pg_blocking_pids}.
 *
 * @param waitStart {@code pg_locks.waitstart}: another wait of the same backend has another
 * @param blockers the pids it waits for, each with its {@code xact_start}: another transaction of the same backend has
 *     another. Pid 0 is a prepared transaction, which waits for nothing
 */
public record Wait(ShardId shard, int pid, String waitStart, SortedMap<Integer, String> blockers) {
    public Wait {
        blockers = Collections.unmodifiableSortedMap(new TreeMap<>(blockers));
    }
}
