package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.execute.ScatterMerge;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.BindView;
import io.ostraka.proxy.wire.CorruptedFrameException;
import io.ostraka.proxy.wire.ErrorFields;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.proxy.wire.FrontendTag;
import io.ostraka.proxy.wire.Parse;
import io.ostraka.proxy.wire.RowShape;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.SessionCommand;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;

/**
 * The extended protocol. A Parse is kept until it is known where to: at its Bind, whose values decide, or, when something
 * else comes first, on any shard that can judge the statement. After an error all is skipped up to Sync, as on the server.
 * Confined to the session's event loop.
 */
final class ExtendedQuery {
    private static final PgError OUTDATED_PLAN = new PgError(
                    SqlState.FEATURE_NOT_SUPPORTED, "cached plan must not change result type")
            .from(ErrorFields.OUTDATED_PLAN_ROUTINE);

    private final Session session;
    private final Map<String, PreparedStatement> statements = new HashMap<>();
    private final Map<String, Portal> portals = new HashMap<>();
    /** Backends that were sent messages since the last Sync. */
    private final Set<Backend> unsynced = new LinkedHashSet<>();
    /** Backends made to fail on purpose: their error is not the client's. */
    private final Set<Backend> poisoned = new HashSet<>();

    private final BindView bind = new BindView();
    private final BoundValues values;

    private Optional<PreparedStatement> unanswered = Optional.empty();
    /** Where the latest messages went: an answer of the proxy's own waits behind those. */
    private Optional<Backend> target = Optional.empty();

    /** Statements whose descriptions are on their way, in the order of asking. */
    private final Queue<PreparedStatement> describing = new ArrayDeque<>();
    /** Whether the last of them is the proxy's own question, see {@link #isCurrent}. */
    private boolean checking;

    private boolean skipping;
    /** Whether a shard has executed something since the last Sync. */
    private boolean executed;
    /** The session must be told the last Execute's effect before it can plan what follows. */
    private boolean effectPending;

    ExtendedQuery(Session session) {
        this.session = session;
        this.values = new BoundValues(bind);
    }

    boolean onMessage(ByteBuf borrowed, int frame, byte tag) {
        if (tag == FrontendTag.SYNC) {
            return onSync();
        }
        if (skipping) {
            return true;
        }
        if (effectPending) {
            if (!session.isQuiet()) {
                return false;
            }
            effectPending = false;
        }
        return switch (tag) {
            case FrontendTag.PARSE -> onParse(borrowed, frame);
            case FrontendTag.BIND -> onBind(borrowed, frame);
            case FrontendTag.DESCRIBE -> onDescribe(FieldReader.ofFrame(borrowed, frame));
            case FrontendTag.EXECUTE -> onExecute(FieldReader.ofFrame(borrowed, frame));
            case FrontendTag.CLOSE -> onClose(FieldReader.ofFrame(borrowed, frame));
            case FrontendTag.FLUSH -> onFlush();
            default -> throw new IllegalStateException("not a message of the extended protocol: " + tag);
        };
    }

    // ---- Parse ---------------------------------------------------------------------------------------------------

    private boolean onParse(ByteBuf borrowed, int frame) {
        if (!answerParse() || !mayAnswer()) {
            return false;
        }
        Parse parse = Parse.read(borrowed, frame);
        if (!parse.statement().isEmpty() && statements.containsKey(parse.statement())) {
            throw new PgError(
                            SqlState.DUPLICATE_PREPARED_STATEMENT,
                            "prepared statement \"" + parse.statement() + "\" already exists")
                    .toException();
        }
        statements.remove(parse.statement());
        Planned planned = session.plan(parse.sql());
        if (planned.statements().size() > 1) {
            throw new PgError(SqlState.SYNTAX_ERROR, "cannot insert multiple commands into a prepared statement")
                    .toException();
        }
        PreparedStatement statement = new PreparedStatement(
                parse.statement(),
                new StatementKey(
                        parse.sql(),
                        parse.parameterOids(),
                        session.settings().searchPath(),
                        session.database().schemaAge()),
                planned,
                session.settings());
        requireExecutable(statement);
        statements.put(parse.statement(), statement);
        if (isOwn(statement)) {
            statement.answered = true;
            answer(BackendTag.PARSE_COMPLETE);
        } else {
            unanswered = Optional.of(statement);
        }
        return true;
    }

    /** In a failed transaction only its end is taken, and what is refused whatever its values is refused at once. */
    private void requireExecutable(PreparedStatement statement) {
        if (statement.statements().isEmpty()) {
            return;
        }
        Plan plan = statement.statements().get(0).plan();
        boolean endsTransaction = plan instanceof Plan.Session command
                && (command.command() instanceof SessionCommand.Commit
                        || command.command() instanceof SessionCommand.Rollback
                        || command.command() instanceof SessionCommand.RollbackToSavepoint);
        if (!endsTransaction) {
            session.requireNotFailed();
        }
        if (plan instanceof Plan.Refusal refusal) {
            throw refusal.error().toException();
        }
    }

    private boolean isOwn(PreparedStatement statement) {
        return statement.statements().isEmpty()
                || commandOf(statement).filter(session.own()::carriesOut).isPresent();
    }

    private static Optional<SessionCommand> commandOf(PreparedStatement statement) {
        return statement.statements().isEmpty()
                ? Optional.empty()
                : Portal.commandOf(statement.statements().get(0));
    }

    /** Has a Parse that is still kept answered by a shard; false while that one is on its way. */
    boolean answerParse() {
        return answerParse(Optional.empty());
    }

    /** Has a Parse that is still kept answered by a shard, unless it is {@code but}'s; false while that one is on its way. */
    private boolean answerParse(Optional<PreparedStatement> but) {
        if (unanswered.isEmpty() || unanswered.equals(but)) {
            return true;
        }
        PreparedStatement statement = unanswered.get();
        Optional<Backend> backend = turnTo(homeOf(statement), Access.READ);
        if (backend.isEmpty()) {
            return false;
        }
        prepare(backend.get(), statement, Visibility.ALL);
        return true;
    }

    /** A shard that knows all tables of the statement. */
    private ShardName homeOf(PreparedStatement statement) {
        Plan plan = statement.statements().get(0).plan();
        if (target.isPresent() && session.database().hasOneShard()) {
            return target.get().shard();
        }
        if (plan instanceof Plan.Forward forward) {
            return forward.router().home().orElseGet(session::anyShard);
        }
        return plan instanceof Plan.Scatter scatter
                ? scatter.router().home().orElseGet(session::anyShard)
                : session.anyShard();
    }

    private void answerParseHere(PreparedStatement statement) {
        if (!statement.answered) {
            statement.answered = true;
            unanswered = Optional.empty();
            answer(BackendTag.PARSE_COMPLETE);
        }
    }

    /**
     * Whether the statement still has the result that the client knows; false while the shard is asked. A server knows that
     * of what it has prepared. Where a client's statement comes to another connection after a change of the schema, it
     * would be prepared there with the new result, and the client would misread the rows.
     */
    private boolean isCurrent(Backend backend, PreparedStatement statement) {
        if (statement.result.isEmpty()
                || statement.key.schemaAge() == session.database().schemaAge()) {
            return true;
        }
        if (!checking && !statement.isOutdated && !backend.hasPrepared(statement.key)) {
            byte[] name = backend.prepare(statement.key, true, Visibility.NONE);
            describing.add(statement);
            backend.sendDescribeStatement(name, statement.key, Visibility.NONE);
            checking = true;
        }
        if (checking) {
            if (!session.isQuiet()) {
                return false;
            }
            checking = false;
            if (statement.isOutdated) {
                // Others who parsed it under the same schema must find the same.
                backend.unprepare(statement.key);
            }
        }
        if (statement.isOutdated) {
            throw OUTDATED_PLAN.toException();
        }
        return true;
    }

    /** The answer to the first description that was asked for. */
    void onDescribed(Visibility visibility, RowShape result) {
        PreparedStatement statement = describing.remove();
        if (visibility == Visibility.ALL) {
            statement.result = Optional.of(result);
        } else {
            statement.isOutdated = !statement.result.equals(Optional.of(result));
        }
    }

    private byte[] prepare(Backend backend, PreparedStatement statement, Visibility visibility) {
        byte[] name =
                backend.prepare(statement.key, statement.isNamed(), statement.answered ? Visibility.NONE : visibility);
        if (!statement.answered) {
            statement.answered = true;
            unanswered = Optional.empty();
        }
        return name;
    }

    // ---- Bind ----------------------------------------------------------------------------------------------------

    private boolean onBind(ByteBuf borrowed, int frame) {
        bind.read(borrowed, frame);
        PreparedStatement statement = statement(bind.statement());
        if (!answerParse(Optional.of(statement)) || !mayAnswer()) {
            return false;
        }
        requireFreePortal(bind.portal());
        if (statement.statements().isEmpty()) {
            session.requireNotFailed();
            return bindHere(statement, new Portal.Nothing());
        }
        refresh(statement);
        requireExecutable(statement);
        Planned.Statement planned = statement.statements().get(0);
        Plan plan = planned.plan();
        if (plan instanceof Plan.Session command) {
            OwnCommands.requireSupported(command.command());
            if (session.own().carriesOut(command.command())) {
                return bindHere(statement, new Portal.Own(command.command(), planned.text()));
            }
            return bindTo(session.anyShard(), statement, planned, Access.READ, false);
        }
        values.use(planned.values(), statement.key.parameterOids());
        if (plan instanceof Plan.Scatter scatter) {
            List<ShardName> shards = session.shardsOf(scatter, values);
            return shards.size() == 1
                    ? bindTo(shards.get(0), statement, planned, Access.READ, false)
                    : bindToAll(shards, statement);
        }
        Plan.Forward forward = (Plan.Forward) plan;
        return bindTo(session.shardOf(forward, values), statement, planned, forward.access(), forward.pins());
    }

    private PreparedStatement statement(String name) {
        PreparedStatement statement = statements.get(name);
        if (statement == null) {
            throw new PgError(
                            SqlState.INVALID_SQL_STATEMENT_NAME,
                            name.isEmpty()
                                    ? "unnamed prepared statement does not exist"
                                    : "prepared statement \"" + name + "\" does not exist")
                    .toException();
        }
        return statement;
    }

    /** A shard knows its own portals, and may have lost one to ROLLBACK TO: it is the judge there. */
    private void requireFreePortal(String name) {
        if (!name.isEmpty() && portals.containsKey(name) && !(portals.get(name) instanceof Portal.OnBackend)) {
            throw portalExists(name);
        }
    }

    private void requireFreePortalBut(Backend backend, String name) {
        if (!name.isEmpty() && portals.get(name) instanceof Portal.OnBackend other && other.backend() != backend) {
            throw portalExists(name);
        }
    }

    private static PgErrorException portalExists(String name) {
        return new PgError(SqlState.DUPLICATE_CURSOR, "cursor \"" + name + "\" already exists").toException();
    }

    /** A plan made for another catalog or search path is made anew. */
    private void refresh(PreparedStatement statement) {
        if (statement.planned.generation() != session.database().plans().generation()
                || !session.settings().resolvesLike(statement.settings)) {
            statement.planned = session.plan(statement.key.sql());
            statement.settings = session.settings();
        }
    }

    private boolean bindHere(PreparedStatement statement, Portal portal) {
        answerParseHere(statement);
        portals.put(bind.portal(), portal);
        answer(BackendTag.BIND_COMPLETE);
        return true;
    }

    private boolean bindTo(
            ShardName shard, PreparedStatement statement, Planned.Statement planned, Access access, boolean pins) {
        session.requireOneWriter(shard, access);
        Optional<Backend> ready = turnTo(shard, access);
        if (ready.isEmpty()) {
            return false;
        }
        Backend backend = ready.get();
        if (!isCurrent(backend, statement)) {
            return false;
        }
        if (pins) {
            session.held().pin(shard);
        }
        requireFreePortalBut(backend, bind.portal());
        byte[] name = prepare(backend, statement, Visibility.ALL);
        backend.sendBind(bind, name, Visibility.ALL);
        portals.put(bind.portal(), new Portal.OnBackend(backend, planned));
        return true;
    }

    private boolean bindToAll(List<ShardName> shards, PreparedStatement statement) {
        if (!session.isQuiet()) {
            return false;
        }
        Optional<List<Backend>> backends = SimpleQuery.allReady(session, shards);
        if (backends.isEmpty()) {
            return false;
        }
        session.requireOneSnapshot(backends.get());
        for (Backend backend : backends.get()) {
            session.enlist(backend, Access.READ);
            unsynced.add(backend);
            if (!isCurrent(backend, statement)) {
                return false;
            }
        }
        if (statement.isNamed() && backends.get().stream().anyMatch(backend -> backend.hasPrepared(statement.key))) {
            answerParseHere(statement);
        }
        ScatterMerge merge = new ScatterMerge(session.output(), shards.size());
        session.scatterTo(merge);
        for (Backend backend : backends.get()) {
            byte[] name = backend.prepare(
                    statement.key, statement.isNamed(), statement.answered ? Visibility.NONE : Visibility.ROWS);
            backend.sendBind(bind, name, Visibility.ROWS);
        }
        statement.answered = true;
        unanswered = Optional.empty();
        target = Optional.empty();
        portals.put(bind.portal(), new Portal.OnMany(backends.get(), merge));
        return true;
    }

    /** The shard's backend, ready to be sent messages; empty while it, or what was sent to another one, is on its way. */
    private Optional<Backend> turnTo(ShardName shard, Access access) {
        Optional<Backend> backend = session.held().ready(shard);
        if (backend.isEmpty() || !session.isQuietBut(backend.get())) {
            return Optional.empty();
        }
        session.enlist(backend.get(), access);
        unsynced.add(backend.get());
        target = backend;
        return backend;
    }

    /** The same for a backend that has a portal; false while what was sent to another one is on its way. */
    private boolean turnTo(Backend backend) {
        if (!session.isQuietBut(backend)) {
            return false;
        }
        unsynced.add(backend);
        target = Optional.of(backend);
        return true;
    }

    /** Whether an answer of the proxy's own would stand in its place: behind one backend's, but not between those of several. */
    private boolean mayAnswer() {
        return target.isPresent() || session.isQuiet();
    }

    // ---- Describe, Execute, Close --------------------------------------------------------------------------------

    private boolean onDescribe(FieldReader fields) {
        byte kind = fields.int8();
        String name = fields.string();
        fields.end();
        return switch (kind) {
            case 'S' -> describeStatement(statement(name));
            case 'P' -> answerParse() && describePortal(name);
            default -> throw new CorruptedFrameException("invalid DESCRIBE message subtype " + kind);
        };
    }

    private boolean describeStatement(PreparedStatement statement) {
        if (!answerParse(Optional.of(statement)) || !mayAnswer()) {
            return false;
        }
        if (isOwn(statement)) {
            ByteBuf out = session.output().buffer();
            BackendMessages.noParameters(out);
            describeOwn(out, commandOf(statement));
            session.writeInOrder(out, target);
            return true;
        }
        refresh(statement);
        Optional<Backend> backend = turnTo(homeOf(statement), Access.READ);
        if (backend.isEmpty() || !isCurrent(backend.get(), statement)) {
            return false;
        }
        byte[] name = prepare(backend.get(), statement, Visibility.ALL);
        describing.add(statement);
        backend.get().sendDescribeStatement(name, statement.key, Visibility.ALL);
        return true;
    }

    private static void describeOwn(ByteBuf out, Optional<SessionCommand> command) {
        if (command.isPresent() && command.get() instanceof SessionCommand.Show show) {
            BackendMessages.textColumn(out, show.name());
        } else {
            BackendMessages.empty(out, BackendTag.NO_DATA);
        }
    }

    private boolean describePortal(String name) {
        Portal portal = portal(name);
        if (portal instanceof Portal.OnBackend on) {
            if (!turnTo(on.backend())) {
                return false;
            }
            on.backend().sendDescribePortal(name, Visibility.ALL);
        } else if (portal instanceof Portal.OnMany many) {
            if (!turnTo(many)) {
                return false;
            }
            many.backends().forEach(backend -> backend.sendDescribePortal(name, Visibility.ROWS));
        } else if (!mayAnswer()) {
            return false;
        } else {
            ByteBuf out = session.output().buffer();
            describeOwn(out, portal instanceof Portal.Own own ? Optional.of(own.command()) : Optional.empty());
            session.writeInOrder(out, target);
        }
        return true;
    }

    private Portal portal(String name) {
        Portal portal = portals.get(name);
        if (portal == null) {
            throw new PgError(SqlState.INVALID_CURSOR_NAME, "portal \"" + name + "\" does not exist").toException();
        }
        return portal;
    }

    private boolean onExecute(FieldReader fields) {
        String name = fields.string();
        int maxRows = fields.int32();
        fields.end();
        if (!answerParse()) {
            return false;
        }
        Portal portal = portal(name);
        if (portal instanceof Portal.OnBackend on) {
            if (!turnTo(on.backend())) {
                return false;
            }
            executeOn(on, name, maxRows);
            return true;
        }
        if (portal instanceof Portal.OnMany many) {
            return executeOnMany(many, name, maxRows);
        }
        if (portal instanceof Portal.Nothing) {
            if (!mayAnswer()) {
                return false;
            }
            answer(BackendTag.EMPTY_QUERY_RESPONSE);
            return true;
        }
        return executeOwn((Portal.Own) portal);
    }

    private void executeOn(Portal.OnBackend portal, String name, int maxRows) {
        session.executes(portal.statement());
        executed = true;
        portal.backend().sendExecute(name, maxRows, Visibility.ALL);
        effectPending = Portal.commandOf(portal.statement()).isPresent();
    }

    private boolean executeOnMany(Portal.OnMany portal, String name, int maxRows) {
        if (maxRows > 0) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "a row limit on a result of several shards is not supported yet",
                            "The Execute message asks for " + maxRows + " rows at a time.",
                            "Fetch all rows at once (JDBC: no fetch size, no maximum of rows), or name the shard key.")
                    .toException();
        }
        if (!turnTo(portal)) {
            return false;
        }
        executed = true;
        portal.backends().forEach(backend -> {
            backend.sendExecute(name, 0, Visibility.ROWS);
            unsynced.add(backend);
        });
        // What follows must not be answered by one shard before another has ended this.
        effectPending = true;
        return true;
    }

    /** Makes the portal's merge the one that hears the shards; false while another is being answered. */
    private boolean turnTo(Portal.OnMany portal) {
        if (target.isEmpty()
                && session.scatter().filter(merge -> merge == portal.merge()).isPresent()) {
            return true;
        }
        if (!session.isQuiet()) {
            return false;
        }
        session.scatterTo(portal.merge());
        target = Optional.empty();
        return true;
    }

    private boolean executeOwn(Portal.Own portal) {
        if (!session.isQuiet()) {
            return false;
        }
        if (unsynced.isEmpty() || session.transaction().isOpen()) {
            session.own().run(portal.command(), portal.text(), () -> {});
            return true;
        }
        // What was sent since the last Sync is a transaction of its own, which such a command would end or join.
        return executeOwnInPipeline(portal);
    }

    private boolean executeOwnInPipeline(Portal.Own portal) {
        if (portal.command() instanceof SessionCommand.Begin
                || portal.command() instanceof SessionCommand.Commit
                || portal.command() instanceof SessionCommand.Rollback) {
            if (executed) {
                throw new PgError(
                                SqlState.FEATURE_NOT_SUPPORTED,
                                "transaction control between pipelined statements is not supported",
                                "Statements of the same pipeline ran before it, outside a transaction block.",
                                "Send a Sync before BEGIN, COMMIT and ROLLBACK.")
                        .toException();
            }
        }
        session.own().run(portal.command(), portal.text(), () -> {});
        return true;
    }

    private boolean onClose(FieldReader fields) {
        byte kind = fields.int8();
        String name = fields.string();
        fields.end();
        if (!answerParse() || !mayAnswer()) {
            return false;
        }
        switch (kind) {
            case 'S' -> {
                // The shard keeps it: others may have the same text.
                statements.remove(name);
                answer(BackendTag.CLOSE_COMPLETE);
            }
            case 'P' -> {
                return closePortal(name);
            }
            default -> throw new CorruptedFrameException("invalid CLOSE message subtype " + kind);
        }
        return true;
    }

    private boolean closePortal(String name) {
        Optional<Portal> portal = Optional.ofNullable(portals.get(name));
        if (portal.isPresent() && portal.get() instanceof Portal.OnBackend on) {
            if (!turnTo(on.backend())) {
                return false;
            }
            on.backend().sendClosePortal(name, Visibility.ALL);
        } else {
            if (portal.isPresent() && portal.get() instanceof Portal.OnMany many) {
                many.backends().forEach(backend -> backend.sendClosePortal(name, Visibility.NONE));
            }
            answer(BackendTag.CLOSE_COMPLETE);
        }
        portals.remove(name);
        return true;
    }

    /** DEALLOCATE; all of them for an empty name. */
    void deallocate(String name) {
        if (name.isEmpty()) {
            statements.keySet().removeIf(known -> !known.isEmpty());
        } else if (statements.remove(name) == null) {
            throw new PgError(SqlState.INVALID_SQL_STATEMENT_NAME, "prepared statement \"" + name + "\" does not exist")
                    .toException();
        }
    }

    // ---- Flush, Sync, errors -------------------------------------------------------------------------------------

    private boolean onFlush() {
        if (!answerParse()) {
            return false;
        }
        for (Backend backend : unsynced) {
            backend.sendFlush();
            backend.flush();
        }
        return true;
    }

    private boolean onSync() {
        if (!skipping && !answerParse()) {
            return false;
        }
        // Sync commits: what one shard has done must not be, while another may still fail.
        if (unsynced.size() > 1 && !session.isQuiet()) {
            return false;
        }
        sync();
        return true;
    }

    /** Ends the pipeline; ReadyForQuery follows. */
    void sync() {
        effectPending = false;
        if (unsynced.isEmpty()) {
            session.writeReady();
            return;
        }
        session.busyUntilReady(unsynced.size());
        unsynced.forEach(backend -> backend.sendSync(Visibility.ALL));
    }

    boolean isSkipping() {
        return skipping;
    }

    /** Whether nothing was sent to a backend since the last Sync. */
    boolean isSynced() {
        return unsynced.isEmpty();
    }

    /**
     * A Query between pipelined statements joins their transaction in PostgreSQL, and does not end it. Within a block that is
     * nothing special.
     */
    void requireSynced() {
        if (!session.transaction().isOpen() && !unsynced.isEmpty()) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "a simple query in a pipeline of the extended protocol is not supported",
                            "Statements were sent before it outside a transaction block, and no Sync.",
                            "Send a Sync before it.")
                    .toException();
        }
    }

    /** Everything up to Sync is answered. */
    void onSynced() {
        skipping = false;
        executed = false;
        effectPending = false;
        unanswered = Optional.empty();
        unsynced.clear();
        poisoned.clear();
        describing.clear();
        checking = false;
        target = Optional.empty();
        if (!session.transaction().isOpen()) {
            portals.clear();
        }
    }

    /** Portals do not outlive the transaction they were made in. */
    void onTransactionEnd() {
        portals.clear();
    }

    private void answer(byte tag) {
        ByteBuf out = session.output().buffer();
        BackendMessages.empty(out, tag);
        session.writeInOrder(out, target);
    }

    /** A refusal of the proxy's own, all that came before it being answered. */
    void fail(PgError error) {
        session.writeError(error);
        skipToSync();
        poison(Optional.empty());
    }

    /** A shard has refused something the client sent, and the client knows. */
    void onBackendError(Backend backend) {
        if (unsynced.contains(backend)) {
            skipToSync();
            poison(Optional.of(backend));
        }
    }

    /** The error of a round over shards has been told. */
    void onOwnError() {
        skipping = true;
    }

    /** Whether an error in what the proxy sent on its own account is news to the client. */
    boolean onHiddenError(Backend backend) {
        if (poisoned.contains(backend)) {
            return false;
        }
        onBackendError(backend);
        return true;
    }

    void onBackendGone(Backend backend) {
        if (unsynced.remove(backend)) {
            skipToSync();
            poison(Optional.of(backend));
        }
        portals.values().removeIf(portal -> portal instanceof Portal.OnBackend on && on.backend() == backend);
    }

    /** The client has not been told that this is parsed. Another name may have the same content. */
    @SuppressWarnings("ReferenceEquality")
    void onParseSkipped(StatementKey key) {
        statements.values().removeIf(statement -> statement.key == key);
    }

    private void skipToSync() {
        skipping = true;
        unanswered.ifPresent(statement -> statements.remove(statement.name));
        unanswered = Optional.empty();
    }

    /** What other shards have done since the last Sync must not be committed by it. */
    private void poison(Optional<Backend> but) {
        if (session.transaction().isOpen()) {
            return;
        }
        for (Backend backend : unsynced) {
            if (but.filter(failed -> failed == backend).isEmpty() && poisoned.add(backend)) {
                backend.sendPoison();
                // A Sync may be waiting until all is answered.
                backend.sendFlush();
                backend.flush();
            }
        }
    }
}
