package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.execute.CombinerRun;
import io.ostraka.proxy.execute.CombinerRun.Around;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.SessionCommand;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A session's portals by the client's names: described, executed and closed where they are. They do not outlive the transaction
 * they were made in. Confined to the session's event loop.
 */
final class Portals {
    /** What a portal is called on the combiner's connection, which has no other. */
    private static final String OF_COMBINER = "ostraka: portal";

    private final Session session;
    private final Pipeline pipeline;
    private final int most;
    private final Map<String, Portal> byName = new HashMap<>();
    /** How many Binds were sent to one backend each, and how many of the latest ones were skipped. */
    private long binds;

    private int skippedBinds;
    /** Whether the unnamed portal is, or was, that of a simple query. */
    private boolean queried;

    Portals(Session session, Pipeline pipeline, int most) {
        this.most = most;
        this.session = session;
        this.pipeline = pipeline;
    }

    /** The shard has been sent the Bind that makes it. */
    void bound(String name, Backend backend, Planned.Statement statement) {
        binds++;
        put(name, new Portal.OnBackend(backend, statement, binds));
    }

    void onBindSkipped() {
        skippedBinds++;
    }

    /** What was skipped is sent in another form. */
    void bindsAgain() {
        skippedBinds = 0;
    }

    /** Those whose Binds were skipped, which are the latest ones, have never been there; of the unnamed one that only the shard knows. */
    void forgetSkipped() {
        if (skippedBinds > 0) {
            long last = binds - skippedBinds;
            skippedBinds = 0;
            byName.entrySet()
                    .removeIf(entry -> !entry.getKey().isEmpty()
                            && entry.getValue() instanceof Portal.OnBackend bound
                            && bound.number() > last);
        }
    }

    void put(String name, Portal portal) {
        queried &= !name.isEmpty();
        dropped(byName.put(name, portal));
    }

    /** The unnamed portal is not that of a simple query any more, as far as the client can know. */
    void forgetQuery() {
        queried = false;
    }

    void clear() {
        queried = false;
        byName.values().forEach(Portals::dropped);
        byName.clear();
    }

    /** Rows that were read for a portal and not fetched are given back. */
    private static void dropped(Portal portal) {
        if (portal instanceof Portal.OnMany many) {
            many.merge().close();
        } else if (portal instanceof Portal.Fetched fetched) {
            fetched.cursor().ifPresent(CombinerCursor::close);
        }
    }

    /** The transactions end in which portals are on the session's backends; what the combiner has begun to give is elsewhere. */
    void loseUnfetched() {
        Map<String, Portal> left = new HashMap<>();
        byName.forEach((name, portal) -> {
            if (portal instanceof Portal.Fetched fetched) {
                left.put(
                        name,
                        new Portal.Fetched(Optional.empty(), fetched.cursor(), fetched.isDone(), fetched.depth()));
            } else if (portal instanceof Portal.OfRun) {
                left.put(name, portal);
            } else {
                dropped(portal);
            }
        });
        byName.clear();
        byName.putAll(left);
    }

    /** Portals that the proxy answers by end with the savepoint they were made in; of its own a shard knows. */
    void onRollbackTo(int depth) {
        removeIf(portal -> depthOf(portal) >= depth);
    }

    private void removeIf(Predicate<Portal> isGone) {
        List<Portal> gone = byName.values().stream().filter(isGone).toList();
        byName.values().removeAll(gone);
        gone.forEach(Portals::dropped);
    }

    /** What was made within a savepoint belongs to what is around it. */
    void onRelease(int depth) {
        byName.replaceAll((name, portal) -> {
            if (depthOf(portal) <= depth) {
                return portal;
            }
            if (portal instanceof Portal.Combined combined) {
                return new Portal.Combined(
                        combined.backend(),
                        combined.statement(),
                        combined.combination(),
                        combined.key(),
                        combined.bind(),
                        depth);
            }
            Portal.Fetched fetched = (Portal.Fetched) portal;
            return new Portal.Fetched(fetched.home(), fetched.cursor(), fetched.isDone(), depth);
        });
    }

    /** How many savepoints there were; -1 of a portal that a shard has. */
    private static int depthOf(Portal portal) {
        if (portal instanceof Portal.Combined combined) {
            return combined.depth();
        }
        return portal instanceof Portal.Fetched fetched ? fetched.depth() : -1;
    }

    private void drop(String name) {
        dropped(byName.remove(name));
    }

    /** A simple query is to PostgreSQL a use of the unnamed portal. */
    void dropUnnamed() {
        queried = true;
        if (!byName.isEmpty()) {
            drop("");
        }
    }

    /** The backend is gone, and its portals with it. */
    void onBackendGone(Backend backend) {
        removeIf(portal -> portal.single().filter(on -> on == backend).isPresent());
    }

    boolean has(String name) {
        return byName.containsKey(name);
    }

    /** Whether there is a portal over several shards, but for one, on one of these backends. */
    boolean hasOthersOn(Collection<Backend> backends, Optional<String> but) {
        return byName.entrySet().stream()
                .anyMatch(entry -> !but.equals(Optional.of(entry.getKey())) && isOn(entry.getValue(), backends));
    }

    /** The transaction ends that portals over several shards have on these backends. */
    void lose(Collection<Backend> backends) {
        byName.replaceAll((name, portal) -> {
            if (!isOn(portal, backends)) {
                return portal;
            }
            dropped(portal);
            return new Portal.Lost();
        });
    }

    private static boolean isOn(Portal portal, Collection<Backend> backends) {
        return portal instanceof Portal.OnMany many && many.backends().stream().anyMatch(backends::contains);
    }

    private static PgErrorException lost(String name) {
        return new PgError(
                        SqlState.FEATURE_NOT_SUPPORTED,
                        "portal \"" + name + "\" over several shards cannot be used any more",
                        "Another statement of its pipeline was sent to one of its shards, outside a transaction block.",
                        "Send BEGIN first, or execute the portal to its end before the next statement.")
                .toException();
    }

    /** False while what was sent before must be answered first. */
    boolean execute(String name, int maxRows) {
        Portal portal = named(name);
        if (portal.single().isPresent() || portal instanceof Portal.OnMany || portal instanceof Portal.Fetched) {
            // The proxy may have failed the transaction where the portal's shard has not.
            session.failedBlock().requireJudge();
        }
        if (portal instanceof Portal.OnBackend on) {
            if (!pipeline.turnTo(on.backend())) {
                return false;
            }
            executeOn(on, name, maxRows);
            return true;
        }
        if (portal instanceof Portal.OnMany many) {
            return executeOnMany(many, name, maxRows);
        }
        if (portal instanceof Portal.Locking locking) {
            boolean taken = new Locking(session).start(locking, maxRows);
            if (taken) {
                put(name, new Portal.Executed(locking.backend()));
            }
            return taken;
        }
        if (portal instanceof Portal.OfRun run) {
            return session.executions().execute(run, name, maxRows);
        }
        if (portal instanceof Portal.Doomed doomed) {
            throw doomed.error().toException();
        }
        if (portal instanceof Portal.Failed failed) {
            return executeFailed(failed);
        }
        if (portal instanceof Portal.Combined combined) {
            return executeCombined(combined, name, maxRows);
        }
        if (portal instanceof Portal.Fetched fetched) {
            return executeFetched(fetched, name, maxRows);
        }
        if (portal instanceof Portal.Cursor cursor) {
            return executeCursor(cursor, name, maxRows);
        }
        if (portal instanceof Portal.Lost) {
            throw lost(name);
        }
        if (portal instanceof Portal.Nothing) {
            if (!pipeline.mayAnswer()) {
                return false;
            }
            pipeline.answer(BackendTag.EMPTY_QUERY_RESPONSE);
            return true;
        }
        if (portal instanceof Portal.Spent || portal instanceof Portal.Executed) {
            session.requireNotFailed();
            throw new PgError(SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE, "portal \"" + name + "\" cannot be run")
                    .toException();
        }
        return executeOwn((Portal.Own) portal, name);
    }

    /** A shard knows its own portals, and may have lost one to ROLLBACK TO: it is the judge there. */
    void requireFree(String name) {
        if (byName.size() >= most && !byName.containsKey(name)) {
            throw new PgError(
                            SqlState.CONFIGURATION_LIMIT_EXCEEDED,
                            "too many portals",
                            "The session has " + byName.size() + ", and limits.portals is " + most + ".",
                            "Close portals that are not needed any more, or end the transaction.")
                    .toException();
        }
        boolean isTaken = byName.containsKey(name) && byName.get(name).single().isEmpty();
        if (!name.isEmpty() && (isTaken || session.cursors().has(name))) {
            throw exists(name);
        }
    }

    /** For a portal of the session's own. Where a shard may have lost one of that name to ROLLBACK TO, it is taken to be free. */
    void requireFreeHere(String name) {
        if (!name.isEmpty() && byName.containsKey(name) && session.transaction().savepoints() == 0) {
            throw exists(name);
        }
    }

    void requireFreeBut(Backend backend, String name) {
        boolean isElsewhere = byName.containsKey(name)
                && byName.get(name).single().filter(other -> other != backend).isPresent();
        if (!name.isEmpty() && isElsewhere) {
            throw exists(name);
        }
    }

    private static PgErrorException exists(String name) {
        return new PgError(SqlState.DUPLICATE_CURSOR, "cursor \"" + name + "\" already exists").toException();
    }

    static void describeOwn(ByteBuf out, Optional<SessionCommand> command, int format) {
        if (command.isPresent() && command.get() instanceof SessionCommand.Show show) {
            BackendMessages.textColumn(out, show.name(), format);
        } else {
            BackendMessages.empty(out, BackendTag.NO_DATA);
        }
    }

    boolean describe(String name) {
        Optional<byte[]> ofCursor =
                byName.containsKey(name) ? Optional.empty() : session.cursors().columns(name);
        if (ofCursor.isPresent()) {
            return answer(ofCursor.get());
        }
        Portal portal = named(name);
        Optional<byte[]> columns = columnsOf(portal);
        if (columns.isPresent()) {
            return answer(columns.get());
        }
        if (portal instanceof Portal.Lost) {
            throw lost(name);
        }
        if (portal instanceof Portal.Fetched fetched) {
            return describeFetched(fetched, name);
        }
        if (portal.single().isPresent()) {
            Backend backend = portal.single().get();
            if (!pipeline.turnTo(backend)) {
                return false;
            }
            backend.sendDescribePortal(name, Visibility.ALL);
        } else if (portal instanceof Portal.OnMany many) {
            if (!pipeline.turnTo(many)) {
                return false;
            }
            many.backends().forEach(backend -> backend.sendDescribePortal(name, Visibility.ROWS));
        } else if (portal instanceof Portal.Cursor cursor) {
            Optional<Backend> backend = pipeline.turnTo(cursor.shard(), Access.READ);
            backend.ifPresent(ready -> ready.sendDescribePortal(name, Visibility.ALL));
            return backend.isPresent();
        } else if (!pipeline.mayAnswer()) {
            return false;
        } else {
            ByteBuf out = session.output().buffer();
            describeOwn(out, portal.ownCommand(), portal instanceof Portal.Own own ? own.format() : 0);
            session.writeInOrder(out, pipeline.target());
        }
        return true;
    }

    /** What only the session knows. */
    private Optional<byte[]> columnsOf(Portal portal) {
        if (portal instanceof Portal.Failed failed) {
            return Optional.of(Executions.inFormats(failed.arguments().columns(), failed.formats()));
        }
        return portal instanceof Portal.OfRun run
                ? session.executions().columns(run.statement(), run.formats())
                : Optional.empty();
    }

    private boolean describeFetched(Portal.Fetched portal, String name) {
        if (portal.cursor().isEmpty()) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "portal \"" + name + "\" over several shards cannot be described any more",
                            "It has given all of its rows.",
                            "Describe it before it is executed.")
                    .toException();
        }
        return answer(portal.cursor().get().columns());
    }

    private boolean answer(byte[] message) {
        if (!pipeline.mayAnswer()) {
            return false;
        }
        ByteBuf out = session.output().buffer();
        out.writeBytes(message);
        session.writeInOrder(out, pipeline.target());
        return true;
    }

    Portal named(String name) {
        Portal portal = byName.get(name);
        if (portal == null && name.isEmpty() && queried) {
            // PostgreSQL has that of the query which failed, and reads freed memory when it is told to execute it.
            session.requireNotFailed();
        }
        return portal != null
                ? portal
                : cursor(name).orElseThrow(() -> new PgError(
                                SqlState.INVALID_CURSOR_NAME, "portal \"" + name + "\" does not exist")
                        .toException());
    }

    /** What DECLARE makes is a portal too, and the shard's own: psycopg 3 describes its cursors by name. */
    private Optional<Portal> cursor(String name) {
        if (session.cursors().has(name)) {
            return Optional.of(new Portal.Cursor(session.cursors().shardOf(name).orElseThrow(() -> new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "cursor \"" + name + "\" over several shards is not supported as a portal",
                            "DECLARE has made it.",
                            "Use FETCH and CLOSE.")
                    .toException())));
        }
        Collection<Backend> held = session.held().all();
        return name.isEmpty() || held.size() != 1
                ? Optional.empty()
                : Optional.of(new Portal.Cursor(held.iterator().next().shard()));
    }

    private void executeOn(Portal.OnBackend portal, String name, int maxRows) {
        session.answers().executes(portal.statement());
        portal.backend().sendExecute(name, maxRows, Visibility.ALL);
        pipeline.executed(Portal.commandOf(portal.statement()).isPresent());
    }

    private boolean executeOnMany(Portal.OnMany portal, String name, int maxRows) {
        Optional<PortalFetch> fetch = portal.fetch().filter(some -> maxRows > 0 || some.isStarted());
        if (fetch.isEmpty() && portal.returnsRows()) {
            requireNoRowLimit(maxRows);
        }
        if (fetch.filter(PortalFetch::isStarted).isPresent() && !session.isQuiet()) {
            return false;
        }
        if (!pipeline.turnTo(portal)) {
            return false;
        }
        portal.backends().forEach(pipeline.unsynced()::add);
        if (fetch.isPresent()) {
            fetch.get().execute(name, maxRows);
        } else {
            portal.backends().forEach(backend -> backend.sendExecute(name, 0, Visibility.ROWS));
        }
        // What follows must not be answered by one shard before another has ended this.
        pipeline.executed(true);
        return true;
    }

    private boolean executeFailed(Portal.Failed portal) {
        if (!session.isQuiet()) {
            return false;
        }
        session.output()
                .write(session.output().buffer().writeBytes(portal.arguments().error()));
        session.runs().end(true, false);
        return true;
    }

    private boolean executeCombined(Portal.Combined portal, String name, int maxRows) {
        if (maxRows <= 0) {
            boolean taken = session.combining().start(portal);
            if (taken) {
                put(name, new Portal.Fetched(Optional.of(portal.backend()), Optional.empty(), true, portal.depth()));
            }
            return taken;
        }
        boolean isInBlock = session.transaction().isOpen();
        return session.combining().open(portal, (cursor, statement) -> {
            Optional<Backend> home = isInBlock ? Optional.of(portal.backend()) : Optional.empty();
            Portal.Fetched fetched = new Portal.Fetched(home, Optional.of(cursor), false, portal.depth());
            put(name, fetched);
            CombinerRun.Step first = new CombinerRun.First(statement, portal.bind(), OF_COMBINER, maxRows);
            fetch(fetched, name, first, Around.NOTHING);
        });
    }

    private boolean executeFetched(Portal.Fetched portal, String name, int maxRows) {
        if (!session.isQuiet()) {
            return false;
        }
        if (portal.isDone()) {
            ByteBuf out = session.output().buffer();
            BackendMessages.commandComplete(out, "SELECT 0");
            session.output().write(out);
            return true;
        }
        CombinerCursor cursor = portal.cursor().orElseThrow();
        cursor.requireUsable(name);
        fetch(portal, name, new CombinerRun.Next(OF_COMBINER, Math.max(maxRows, 0)), cursor.settings());
        return true;
    }

    private void fetch(Portal.Fetched portal, String name, CombinerRun.Step step, Around around) {
        CombinerCursor cursor = portal.cursor().orElseThrow();
        CombinerRun run = new CombinerRun(session.runs(), cursor.combiner(), cursor.columns(), step, around);
        session.runs().start(run, failed -> {
            if (failed) {
                cursor.fail();
            } else if (!run.isSuspended()) {
                put(name, new Portal.Fetched(portal.home(), portal.cursor(), true, portal.depth()));
            }
            session.runs().end(failed, false);
        });
    }

    private static void requireNoRowLimit(int maxRows) {
        if (maxRows > 0) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "a row limit on a result of several shards is not supported yet",
                            "The Execute message asks for " + maxRows + " rows at a time.",
                            "Fetch all rows at once (JDBC: no fetch size, no maximum of rows), or name the shard key.")
                    .toException();
        }
    }

    private boolean executeCursor(Portal.Cursor cursor, String name, int maxRows) {
        // There is no statement to note for the answer's end, so no other answer may come before it or after.
        if (!session.isQuiet()) {
            return false;
        }
        Optional<Backend> backend = pipeline.turnTo(cursor.shard(), Access.READ);
        backend.ifPresent(ready -> {
            ready.sendExecute(name, maxRows, Visibility.ALL);
            pipeline.executed(true);
        });
        return backend.isPresent();
    }

    private boolean executeOwn(Portal.Own portal, String name) {
        if (!session.isQuiet()) {
            return false;
        }
        SessionCommand command = portal.command();
        if (command instanceof SessionCommand.FinishPrepared finish && pipeline.hasExecuted()) {
            throw new PgError(SqlState.ACTIVE_SQL_TRANSACTION, finish.words() + " cannot be executed within a pipeline")
                    .toException();
        }
        if (!session.own().isReadyFor(command)) {
            return false;
        }
        boolean ends = command instanceof SessionCommand.Commit
                || command instanceof SessionCommand.Rollback
                || command instanceof SessionCommand.PrepareTransaction;
        // What was executed since the last Sync is a transaction of its own, which such a command ends or turns into a
        // block. Where one server has parsed something, it may have a snapshot, with which no isolation level can be
        // chosen any more.
        boolean begins = command instanceof SessionCommand.Begin;
        boolean isBehindOthers = pipeline.hasExecuted()
                || session.transaction().isImplicit()
                || (begins && !pipeline.isSynced() && session.database().hasOneShard());
        boolean isOfPipeline = (ends || begins)
                && isBehindOthers
                && (!session.transaction().isOpen() || session.transaction().isImplicit());
        if (isOfPipeline) {
            executeOwnThere(portal);
        } else if (ends || begins) {
            pipeline.endOneTime();
            // A block has its own time, which begins with its first statement.
            session.snapshot().release();
        }
        if (ends) {
            clear();
        } else {
            put(name, new Portal.Spent(command));
        }
        if (!isOfPipeline) {
            session.own().run(command, portal.text(), () -> {});
        }
        return true;
    }

    /** Where the pipeline's statements ran, if that is one server: it knows what has begun there. */
    private void executeOwnThere(Portal.Own portal) {
        if (!session.database().hasOneShard()) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "transaction control between pipelined statements is not supported",
                            "Statements of the same pipeline ran before it, outside a transaction block.",
                            "Send a Sync before BEGIN, COMMIT and ROLLBACK.")
                    .toException();
        }
        Backend backend = pipeline.unsynced().iterator().next();
        session.answers().executes(portal.statement());
        backend.sendBetween(new StatementKey(portal.text(), List.of(), List.of(), 0), Visibility.ALL);
        pipeline.executed(true);
    }

    boolean close(String name) {
        Optional<Portal> portal = Optional.ofNullable(byName.get(name)).or(() -> cursor(name));
        if (portal.flatMap(Portal::ownCommand).isPresent() && !session.isQuiet()) {
            // Unless what was sent before fails: then there is no Close.
            return false;
        }
        Optional<Backend> single = portal.flatMap(Portal::single);
        if (single.isPresent()) {
            if (!pipeline.turnTo(single.get())) {
                return false;
            }
            single.get().sendClosePortal(name, Visibility.ALL);
        } else if (portal.isPresent() && portal.get() instanceof Portal.Cursor cursor) {
            Optional<Backend> backend = pipeline.turnTo(cursor.shard(), Access.READ);
            if (backend.isEmpty()) {
                return false;
            }
            backend.get().sendClosePortal(name, Visibility.ALL);
        } else {
            if (portal.isPresent() && portal.get() instanceof Portal.OnMany many) {
                many.backends().forEach(backend -> backend.sendClosePortal(name, Visibility.NONE));
            }
            pipeline.answer(BackendTag.CLOSE_COMPLETE);
        }
        drop(name);
        session.cursors().forget(name);
        return true;
    }
}
