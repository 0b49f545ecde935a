package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.StatementKey;

/**
 * What a Bind binds, as the shards parse it: the client's own statement, or another text in its place, which has no name. Immutable but for
 * the {@link PreparedStatement}.
 */
record BoundStatement(PreparedStatement statement, Planned.Statement planned, StatementKey key, boolean isRewritten) {
    static BoundStatement asWritten(PreparedStatement statement, Planned.Statement planned) {
        return new BoundStatement(statement, planned, statement.key, false);
    }

    static BoundStatement rewritten(PreparedStatement statement, Planned.Statement planned) {
        return new BoundStatement(statement, planned, statement.key.withSql(planned.text()), true);
    }

    boolean isNamed() {
        return !isRewritten && statement.isNamed();
    }
}
