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
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.Combination;
import io.ostraka.rules.plan.Merge;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.Route;
import io.ostraka.rules.plan.SessionCommand;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;

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
    private final Pipeline pipeline;
    private final Portals portals;
    private final BindView bind = new BindView();
    private final BoundValues values;

    private Optional<PreparedStatement> unanswered = Optional.empty();
    /** Statements whose descriptions are on their way, in the order of asking. */
    private final Queue<PreparedStatement> describing = new ArrayDeque<>();
    /** Whether the last of them is the proxy's own question, see {@link #isCurrent}. */
    private boolean checking;

    ExtendedQuery(Session session) {
        this.session = session;
        this.pipeline = new Pipeline(session);
        this.portals = new Portals(session, pipeline);
        this.values = new BoundValues(bind);
    }

    Pipeline pipeline() {
        return pipeline;
    }

    boolean onMessage(ByteBuf borrowed, int frame, byte tag) {
        if (tag == FrontendTag.SYNC) {
            return onSync();
        }
        if (pipeline.isSkipping()) {
            return true;
        }
        if (!pipeline.isEffectKnown()) {
            return false;
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
        if (!answerParse() || !pipeline.mayAnswer()) {
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
            pipeline.answer(BackendTag.PARSE_COMPLETE);
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
        Optional<Backend> backend = pipeline.turnTo(homeOf(statement), Access.READ);
        if (backend.isEmpty()) {
            return false;
        }
        prepare(backend.get(), statement, Visibility.ALL);
        return true;
    }

    /** A shard that knows all tables of the statement. */
    private ShardName homeOf(PreparedStatement statement) {
        Plan plan = statement.statements().get(0).plan();
        if (pipeline.target().isPresent() && session.database().hasOneShard()) {
            return pipeline.target().get().shard();
        }
        if (plan instanceof Plan.Forward forward) {
            return forward.router().home().orElseGet(session.shards()::anyShard);
        }
        if (plan instanceof Plan.Combine combine) {
            return combine.combination().combiner();
        }
        return plan instanceof Plan.Scatter scatter
                ? scatter.router().home().orElseGet(session.shards()::anyShard)
                : session.shards().anyShard();
    }

    private void answerParseHere(PreparedStatement statement) {
        if (!statement.answered) {
            statement.answered = true;
            unanswered = Optional.empty();
            pipeline.answer(BackendTag.PARSE_COMPLETE);
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
        if (!answerParse(Optional.of(statement)) || !pipeline.mayAnswer()) {
            return false;
        }
        portals.requireFree(bind.portal());
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
            return bindTo(session.shards().anyShard(), statement, planned, Access.READ, false);
        }
        values.use(planned.values(), statement.key.parameterOids());
        if (plan instanceof Plan.Scatter scatter) {
            List<ShardName> shards = session.shards().shardsOf(scatter, values);
            return shards.size() == 1
                    ? bindTo(shards.get(0), statement, planned, Access.READ, false)
                    : bindToAll(scatter, shards, statement, planned);
        }
        if (plan instanceof Plan.Combine combine && ShardChoice.needsSeveral(combine, values)) {
            return bindCombined(combine.combination(), statement, planned);
        }
        Plan.Forward forward = plan instanceof Plan.Combine combine ? combine.forward() : (Plan.Forward) plan;
        Route route = forward.router().route(values);
        if (route instanceof Route.Many many && forward.spread().isPresent()) {
            return bindSpread(forward.spread().get(), many.shards(), statement);
        }
        return bindTo(session.shards().shardOf(forward, route), statement, planned, forward.access(), forward.pins());
    }

    /** Bound where the combiner is, which judges the values and describes the result; only Execute needs the other shards. */
    private boolean bindCombined(Combination combination, PreparedStatement statement, Planned.Statement planned) {
        if (!bindTo(combination.combiner(), statement, planned, Access.READ, false)) {
            return false;
        }
        Portal.OnBackend bound = (Portal.OnBackend) portals.named(bind.portal());
        portals.put(
                bind.portal(), new Portal.Combined(bound.backend(), planned, combination, statement.key, bind.copy()));
        return true;
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
        pipeline.answer(BackendTag.BIND_COMPLETE);
        return true;
    }

    private boolean bindTo(
            ShardName shard, PreparedStatement statement, Planned.Statement planned, Access access, boolean pins) {
        session.shards().requireMayWrite(shard, access);
        Optional<Backend> ready = pipeline.turnTo(shard, access);
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
        portals.requireFreeBut(backend, bind.portal());
        byte[] name = prepare(backend, statement, Visibility.ALL);
        backend.sendBind(bind, name, Visibility.ALL);
        portals.put(bind.portal(), new Portal.OnBackend(backend, planned));
        return true;
    }

    private boolean bindToAll(
            Plan.Scatter plan, List<ShardName> shards, PreparedStatement statement, Planned.Statement planned) {
        if (!session.isQuiet()) {
            return false;
        }
        Optional<List<Backend>> backends = SimpleQuery.allReady(session, shards);
        if (backends.isEmpty()) {
            return false;
        }
        session.shards().requireOneSnapshot(backends.get());
        for (Backend backend : backends.get()) {
            session.shards().enlist(backend, Access.READ);
            pipeline.unsynced().add(backend);
            if (!isCurrent(backend, statement)) {
                return false;
            }
        }
        ScatterMerge merge = SimpleQuery.merge(session, plan, values, shards.size(), false);
        Optional<Merge.Ordered> ordered =
                plan.merge() instanceof Merge.Ordered found ? Optional.of(found) : Optional.empty();
        short[] formats = ordered.map(this::resultFormats).orElse(new short[0]);
        StatementKey key = ordered.map(found -> statement.key.withSql(planned.shardText(found)))
                .orElse(statement.key);
        if (statement.isNamed() && backends.get().stream().anyMatch(backend -> backend.hasPrepared(key))) {
            answerParseHere(statement);
        }
        session.answers().scatterTo(merge);
        for (Backend backend : backends.get()) {
            byte[] name =
                    backend.prepare(key, statement.isNamed(), statement.answered ? Visibility.NONE : Visibility.ROWS);
            if (ordered.isPresent()) {
                backend.sendBind(bind, name, formats, Visibility.ROWS);
                backend.sendDescribePortal(bind.portal(), Visibility.ROWS);
            } else {
                backend.sendBind(bind, name, Visibility.ROWS);
            }
        }
        statement.answered = true;
        unanswered = Optional.empty();
        pipeline.targetsMany();
        portals.put(bind.portal(), new Portal.OnMany(backends.get(), merge, true));
        return true;
    }

    private boolean bindSpread(Plan.Spread plan, List<ShardName> shards, PreparedStatement statement) {
        if (!session.isQuiet()) {
            return false;
        }
        Optional<List<Backend>> backends = SimpleQuery.allReady(session, shards);
        if (backends.isEmpty()) {
            return false;
        }
        pipeline.requireNothingExecuted();
        session.shards().beginSpread(backends.get());
        for (Backend backend : backends.get()) {
            session.shards().enlist(backend, Access.WRITE);
            pipeline.unsynced().add(backend);
            if (!isCurrent(backend, statement)) {
                return false;
            }
        }
        if (statement.isNamed() && backends.get().stream().anyMatch(backend -> backend.hasPrepared(statement.key))) {
            answerParseHere(statement);
        }
        ScatterMerge merge = ScatterMerge.writing(session.output(), shards.size(), plan.copies());
        session.answers().scatterTo(merge);
        for (Backend backend : backends.get()) {
            byte[] name = backend.prepare(
                    statement.key, statement.isNamed(), statement.answered ? Visibility.NONE : Visibility.ROWS);
            backend.sendBind(bind, name, Visibility.ROWS);
        }
        statement.answered = true;
        unanswered = Optional.empty();
        pipeline.targetsMany();
        portals.put(bind.portal(), new Portal.OnMany(backends.get(), merge, plan.returnsRows()));
        return true;
    }

    /** Those that the client asks for, and binary for the keys behind its columns. */
    private short[] resultFormats(Merge.Ordered plan) {
        if (bind.resultFormatCount() > 1 && bind.resultFormatCount() != plan.columns()) {
            throw new PgError(
                            SqlState.PROTOCOL_VIOLATION,
                            "bind message has " + bind.resultFormatCount() + " result formats but query has "
                                    + plan.columns() + " columns")
                    .toException();
        }
        short[] formats = new short[plan.columns() + plan.keys().size()];
        for (int i = 0; i < formats.length; i++) {
            formats[i] = i < plan.columns() ? bind.resultFormat(i) : SimpleQuery.BINARY;
        }
        return formats;
    }

    // ---- Describe, Execute, Close --------------------------------------------------------------------------------

    private boolean onDescribe(FieldReader fields) {
        byte kind = fields.int8();
        String name = fields.string();
        fields.end();
        return switch (kind) {
            case 'S' -> describeStatement(statement(name));
            case 'P' -> answerParse() && portals.describe(name);
            default -> throw new CorruptedFrameException("invalid DESCRIBE message subtype " + kind);
        };
    }

    private boolean describeStatement(PreparedStatement statement) {
        if (!answerParse(Optional.of(statement)) || !pipeline.mayAnswer()) {
            return false;
        }
        if (isOwn(statement)) {
            ByteBuf out = session.output().buffer();
            BackendMessages.noParameters(out);
            Portals.describeOwn(out, commandOf(statement));
            session.writeInOrder(out, pipeline.target());
            return true;
        }
        refresh(statement);
        Optional<Backend> backend = pipeline.turnTo(homeOf(statement), Access.READ);
        if (backend.isEmpty() || !isCurrent(backend.get(), statement)) {
            return false;
        }
        byte[] name = prepare(backend.get(), statement, Visibility.ALL);
        describing.add(statement);
        backend.get().sendDescribeStatement(name, statement.key, Visibility.ALL);
        return true;
    }

    private boolean onExecute(FieldReader fields) {
        String name = fields.string();
        int maxRows = fields.int32();
        fields.end();
        if (!answerParse()) {
            return false;
        }
        return portals.execute(name, maxRows);
    }

    private boolean onClose(FieldReader fields) {
        byte kind = fields.int8();
        String name = fields.string();
        fields.end();
        if (!answerParse() || !pipeline.mayAnswer()) {
            return false;
        }
        switch (kind) {
            case 'S' -> {
                // The shard keeps it: others may have the same text.
                statements.remove(name);
                pipeline.answer(BackendTag.CLOSE_COMPLETE);
            }
            case 'P' -> {
                return portals.close(name);
            }
            default -> throw new CorruptedFrameException("invalid CLOSE message subtype " + kind);
        }
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
        for (Backend backend : pipeline.unsynced()) {
            backend.sendFlush();
            backend.flush();
        }
        return true;
    }

    private boolean onSync() {
        if (!pipeline.isSkipping() && !answerParse()) {
            return false;
        }
        // Sync commits: what one shard has done must not be, while another may still fail.
        if (pipeline.unsynced().size() > 1 && !session.isQuiet()) {
            return false;
        }
        pipeline.sync();
        return true;
    }

    /** Everything up to Sync is answered. */
    void onSynced() {
        pipeline.onSynced();
        unanswered = Optional.empty();
        describing.clear();
        checking = false;
        if (!session.transaction().isOpen()) {
            portals.clear();
        }
    }

    /** Portals do not outlive the transaction they were made in. */
    void onTransactionEnd() {
        portals.clear();
    }

    /** A refusal of the proxy's own, all that came before it being answered. */
    void fail(PgError error) {
        session.writeError(error);
        skipToSync();
        pipeline.poison(Optional.empty());
    }

    /** A shard has refused something the client sent, and the client knows. */
    void onBackendError(Backend backend) {
        if (pipeline.unsynced().contains(backend)) {
            skipToSync();
            pipeline.poison(Optional.of(backend));
        }
    }

    /** The error of a round over shards has been told. */
    void onOwnError() {
        pipeline.skip();
    }

    /** Whether an error in what the proxy sent on its own account is news to the client. */
    boolean onHiddenError(Backend backend) {
        if (pipeline.isPoisoned(backend)) {
            return false;
        }
        onBackendError(backend);
        return true;
    }

    /** A statement that the combiner was to answer has failed. */
    void onCombineError() {
        skipToSync();
        pipeline.poison(Optional.empty());
    }

    /** What was bound up to now is gone with the transaction it was bound in. */
    void onCombined() {
        pipeline.unsynced().clear();
        portals.clear();
    }

    void onBackendGone(Backend backend) {
        if (pipeline.unsynced().remove(backend)) {
            skipToSync();
            pipeline.poison(Optional.of(backend));
        }
        portals.onBackendGone(backend);
    }

    /** The client has not been told that this is parsed. Another name may have the same content. */
    @SuppressWarnings("ReferenceEquality")
    void onParseSkipped(StatementKey key) {
        statements.values().removeIf(statement -> statement.key == key);
    }

    private void skipToSync() {
        pipeline.skip();
        unanswered.ifPresent(statement -> statements.remove(statement.name));
        unanswered = Optional.empty();
    }
}
