package io.ostraka.rules.plan;

import io.ostraka.rules.config.TableName;
import io.ostraka.rules.rule.TableRule;
import java.util.List;
import java.util.Map;

/**
 * One place of a statement where a table's rows are read or written. {@code facts} hold for every row of it that
 * matters to the result. {@code keyColumns} has the place of each column of the shard key in the leaf, whose columns
 * may have other names there. {@code at} is a character of the statement's text, or of the view's definition that it
 * stands in.
 */
record Occurrence(
        TableName table,
        TableRule rule,
        Leaf leaf,
        Map<String, Integer> keyColumns,
        List<Fact> facts,
        boolean written,
        int at) {
    Occurrence {
        keyColumns = Map.copyOf(keyColumns);
        facts = List.copyOf(facts);
    }

    /** The same, of which nothing is known. */
    Occurrence withoutFacts() {
        return new Occurrence(table, rule, leaf, keyColumns, List.of(), written, at);
    }
}
