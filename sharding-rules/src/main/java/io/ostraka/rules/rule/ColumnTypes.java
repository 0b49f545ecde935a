package io.ostraka.rules.rule;

import io.ostraka.rules.catalog.Column;
import io.ostraka.rules.config.TableName;
import java.util.List;
import java.util.Optional;

/** What the rules ask of a catalog. Answers must not change while a {@link RuleSet} made of them is in use. */
@FunctionalInterface
public interface ColumnTypes {

    /** The table's columns; empty when there is no such table. */
    Optional<List<Column>> columnsOf(TableName table);

    /** The partitioned table of which {@code table} is directly a partition. */
    default Optional<TableName> partitionedTableOf(TableName table) {
        return Optional.empty();
    }
}
