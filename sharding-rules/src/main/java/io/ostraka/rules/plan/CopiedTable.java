package io.ostraka.rules.plan;

import io.ostraka.rules.config.TableName;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The rows of one table as a fragment. Immutable.
 *
 * @param only whether the tables that inherit from it are left out
 * @param columns those that the statement may need, at least one
 * @param primaryKey columns that are one there, too, because the statement may group by them; or none
 * @param isOwn whether the combiner has all of the rows: they are copied only when the transaction may have changed them
 */
record CopiedTable(
        String temporary,
        TableName table,
        boolean only,
        List<String> columns,
        List<String> primaryKey,
        Router router,
        FragmentFilter filter,
        boolean isOwn,
        List<Reduction> reductions)
        implements Fragment {
    CopiedTable {
        columns = List.copyOf(columns);
        primaryKey = List.copyOf(primaryKey);
        reductions = List.copyOf(reductions);
    }

    /** The same with these. */
    CopiedTable reducedBy(List<Reduction> others) {
        return new CopiedTable(temporary, table, only, columns, primaryKey, router, filter, isOwn, others);
    }

    @Override
    public String select(PlannedStatement statement, StatementValues values) {
        return select() + filter.where(values);
    }

    private String select() {
        return "SELECT " + quoted(columns) + " FROM " + (only ? "ONLY " : "") + Fragment.quoted(table.schema()) + "."
                + Fragment.quoted(table.name());
    }

    @Override
    public String creation(String select) {
        return Fragment.creationOf(temporary, select());
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
