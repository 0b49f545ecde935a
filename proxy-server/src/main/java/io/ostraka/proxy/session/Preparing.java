package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.execute.PrepareRun;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.Plan;
import java.util.Optional;

/**
 * PREPARE in a database of several shards: the statement is kept as one that the protocol has parsed, and EXECUTE stands for its
 * text with the arguments in it. Confined to the session's event loop.
 */
record Preparing(Session session) {
    /** Asked for in a Query, if {@code isSimple}, or an Execute; false while a backend is on its way. */
    boolean start(Plan.Prepare plan, Planned.Statement statement, boolean isSimple) {
        Statements statements = session.statements();
        PreparedStatement prepared = statements.prepared(plan);
        ShardName home = statements.homeOf(prepared);
        Optional<Backend> backend = session.held().ready(home);
        if (backend.isEmpty()) {
            return false;
        }
        session.shards().enlist(backend.get(), Access.READ);
        if (isSimple) {
            session.extended().portals().dropUnnamed();
        }
        int start = statement.planned().span().start() + plan.bodyStart();
        String sql = " ".repeat(start) + plan.body();
        session.runs()
                .start(
                        new PrepareRun(
                                session.runs(),
                                backend.get(),
                                plan.types(),
                                sql,
                                types -> statements.keep(prepared, types)),
                        session.runs().ending(isSimple));
        return true;
    }
}
