package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.transaction.ClientDecision;
import io.ostraka.proxy.transaction.SessionTransaction;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendMessages.Severity;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.SessionCommand;
import io.ostraka.tx.commit.Outcome;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Two-phase commit by the client: PREPARE TRANSACTION, COMMIT PREPARED, ROLLBACK PREPARED. In a database of one shard they are
 * that server's own; over several the decision log keeps the names. Confined to the session's event loop.
 */
final class ClientPrepare {
    /** PostgreSQL's {@code GIDSIZE}. */
    private static final int ID_BYTES = 200;

    private static final String OWN_PREFIX = "ostraka_";

    private final Session session;

    ClientPrepare(Session session) {
        this.session = session;
    }

    /** How a PREPARE TRANSACTION ended: {@code error} instead of the tag. */
    interface Ended {
        void end(boolean prepared, Optional<ByteBuf> error);
    }

    /**
     * A transaction that has reached no shard yet joins one, so that there is something to prepare; false while that one is on its
     * way: then {@link Session#resume} follows.
     */
    boolean isReady() {
        SessionTransaction transaction = session.transaction();
        if (transaction.state() != SessionTransaction.State.OPEN
                || !transaction.participants().isEmpty()) {
            return true;
        }
        Optional<Backend> backend = session.held().ready(session.shards().anyShard());
        if (backend.isEmpty()) {
            return false;
        }
        session.shards().enlist(backend.get(), Access.WRITE);
        return true;
    }

    /** The block is open, and has participants. */
    void prepare(String id, String text, List<Backend> participants, BackendRounds rounds, Ended then) {
        Optional<PgError> wrong = wrong(id);
        if (wrong.isPresent()) {
            rounds.start(participants, "ROLLBACK", false, () -> {
                rounds.step().error.ifPresent(ByteBuf::release);
                then.end(false, Optional.of(errorOf(wrong.get())));
            });
        } else if (session.database().hasOneShard()) {
            rounds.start(participants, text, true, () -> {
                BackendRounds.Step done = rounds.step();
                then.end(done.error.isEmpty() && !done.rolledBack, done.error);
            });
        } else {
            // What a shard that has joined just now was told has no answer yet, and the coordinator wants quiet
            // backends.
            rounds.start(participants, "SELECT", false, () -> {
                Optional<ByteBuf> error = rounds.step().error;
                if (error.isPresent()) {
                    session.transaction().fail();
                    rounds.start(participants, "ROLLBACK", false, () -> {
                        rounds.step().error.ifPresent(ByteBuf::release);
                        then.end(false, error);
                    });
                } else {
                    new CommitOverShards(
                                    session, Optional.of(id), ending -> then.end(ending.isCommitted(), ending.error()))
                            .start(participants);
                }
            });
        }
    }

    private Optional<PgError> wrong(String id) {
        if (id.getBytes(StandardCharsets.UTF_8).length >= ID_BYTES) {
            return Optional.of(
                    new PgError(SqlState.INVALID_PARAMETER_VALUE, "transaction identifier \"" + id + "\" is too long"));
        }
        return id.startsWith(OWN_PREFIX)
                ? Optional.of(new PgError(
                        SqlState.INVALID_PARAMETER_VALUE,
                        "transaction identifier \"" + id + "\" is reserved",
                        "Identifiers that begin with \"" + OWN_PREFIX + "\" are Ostraka's own.",
                        ""))
                : Optional.empty();
    }

    private ByteBuf errorOf(PgError error) {
        ByteBuf out = session.output().buffer();
        BackendMessages.error(out, Severity.ERROR, error, session.encoding());
        return out;
    }

    /** {@code then}: with the error, if there is one, when the session is available again. */
    void finish(SessionCommand.FinishPrepared command, Consumer<Optional<PgError>> then) {
        if (session.transaction().isOpen()) {
            throw new PgError(
                            SqlState.ACTIVE_SQL_TRANSACTION, command.words() + " cannot run inside a transaction block")
                    .toException();
        }
        session.busy();
        session.database()
                .commits()
                .finishPrepared(new ClientDecision(
                        command.id(), command.commits(), session.shardUser(), outcome -> session.loop()
                                .execute(() -> finished(outcome, then))));
    }

    private void finished(Outcome outcome, Consumer<Optional<PgError>> then) {
        if (session.isClosed()) {
            return;
        }
        if (outcome instanceof Outcome.Committed done) {
            if (!done.behind().isEmpty()) {
                CommitOverShards.warn(session, done.behind());
            }
            then.accept(Optional.empty());
        } else if (outcome instanceof Outcome.Refused refused) {
            then.accept(Optional.of(refused.error()));
        } else if (outcome instanceof Outcome.Unknown unknown) {
            then.accept(Optional.of(unknown.error()));
        } else {
            throw new IllegalStateException("not an outcome of a client's decision: " + outcome);
        }
        session.output().flush();
        session.resume();
    }
}
