package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.execute.ExplainRun;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.Plan;
import java.util.List;
import java.util.Optional;

/** EXPLAIN of queries over several shards, which the client asks for in a Query. Confined to the session's event loop. */
record Explaining(Session session) {
    private static final PgError NOT_EXTENDED = new PgError(
            SqlState.FEATURE_NOT_SUPPORTED,
            "EXPLAIN of a query over several shards is not supported in the extended query protocol",
            "Its result is put together from those of the shards.",
            "Send it as a simple query (JDBC: preferQueryMode=simple), or use \"bin/ostraka explain\".");

    static void requireNot(Plan plan) {
        if (plan instanceof Plan.Explain) {
            throw NOT_EXTENDED.toException();
        }
    }

    /** False while backends are on their way. */
    boolean start(Plan.Explain plan) {
        Optional<List<Backend>> backends =
                SimpleQuery.allReady(session, plan.query().shards());
        if (backends.isEmpty()) {
            return false;
        }
        session.shards().requireOneSnapshot(backends.get());
        session.extended().portals().dropUnnamed();
        backends.get().forEach(backend -> session.shards().enlist(backend, Access.READ));
        session.runs().start(new ExplainRun(session.runs(), backends.get(), plan), session.runs()::endQuery);
        return true;
    }
}
