package io.ostraka.rules.plan;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Rows that are copied to the combiner: those of one table. Immutable.
 *
 * @param temporary the temporary table that takes them
 * @param only whether the tables that inherit from it are left out
 * @param columns those that the statement may need, at least one
 * @param primaryKey columns that are one there, too, because the statement may group by them; or none
 * @param isOwn whether the combiner has all of the rows: they are copied only when the transaction may have changed them
 */
public record Fragment(
        String temporary,
        TableName table,
        boolean only,
        List<String> columns,
        List<String> primaryKey,
        Router router,
        FragmentFilter filter,
        boolean isOwn) {
    public Fragment {
        columns = List.copyOf(columns);
        primaryKey = List.copyOf(primaryKey);
    }

    /** What a shard is asked for, for these values. */
    public String select(StatementValues values) {
        return select() + filter.where(values);
    }

    private String select() {
        return "SELECT " + quoted(columns) + " FROM " + (only ? "ONLY " : "") + quoted(table.schema()) + "."
                + quoted(table.name());
    }

    /** Makes the temporary table; the transaction's end drops it. */
    public String creation() {
        return "CREATE TEMPORARY TABLE " + quoted(temporary) + " ON COMMIT DROP AS " + select() + " WITH NO DATA";
    }

    /** The temporary table's name in a statement. */
    public String quotedTemporary() {
        return "pg_temp." + quoted(temporary);
    }

    /** Declares the key that GROUP BY may rely on. */
    public String keyDeclaration() {
        return "ALTER TABLE " + quotedTemporary() + " ADD PRIMARY KEY (" + quoted(primaryKey) + ")";
    }

    /**
     * The shards that have such rows, for these values.
     *
     * @throws io.ostraka.rules.error.PgErrorException when the values cannot be routed
     */
    public List<ShardName> shards(StatementValues values) {
        Route route = router.route(values);
        if (route instanceof Route.One one) {
            return List.of(one.shard());
        }
        if (route instanceof Route.Many many) {
            return many.shards();
        }
        if (route instanceof Route.Refused refused) {
            throw refused.error().toException();
        }
        return List.of();
    }

    static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    private static String quoted(List<String> names) {
        return names.stream().map(Fragment::quoted).collect(Collectors.joining(", "));
    }
}
