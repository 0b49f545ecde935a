package io.ostraka.rules.rule;

import io.ostraka.rules.config.ShardName;
import java.util.List;
import java.util.Optional;

/** A rule that looks at a row's shard key. A null in the key belongs to no shard: the caller refuses it. */
public sealed interface KeyedRule extends TableRule permits HashRule, ConsistentHashRule, RangeRule, ListRule {

    /** The names of the key's columns as the catalog has them, in the rule's order. */
    List<String> keyColumns();

    /** Their types, in the same order. */
    List<KeyType> keyTypes();

    /**
     * The owner of a key, which has one value for each key column, of that column's type. Allocates nothing.
     *
     * @return empty when the key fits no range or listed value: the row fits nowhere ({@code 23514})
     */
    Optional<ShardName> shardFor(List<KeyValue> key);
}
