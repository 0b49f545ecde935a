package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.execute.CopyInRun;
import io.ostraka.proxy.execute.CopyOutRun;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.Plan;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** COPY over several shards, which the client asks for in a Query. Confined to the session's event loop. */
final class Copying {
    private static final PgError NOT_EXTENDED = new PgError(
            SqlState.FEATURE_NOT_SUPPORTED,
            "COPY over several shards is not supported in the extended query protocol",
            "It is told apart from other statements there only when it runs.",
            "Send it as a simple query, as psql, pgjdbc and others do.");

    private final Session session;
    private final int maxRowBytes;
    private Optional<CopyInRun> in = Optional.empty();

    Copying(Session session, int maxRowBytes) {
        this.session = session;
        this.maxRowBytes = maxRowBytes;
    }

    /** The copy whose data the client is to send, from its start to its end. */
    Optional<CopyInRun> in() {
        return in;
    }

    static boolean isOverShards(Plan plan) {
        return plan instanceof Plan.CopyOut || plan instanceof Plan.CopyIn || plan instanceof Plan.CombinedCopy;
    }

    static void requireNot(Plan plan) {
        if (isOverShards(plan)) {
            throw NOT_EXTENDED.toException();
        }
    }

    /** A Query; false while backends are on their way. */
    boolean start(Plan plan, Planned.Statement statement) {
        if (plan instanceof Plan.CopyOut out) {
            return out(out, statement);
        }
        return plan instanceof Plan.CopyIn in
                ? in(in, statement)
                : session.combining().start((Plan.CombinedCopy) plan, statement.text());
    }

    private boolean out(Plan.CopyOut plan, Planned.Statement statement) {
        Optional<List<Backend>> backends = SimpleQuery.allReady(session, plan.shards());
        if (backends.isEmpty()) {
            return false;
        }
        boolean atOneTime = session.shards().readsAtOneTime(plan.shards().size());
        if (atOneTime && !session.snapshot().isReady(plan.shards())) {
            return false;
        }
        Map<Backend, String> openings = new HashMap<>();
        if (atOneTime) {
            backends.get()
                    .forEach(backend -> openings.put(
                            backend,
                            SessionSnapshot.BEGIN + "; " + session.snapshot().importOn(backend.shard())));
        }
        session.shards().requireOneSnapshot(backends.get());
        session.extended().portals().dropUnnamed();
        backends.get().forEach(backend -> session.shards().enlist(backend, Access.READ));
        session.runs()
                .start(
                        new CopyOutRun(
                                session.runs(),
                                backends.get(),
                                statement.text(),
                                plan.isBinary(),
                                plan.hasHeader(),
                                openings,
                                !atOneTime
                                        && session.shards()
                                                .readsTogether(backends.get().size())),
                        session.runs()::endQuery);
        return true;
    }

    private boolean in(Plan.CopyIn plan, Planned.Statement statement) {
        List<ShardName> shards = List.copyOf(plan.target().rule().shards());
        Optional<List<Backend>> backends = SimpleQuery.allReady(session, shards);
        if (backends.isEmpty()) {
            return false;
        }
        session.shards().beginSpread(backends.get());
        session.extended().portals().dropUnnamed();
        backends.get().forEach(backend -> session.shards().enlist(backend, Access.WRITE));
        CopyInRun run = new CopyInRun(
                session.runs(),
                backends.get(),
                statement.text(),
                plan,
                maxRowBytes,
                session.transaction().isImplicit());
        in = Optional.of(run);
        session.runs().start(run, failed -> ended(run, failed));
        return true;
    }

    private void ended(CopyInRun run, boolean failed) {
        in = Optional.empty();
        if (!session.transaction().isImplicit()) {
            session.runs().endQuery(failed);
            return;
        }
        if (failed) {
            session.transaction().fail();
        }
        session.own().endImplicit(run.takeTag());
        session.output().flush();
    }
}
