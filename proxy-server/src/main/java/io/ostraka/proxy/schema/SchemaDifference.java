package io.ostraka.proxy.schema;

import io.ostraka.rules.config.TableName;

/**
 * How a table is not the same on all shards that should have it: one line for people. {@code ofMeaning} when a name in a
 * statement would not mean the same on each of them: another kind of relation, other columns, another view.
 */
public record SchemaDifference(TableName table, String text, boolean ofMeaning) {
    @Override
    public String toString() {
        return text;
    }
}
