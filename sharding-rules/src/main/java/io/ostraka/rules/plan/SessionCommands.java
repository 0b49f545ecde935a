package io.ostraka.rules.plan;

import io.ostraka.rules.sql.StatementKind;
import java.util.Optional;

/** Which statements the session carries out itself. */
final class SessionCommands {
    private SessionCommands() {}

    static Optional<SessionCommand> of(StatementKind kind) {
        return Optional.ofNullable(commandOf(kind));
    }

    private static SessionCommand commandOf(StatementKind kind) {
        if (kind instanceof StatementKind.Begin begin) {
            return new SessionCommand.Begin(begin.modes());
        } else if (kind instanceof StatementKind.Commit commit) {
            return new SessionCommand.Commit(commit.chain());
        } else if (kind instanceof StatementKind.Rollback rollback) {
            return new SessionCommand.Rollback(rollback.chain());
        } else if (kind instanceof StatementKind.PrepareTransaction prepare) {
            return new SessionCommand.PrepareTransaction(prepare.id());
        } else if (kind instanceof StatementKind.CommitPrepared commit) {
            return new SessionCommand.FinishPrepared(commit.id(), true);
        } else if (kind instanceof StatementKind.RollbackPrepared rollback) {
            return new SessionCommand.FinishPrepared(rollback.id(), false);
        } else if (kind instanceof StatementKind.Savepoint savepoint) {
            return new SessionCommand.Savepoint(savepoint.name());
        } else if (kind instanceof StatementKind.ReleaseSavepoint release) {
            return new SessionCommand.ReleaseSavepoint(release.name());
        } else if (kind instanceof StatementKind.RollbackToSavepoint rollback) {
            return new SessionCommand.RollbackToSavepoint(rollback.name());
        } else if (kind instanceof StatementKind.Set set) {
            return new SessionCommand.Set(set.name(), set.local(), set.values());
        } else if (kind instanceof StatementKind.SetTransaction set) {
            return new SessionCommand.SetTransaction(set.session());
        } else if (kind instanceof StatementKind.SetConstraints) {
            return new SessionCommand.SetConstraints();
        } else if (kind instanceof StatementKind.Reset reset) {
            return new SessionCommand.Reset(reset.name());
        } else if (kind instanceof StatementKind.Show show) {
            return new SessionCommand.Show(show.name());
        } else if (kind instanceof StatementKind.Discard discard) {
            return new SessionCommand.Discard(discard.what());
        } else if (kind instanceof StatementKind.Deallocate deallocate) {
            return new SessionCommand.Deallocate(deallocate.name());
        } else if (kind instanceof StatementKind.Prepare prepare) {
            return new SessionCommand.Prepare(prepare.name());
        } else if (kind instanceof StatementKind.Execute execute) {
            return new SessionCommand.Execute(execute.name());
        }
        return null;
    }
}
