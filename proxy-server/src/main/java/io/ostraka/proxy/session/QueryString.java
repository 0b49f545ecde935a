package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.FrontendMessages;
import io.ostraka.proxy.wire.TransactionStatus;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.Route;
import io.ostraka.rules.plan.SessionCommand;
import io.ostraka.rules.plan.StatementValues;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * A Query of several statements: sent as it is where one shard can take them all, else {@linkplain StatementsInTurn one statement after
 * the other}. Confined to the session's event loop.
 */
final class QueryString {
    /** How far into a query string the places of errors are told as places in the string. */
    private static final int MOST_BLANKS = 8192;

    private final Session session;
    private final SimpleQuery one;
    /** Its statements, where they are run one by one. */
    private Optional<StatementsInTurn> inTurn = Optional.empty();

    /** {@code one} runs a single statement. */
    QueryString(Session session, SimpleQuery one) {
        this.session = session;
        this.one = one;
    }

    /** Whether its statements are being run one by one. */
    boolean isBegun() {
        return inTurn.isPresent();
    }

    /** Nothing is left to do for it. */
    void abandon() {
        inTurn = Optional.empty();
    }

    /** They go as they came, when one shard can take them all; false while a backend is on its way, or another statement. */
    boolean run(Planned planned, ByteBuf borrowed, int frame, int bytes) {
        if (inTurn.isPresent()) {
            return runInTurn(planned);
        }
        if (!session.failedBlock().isShared()) {
            return false;
        }
        session.encodingState().requireKept(planned);
        boolean isJudgedHere = session.status() == TransactionStatus.FAILED
                && session.failedBlock().backend().isEmpty();
        Optional<Together> together =
                isJudgedHere || session.locks().concern(planned) ? Optional.empty() : together(planned);
        if (together.isEmpty()) {
            if (isJudgedHere && !endsFailure(planned.statements().get(0))) {
                session.requireNotFailed();
            }
            return runInTurn(planned);
        }
        ShardName shard = together.get().shard();
        Access access = together.get().access();
        session.shards().requireMayWrite(shard, access);
        Optional<Backend> backend = session.held().ready(shard);
        if (backend.isEmpty()) {
            return false;
        }
        session.shards().enlist(backend.get(), access);
        if (together.get().pins()) {
            session.held().pin(shard);
        }
        session.extended().portals().dropUnnamed();
        for (Planned.Statement statement : planned.statements()) {
            Portal.commandOf(statement)
                    .ifPresent(command -> session.statements().meet(command, backend.get()));
            session.answers().executes(statement);
        }
        backend.get().sendQuery(borrowed, frame, bytes, Visibility.ALL);
        session.answers().busyUntilReady(1);
        return true;
    }

    /** What all statements of a string need together. */
    private record Together(ShardName shard, Access access, boolean pins) {}

    /** Empty when no single shard can take them all, or the proxy has to know what came before one of them. */
    private Optional<Together> together(Planned planned) {
        if (session.transaction().participants().size() > 1 || movesNames(planned)) {
            return Optional.empty();
        }
        Set<ShardName> needed = new HashSet<>(session.transaction().participants());
        Access access = Access.READ;
        boolean pins = false;
        for (Planned.Statement statement : planned.statements()) {
            if (statement.plan() instanceof Plan.Listed) {
                throw new PgError(
                                SqlState.FEATURE_NOT_SUPPORTED,
                                "pg_prepared_xacts in a query string of several statements is not supported",
                                "The proxy knows what is in it.",
                                "Send the statement alone.")
                        .toException();
            }
            Plan plan = statement.plan().unasked();
            if (plan instanceof Plan.Refusal refusal) {
                throw refusal.error().toException();
            }
            if (plan instanceof Plan.Session command) {
                session.own().requireForwardable(command.command());
                continue;
            }
            if (plan instanceof Plan.Forward forward) {
                access = forward.access() == Access.WRITE ? Access.WRITE : access;
                pins |= forward.pins();
            } else if (plan instanceof Plan.Scatter scatter && scatter.locks()) {
                access = Access.WRITE;
            }
            if (needsSeveral(plan, statement.values())) {
                return Optional.empty();
            }
            shardOf(plan, statement.values()).ifPresent(needed::add);
        }
        ShardName shard = needed.isEmpty()
                ? session.shards().anyShard()
                : needed.iterator().next();
        return needed.size() > 1 ? Optional.empty() : Optional.of(new Together(shard, access, pins));
    }

    /** Whether names in a statement may mean something else once those before it have run. With one shard all go there anyway. */
    private boolean movesNames(Planned planned) {
        if (session.database().hasOneShard()) {
            return false;
        }
        boolean isChanged = false;
        for (Planned.Statement statement : planned.statements()) {
            Optional<SessionCommand> command = Portal.commandOf(statement);
            if (isChanged && command.isEmpty()) {
                return true;
            }
            isChanged |= StatementsInTurn.mayMoveNames(session, statement);
        }
        return false;
    }

    /** Whether it is taken in a block that has failed. */
    private static boolean endsFailure(Planned.Statement statement) {
        return Portal.commandOf(statement)
                .filter(command -> command instanceof SessionCommand.Commit
                        || command instanceof SessionCommand.Rollback
                        || command instanceof SessionCommand.RollbackToSavepoint)
                .isPresent();
    }

    private boolean needsSeveral(Plan plan, StatementValues values) {
        if (plan instanceof Plan.Scatter scatter) {
            return session.shards().shardsOf(scatter, values).size() > 1;
        }
        if (plan instanceof Plan.Combine combine) {
            return ShardChoice.needsSeveral(combine, values);
        }
        return !(plan instanceof Plan.Forward forward)
                || (forward.spread().isPresent() && forward.router().route(values) instanceof Route.Many);
    }

    /** The one shard a statement must go to; empty when each would do. */
    private Optional<ShardName> shardOf(Plan plan, StatementValues values) {
        if (plan instanceof Plan.Scatter scatter) {
            return Optional.of(session.shards().shardsOf(scatter, values).get(0));
        }
        Plan.Forward forward = plan instanceof Plan.Combine combine ? combine.forward() : (Plan.Forward) plan;
        Route route = forward.router().route(values);
        return route instanceof Route.Any
                ? Optional.empty()
                : Optional.of(session.shards().shardOf(forward, route));
    }

    private boolean runInTurn(Planned planned) {
        StatementsInTurn all = inTurn.orElseGet(() -> new StatementsInTurn(session, planned));
        inTurn = Optional.of(all);
        while (!all.isLeft()) {
            all.planAgain();
            Planned.Statement statement = all.current();
            boolean isControl = Portal.commandOf(statement)
                    .filter(StatementsInTurn::isControl)
                    .isPresent();
            if (!isControl && !session.transaction().isOpen()) {
                session.transaction().beginImplicit();
            }
            boolean isLast = !all.hasMore();
            all.started();
            if (!runOne(statement)) {
                all.waits();
                return false;
            }
            one.hasRun();
            if (isLast) {
                return true;
            }
            if (all.isRunning()) {
                // Its end brings the session back here.
                return false;
            }
        }
        return true;
    }

    private boolean runOne(Planned.Statement statement) {
        ByteBuf query = session.output().buffer();
        try {
            boolean isNear = statement.planned().span().start() < MOST_BLANKS;
            FrontendMessages.query(
                    query, (isNear ? statement.planned().blanksTo(0) : "") + statement.text(), session.encoding());
            int frame = query.readerIndex();
            int bytes = query.readableBytes();
            if (statement.plan() instanceof Plan.Session command) {
                return one.runCommand(statement, command.command(), query, frame, bytes);
            }
            session.requireNotFailed();
            return one.runPrepared(statement, query, frame, bytes);
        } finally {
            query.release();
        }
    }

    /** Whether the statement is the last of a transaction of the session's own, whose commit may fail in its place. */
    boolean isLastOfImplicit() {
        return session.transaction().isImplicit()
                && inTurn.filter(all -> !all.hasMore()).isPresent();
    }

    /** Whether the statement that runs has others behind it in its string. */
    boolean hasMore() {
        return inTurn.filter(StatementsInTurn::hasMore).isPresent();
    }

    /** A Query would be answered now: whether it goes on with another statement of its string instead. */
    boolean goesOn() {
        if (inTurn.isEmpty()) {
            return false;
        }
        boolean failed = session.status() == TransactionStatus.FAILED
                || session.extended().pipeline().isSkipping();
        return inTurn.get().goesOn(failed);
    }

    /** Nothing more is run of the string: its transaction ends. */
    void leave() {
        inTurn.ifPresent(StatementsInTurn::leave);
    }
}
