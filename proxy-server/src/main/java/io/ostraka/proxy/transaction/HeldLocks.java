package io.ostraka.proxy.transaction;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.plan.TableLocks;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The table locks that a transaction has on its shards by its statements' {@link TableLocks}. PostgreSQL gives a lock back at a
 * return to a savepoint that is older, so that these are numbered. Confined to the session's event loop.
 */
public final class HeldLocks {
    private record Place(ShardName shard, TableName table) {}

    /** Immutable while it is empty, as that of nearly every session is. */
    private Map<Place, TableLocks.Mode> modes = Map.of();
    /** Grows with each lock, and with what tells the client something that no lock covers. */
    private int mark;

    private boolean hasBegun;

    /** What must be locked on the shard for the statement, and counts as locked from now on. */
    public List<TableName> missing(ShardName shard, TableLocks needed) {
        hasBegun = true;
        List<TableName> missing = needed.on(shard).stream()
                .filter(table -> !isHeld(new Place(shard, table), needed.mode()))
                .toList();
        if (modes.isEmpty()) {
            modes = new HashMap<>();
        }
        missing.forEach(table -> modes.put(new Place(shard, table), needed.mode()));
        mark += missing.isEmpty() && needed.isComplete() ? 0 : 1;
        return missing;
    }

    private boolean isHeld(Place place, TableLocks.Mode mode) {
        TableLocks.Mode held = modes.get(place);
        return held != null && held.compareTo(mode) >= 0;
    }

    /** Whether a statement was run, which the transaction's isolation level cannot follow any more. */
    public boolean hasBegun() {
        return hasBegun;
    }

    int mark() {
        return mark;
    }

    void clear() {
        modes = Map.of();
        mark = 0;
        hasBegun = false;
    }
}
