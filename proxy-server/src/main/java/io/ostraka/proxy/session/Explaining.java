package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.execute.ExplainRun;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.Plan;
import java.util.List;
import java.util.Optional;

/** EXPLAIN of queries over several shards. Confined to the session's event loop. */
record Explaining(Session session) {
    /** Asked for in a Query, if {@code isSimple}, or an Execute; false while backends are on their way. */
    boolean start(Plan.Explain plan, Planned.Statement statement, boolean isSimple) {
        if (plan.combined().isPresent()) {
            return session.combining().start(plan, statement, isSimple);
        }
        session.encodingState().requireUtf8("EXPLAIN over several shards");
        Optional<List<Backend>> backends =
                SimpleQuery.allReady(session, plan.query().shards());
        if (backends.isEmpty()) {
            return false;
        }
        session.shards().requireOneSnapshot(backends.get());
        if (isSimple) {
            session.extended().portals().dropUnnamed();
        }
        backends.get().forEach(backend -> session.shards().enlist(backend, Access.READ));
        session.runs()
                .start(
                        new ExplainRun(
                                session.runs(),
                                backends.get(),
                                plan,
                                statement.planned().blanksTo(plan.before().length()),
                                isSimple),
                        session.runs().ending(isSimple));
        return true;
    }
}
