package io.ostraka.rules.rule;

import java.util.List;

/** The columns of a rule's key and their types. */
record ShardKey(List<String> columns, List<KeyType> types) {
    ShardKey {
        columns = List.copyOf(columns);
        types = List.copyOf(types);
        if (columns.isEmpty() || columns.size() != types.size()) {
            throw new IllegalArgumentException(columns.size() + " key columns with " + types.size() + " types");
        }
    }

    /** Whether equal keys of both hash alike and compare as equal. */
    boolean joins(ShardKey other) {
        return types.stream()
                .map(KeyType::family)
                .toList()
                .equals(other.types.stream().map(KeyType::family).toList());
    }

    /** Guards against the caller's mistakes: a value parsed as another type may hash to another shard. */
    void check(List<KeyValue> key) {
        if (key.size() != types.size()) {
            throw new IllegalArgumentException("a key of " + key.size() + " values for " + types.size() + " columns");
        }
        for (int i = 0; i < types.size(); i++) {
            types.get(i).requireSameFamily(key.get(i).type());
        }
    }
}
