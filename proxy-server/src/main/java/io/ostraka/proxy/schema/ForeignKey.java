package io.ostraka.proxy.schema;

import io.ostraka.rules.config.TableName;
import java.util.List;

/** {@code columns} refer, in this order, to {@code referencedColumns} of {@code referenced}. */
record ForeignKey(String name, List<String> columns, TableName referenced, List<String> referencedColumns) {
    ForeignKey {
        columns = List.copyOf(columns);
        referencedColumns = List.copyOf(referencedColumns);
    }
}
