package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.execute.LockingRun;
import io.ostraka.proxy.execute.ScatterMerge;
import io.ostraka.proxy.execute.ShardCursor;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.Merge;
import io.ostraka.rules.plan.Plan;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * FOR UPDATE and its kin with LIMIT over several shards. In a transaction block only what is put out stays locked; outside of one what
 * each shard locks for itself is unlocked at once. Confined to the session's event loop.
 */
record Locking(Session session) {
    private static final String PORTAL = "ostraka: locking";
    private static final String ROWS = "FOR UPDATE with LIMIT over several shards";

    /** Whether the shards are asked for one row at a time; then the order of their rows. */
    Optional<Merge.Ordered> inTurn(Plan.Scatter plan) {
        boolean isInBlock =
                session.transaction().isOpen() && !session.transaction().isImplicit();
        return isInBlock ? plan.lockedInTurn() : Optional.empty();
    }

    /** A Query; false while backends are on their way. */
    boolean start(Merge.Ordered order, Planned.Statement statement, List<ShardName> shards) {
        session.encodingState().requireUtf8(ROWS);
        StatementKey key = new StatementKey(statement.shardText(order), List.of(), List.of(), 0);
        Optional<ShardCursor> cursor =
                cursor(new Portal.Locking.Rows(order, order.limit().bounds(statement.values()), shards));
        if (cursor.isEmpty()) {
            return false;
        }
        session.extended().portals().dropUnnamed();
        short[] formats = ScatterMerge.formats(order);
        start(cursor.get(), true, backend -> {
            byte[] name = backend.prepare(key, false, Visibility.NONE);
            backend.sendBind(name, PORTAL, List.of(), formats, Visibility.NONE);
        });
        return true;
    }

    /** An Execute; false while what was sent before must be answered first, or backends are on their way. */
    boolean start(Portal.Locking portal, int maxRows) {
        session.encodingState().requireUtf8(ROWS);
        if (!session.isQuiet()) {
            return false;
        }
        long most = portal.rows().bounds().count().orElse(Long.MAX_VALUE);
        if (maxRows > 0 && most >= maxRows) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "a row limit on rows of several shards that are locked is not supported",
                            "The Execute message asks for " + maxRows + " rows at a time, and LIMIT for " + most + ".",
                            "Fetch all rows at once (JDBC: setFetchSize(0)).")
                    .toException();
        }
        Optional<ShardCursor> cursor = cursor(portal.rows());
        cursor.ifPresent(found -> start(found, false, backend -> {
            byte[] name = backend.prepare(portal.key(), false, Visibility.NONE);
            short[] formats = new short[portal.formats().size()];
            for (int i = 0; i < formats.length; i++) {
                formats[i] = portal.formats().get(i);
            }
            backend.sendBindFor(PORTAL, portal.bind(), name, formats, Visibility.NONE);
        }));
        return cursor.isPresent();
    }

    private Optional<ShardCursor> cursor(Portal.Locking.Rows rows) {
        Optional<List<Backend>> backends = SimpleQuery.allReady(session, rows.shards());
        if (backends.isEmpty()) {
            return Optional.empty();
        }
        session.shards().requireOneSnapshot(backends.get());
        rows.shards().forEach(shard -> session.shards().requireMayWrite(shard, Access.WRITE));
        backends.get().forEach(backend -> session.shards().enlist(backend, Access.WRITE));
        return Optional.of(ShardCursor.ordered(session.output(), PORTAL, backends.get(), rows.order(), rows.bounds()));
    }

    private void start(ShardCursor cursor, boolean isSimple, Consumer<Backend> binding) {
        session.runs().start(new LockingRun(session.runs(), cursor, binding, isSimple), failed -> {
            cursor.close();
            session.runs().end(failed, isSimple);
        });
    }
}
