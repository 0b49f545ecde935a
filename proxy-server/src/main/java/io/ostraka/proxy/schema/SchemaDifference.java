package io.ostraka.proxy.schema;

import io.ostraka.rules.config.TableName;
import java.util.Optional;

/**
 * How servers are not the same that should be: one line for people. {@code ofMeaning} when a table's name in a
 * statement would not mean the same on each shard: another kind of relation, other columns, another view.
 *
 * @param table empty when it is about something else
 */
public record SchemaDifference(Optional<TableName> table, String text, boolean ofMeaning) {
    @Override
    public String toString() {
        return text;
    }
}
