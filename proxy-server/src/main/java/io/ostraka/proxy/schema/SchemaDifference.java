package io.ostraka.proxy.schema;

import io.ostraka.rules.config.TableName;

/** How a table is not the same on all shards that should have it: one line for people. */
public record SchemaDifference(TableName table, String text) {
    @Override
    public String toString() {
        return text;
    }
}
