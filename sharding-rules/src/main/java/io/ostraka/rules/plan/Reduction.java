package io.ostraka.rules.plan;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.rule.KeyType;
import io.ostraka.rules.rule.KeyValue;
import io.ostraka.rules.rule.KeyedRule;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A semi-join: of a fragment's rows only those matter whose column equals a column of some row copied before, so that where the
 * latter has few values, only rows with these need to be copied. Immutable.
 *
 * @param source the temporary table of the rows that are copied before, quoted
 * @param sourceColumn the column there, not null in the rows that count
 * @param column the column of the fragment, of the same type, whose equal values are the same under whatever collation
 * @param owners the rule that tells the shard of a value, where the column is the whole shard key
 */
public record Reduction(String source, String sourceColumn, String column, KeyType type, Optional<KeyedRule> owners) {
    /** More values cost more to send and compare than they spare. */
    private static final int MAX_VALUES = 1_000;

    /** Nor is a list with longer texts sent. In characters. */
    private static final int MAX_LENGTH = 1_000;

    /** Of the key types those whose values mean the same as text in every session. */
    static boolean isPossible(KeyType type) {
        return switch (type) {
            case INT2, INT4, INT8, TEXT, VARCHAR, UUID, NUMERIC -> true;
            case BPCHAR, DATE, TIMESTAMP, TIMESTAMPTZ, BYTEA, BOOL -> false;
        };
    }

    /** Asks the combiner for the values, as text in one column; one more than may be used tells that there are too many, or too long. */
    public String question() {
        String name = Fragment.quoted(sourceColumn);
        return "SELECT DISTINCT pg_catalog.left(" + name + "::pg_catalog.text, " + (MAX_LENGTH + 1) + ") FROM " + source
                + " WHERE " + name + " IS NOT NULL LIMIT " + (MAX_VALUES + 1);
    }

    /** Whether these are all the values, and may be used. */
    public boolean isUsable(List<String> answer) {
        return answer.size() <= MAX_VALUES && answer.stream().allMatch(value -> value.length() <= MAX_LENGTH);
    }

    /** What a shard is asked for in the place of {@code select}. */
    public String reduced(String select, List<String> values) {
        String array = values.stream()
                .map(value -> "'" + value.replace("'", "''") + "'")
                .collect(Collectors.joining(", ", "ARRAY[", "]"));
        String element = type == KeyType.VARCHAR ? KeyType.TEXT.typeName() : type.typeName();
        return "SELECT * FROM (" + select + ") AS ostraka WHERE " + Fragment.quoted(column)
                + " OPERATOR(pg_catalog.=) ANY (" + array + "::pg_catalog." + element + "[])";
    }

    /** Those of {@code shards} that can have rows with one of these values. */
    public Set<ShardName> among(Set<ShardName> shards, List<String> values) {
        if (owners.isEmpty()) {
            return values.isEmpty() ? Set.of() : shards;
        }
        Set<ShardName> found = new HashSet<>();
        for (String value : values) {
            Optional<KeyValue> key = type.fromText(value);
            if (key.isEmpty()) {
                return shards;
            }
            owners.get().shardFor(List.of(key.get())).ifPresent(found::add);
        }
        found.retainAll(shards);
        return found;
    }

    /** For people. */
    String inWords() {
        return Fragment.quoted(column) + " = ANY (" + source + "." + Fragment.quoted(sourceColumn) + ")";
    }
}
