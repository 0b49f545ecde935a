package io.ostraka.rules.config;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A table's rule as the file words it: keys and bounds are still text, because their types are the catalog's. */
public sealed interface TableRuleConfig {

    /** {@code hash}: {@code shards} empty means all of the database's. */
    record Hash(List<String> columns, List<ShardName> shards, Optional<TableName> colocateWith)
            implements TableRuleConfig {}

    /** {@code consistent_hash}: a ring with {@code virtualNodes} points for each shard. */
    record ConsistentHash(
            List<String> columns, int virtualNodes, List<ShardName> shards, Optional<TableName> colocateWith)
            implements TableRuleConfig {}

    /** {@code range}: {@code [from, to)} intervals, ordered, not overlapping. */
    record Range(String column, List<Interval> intervals, Optional<TableName> colocateWith)
            implements TableRuleConfig {}

    /** One interval; an absent bound is open. */
    record Interval(Optional<String> from, Optional<String> to, ShardName shard) {}

    /** {@code list}: each value's shard, and the shard of all others, if any. */
    record ListOf(
            String column,
            Map<String, ShardName> values,
            Optional<ShardName> otherwise,
            Optional<TableName> colocateWith)
            implements TableRuleConfig {}

    /** {@code reference: true}: a whole copy on every shard. */
    record Reference() implements TableRuleConfig {}

    /** {@code pinned}: the whole table on one shard. */
    record Pinned(ShardName shard) implements TableRuleConfig {}
}
