package io.ostraka.proxy.schema;

import io.ostraka.rules.catalog.Table;
import java.util.List;

/**
 * A table as people compare it: what the planner's {@link Table} leaves out because it needs no text. {@code constraints}
 * are worded as in {@code CREATE TABLE}, sorted, unique indexes among them; {@code partitioning} is the partition key or the
 * bounds, {@code definition} a view's query; both may be empty.
 */
record TableShape(
        Table.Kind kind,
        List<ColumnShape> columns,
        List<String> constraints,
        List<ForeignKey> foreignKeys,
        String partitioning,
        String definition) {
    TableShape {
        columns = List.copyOf(columns);
        constraints = List.copyOf(constraints);
        foreignKeys = List.copyOf(foreignKeys);
    }
}
