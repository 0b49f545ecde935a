package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.execute.CopyInRun;
import io.ostraka.proxy.execute.CopyOutRun;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.Plan;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** COPY over several shards. Confined to the session's event loop. */
final class Copying {
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

    /** Asked for in a Query, if {@code isSimple}, or an Execute; false while backends are on their way. */
    boolean start(Plan plan, Planned.Statement statement, boolean isSimple) {
        if (plan instanceof Plan.CopyOut out) {
            return out(out, statement, isSimple);
        }
        return plan instanceof Plan.CopyIn in
                ? in(in, statement, isSimple)
                : session.combining().start((Plan.CombinedCopy) plan, statement.text(), isSimple);
    }

    private boolean out(Plan.CopyOut plan, Planned.Statement statement, boolean isSimple) {
        Optional<List<Backend>> backends = SimpleQuery.allReady(session, plan.shards());
        if (backends.isEmpty()) {
            return false;
        }
        boolean atOneTime = session.shards().readsAtOneTime(plan.shards().size());
        if (atOneTime && !session.extended().pipeline().isTimeReady(plan.shards())) {
            return false;
        }
        Map<Backend, String> openings = new HashMap<>();
        if (atOneTime) {
            session.extended().pipeline().usesTime();
            backends.get()
                    .forEach(backend -> openings.put(
                            backend,
                            SessionSnapshot.BEGIN + "; " + session.snapshot().importOn(backend.shard())));
        }
        session.shards().requireOneSnapshot(backends.get());
        if (isSimple) {
            session.extended().portals().dropUnnamed();
        }
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
                        session.runs().ending(isSimple));
        return true;
    }

    private boolean in(Plan.CopyIn plan, Planned.Statement statement, boolean isSimple) {
        if (!StandardCharsets.US_ASCII.newEncoder().canEncode(plan.layout().nullText())) {
            session.encodingState().requireUtf8("COPY over several shards with such a text for NULL");
        }
        List<ShardName> shards = List.copyOf(plan.target().rule().shards());
        Optional<List<Backend>> backends = SimpleQuery.allReady(session, shards);
        if (backends.isEmpty()) {
            return false;
        }
        if (isSimple) {
            session.extended().portals().dropUnnamed();
        } else {
            session.extended().pipeline().requireNothingExecuted();
            session.extended().pipeline().executed(true);
        }
        session.shards().beginSpread(backends.get());
        backends.get().forEach(backend -> session.shards().enlist(backend, Access.WRITE));
        CopyInRun run = new CopyInRun(
                session.runs(),
                backends.get(),
                statement.text(),
                plan,
                maxRowBytes,
                session.transaction().isImplicit());
        in = Optional.of(run);
        session.runs().start(run, failed -> ended(run, failed, isSimple));
        return true;
    }

    private void ended(CopyInRun run, boolean failed, boolean isSimple) {
        in = Optional.empty();
        if (!isSimple) {
            // What is implicit is committed at Sync.
            run.takeTag().ifPresent(session.output()::write);
        }
        if (!isSimple || !session.transaction().isImplicit()) {
            session.runs().end(failed, isSimple);
            return;
        }
        if (failed) {
            session.transaction().fail();
        }
        session.own().endImplicit(run.takeTag());
        session.output().flush();
    }
}
