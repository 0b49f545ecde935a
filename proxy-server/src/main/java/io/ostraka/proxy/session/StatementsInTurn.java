package io.ostraka.proxy.session;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.SessionCommand;
import java.util.List;

/**
 * The statements of a query string that go to different shards: each is run as a Query of its own when the one before has
 * ended, in a transaction of the session's own where the client has opened none. After an error the rest is left out. The
 * client's frame is taken with the last statement, or when it is offered again after an error. Confined to the session's event
 * loop.
 */
final class StatementsInTurn {
    private final Session session;
    /** Those that follow are planned anew where names may have moved. */
    private Planned planned;
    /** The settings they were planned with. */
    private Settings settings;

    private int next;
    private boolean isRunning;
    private boolean isLeft;

    /** Throws, before anything is run, what is wrong with any of them, unless those before it must run for that to be known. */
    StatementsInTurn(Session session, Planned planned) {
        this.session = session;
        this.planned = planned;
        this.settings = session.settings();
        boolean isOpen = session.transaction().isOpen();
        boolean isBehindOthers = false;
        boolean mayMove = false;
        List<Planned.Statement> statements = planned.statements();
        for (int i = 0; i < statements.size(); i++) {
            Planned.Statement statement = statements.get(i);
            Plan plan = statement.plan();
            if (!mayMove) {
                requireRunnable(i);
            }
            mayMove |= mayMoveNames(session, statement);
            if (plan instanceof Plan.Session command && isControl(command.command())) {
                boolean begins = command.command() instanceof SessionCommand.Begin;
                if (begins ? isBehindOthers && !isOpen : !isOpen) {
                    throw unsupported("transaction control among statements that are in no block");
                }
                isOpen = begins || !ends(command.command());
                isBehindOthers = false;
            } else {
                if (plan instanceof Plan.Session command) {
                    session.own().requireSupported(command.command());
                    session.encodingState().requireKeptInBlock(command.command());
                }
                isBehindOthers = true;
            }
        }
    }

    /** Whether names in what comes after it may mean something else: it changes the search path, or runs who knows what. */
    static boolean mayMoveNames(Session session, Planned.Statement statement) {
        Plan plan = statement.plan().unasked();
        return plan instanceof Plan.Session command
                ? session.own().changesNames(command.command())
                : plan instanceof Plan.Forward forward && forward.pins();
    }

    /** Whether it is COPY, over one shard or several. */
    static boolean isCopy(Planned.Statement statement) {
        return Copying.isOverShards(statement.plan())
                || statement.text().regionMatches(true, 0, "copy", 0, "copy".length());
    }

    private static boolean readsFromClient(Planned.Statement statement) {
        Plan plan = statement.plan().unasked();
        return plan instanceof Plan.CopyIn
                || (isCopy(statement) && plan instanceof Plan.Forward forward && forward.access() == Access.WRITE);
    }

    private void requireRunnable(int index) {
        Planned.Statement statement = planned.statements().get(index);
        Plan plan = statement.plan().unasked();
        if (plan instanceof Plan.Refusal refusal) {
            throw refusal.error().toException();
        }
        if (plan instanceof Plan.Session command
                && (command.command() instanceof SessionCommand.PrepareTransaction
                        || command.command() instanceof SessionCommand.FinishPrepared)) {
            throw unsupported("a prepared transaction");
        }
        if (plan instanceof Plan.CreateTable) {
            throw unsupported("a table made of a query");
        }
        if (plan instanceof Plan.ChangeTables) {
            throw unsupported("a change of tables");
        }
        if (statement.plan() instanceof Plan.Listed) {
            throw unsupported("pg_prepared_xacts");
        }
        if (readsFromClient(statement) && index < planned.statements().size() - 1) {
            // The client's data stands behind the string, which is taken with its last statement.
            throw unsupported("COPY from the client in front of other statements");
        }
    }

    private static PgError error(String what) {
        return new PgError(
                SqlState.FEATURE_NOT_SUPPORTED,
                what + " is not supported in a query string whose statements go to different shards",
                "The statements are run one after the other, in one transaction.",
                "Send the statements one by one.");
    }

    private static RuntimeException unsupported(String what) {
        return error(what).toException();
    }

    /** Whether the command begins or ends a block, or goes back in one. */
    static boolean isControl(SessionCommand command) {
        return command instanceof SessionCommand.Begin
                || command instanceof SessionCommand.Commit
                || command instanceof SessionCommand.Rollback
                || command instanceof SessionCommand.Savepoint
                || command instanceof SessionCommand.ReleaseSavepoint
                || command instanceof SessionCommand.RollbackToSavepoint;
    }

    private static boolean ends(SessionCommand command) {
        return (command instanceof SessionCommand.Commit commit && !commit.chain())
                || (command instanceof SessionCommand.Rollback rollback && !rollback.chain());
    }

    /** Whether an error, which the client knows of, has ended the string. */
    boolean isLeft() {
        return isLeft;
    }

    Planned.Statement current() {
        return planned.statements().get(next);
    }

    /** Before the current one is run: one before it may have changed what its names mean. */
    void planAgain() {
        if (!settings.resolvesLike(session.settings())) {
            planned = session.plan(current().planned().queryText());
            settings = session.settings();
            requireRunnable(next);
        }
    }

    /** Whether there are others behind the current one. */
    boolean hasMore() {
        return !isLeft && next < planned.statements().size() - 1;
    }

    void started() {
        isRunning = true;
    }

    /** Nothing more is run. */
    void leave() {
        isLeft = true;
    }

    /** It could not be sent yet. */
    void waits() {
        isRunning = false;
    }

    /** Whether the current statement was sent, and has not ended. */
    boolean isRunning() {
        return isRunning;
    }

    /** The current statement has ended: returns whether another one follows. */
    boolean goesOn(boolean failed) {
        isRunning = false;
        isLeft |= failed;
        if (!hasMore()) {
            return false;
        }
        next++;
        return true;
    }
}
