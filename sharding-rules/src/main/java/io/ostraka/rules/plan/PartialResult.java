package io.ostraka.rules.plan;

/**
 * The groups of a query as each shard finds them among its own rows, with the states of its aggregates. Immutable.
 *
 * @param text what the shards are asked for
 * @param subject what it is, in an error
 * @param takesParameters whether the text has the client's parameters in it
 */
record PartialResult(String temporary, ShardText text, Router router, String subject, boolean takesParameters)
        implements Fragment {
    @Override
    public String select(PlannedStatement statement, StatementValues values) {
        return statement.combinerText(text);
    }

    @Override
    public String creation(String select) {
        return Fragment.creationOf(temporary, select);
    }

    @Override
    public String keyDeclaration() {
        return "";
    }

    @Override
    public boolean isOwn() {
        return false;
    }
}
