package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.BackendListener;
import io.ostraka.proxy.transaction.CommitRequest;
import io.ostraka.proxy.transaction.DatabaseCommits;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendMessages.Severity;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.commit.Outcome;
import io.ostraka.tx.commit.Participant;
import io.ostraka.tx.commit.Participant.Writes;
import io.ostraka.tx.commit.ShardError;
import io.ostraka.tx.decision.ShardNumber;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * A session's COMMIT of a transaction that reached several shards: its backends are lent to the coordinator, and come back with
 * the outcome. While that lasts the session takes nothing from its client. Confined to the session's event loop.
 */
final class CommitOverShards implements CommitRequest.Committer {
    private static final Pattern ROLE = Pattern.compile("\\b(role|authorization)\\b", Pattern.CASE_INSENSITIVE);
    private static final Pattern DURABILITY = Pattern.compile("synchronous_commit", Pattern.CASE_INSENSITIVE);

    /** PostgreSQL's own for too many prepared transactions: out of memory that it shares. */
    private static final String OUT_OF_MEMORY = "53200";

    private static final String INSUFFICIENT_RESOURCES = "53000";
    private static final String NOT_IN_PREREQUISITE_STATE = "55000";

    private final Session session;
    private final DatabaseCommits commits;
    private final Consumer<Ending> then;
    private final Optional<String> clientsName;
    private List<ShardName> pinned = List.of();

    /** How it ended, and what the client is told instead of COMMIT. */
    record Ending(boolean isCommitted, Optional<ByteBuf> error) {}

    CommitOverShards(Session session, Consumer<Ending> then) {
        this(session, Optional.empty(), then);
    }

    /** PREPARE TRANSACTION, if there is a name. */
    CommitOverShards(Session session, Optional<String> clientsName, Consumer<Ending> then) {
        this.session = session;
        this.clientsName = clientsName;
        this.commits = session.database().commits();
        this.then = then;
    }

    void start(List<Backend> participants) {
        session.busy();
        List<CommitRequest.Member> members = new ArrayList<>(participants.size());
        for (Backend backend : participants) {
            members.add(new CommitRequest.Member(backend, participant(backend)));
        }
        pinned = participants.stream()
                .map(Backend::shard)
                .filter(session.held()::isPinned)
                .toList();
        session.held().lend(participants);
        commits.commit(new CommitRequest(members, this, clientsName));
    }

    private Participant participant(Backend backend) {
        return new Participant(
                commits.numberOf(backend.shard()),
                backend.shardEpoch(),
                writes(backend.shard()),
                session.shardUser(),
                isSet(backend, ROLE, "role", "session_authorization"),
                !isSet(backend, DURABILITY, "synchronous_commit"));
    }

    private Writes writes(ShardName shard) {
        if (!session.transaction().writers().contains(shard)) {
            // Whether it has its locks still, which another shard's COMMIT must not come without, it tells by its vote.
            return session.locks().holdTransaction() ? Writes.YES : Writes.NO;
        }
        return session.transaction().hasChanged(shard) ? Writes.YES : Writes.PERHAPS;
    }

    /** Whether one of the settings was made, on the connection or for the transaction; on doubt yes. */
    private boolean isSet(Backend backend, Pattern inScript, String... names) {
        for (String name : names) {
            if (backend.settings().statement(name).isPresent()) {
                return true;
            }
        }
        return session.transaction().script().stream()
                .anyMatch(statement -> inScript.matcher(statement).find());
    }

    @Override
    public BackendListener listener() {
        return session.answers();
    }

    @Override
    public void onOutcome(Outcome outcome, List<Backend> givenBack) {
        givenBack.forEach(session.held()::takeBack);
        if (session.isClosed()) {
            return;
        }
        boolean committed = outcome instanceof Outcome.Committed || outcome instanceof Outcome.Prepared;
        if (outcome instanceof Outcome.Committed done && !done.behind().isEmpty()) {
            warn(done.behind());
        }
        then.accept(new Ending(committed, committed ? Optional.empty() : Optional.of(error(outcome))));
        session.output().flush();
        Optional<ShardName> gone = pinned.stream()
                .filter(shard -> session.held().find(shard).isEmpty())
                .findFirst();
        if (gone.isPresent()) {
            session.end(new PgError(
                    SqlState.CONNECTION_FAILURE,
                    "connection to shard \"" + gone.get() + "\" was lost",
                    "It held state of the session that no other connection has.",
                    "Connect again."));
            return;
        }
        session.resume();
    }

    @Override
    public int session() {
        return session.id();
    }

    @Override
    public void onGivenBack(Backend backend) {
        session.held().takeBack(backend);
        session.releaseUnused();
    }

    private void warn(SortedSet<ShardNumber> behind) {
        warn(session, behind);
    }

    /** What a client is told whose commit is not shown by these shards. */
    static void warn(Session session, SortedSet<ShardNumber> behind) {
        List<ShardName> names =
                behind.stream().map(session.database().commits()::nameOf).toList();
        ByteBuf out = session.output().buffer();
        BackendMessages.notice(
                out,
                Severity.WARNING,
                new PgError(
                        SqlState.WARNING,
                        "the transaction is committed, but not yet visible on shards " + names,
                        "They did not answer in time.",
                        "They cannot be read until the transaction has been carried out there, too."),
                session.encoding());
        session.output().write(out);
    }

    private ByteBuf error(Outcome outcome) {
        ByteBuf out = session.output().buffer();
        if (outcome instanceof Outcome.RolledBack rolledBack) {
            shardError(out, commits.nameOf(rolledBack.shard().number()), rolledBack.error());
        } else if (outcome instanceof Outcome.Refused refused) {
            BackendMessages.error(out, Severity.ERROR, refused.error(), session.encoding());
        } else if (outcome instanceof Outcome.Unknown unknown) {
            BackendMessages.error(out, Severity.ERROR, unknown.error(), session.encoding());
        } else {
            throw new IllegalStateException("not an outcome of COMMIT: " + outcome);
        }
        return out;
    }

    private static void shardError(ByteBuf out, ShardName shard, ShardError error) {
        boolean isAboutSetting = error.hint().contains("max_prepared_transactions");
        boolean isFull = error.sqlState().equals(OUT_OF_MEMORY) && isAboutSetting;
        boolean isOff = error.sqlState().equals(NOT_IN_PREREQUISITE_STATE) && isAboutSetting;
        String where = "It was rolled back on all shards; shard \"" + shard + "\" did not agree to commit.";
        BackendMessages.error(
                out,
                Severity.ERROR,
                isFull ? INSUFFICIENT_RESOURCES : error.sqlState(),
                error.message(),
                error.detail().isEmpty() ? where : error.detail() + "\n" + where,
                isFull || isOff
                        ? "Raise max_prepared_transactions in the postgresql.conf of shard \"" + shard
                                + "\" and restart it."
                        : error.hint());
    }
}
