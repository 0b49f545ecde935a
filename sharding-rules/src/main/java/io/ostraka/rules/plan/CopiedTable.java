package io.ostraka.rules.plan;

import io.ostraka.rules.config.TableName;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The rows of one table as a fragment. Immutable.
 *
 * @param only whether the tables that inherit from it are left out
 * @param columns those that the statement may need, at least one
 * @param types what some of them are sent as, by their names in {@code pg_catalog}: those of tables of whose columns the combiner has only its own word
 * @param primaryKey columns that are one there, too, because the statement may group by them; or none
 * @param isOwn whether the combiner has all of the rows: they are copied only when the transaction may have changed them
 */
record CopiedTable(
        String temporary,
        TableName table,
        boolean only,
        List<String> columns,
        Map<String, String> types,
        List<String> primaryKey,
        Router router,
        FragmentFilter filter,
        boolean isOwn,
        List<Reduction> reductions)
        implements Fragment {
    CopiedTable {
        columns = List.copyOf(columns);
        types = Map.copyOf(types);
        primaryKey = List.copyOf(primaryKey);
        reductions = List.copyOf(reductions);
    }

    /** The same with these. */
    CopiedTable reducedBy(List<Reduction> others) {
        return new CopiedTable(temporary, table, only, columns, types, primaryKey, router, filter, isOwn, others);
    }

    @Override
    public String select(PlannedStatement statement, StatementValues values) {
        return select(columns.stream().map(this::sent).collect(Collectors.joining(", "))) + filter.where(values);
    }

    private String sent(String column) {
        String type = types.get(column);
        return Fragment.quoted(column) + (type == null ? "" : "::pg_catalog." + Fragment.quoted(type));
    }

    private String select(String items) {
        return "SELECT " + items + " FROM " + (only ? "ONLY " : "") + Fragment.quoted(table.schema()) + "."
                + Fragment.quoted(table.name());
    }

    @Override
    public String creation(String select) {
        return Fragment.creationOf(temporary, select(quoted(columns)));
    }

    @Override
    public String subject() {
        return "rows of table \"" + table + "\"";
    }

    @Override
    public boolean takesParameters() {
        return false;
    }

    @Override
    public String keyDeclaration() {
        return primaryKey.isEmpty()
                ? ""
                : "ALTER TABLE " + quotedTemporary() + " ADD PRIMARY KEY (" + quoted(primaryKey) + ")";
    }

    private static String quoted(List<String> names) {
        return names.stream().map(Fragment::quoted).collect(Collectors.joining(", "));
    }
}
