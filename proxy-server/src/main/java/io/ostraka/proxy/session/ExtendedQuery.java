package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.execute.ArgumentsRun;
import io.ostraka.proxy.execute.BindRun;
import io.ostraka.proxy.execute.ScatterMerge;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.BindView;
import io.ostraka.proxy.wire.CorruptedFrameException;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.proxy.wire.FrontendTag;
import io.ostraka.proxy.wire.Parse;
import io.ostraka.proxy.wire.TransactionStatus;
import io.ostraka.rules.config.LimitsConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.Combination;
import io.ostraka.rules.plan.CursorCommand;
import io.ostraka.rules.plan.Merge;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.Route;
import io.ostraka.rules.plan.RowSplit;
import io.ostraka.rules.plan.SessionCommand;
import io.ostraka.rules.plan.StatementValues;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The extended protocol: {@link Statements} are bound to {@link Portals}, whose shards the values decide. After an error all is
 * skipped up to Sync, as on the server. Confined to the session's event loop.
 */
final class ExtendedQuery {
    private final Session session;
    private final Pipeline pipeline;
    private final Statements statements;
    private final Portals portals;
    private final BindView bind = new BindView();
    private final BoundValues values;
    private final ExecuteArguments arguments;

    ExtendedQuery(Session session, LimitsConfig limits) {
        this.session = session;
        this.pipeline = new Pipeline(session);
        this.statements = new Statements(session, pipeline, limits);
        this.portals = new Portals(session, pipeline, limits.portals());
        this.values = new BoundValues(bind);
        this.arguments = new ExecuteArguments(session);
    }

    Pipeline pipeline() {
        return pipeline;
    }

    Statements statements() {
        return statements;
    }

    Portals portals() {
        return portals;
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
        session.locks().expectNothing();
        return switch (tag) {
            case FrontendTag.PARSE -> onParse(borrowed, frame);
            case FrontendTag.BIND -> onBind(borrowed, frame);
            case FrontendTag.DESCRIBE -> onDescribe(fields(borrowed, frame));
            case FrontendTag.EXECUTE -> onExecute(fields(borrowed, frame));
            case FrontendTag.CLOSE -> onClose(fields(borrowed, frame));
            case FrontendTag.FLUSH -> onFlush();
            default -> throw new IllegalStateException("not a message of the extended protocol: " + tag);
        };
    }

    private FieldReader fields(ByteBuf borrowed, int frame) {
        return FieldReader.ofFrame(borrowed, frame, session.encoding());
    }

    // ---- Parse ---------------------------------------------------------------------------------------------------

    private boolean onParse(ByteBuf borrowed, int frame) {
        if (!statements.answerParse() || !pipeline.mayAnswer()) {
            return false;
        }
        portals.forgetQuery();
        return statements.parse(Parse.read(borrowed, frame, session.encoding()));
    }

    // ---- Bind ----------------------------------------------------------------------------------------------------

    private boolean onBind(ByteBuf borrowed, int frame) {
        bind.read(borrowed, frame, session.encoding());
        return onBind();
    }

    /** A Bind of which only {@code available} bytes are there, which may be enough: what decides mostly comes first. */
    boolean onBeginningOfBind(ByteBuf borrowed, int frame, int available) {
        if (!pipeline.isEffectKnown()) {
            return false;
        }
        bind.readBeginning(borrowed, frame, available, session.encoding());
        return onBind();
    }

    private boolean onBind() {
        PreparedStatement statement = statements.named(bind.statement());
        if (!statements.answerParseBut(statement) || !pipeline.mayAnswer()) {
            return false;
        }
        if (mayBeRefusedHere(statement)) {
            requireParameters(statement);
        }
        portals.requireFree(bind.portal());
        if (!statements.isOwn(statement) && !session.failedBlock().isShared()) {
            return false;
        }
        if (statement.statements().isEmpty()) {
            session.requireNotFailed();
            return bindHere(statement, new Portal.Nothing());
        }
        statements.refresh(statement);
        statements.preparing().requireUnchanged(statement);
        Planned.Statement planned = statement.statements().get(0);
        Plan plan = planned.plan();
        Optional<ArgumentsRun> failed = arguments.failed();
        if (failed.isPresent()) {
            boolean isExplained = plan instanceof Plan.Execute execute && execute.isExplained();
            return isExplained ? tell(failed.get()) : bindFailed(failed.get());
        }
        statements.requireExecutable(statement);
        if (plan instanceof Plan.Session command) {
            session.own().requireSupported(command.command());
            if (session.own().carriesOut(command.command())) {
                return bindHere(statement, new Portal.Own(command.command(), planned, bind.resultFormat(0)));
            }
            boolean isOfStatements = command.command() instanceof SessionCommand.Execute
                    || command.command() instanceof SessionCommand.Prepare;
            Sent sent = Sent.asWritten(statement, planned);
            return isOfStatements
                    ? bindTo(statements.homeOf(statement), sent, Access.WRITE, false)
                    : bindTo(session.shards().anyShard(), sent, OwnCommands.accessOf(command.command()), false);
        }
        session.locks().beginFor(planned);
        expect(planned);
        if (isOfRun(plan)) {
            return bindRun(Sent.asWritten(statement, planned));
        }
        if (plan instanceof Plan.Execute execute) {
            return statements.preparing().isThere(execute)
                    ? bindExecuted(execute, statement, planned)
                    : bindDoomed(Statements.missing(execute.name()).error(), Sent.asWritten(statement, planned));
        }
        return bindPlanned(Sent.asWritten(statement, planned));
    }

    private void expect(Planned.Statement bound) {
        session.locks().expect(bound);
        session.locks().bound(bind.portal());
    }

    /** A statement whose values decide where it goes. */
    private boolean bindPlanned(Sent sent) {
        Planned.Statement planned = sent.planned();
        values.use(planned.values(), sent.key().parameterOids(), session.encoding());
        return planned.plan().asks() ? ask(sent) : bindTo(sent, planned.plan(), values);
    }

    /** What an EXECUTE stands for is bound in its place; its arguments, if they are expressions, are computed first. */
    private boolean bindExecuted(Plan.Execute execute, PreparedStatement statement, Planned.Statement asWritten) {
        if (arguments.meaning().isEmpty()
                && (!isJudged() || arguments.meaningOf(execute, asWritten).isEmpty())) {
            return false;
        }
        Planned.Statement meaning = arguments.meaning().orElseThrow();
        if (meaning.plan() instanceof Plan.Refusal refusal) {
            throw refusal.error().toException();
        }
        expect(meaning);
        Sent sent = Sent.rewritten(statement, meaning);
        boolean taken = isOfRun(meaning.plan()) ? bindRun(sent) : bindPlanned(sent);
        if (taken) {
            arguments.clear();
        }
        return taken;
    }

    /** A shard has judged what was parsed, and nothing is under way there: false until then. */
    private boolean isJudged() {
        return statements.answerParse()
                && session.isQuiet()
                && session.executions().isSynced();
    }

    /** The client is told when it executes the portal, as by PostgreSQL, which computes them then. */
    private boolean bindFailed(ArgumentsRun failed) {
        portals.requireFreeHere(bind.portal());
        portals.put(bind.portal(), new Portal.Failed(failed, resultFormats()));
        pipeline.answer(BackendTag.BIND_COMPLETE);
        arguments.clear();
        session.transaction().fail();
        return true;
    }

    /** Whether a shard only judges it, and its Execute is a run of the session's. */
    private static boolean isOfRun(Plan plan) {
        return plan instanceof Plan.Explain
                || plan instanceof Plan.Cursor
                || plan instanceof Plan.Prepare
                || plan instanceof Plan.CreateTable
                || plan instanceof Plan.ChangeTables
                || Copying.isOverShards(plan);
    }

    /** What the shards parse: the client's own statement, or another text in its place, which has no name. */
    private record Sent(PreparedStatement statement, Planned.Statement planned, StatementKey key, boolean isRewritten) {
        static Sent asWritten(PreparedStatement statement, Planned.Statement planned) {
            return new Sent(statement, planned, statement.key, false);
        }

        static Sent rewritten(PreparedStatement statement, Planned.Statement planned) {
            return new Sent(statement, planned, statement.key.withSql(planned.text()), true);
        }

        boolean isNamed() {
            return !isRewritten && statement.isNamed();
        }
    }

    private boolean ask(Sent asked) {
        bind.requireWhole();
        Questions.Judge judge = new Questions.Judge(homeOf(asked), asked.key());
        Optional<Questions.Resolved> resolved =
                session.questions().resolve(asked.planned(), values, Optional.of(judge));
        if (resolved.isEmpty()) {
            return false;
        }
        Questions.Resolved known = resolved.get();
        if (known.plan() instanceof Plan.Refusal refusal) {
            throw refusal.error().toException();
        }
        Sent sent = known.isRewritten() || asked.isRewritten()
                ? Sent.rewritten(asked.statement(), known.statement())
                : Sent.asWritten(asked.statement(), known.statement());
        boolean taken = isOfRun(known.plan()) ? bindRun(sent) : bindTo(sent, known.plan(), known.values());
        if (taken) {
            session.questions().clear();
        }
        return taken;
    }

    private boolean bindTo(Sent sent, Plan plan, StatementValues known) {
        if (plan instanceof Plan.Scatter scatter) {
            List<ShardName> shards = session.shards().shardsOf(scatter, known);
            Optional<Merge.Ordered> inTurn = new Locking(session).inTurn(scatter);
            if (shards.size() > 1 && inTurn.isPresent()) {
                return bindLocking(inTurn.get(), shards, sent, known);
            }
            return shards.size() == 1
                    ? bindTo(shards.get(0), sent, scatter.access(), false)
                    : bindToAll(scatter, shards, sent, known);
        }
        if (plan instanceof Plan.Combine combine && ShardChoice.needsSeveral(combine, known)) {
            return bindCombined(combine.combination(), sent);
        }
        Plan.Forward forward = plan instanceof Plan.Combine combine ? combine.forward() : (Plan.Forward) plan;
        Route route = forward.router().route(known);
        if (route instanceof Route.Many many
                && forward.spread().filter(spread -> spread.isPossible(known)).isPresent()) {
            return bindSpread(forward.spread().get(), many.shards(), sent, known);
        }
        if (route instanceof Route.Refused refused && isToldByExecute(refused.error())) {
            return bindDoomed(refused.error(), sent);
        }
        return bindTo(session.shards().shardOf(forward, route), sent, forward.access(), forward.pins());
    }

    /** A row that no shard may store: PostgreSQL finds out when it stores it. */
    private static boolean isToldByExecute(PgError error) {
        return error.state() == SqlState.NOT_NULL_VIOLATION || error.state() == SqlState.CHECK_VIOLATION;
    }

    /** Bound where all tables are known, so that the client learns what comes before the error. */
    private boolean bindDoomed(PgError error, Sent sent) {
        if (!bindTo(homeOf(sent), sent, Access.READ, false)) {
            return false;
        }
        Portal.OnBackend bound = (Portal.OnBackend) portals.named(bind.portal());
        portals.put(bind.portal(), new Portal.Doomed(bound.backend(), error));
        return true;
    }

    /** Bound where the combiner is, which judges the values and describes the result; only Execute needs the other shards. */
    private boolean bindCombined(Combination combination, Sent sent) {
        bind.requireWhole();
        if (!bindTo(combination.home(), sent, Access.READ, false)) {
            return false;
        }
        Portal.OnBackend bound = (Portal.OnBackend) portals.named(bind.portal());
        portals.put(
                bind.portal(),
                new Portal.Combined(
                        bound.backend(),
                        sent.planned(),
                        combination,
                        sent.key(),
                        bind.copy(),
                        session.transaction().savepoints()));
        return true;
    }

    /** Bound on one of the shards, which judges the values and describes the result. */
    private boolean bindLocking(Merge.Ordered order, List<ShardName> shards, Sent sent, StatementValues known) {
        bind.requireWhole();
        Portal.Locking.Rows rows = new Portal.Locking.Rows(order, order.limit().bounds(known), shards);
        if (!bindTo(shards.get(0), sent, Access.READ, false)) {
            return false;
        }
        List<Short> formats = new ArrayList<>();
        for (short format : resultFormats(order)) {
            formats.add(format);
        }
        Portal.OnBackend bound = (Portal.OnBackend) portals.named(bind.portal());
        StatementKey key = sent.key().withSql(sent.planned().shardText(order));
        portals.put(bind.portal(), new Portal.Locking(bound.backend(), rows, key, bind.copy(), formats));
        return true;
    }

    /** Bound on a shard that judges it; a FETCH from the cursor of one shard is that shard's own. */
    private boolean bindRun(Sent sent) {
        bind.requireWhole();
        Planned.Statement planned = sent.planned();
        if (!bindTo(homeOf(sent), sent, Access.READ, false)) {
            return false;
        }
        boolean isOfShard = planned.plan() instanceof Plan.Cursor cursor
                && cursor.command() instanceof CursorCommand.Fetch fetch
                && session.cursors().shardOf(fetch.name()).isPresent();
        if (!isOfShard) {
            Portal.OnBackend bound = (Portal.OnBackend) portals.named(bind.portal());
            portals.put(bind.portal(), new Portal.OfRun(bound.backend(), planned, resultFormats()));
        }
        return true;
    }

    /** Those that the client asks for. */
    private List<Short> resultFormats() {
        List<Short> formats = new ArrayList<>();
        for (int i = 0; i < bind.resultFormatCount(); i++) {
            formats.add(bind.resultFormat(i));
        }
        return formats;
    }

    private ShardName homeOf(Sent sent) {
        return sent.isRewritten() ? statements.homeOf(sent.planned().plan()) : statements.homeOf(sent.statement());
    }

    private boolean bindHere(PreparedStatement statement, Portal portal) {
        portals.requireFreeHere(bind.portal());
        statements.answerParseHere(statement);
        portals.put(bind.portal(), portal);
        pipeline.answer(BackendTag.BIND_COMPLETE);
        return true;
    }

    /**
     * Whether no shard may tell that the parameters are too many or too few, which comes first: the session carries the statement out,
     * or refuses the portal's name, or a shard would have to parse it in a block that has failed.
     */
    private boolean mayBeRefusedHere(PreparedStatement statement) {
        return statements.isOwn(statement)
                || (!statement.isOfSql
                        && ((!bind.portal().isEmpty() && portals.has(bind.portal()))
                                || (statement.answered && session.status() == TransactionStatus.FAILED)));
    }

    private void requireParameters(PreparedStatement statement) {
        int parameters = statement.parameters();
        if (bind.parameterCount() != parameters) {
            throw new PgError(
                            SqlState.PROTOCOL_VIOLATION,
                            "bind message supplies " + bind.parameterCount() + " parameters, but prepared statement \""
                                    + statement.name + "\" requires " + parameters)
                    .toException();
        }
    }

    private boolean bindTo(ShardName shard, Sent sent, Access access, boolean pins) {
        session.shards().requireMayWrite(shard, access);
        Optional<Backend> ready = pipeline.turnTo(shard, access, Optional.of(bind.portal()));
        if (ready.isEmpty()) {
            return false;
        }
        Backend backend = ready.get();
        if (!statements.isCurrent(backend, sent.statement())) {
            return false;
        }
        if (pins) {
            session.held().pin(shard);
        }
        portals.requireFreeBut(backend, bind.portal());
        // Of a value that comes in pieces nothing could be sent again.
        boolean mayBeKept = !sent.isNamed() && !sent.isRewritten() && bind.bytesToCome() == 0;
        if (mayBeKept && session.kept().keeps(sent.planned().plan(), backend)) {
            byte[] name = statements.prepareKept(backend, sent.statement());
            session.kept().binds(backend, sent.key(), bind.copy());
            backend.sendBind(bind, name, Visibility.BUT_ERRORS);
        } else {
            byte[] name = sent.isRewritten()
                    ? backend.prepare(sent.key(), false, Visibility.NONE)
                    : statements.prepare(backend, sent.statement(), Visibility.ALL);
            backend.sendBind(bind, name, Visibility.ALL);
        }
        session.receives(backend);
        portals.bound(bind.portal(), backend, sent.planned());
        return true;
    }

    private boolean bindToAll(Plan.Scatter plan, List<ShardName> shards, Sent sent, StatementValues known) {
        PreparedStatement statement = sent.statement();
        bind.requireWhole();
        if (!session.isQuiet()) {
            return false;
        }
        Optional<List<Backend>> backends = SimpleQuery.allReady(session, shards);
        if (backends.isEmpty()) {
            return false;
        }
        boolean staysAtOneTime = !plan.locks() && pipeline.staysAtOneTime(backends.get(), Optional.of(bind.portal()));
        boolean atOneTime = !plan.locks() && !staysAtOneTime && pipeline.mayReadAtOneTime(backends.get());
        if (atOneTime && !pipeline.isTimeReady(shards)) {
            return false;
        }
        session.shards().requireOneSnapshot(backends.get());
        Access access = session.shards().accessOf(plan);
        shards.forEach(shard -> session.shards().requireMayWrite(shard, access));
        if (atOneTime) {
            pipeline.readAtOneTime(backends.get());
        } else if (!staysAtOneTime) {
            pipeline.endOneTime();
        }
        for (Backend backend : backends.get()) {
            session.shards().enlist(backend, access);
            pipeline.unsynced().add(backend);
            if (!statements.isCurrent(backend, sent.statement())) {
                return false;
            }
        }
        ScatterMerge merge = SimpleQuery.merge(session, plan, sent.planned(), known, shards.size(), false);
        Optional<Merge.Ordered> ordered =
                plan.merge() instanceof Merge.Ordered found ? Optional.of(found) : Optional.empty();
        short[] formats = ordered.map(this::resultFormats).orElse(new short[0]);
        StatementKey key = ordered.map(
                        found -> sent.key().withSql(sent.planned().shardText(found)))
                .orElse(sent.key());
        Portal.OnMany portal = new Portal.OnMany(
                backends.get(), merge, true, Optional.of(new PortalFetch(session, backends.get(), merge)));
        if (!atOneTime && !staysAtOneTime && !plan.locks() && session.shards().readsTogether(shards.size())) {
            bindTogether(sent, key, ordered.isPresent() ? Optional.of(formats) : Optional.empty(), portal);
            return true;
        }
        if (sent.isNamed() && backends.get().stream().anyMatch(backend -> backend.hasPrepared(key))) {
            statements.answerParseHere(statement);
        }
        session.answers().scatterTo(merge);
        for (Backend backend : backends.get()) {
            byte[] name = backend.prepare(key, sent.isNamed(), statement.answered ? Visibility.NONE : Visibility.ROWS);
            if (ordered.isPresent()) {
                backend.sendBind(bind, name, formats, Visibility.ROWS);
                backend.sendDescribePortal(bind.portal(), Visibility.ROWS);
            } else {
                backend.sendBind(bind, name, Visibility.ROWS);
            }
        }
        statements.answered(statement);
        pipeline.targetsMany();
        portals.put(bind.portal(), portal);
        return true;
    }

    /** At one moment on all shards; the client is told when that is done. {@code formats}: where rows come in order. */
    private void bindTogether(Sent sent, StatementKey key, Optional<short[]> formats, Portal.OnMany portal) {
        BindView kept = bind.copy();
        boolean inBlock = session.transaction().isOpen();
        BindRun run = new BindRun(session.runs(), portal.backends(), new BindRun.Binding() {
            @Override
            public byte[] parse(Backend backend) {
                return backend.prepare(key, sent.isNamed(), Visibility.ROWS);
            }

            @Override
            public void parsed() {
                statements.answerParseHere(sent.statement());
            }

            @Override
            public Optional<ScatterMerge.Places> places() {
                return portal.merge().places();
            }

            @Override
            public void bind(Backend backend, byte[] name) {
                if (formats.isPresent()) {
                    backend.sendBind(kept, name, formats.get(), Visibility.ROWS);
                } else {
                    backend.sendBind(kept, name, Visibility.ROWS);
                }
            }

            @Override
            public void unbind(Backend backend) {
                backend.sendClosePortal(kept.portal(), Visibility.NONE);
            }

            @Override
            public boolean syncs() {
                return inBlock;
            }

            @Override
            public void refused(Backend backend) {
                pipeline.failed(backend);
            }
        });
        session.runs().start(run, failed -> {
            if (failed) {
                portal.merge().close();
            } else {
                pipeline.targetsMany();
                portals.put(kept.portal(), portal);
                pipeline.answer(BackendTag.BIND_COMPLETE);
                session.answers().scatterTo(portal.merge());
                if (formats.isPresent()) {
                    portal.backends().forEach(backend -> backend.sendDescribePortal(kept.portal(), Visibility.ROWS));
                }
            }
            session.runs().end(failed, false);
        });
    }

    private boolean bindSpread(Plan.Spread plan, List<ShardName> shards, Sent sent, StatementValues known) {
        PreparedStatement statement = sent.statement();
        bind.requireWhole();
        if (!session.isQuiet()) {
            return false;
        }
        Optional<List<Backend>> backends = SimpleQuery.allReady(session, shards);
        if (backends.isEmpty()) {
            return false;
        }
        pipeline.requireNothingExecuted();
        Optional<Map<ShardName, RowSplit.Part>> parts =
                plan.split().map(split -> split.of(sent.planned().planned(), known));
        pipeline.endOneTime();
        session.shards().beginSpread(backends.get());
        for (Backend backend : backends.get()) {
            session.shards().enlist(backend, Access.WRITE);
            pipeline.unsynced().add(backend);
            if (!statements.isCurrent(backend, sent.statement())) {
                return false;
            }
        }
        boolean isShared = parts.isEmpty() && sent.isNamed();
        if (isShared && backends.get().stream().anyMatch(backend -> backend.hasPrepared(sent.key()))) {
            statements.answerParseHere(statement);
        }
        ScatterMerge merge = merge(plan, session, shards.size(), known, parts);
        session.answers().scatterTo(merge);
        for (Backend backend : backends.get()) {
            Visibility ofParse = statement.answered ? Visibility.NONE : Visibility.ROWS;
            if (parts.isPresent()) {
                bindPart(parts.get().get(backend.shard()), backend, sent, known, ofParse);
            } else {
                byte[] name = backend.prepare(sent.key(), isShared, ofParse);
                backend.sendBind(bind, name, Visibility.ROWS);
            }
        }
        statements.answered(statement);
        pipeline.targetsMany();
        portals.put(bind.portal(), new Portal.OnMany(backends.get(), merge, plan.returnsRows(), Optional.empty()));
        return true;
    }

    /** The merge of a write on so many shards. */
    static ScatterMerge merge(
            Plan.Spread plan,
            Session session,
            int shards,
            StatementValues values,
            Optional<Map<ShardName, RowSplit.Part>> parts) {
        ScatterMerge merge = ScatterMerge.writing(session.output(), shards, plan.copies());
        if (parts.isEmpty()) {
            return merge;
        }
        ScatterMerge ofParts = merge.ofOtherTexts(
                (shard, position) -> parts.get().get(shard).pieces().inClients(position));
        return plan.returnsRows() ? ofParts.inTurn(plan.split().orElseThrow().owners(values)) : ofParts;
    }

    private void bindPart(RowSplit.Part part, Backend backend, Sent sent, StatementValues known, Visibility ofParse) {
        List<Integer> oids = part.parameters().stream().map(known::parameterOid).toList();
        byte[] name = backend.prepare(sent.key().with(part.sql(), oids), false, ofParse);
        short[] formats = new short[bind.resultFormatCount()];
        for (int i = 0; i < formats.length; i++) {
            formats[i] = bind.resultFormat(i);
        }
        backend.sendBind(name, bind.portal(), BoundValues.of(known, part.parameters()), formats, Visibility.ROWS);
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
            formats[i] = i < plan.columns() ? bind.resultFormat(i) : ScatterMerge.BINARY;
        }
        return formats;
    }

    // ---- Describe, Execute, Close --------------------------------------------------------------------------------

    private boolean onDescribe(FieldReader fields) {
        byte kind = fields.int8();
        String name = fields.string();
        fields.end();
        return switch (kind) {
            case 'S' -> describeStatement(statements.named(name));
            case 'P' -> statements.answerParse() && portals.describe(name);
            default -> throw new CorruptedFrameException("invalid DESCRIBE message subtype " + kind);
        };
    }

    private boolean describeStatement(PreparedStatement statement) {
        if (!statements.answerParseBut(statement) || !pipeline.mayAnswer()) {
            return false;
        }
        if (statements.isOwn(statement)) {
            ByteBuf out = session.output().buffer();
            BackendMessages.noParameters(out);
            Portals.describeOwn(out, Statements.commandOf(statement), 0);
            session.writeInOrder(out, pipeline.target());
            return true;
        }
        statements.refresh(statement);
        Optional<byte[]> columns =
                session.executions().columns(statement.statements().get(0));
        if (columns.isPresent()) {
            // Only the session knows that there is such a cursor.
            statements.answerParseHere(statement);
            ByteBuf out = session.output().buffer();
            BackendMessages.noParameters(out);
            out.writeBytes(columns.get());
            session.writeInOrder(out, pipeline.target());
            return true;
        }
        if (statement.statements().get(0).plan() instanceof Plan.Execute execute
                && !execute.isExplained()
                && statements.preparing().isThere(execute)) {
            return describeExecuted(execute);
        }
        session.locks().beginFor(statement.statements().get(0));
        Optional<Backend> backend = pipeline.turnTo(statements.homeOf(statement), statements.accessToJudge(statement));
        if (backend.isEmpty() || !statements.isCurrent(backend.get(), statement)) {
            return false;
        }
        statements.describe(backend.get(), statement);
        return true;
    }

    /** The columns are those of the statement that is executed, which has parameters, while EXECUTE has none. */
    private boolean describeExecuted(Plan.Execute execute) {
        session.requireNotFailed();
        Optional<ArgumentsRun> described = isJudged() ? arguments.describe(execute) : Optional.empty();
        if (described.isEmpty()) {
            return false;
        }
        if (described.get().hasFailed()) {
            return tell(described.get());
        }
        arguments.clear();
        ByteBuf out = session.output().buffer();
        BackendMessages.noParameters(out);
        session.output().write(out.writeBytes(described.get().columns()));
        return true;
    }

    private boolean tell(ArgumentsRun failed) {
        session.output().write(session.output().buffer().writeBytes(failed.error()));
        arguments.clear();
        session.runs().end(true, false);
        return true;
    }

    private boolean onExecute(FieldReader fields) {
        String name = fields.string();
        int maxRows = fields.int32();
        fields.end();
        if (maxRows > 0) {
            session.kept().ended();
        }
        if (!statements.answerParse()) {
            return false;
        }
        session.locks().executes(name);
        return portals.execute(name, maxRows);
    }

    private boolean onClose(FieldReader fields) {
        byte kind = fields.int8();
        String name = fields.string();
        fields.end();
        if (!statements.answerParse() || !pipeline.mayAnswer()) {
            return false;
        }
        return switch (kind) {
            case 'S' -> statements.close(name);
            case 'P' -> portals.close(name);
            default -> throw new CorruptedFrameException("invalid CLOSE message subtype " + kind);
        };
    }

    // ---- Flush, Sync, errors -------------------------------------------------------------------------------------

    private boolean onFlush() {
        if (!statements.answerParse()) {
            return false;
        }
        for (Backend backend : pipeline.unsynced()) {
            backend.sendFlush();
            backend.flush();
        }
        return true;
    }

    private boolean onSync() {
        if (!pipeline.isSkipping() && !statements.answerParse()) {
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
        statements.onSynced();
        if (!session.transaction().isOpen()) {
            portals.clear();
            session.locks().onTransactionEnd();
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
        portals.loseUnfetched();
    }

    void onBackendGone(Backend backend) {
        if (pipeline.gone(backend)) {
            skipToSync();
            pipeline.poison(Optional.of(backend));
        }
        portals.onBackendGone(backend);
    }

    private void skipToSync() {
        arguments.clear();
        pipeline.skip();
        statements.forgetUnanswered();
        portals.forgetSkipped();
    }
}
