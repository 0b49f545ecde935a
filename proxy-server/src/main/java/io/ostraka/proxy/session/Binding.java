package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.execute.ArgumentsRun;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.BindView;
import io.ostraka.proxy.wire.TransactionStatus;
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
import io.ostraka.rules.plan.SessionCommand;
import io.ostraka.rules.plan.StatementValues;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Makes the portal of a Bind where the statement and the values decide: on a shard, on several, with the combiner, or here. Confined to the
 * session's event loop.
 */
final class Binding {
    private final Session session;
    private final Pipeline pipeline;
    private final Statements statements;
    private final Portals portals;
    private final ExecuteArguments arguments;
    private final BindView bind = new BindView();
    private final BoundValues values = new BoundValues(bind);
    private final BindOverShards overShards;

    Binding(Session session, Pipeline pipeline, Statements statements, Portals portals, ExecuteArguments arguments) {
        this.session = session;
        this.pipeline = pipeline;
        this.statements = statements;
        this.portals = portals;
        this.arguments = arguments;
        this.overShards = new BindOverShards(session, pipeline, statements, portals, bind);
    }

    /** False: it is to be offered again. */
    boolean onBind(ByteBuf borrowed, int frame) {
        bind.read(borrowed, frame, session.encoding());
        return onBind();
    }

    /** A Bind of which only {@code available} bytes are there, which may be enough: what decides mostly comes first. */
    boolean onBeginning(ByteBuf borrowed, int frame, int available) {
        bind.readBeginning(borrowed, frame, available, session.encoding());
        return onBind();
    }

    private boolean onBind() {
        PreparedStatement statement = statements.named(bind.statement());
        if (!statements.answerParseBut(statement) || !pipeline.mayAnswer()) {
            return false;
        }
        if (bind.parameterCount() != statement.parameters()) {
            if (mayBeRefusedHere(statement)) {
                throw misused(statement);
            }
            statements.noteMisuse(statement);
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
            return isExplained ? arguments.tell(failed.get()) : bindFailed(failed.get());
        }
        statements.requireExecutable(statement);
        if (plan instanceof Plan.Session command) {
            session.own().requireSupported(command.command());
            if (session.own().carriesOut(command.command())) {
                return bindHere(statement, new Portal.Own(command.command(), planned, bind.resultFormat(0)));
            }
            boolean isOfStatements = command.command() instanceof SessionCommand.Execute
                    || command.command() instanceof SessionCommand.Prepare;
            BoundStatement sent = BoundStatement.asWritten(statement, planned);
            return isOfStatements
                    ? bindTo(statements.homeOf(statement), sent, Access.WRITE, false)
                    : bindTo(session.shards().anyShard(), sent, OwnCommands.accessOf(command.command()), false);
        }
        session.locks().beginFor(planned);
        expect(planned);
        if (isOfRun(plan)) {
            return bindRun(BoundStatement.asWritten(statement, planned));
        }
        if (plan instanceof Plan.Execute execute) {
            return statements.preparing().isThere(execute)
                    ? bindExecuted(execute, statement, planned)
                    : bindDoomed(
                            Statements.missing(execute.name()).error(), BoundStatement.asWritten(statement, planned));
        }
        return bindPlanned(BoundStatement.asWritten(statement, planned));
    }

    private void expect(Planned.Statement bound) {
        session.locks().expect(bound);
        session.locks().bound(bind.portal());
    }

    /** A statement whose values decide where it goes. */
    private boolean bindPlanned(BoundStatement sent) {
        Planned.Statement planned = sent.planned();
        values.use(planned.values(), sent.key().parameterOids(), session.encoding());
        return planned.plan().asks() ? ask(sent) : bindTo(sent, planned.plan(), values);
    }

    /** What an EXECUTE stands for is bound in its place; its arguments, if they are expressions, are computed first. */
    private boolean bindExecuted(Plan.Execute execute, PreparedStatement statement, Planned.Statement asWritten) {
        if (arguments.meaning().isEmpty()
                && (!arguments.mayBeAsked()
                        || arguments.meaningOf(execute, asWritten).isEmpty())) {
            return false;
        }
        Planned.Statement meaning = arguments.meaning().orElseThrow();
        if (meaning.plan() instanceof Plan.Refusal refusal) {
            throw refusal.error().toException();
        }
        expect(meaning);
        BoundStatement sent = BoundStatement.rewritten(statement, meaning);
        boolean taken = isOfRun(meaning.plan()) ? bindRun(sent) : bindPlanned(sent);
        if (taken) {
            arguments.clear();
        }
        return taken;
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

    private boolean ask(BoundStatement asked) {
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
        BoundStatement sent = known.isRewritten() || asked.isRewritten()
                ? BoundStatement.rewritten(asked.statement(), known.statement())
                : BoundStatement.asWritten(asked.statement(), known.statement());
        boolean taken = isOfRun(known.plan()) ? bindRun(sent) : bindTo(sent, known.plan(), known.values());
        if (taken) {
            session.questions().clear();
        }
        return taken;
    }

    private boolean bindTo(BoundStatement sent, Plan plan, StatementValues known) {
        if (plan instanceof Plan.Scatter scatter) {
            List<ShardName> shards = session.shards().shardsOf(scatter, known);
            Optional<Merge.Ordered> inTurn = new Locking(session).inTurn(scatter);
            if (shards.size() > 1 && inTurn.isPresent()) {
                return bindLocking(inTurn.get(), shards, sent, known);
            }
            return shards.size() == 1
                    ? bindTo(shards.get(0), sent, scatter.access(), false)
                    : overShards.read(scatter, shards, sent, known);
        }
        if (plan instanceof Plan.Combine combine && ShardChoice.needsSeveral(combine, known)) {
            return bindCombined(combine.combination(), sent);
        }
        Plan.Forward forward = plan instanceof Plan.Combine combine ? combine.forward() : (Plan.Forward) plan;
        Route route = forward.router().route(known);
        if (route instanceof Route.Many many
                && forward.spread().filter(spread -> spread.isPossible(known)).isPresent()) {
            return overShards.write(forward.spread().get(), many.shards(), sent, known);
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
    private boolean bindDoomed(PgError error, BoundStatement sent) {
        if (!bindTo(homeOf(sent), sent, Access.READ, false)) {
            return false;
        }
        Portal.OnBackend bound = (Portal.OnBackend) portals.named(bind.portal());
        portals.put(bind.portal(), new Portal.Doomed(bound.backend(), error));
        return true;
    }

    /** Bound where the combiner is, which judges the values and describes the result; only Execute needs the other shards. */
    private boolean bindCombined(Combination combination, BoundStatement sent) {
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
    private boolean bindLocking(
            Merge.Ordered order, List<ShardName> shards, BoundStatement sent, StatementValues known) {
        bind.requireWhole();
        Portal.Locking.Rows rows = new Portal.Locking.Rows(order, order.limit().bounds(known), shards);
        if (!bindTo(shards.get(0), sent, Access.READ, false)) {
            return false;
        }
        List<Short> formats = new ArrayList<>();
        for (short format : overShards.resultFormats(order)) {
            formats.add(format);
        }
        Portal.OnBackend bound = (Portal.OnBackend) portals.named(bind.portal());
        StatementKey key = sent.key().withSql(sent.planned().shardText(order));
        portals.put(bind.portal(), new Portal.Locking(bound.backend(), rows, key, bind.copy(), formats));
        return true;
    }

    /** Bound on a shard that judges it; a FETCH from the cursor of one shard is that shard's own. */
    private boolean bindRun(BoundStatement sent) {
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

    private ShardName homeOf(BoundStatement sent) {
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

    private PgErrorException misused(PreparedStatement statement) {
        return new PgError(
                        SqlState.PROTOCOL_VIOLATION,
                        "bind message supplies " + bind.parameterCount() + " parameters, but prepared statement \""
                                + statement.name + "\" requires " + statement.parameters())
                .toException();
    }

    private boolean bindTo(ShardName shard, BoundStatement sent, Access access, boolean pins) {
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
}
