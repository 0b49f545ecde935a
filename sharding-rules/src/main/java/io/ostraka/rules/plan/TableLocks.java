package io.ostraka.rules.plan;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The tables that a SERIALIZABLE transaction over several shards locks in front of a statement, so that nobody else changes what
 * the statement reads, nor adds to it, before the transaction ends. Immutable.
 *
 * @param mode of all of them
 * @param tables with the shards that may have rows of them
 * @param touchesRows whether the statement reads or writes rows of tables at all
 * @param isComplete whether these locks cover everything that the statement may tell its client about the tables: not what a row
 *     to be inserted meets
 * @param asksForLevel whether it may ask a server for the isolation level, which that server does not know
 */
public record TableLocks(
        Mode mode,
        SortedMap<TableName, Set<ShardName>> tables,
        boolean touchesRows,
        boolean isComplete,
        boolean asksForLevel) {
    /** Of what reads no rows, and tells nothing of any. */
    public static final TableLocks NONE = new TableLocks(Mode.SHARE, new TreeMap<>(), false, true, false);

    /** PostgreSQL's table-level lock modes, the weaker one first. */
    public enum Mode {
        /** Others may read, and lock so themselves. */
        SHARE("SHARE"),
        /** Others may read: of two who both would write behind it, one waits in front of it, and they do not deadlock. */
        SHARE_ROW_EXCLUSIVE("SHARE ROW EXCLUSIVE");

        private final String words;

        Mode(String words) {
            this.words = words;
        }

        /** As LOCK TABLE writes it. */
        public String words() {
            return words;
        }
    }

    public TableLocks {
        SortedMap<TableName, Set<ShardName>> copy = new TreeMap<>();
        tables.forEach((table, shards) -> copy.put(table, Set.copyOf(shards)));
        tables = Collections.unmodifiableSortedMap(copy);
    }

    /** These and others, in the stronger mode. */
    public TableLocks and(TableLocks other) {
        SortedMap<TableName, Set<ShardName>> all = new TreeMap<>(tables);
        other.tables.forEach((table, shards) -> all.merge(table, shards, (ours, theirs) -> {
            Set<ShardName> both = new HashSet<>(ours);
            both.addAll(theirs);
            return both;
        }));
        return new TableLocks(
                mode.compareTo(other.mode) >= 0 ? mode : other.mode,
                all,
                touchesRows || other.touchesRows,
                isComplete && other.isComplete,
                asksForLevel || other.asksForLevel);
    }

    /** Those that are locked on this shard, always in the same order. */
    public List<TableName> on(ShardName shard) {
        return tables.entrySet().stream()
                .filter(entry -> entry.getValue().contains(shard))
                .map(Map.Entry::getKey)
                .toList();
    }
}
