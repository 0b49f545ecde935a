package io.ostraka.rules.rule;

import io.ostraka.rules.config.ShardName;
import java.util.SortedSet;

/** Which shards hold a table's rows. Immutable. */
public sealed interface TableRule permits KeyedRule, ReferenceRule, PinnedRule {

    /** Every shard that may hold rows of the table, ordered by name. */
    SortedSet<ShardName> shards();

    /**
     * Whether rows of both tables with equal keys are on one shard: same kind, keys of the same type families, same
     * assignment. A reference table is this only with another one, though it joins everywhere.
     */
    boolean placesAs(TableRule other);
}
