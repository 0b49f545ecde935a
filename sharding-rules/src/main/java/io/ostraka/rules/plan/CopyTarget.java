package io.ostraka.rules.plan;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.rule.KeyMatch;
import io.ostraka.rules.rule.KeyType;
import io.ostraka.rules.rule.KeyValue;
import io.ostraka.rules.rule.KeyedRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The table that rows are copied into, and where in a row its shard key stands. Immutable, thread-safe.
 *
 * @param columns how many columns each row has
 * @param keys in the order of the rule
 */
public record CopyTarget(TableName table, KeyedRule rule, int columns, List<Key> keys) {
    /** {@code place}: which column of a row, from 0. */
    public record Key(int place, String column, KeyType type, int modifier) {}

    public CopyTarget {
        keys = List.copyOf(keys);
    }

    /**
     * The owner of the row with this key; {@code values} are in the order of {@link #keys}, empty for null, in the types' text or
     * binary format. They are not kept.
     *
     * @throws io.ostraka.rules.error.PgErrorException when there is none, or only a server could tell
     */
    public ShardName owner(List<Optional<byte[]>> values, boolean isBinary) {
        List<KeyValue> key = new ArrayList<>(keys.size());
        for (int i = 0; i < keys.size(); i++) {
            key.add(value(keys.get(i), values.get(i), isBinary));
        }
        return rule.shardFor(key).orElseThrow(() -> Refusals.keyFitsNowhere(
                        table,
                        rule.keyColumns(),
                        String.join(", ", key.stream().map(KeyValue::toString).toList()))
                .toException());
    }

    private KeyValue value(Key key, Optional<byte[]> written, boolean isBinary) {
        byte[] bytes =
                written.orElseThrow(() -> Refusals.keyNull(table, key.column()).toException());
        Optional<KeyValue> read =
                isBinary ? key.type().fromBinary(bytes) : key.type().fromText(bytes);
        KeyMatch stored =
                read.map(value -> key.type().stored(value, key.modifier())).orElse(KeyMatch.UNKNOWN);
        if (stored instanceof KeyMatch.Key known) {
            return known.value();
        }
        throw Refusals.keyNotUnderstood(table, key.column()).toException();
    }
}
