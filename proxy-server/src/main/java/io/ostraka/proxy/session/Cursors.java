package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.execute.BindRun;
import io.ostraka.proxy.execute.ClosePortalsRun;
import io.ostraka.proxy.execute.DeclareRun;
import io.ostraka.proxy.execute.FetchRun;
import io.ostraka.proxy.execute.ShardCursor;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.CursorCommand;
import io.ostraka.rules.plan.Merge;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.StatementValues;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The cursors that SQL has declared in the session's transaction block, by name, in a database with several shards: where each one
 * is. One on a single shard is PostgreSQL's own, and its commands are forwarded; one over several shards is a {@link ShardCursor}.
 *
 * <p>As in PostgreSQL they end with the block, or with a return to a savepoint set before them; neither closing nor moving is
 * undone. Confined to the session's event loop.
 */
final class Cursors {
    private static final PgError NOT_EXTENDED = new PgError(
            SqlState.FEATURE_NOT_SUPPORTED,
            "DECLARE, FETCH, MOVE and CLOSE are not supported in the extended query protocol over several shards",
            "Where a cursor is is known only when it has been declared.",
            "Send them as simple queries (JDBC: set a fetch size on a plain query instead).");

    /** {@code depth} is how many savepoints there were; {@code over} is absent for PostgreSQL's own cursor on one shard. */
    private record Declared(List<ShardName> shards, Optional<ShardCursor> over, int depth) {
        Declared at(int otherDepth) {
            return new Declared(shards, over, otherDepth);
        }
    }

    private final Session session;
    private final int most;
    private final Map<String, Declared> byName = new LinkedHashMap<>();
    private int portals;

    Cursors(Session session, int most) {
        this.session = session;
        this.most = most;
    }

    static void requireNot(Plan plan) {
        if (plan instanceof Plan.Cursor) {
            throw NOT_EXTENDED.toException();
        }
    }

    boolean has(String name) {
        return byName.containsKey(name);
    }

    /** The shard that has the cursor, if one shard has it. */
    Optional<ShardName> shardOf(String name) {
        return Optional.ofNullable(byName.get(name))
                .filter(declared -> declared.over().isEmpty())
                .map(declared -> declared.shards().get(0));
    }

    /** The same for a cursor that is spoken of. */
    Optional<ShardName> requireShardOf(String name) {
        if (!byName.containsKey(name)) {
            throw session.extended().portals().has(name) ? unlikePortals(name) : missing(name);
        }
        return shardOf(name);
    }

    private static PgErrorException missing(String name) {
        return new PgError(SqlState.INVALID_CURSOR_NAME, "cursor \"" + name + "\" does not exist").toException();
    }

    private static PgErrorException unlikePortals(String name) {
        return new PgError(
                        SqlState.FEATURE_NOT_SUPPORTED,
                        "portal \"" + name + "\" cannot be used as a cursor over several shards",
                        "The protocol's Bind has made it.",
                        "Use it by Execute and Close.")
                .toException();
    }

    // ---- DECLARE -------------------------------------------------------------------------------------------------

    /** Before a cursor of that name is declared anywhere. */
    void requireFree(String name) {
        if (!session.transaction().isOpen()) {
            throw new PgError(
                            SqlState.NO_ACTIVE_SQL_TRANSACTION, "DECLARE CURSOR can only be used in transaction blocks")
                    .toException();
        }
        if (has(name) || session.extended().portals().has(name)) {
            throw new PgError(SqlState.DUPLICATE_CURSOR, "cursor \"" + name + "\" already exists").toException();
        }
        if (byName.size() >= most) {
            throw new PgError(
                            SqlState.CONFIGURATION_LIMIT_EXCEEDED,
                            "too many cursors",
                            "The session has " + byName.size() + ", and limits.portals is " + most + ".",
                            "Close cursors that are not needed any more, or end the transaction.")
                    .toException();
        }
    }

    /** One shard was told to declare it. */
    void declaredOn(ShardName shard, String name) {
        put(name, List.of(shard), Optional.empty());
    }

    private void put(String name, List<ShardName> shards, Optional<ShardCursor> over) {
        byName.put(name, new Declared(shards, over, session.transaction().savepoints()));
    }

    /** Over these shards; false while backends are on their way. */
    boolean declare(CursorCommand.Declare declare, Plan.Scatter plan, List<ShardName> shards) {
        Optional<List<Backend>> ready = SimpleQuery.allReady(session, shards);
        if (ready.isEmpty()) {
            return false;
        }
        List<Backend> backends = ready.get();
        session.shards().requireOneSnapshot(backends);
        session.extended().portals().dropUnnamed();
        backends.forEach(backend -> session.shards().enlist(backend, Access.READ));
        Planned.Statement query = new Planned.Statement(declare.query());
        StatementValues values = query.values();
        portals++;
        String portal = "ostraka: cursor " + portals;
        boolean isOrdered = plan.merge() instanceof Merge.Ordered;
        ShardCursor cursor = plan.merge() instanceof Merge.Ordered ordered
                ? ShardCursor.ordered(
                        session.output(),
                        portal,
                        backends,
                        ordered,
                        ordered.limit().bounds(values))
                : ShardCursor.concatenating(session.output(), portal, backends);
        put(declare.name(), shards, Optional.of(cursor));
        String sql = isOrdered ? query.shardText((Merge.Ordered) plan.merge()) : query.text();
        ShardRuns runs = session.runs();
        if (!session.shards().readsTogether(shards.size())) {
            runs.start(new DeclareRun(runs, cursor, sql, false), failed -> ended(cursor, failed));
            return true;
        }
        runs.start(new BindRun(runs, backends, DeclareRun.binding(cursor, sql)), failed -> {
            if (failed) {
                ended(cursor, true);
            } else {
                runs.start(new DeclareRun(runs, cursor, sql, true), alsoFailed -> ended(cursor, alsoFailed));
            }
        });
        return true;
    }

    private void ended(ShardCursor cursor, boolean failed) {
        if (failed) {
            cursor.fail();
        }
        session.runs().endQuery(failed);
    }

    // ---- FETCH, MOVE ---------------------------------------------------------------------------------------------

    /** Of a cursor over several shards. */
    void fetch(CursorCommand.Fetch fetch) {
        ShardCursor cursor = byName.get(fetch.name()).over().orElseThrow();
        long rows = fetch.forward().orElseThrow(() -> new PgError(
                        SqlState.FEATURE_NOT_SUPPORTED,
                        "a cursor over several shards can only be read forward",
                        "FETCH and MOVE take NEXT, ALL, FORWARD and a number of rows above 0.",
                        "Declare it again to read it from its beginning.")
                .toException());
        if (cursor.isFailed()) {
            throw new PgError(
                            SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE, "portal \"" + fetch.name() + "\" cannot be run")
                    .toException();
        }
        session.extended().portals().dropUnnamed();
        ShardRuns runs = session.runs();
        FetchRun run = new FetchRun(runs, cursor, fetch.move(), rows);
        if (run.answersAtOnce()) {
            session.writeReady();
        } else {
            runs.start(run, failed -> ended(cursor, failed));
        }
    }

    // ---- CLOSE ---------------------------------------------------------------------------------------------------

    /** CLOSE of this one, or of all. */
    void close(String name) {
        boolean isAll = name.isEmpty();
        if (!isAll && !has(name)) {
            throw session.extended().portals().has(name) ? unlikePortals(name) : missing(name);
        }
        Map<Backend, List<String>> closed = new LinkedHashMap<>();
        for (String each : isAll ? List.copyOf(byName.keySet()) : List.of(name)) {
            Declared declared = byName.remove(each);
            declared.over().ifPresent(ShardCursor::close);
            String portal = declared.over().map(ShardCursor::portal).orElse(each);
            declared.shards().stream()
                    .flatMap(shard -> session.held().find(shard).stream())
                    .forEach(backend -> closed.computeIfAbsent(backend, first -> new ArrayList<>())
                            .add(portal));
        }
        String tag = isAll ? "CLOSE CURSOR ALL" : "CLOSE CURSOR";
        session.extended().portals().dropUnnamed();
        if (closed.isEmpty()) {
            ByteBuf out = session.output().buffer();
            BackendMessages.commandComplete(out, tag);
            session.output().write(out);
            session.writeReady();
        } else {
            ShardRuns runs = session.runs();
            runs.start(new ClosePortalsRun(runs, closed, tag), runs::endQuery);
        }
    }

    /** The protocol's Close has closed it. */
    void forget(String name) {
        byName.remove(name);
    }

    // ---- with the transaction ------------------------------------------------------------------------------------

    /** The savepoints behind the last one are gone, and what was declared since then with them; on the shards, too. */
    void onRollbackTo() {
        int depth = session.transaction().savepoints();
        byName.values().removeIf(declared -> {
            boolean goes = declared.depth() >= depth;
            if (goes) {
                declared.over().ifPresent(ShardCursor::close);
            }
            return goes;
        });
    }

    /** What was declared within the savepoint belongs to what is around it. */
    void onRelease() {
        int depth = session.transaction().savepoints();
        byName.replaceAll((name, declared) -> declared.depth() > depth ? declared.at(depth) : declared);
    }

    /** The transaction has ended, or the client is gone. */
    void clear() {
        byName.values().forEach(declared -> declared.over().ifPresent(ShardCursor::close));
        byName.clear();
    }
}
