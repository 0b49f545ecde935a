package io.ostraka.rules.catalog;

import io.ostraka.rules.config.TableName;
import java.util.Set;

/**
 * What a statement reaches that it does not name: through triggers, policies, rules, defaults, generated columns,
 * checks. Source: {@code pg_depend} rows whose {@code refclassid} is {@code pg_class} (tables) or {@code pg_proc}
 * (functions); functions of {@code pg_catalog} and the table itself may be left out.
 */
public record HiddenAccess(Set<TableName> tables, Set<FunctionName> functions) {
    /** Nothing. */
    public static final HiddenAccess NONE = new HiddenAccess(Set.of(), Set.of());

    public HiddenAccess {
        tables = Set.copyOf(tables);
        functions = Set.copyOf(functions);
    }

    public boolean isNone() {
        return tables.isEmpty() && functions.isEmpty();
    }
}
