package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.execute.BindRun;
import io.ostraka.proxy.execute.ClosePortalsRun;
import io.ostraka.proxy.execute.CombinerRun;
import io.ostraka.proxy.execute.CombinerRun.Around;
import io.ostraka.proxy.execute.DeclareRun;
import io.ostraka.proxy.execute.FetchRun;
import io.ostraka.proxy.execute.ScatterMerge;
import io.ostraka.proxy.execute.ShardCursor;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.Combination;
import io.ostraka.rules.plan.CursorCommand;
import io.ostraka.rules.plan.Merge;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.Route;
import io.ostraka.rules.plan.StatementValues;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The cursors that SQL has declared, by name, in a database with several shards: where each one is. One on a single shard is
 * PostgreSQL's own, and its commands are forwarded; so is one whose rows the combiner has put together, on a connection of its own;
 * another over several shards is a {@link ShardCursor}.
 *
 * <p>As in PostgreSQL they end with the block, unless they are WITH HOLD, or with a return to a savepoint set before them; neither
 * closing nor moving is undone. Confined to the session's event loop.
 */
final class Cursors {
    /** Where a cursor is. */
    private sealed interface Place {}

    /** PostgreSQL's own on one shard. */
    private record OnShard(ShardName shard) implements Place {}

    /** A portal on each of several. */
    private record OverShards(ShardCursor cursor) implements Place {}

    /** PostgreSQL's own on the combiner's connection. */
    private record OnCombiner(CombinerCursor cursor) implements Place {}

    /** {@code depth} is how many savepoints there were; {@link #COMMITTED} when the transaction has left it behind WITH HOLD. */
    private record Declared(Place place, boolean isHeld, int depth) {
        Declared at(int otherDepth) {
            return new Declared(place, isHeld, otherDepth);
        }

        void close() {
            if (place instanceof OverShards over) {
                over.cursor().close();
            } else if (place instanceof OnCombiner combined) {
                combined.cursor().close();
            }
        }
    }

    private static final int COMMITTED = -1;

    private final Session session;
    private final int most;
    private final Map<String, Declared> byName = new LinkedHashMap<>();
    private int portals;

    Cursors(Session session, int most) {
        this.session = session;
        this.most = most;
    }

    boolean has(String name) {
        return byName.containsKey(name);
    }

    /** The shard that has the cursor, if one shard has it. */
    Optional<ShardName> shardOf(String name) {
        Declared declared = byName.get(name);
        return declared != null && declared.place() instanceof OnShard on ? Optional.of(on.shard()) : Optional.empty();
    }

    /** The same for a cursor that is spoken of. */
    Optional<ShardName> requireShardOf(String name) {
        requireKnown(name);
        return shardOf(name);
    }

    /** RowDescription of the rows of a cursor over several shards, as its FETCH has it in the simple protocol. */
    Optional<byte[]> columns(String name) {
        Declared declared = byName.get(name);
        if (declared == null || declared.place() instanceof OnShard) {
            return Optional.empty();
        }
        return Optional.of(
                declared.place() instanceof OnCombiner combined
                        ? combined.cursor().columns()
                        : ((OverShards) declared.place()).cursor().columns());
    }

    private void requireKnown(String name) {
        if (!has(name)) {
            throw session.extended().portals().has(name) ? unlikePortals(name) : missing(name);
        }
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
    void requireFree(CursorCommand.Declare declare) {
        String name = declare.name();
        if (!session.transaction().isOpen() && !declare.isHeld()) {
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

    /** The shards that a cursor's rows are on, and how they are used. */
    record Target(List<ShardName> shards, Access access, boolean pins) {
        boolean isSeveral() {
            return shards.size() > 1;
        }

        ShardName shard() {
            return shards.get(0);
        }
    }

    /** Throws when they are several and cannot have it together. */
    Target target(CursorCommand.Declare declare) {
        Plan plan = declare.query().plan();
        StatementValues values = declare.query().values();
        Target target;
        if (plan instanceof Plan.Scatter scatter) {
            target = new Target(session.shards().shardsOf(scatter, values), scatter.access(), false);
        } else {
            Plan.Forward forward = plan instanceof Plan.Combine combine ? combine.forward() : (Plan.Forward) plan;
            Route route = forward.router().route(values);
            List<ShardName> shards = route instanceof Route.Many many && plan instanceof Plan.Combine
                    ? many.shards()
                    : List.of(session.shards().shardOf(forward, route));
            target = new Target(shards, forward.access(), forward.pins());
        }
        if (target.isSeveral()) {
            declare.notOverShards().ifPresent(why -> {
                throw why.toException();
            });
        }
        return target;
    }

    /** By a run; false while backends are on their way. */
    boolean declare(CursorCommand.Declare declare, Target target, Planned.Statement statement, boolean isSimple) {
        if (!target.isSeveral()) {
            return declareOn(declare, target, statement.text(), isSimple);
        }
        session.encodingState().requireUtf8("a cursor over several shards");
        return declare.query().plan() instanceof Plan.Combine combine
                ? declare(declare, combine.combination(), statement.planned().blanksTo(0), isSimple)
                : declare(
                        declare,
                        (Plan.Scatter) declare.query().plan(),
                        target.shards(),
                        statement.planned().blanksTo(declare.before().length()),
                        isSimple);
    }

    /** On one shard, whose backend the session keeps if it is WITH HOLD. */
    private boolean declareOn(CursorCommand.Declare declare, Target target, String text, boolean isSimple) {
        ShardName shard = target.shard();
        session.shards().requireMayWrite(shard, target.access());
        Optional<Backend> ready = session.held().ready(shard);
        if (ready.isEmpty()) {
            return false;
        }
        session.shards().enlist(ready.get(), target.access());
        session.extended().portals().dropUnnamed();
        run(ready.get(), new byte[0], new CombinerRun.Command(text), Around.NOTHING, isSimple, failed -> {
            if (!failed) {
                if (declare.isHeld() || target.pins()) {
                    session.held().pin(shard);
                }
                put(declare, new OnShard(shard));
            }
        });
        return true;
    }

    /** One shard was told to declare it. */
    void declaredOn(ShardName shard, CursorCommand.Declare declare) {
        put(declare, new OnShard(shard));
    }

    private void put(CursorCommand.Declare declare, Place place) {
        int depth = session.transaction().isOpen() ? session.transaction().savepoints() : COMMITTED;
        byName.put(declare.name(), new Declared(place, declare.isHeld(), depth));
    }

    /** Of rows that the combiner puts together; false while backends are on their way. */
    private boolean declare(CursorCommand.Declare declare, Combination combination, String blanks, boolean isSimple) {
        dropUnnamed(isSimple);
        return session.combining().open(declare, combination, blanks, isSimple, (cursor, statement) -> {
            // What is kept WITH HOLD is written down when its transaction ends, which has nothing else to do.
            Around around = declare.isHeld() ? new Around(List.of(), List.of("COMMIT")) : Around.NOTHING;
            CombinerRun.Command command = new CombinerRun.Command(statement.sql());
            run(cursor.combiner(), cursor.columns(), command, around, isSimple, failed -> {
                if (failed) {
                    cursor.fail();
                } else {
                    put(declare, new OnCombiner(cursor));
                }
            });
        });
    }

    private void run(
            Backend backend,
            byte[] columns,
            CombinerRun.Step step,
            Around around,
            boolean isSimple,
            Consumer<Boolean> then) {
        ShardRuns runs = session.runs();
        runs.start(new CombinerRun(runs, backend, columns, step, around), failed -> {
            then.accept(failed);
            runs.end(failed, isSimple);
        });
    }

    private void dropUnnamed(boolean isSimple) {
        if (isSimple) {
            session.extended().portals().dropUnnamed();
        }
    }

    private static ScatterMerge.Places places(Planned.Statement query, Merge.Ordered order, String blanks) {
        return (shard, position) -> {
            OptionalInt inQuery = query.planned().shardPieces(order).inClients(position);
            return inQuery.isPresent() ? OptionalInt.of(inQuery.getAsInt() + blanks.length()) : inQuery;
        };
    }

    /** Over these shards; false while backends are on their way. */
    private boolean declare(
            CursorCommand.Declare declare, Plan.Scatter plan, List<ShardName> shards, String blanks, boolean isSimple) {
        Optional<List<Backend>> ready = SimpleQuery.allReady(session, shards);
        if (ready.isEmpty()) {
            return false;
        }
        List<Backend> backends = ready.get();
        session.shards().requireOneSnapshot(backends);
        shards.forEach(shard -> session.shards().requireMayWrite(shard, plan.access()));
        dropUnnamed(isSimple);
        backends.forEach(backend -> session.shards().enlist(backend, plan.access()));
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
        put(declare, new OverShards(cursor));
        String sql = isOrdered ? query.shardText((Merge.Ordered) plan.merge()) : blanks + query.text();
        Optional<ScatterMerge.Places> places =
                isOrdered ? Optional.of(places(query, (Merge.Ordered) plan.merge(), blanks)) : Optional.empty();
        ShardRuns runs = session.runs();
        if (plan.locks() || !session.shards().readsTogether(shards.size())) {
            runs.start(new DeclareRun(runs, cursor, sql, places, false), failed -> ended(cursor, failed, isSimple));
            return true;
        }
        runs.start(new BindRun(runs, backends, DeclareRun.binding(cursor, sql, places)), failed -> {
            if (failed) {
                ended(cursor, true, isSimple);
            } else {
                runs.start(
                        new DeclareRun(runs, cursor, sql, places, true),
                        alsoFailed -> ended(cursor, alsoFailed, isSimple));
            }
        });
        return true;
    }

    private void ended(ShardCursor cursor, boolean failed, boolean isSimple) {
        if (failed) {
            cursor.fail();
        }
        session.runs().end(failed, isSimple);
    }

    // ---- FETCH, MOVE ---------------------------------------------------------------------------------------------

    /** Of a cursor over several shards; {@code text} is all of it. {@code formats} are those that a Bind asks for; none of a Query. */
    void fetch(CursorCommand.Fetch fetch, String text, Optional<List<Short>> formats) {
        Place place = byName.get(fetch.name()).place();
        boolean isSimple = formats.isEmpty();
        dropUnnamed(isSimple);
        if (place instanceof OnCombiner combined) {
            CombinerCursor cursor = combined.cursor();
            cursor.requireUsable(fetch.name());
            CombinerRun.Step step = isSimple
                    ? new CombinerRun.Command(text)
                    : new CombinerRun.Fetch(new StatementKey(text, List.of(), List.of(), 0), formats.get());
            run(cursor.combiner(), cursor.columns(), step, cursor.settings(), isSimple, failed -> {
                if (failed) {
                    cursor.fail();
                }
            });
            return;
        }
        if (!isSimple && !fetch.move() && formats.get().contains(ScatterMerge.BINARY)) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "rows of a cursor over several shards cannot be fetched in binary",
                            "Its shards give them as text.",
                            "Ask for text, or declare it with SCROLL.")
                    .toException();
        }
        ShardCursor cursor = ((OverShards) place).cursor();
        if (cursor.isFailed()) {
            throw new PgError(
                            SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE, "portal \"" + fetch.name() + "\" cannot be run")
                    .toException();
        }
        long rows = fetch.forward().orElse(-1L);
        if (rows < 0 || (rows == 0 && cursor.isOnRow() && !fetch.move())) {
            cursor.fail();
            throw onlyForward().toException();
        }
        ShardRuns runs = session.runs();
        FetchRun run = new FetchRun(runs, cursor, fetch.move(), isSimple, rows);
        if (!run.answersAtOnce()) {
            runs.start(run, failed -> ended(cursor, failed, isSimple));
        } else if (isSimple) {
            session.writeReady();
        }
    }

    private static PgError onlyForward() {
        return new PgError(
                SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE,
                "cursor can only scan forward",
                "",
                "Declare it with SCROLL option to enable backward scan.");
    }

    // ---- CLOSE ---------------------------------------------------------------------------------------------------

    /** CLOSE of this one, or of all. */
    void close(String name, boolean isSimple) {
        boolean isAll = name.isEmpty();
        if (!isAll) {
            requireKnown(name);
        }
        Map<Backend, List<String>> closed = new LinkedHashMap<>();
        for (String each : isAll ? List.copyOf(byName.keySet()) : List.of(name)) {
            Declared declared = byName.remove(each);
            declared.close();
            if (declared.place() instanceof OnShard on) {
                session.held().find(on.shard()).ifPresent(backend -> portals(closed, backend)
                        .add(each));
            } else if (declared.place() instanceof OverShards over) {
                over.cursor().backends().stream().filter(Backend::isOpen).forEach(backend -> portals(closed, backend)
                        .add(over.cursor().portal()));
            }
        }
        String tag = isAll ? "CLOSE CURSOR ALL" : "CLOSE CURSOR";
        dropUnnamed(isSimple);
        if (closed.isEmpty()) {
            ByteBuf out = session.output().buffer();
            BackendMessages.commandComplete(out, tag);
            session.output().write(out);
            if (isSimple) {
                session.writeReady();
            }
        } else {
            ShardRuns runs = session.runs();
            runs.start(new ClosePortalsRun(runs, closed, tag), runs.ending(isSimple));
        }
    }

    private static List<String> portals(Map<Backend, List<String>> closed, Backend backend) {
        return closed.computeIfAbsent(backend, first -> new ArrayList<>());
    }

    /** The protocol's Close has closed it. */
    void forget(String name) {
        byName.remove(name);
    }

    // ---- with the transaction ------------------------------------------------------------------------------------

    /** The savepoints behind the last one are gone, and what was declared since then with them; on the shards, too. */
    void onRollbackTo() {
        int depth = session.transaction().savepoints();
        removeIf(declared -> declared.depth() >= depth);
        session.extended().portals().onRollbackTo(depth);
    }

    /** What was declared within the savepoint belongs to what is around it. */
    void onRelease() {
        int depth = session.transaction().savepoints();
        byName.replaceAll((name, declared) -> declared.depth() > depth ? declared.at(depth) : declared);
        session.extended().portals().onRelease(depth);
    }

    /** The transaction has ended; what it has declared WITH HOLD stays if it was committed. */
    void onTransactionEnd(boolean committed) {
        if (byName.isEmpty()) {
            return;
        }
        removeIf(declared -> declared.depth() != COMMITTED && !(committed && declared.isHeld()));
        byName.replaceAll((name, declared) -> declared.at(COMMITTED));
    }

    /** All is discarded, or the client is gone. */
    void clear() {
        removeIf(declared -> true);
    }

    private void removeIf(Predicate<Declared> isGone) {
        byName.values().removeIf(declared -> {
            boolean goes = isGone.test(declared);
            if (goes) {
                declared.close();
            }
            return goes;
        });
    }
}
