package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.execute.PrepareRun;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.Plan;
import java.util.Optional;

/**
 * PREPARE in a database of several shards: the statement is kept as one that the protocol has parsed, and EXECUTE stands for its
 * text with the arguments in it. Confined to the session's event loop.
 */
record Preparing(Session session) {
    private static final PgError NOT_EXTENDED = new PgError(
            SqlState.FEATURE_NOT_SUPPORTED,
            "PREPARE is not supported in the extended query protocol in a database with several shards",
            "The protocol prepares statements by itself.",
            "Send it as a simple query (JDBC: preferQueryMode=simple), or use the driver's prepared statements.");

    static void requireNot(Plan plan) {
        if (plan instanceof Plan.Prepare) {
            throw NOT_EXTENDED.toException();
        }
    }

    /** {@code statementStart}: where it stands in the query string. False while a backend is on its way. */
    boolean start(Plan.Prepare plan, int statementStart) {
        Statements statements = session.statements();
        PreparedStatement prepared = statements.prepared(plan);
        ShardName home = statements.homeOf(prepared);
        Optional<Backend> backend = session.held().ready(home);
        if (backend.isEmpty()) {
            return false;
        }
        session.shards().enlist(backend.get(), Access.READ);
        session.extended().portals().dropUnnamed();
        String sql = " ".repeat(statementStart + plan.bodyStart()) + plan.body();
        session.runs()
                .start(
                        new PrepareRun(
                                session.runs(),
                                backend.get(),
                                plan.types(),
                                sql,
                                types -> statements.keep(prepared, types)),
                        session.runs()::endQuery);
        return true;
    }
}
