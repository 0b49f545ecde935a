package io.ostraka.rules.plan;

import io.ostraka.rules.config.ShardName;
import java.util.List;

/** Rows that are copied to the combiner. Immutable. */
public sealed interface Fragment permits CopiedTable, PartialResult {
    /** The temporary table that takes them. */
    String temporary();

    Router router();

    /** Whether the combiner has all of the rows: they are copied only when the transaction may have changed them. */
    boolean isOwn();

    /** What a shard is asked for, for these values. */
    String select(PlannedStatement statement, StatementValues values);

    /** Whether what is asked for, and the making of the temporary table, have the client's parameters in them. */
    boolean takesParameters();

    /** Makes the temporary table for what is selected; the transaction's end drops it. */
    String creation(String select);

    /** Declares the key that GROUP BY may rely on; empty when there is none. */
    String keyDeclaration();

    /** What may spare copying rows of it, in no order: each by another fragment that is copied before. */
    default List<Reduction> reductions() {
        return List.of();
    }

    /** What it is, in an error. */
    String subject();

    /** The temporary table's name in a statement. */
    default String quotedTemporary() {
        return "pg_temp." + quoted(temporary());
    }

    /**
     * The shards that have such rows, for these values.
     *
     * @throws io.ostraka.rules.error.PgErrorException when the values cannot be routed
     */
    default List<ShardName> shards(StatementValues values) {
        Route route = router().route(values);
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

    /** The parentheses are for a query that ends in {@code IS JSON}, which takes WITH for its own. */
    static String creationOf(String temporary, String select) {
        return "CREATE TEMPORARY TABLE " + quoted(temporary) + " ON COMMIT DROP AS (" + select + ") WITH NO DATA";
    }

    static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }
}
