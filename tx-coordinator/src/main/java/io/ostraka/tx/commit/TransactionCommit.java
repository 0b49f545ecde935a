package io.ostraka.tx.commit;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.commit.Participant.Writes;
import io.ostraka.tx.decision.Branch;
import io.ostraka.tx.decision.ClusterNumber;
import io.ostraka.tx.decision.Gid;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.decision.PreparedBranches;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.decision.ShardNumber;
import io.ostraka.tx.fence.Gate;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The first half of a commit: who wrote, one phase if it was one shard, otherwise PREPARE on every writer and the decision.
 * The second half, once the log holds the decision, is {@link PhaseTwo}. See {@link CommitState} for the picture.
 *
 * <p>A vote is <em>yes</em> only if the tag says so and no warning came. After the decision was proposed nothing is rolled
 * back unless the log rejects it. Confined to its {@link Coordinator}. Source: {@code transactions.md}, section 5.
 */
final class TransactionCommit {
    private final Gtid gtid;
    private final ClusterNumber cluster;
    private final String database;
    private final Optional<String> clientsName;
    private final CommitSettings settings;
    private final PrepareSlots slots;
    private final CommitPort port;
    private final SortedMap<ShardNumber, Participant> writers = new TreeMap<>();
    private final SortedMap<ShardNumber, Participant> readers = new TreeMap<>();
    /** Shards whose reply to the current step is still to come. */
    private final TreeSet<ShardNumber> awaited = new TreeSet<>();

    private final TreeMap<ShardNumber, Branch> prepared = new TreeMap<>();
    private CommitState state = CommitState.ASKING;
    private Optional<Outcome> failure = Optional.empty();
    private Optional<PhaseTwo> phaseTwo = Optional.empty();
    private boolean windowAsked;
    private boolean commitSent;
    private boolean answered;
    private boolean registered;

    TransactionCommit(
            Gtid gtid,
            ClusterNumber cluster,
            String database,
            List<Participant> participants,
            Optional<String> clientsName,
            CommitSettings settings,
            PrepareSlots slots,
            CommitPort port) {
        this.gtid = gtid;
        this.cluster = cluster;
        this.database = database;
        this.clientsName = clientsName;
        this.settings = settings;
        this.slots = slots;
        this.port = port;
        for (Participant participant : participants) {
            (participant.writes() == Writes.NO ? readers : writers).put(participant.shard(), participant);
        }
    }

    CommitState state() {
        return state;
    }

    boolean ended() {
        return state == CommitState.ENDED;
    }

    /** It has ended, but this node's view of the log does not say so yet. */
    boolean isBeingForgotten() {
        return registered || (phaseTwo.isPresent() && phaseTwo.get().finished());
    }

    void start() {
        port.wake(gtid, Alarm.COMMIT_TIMEOUT, settings.commitTimeout());
        if (writers.size() > 1) {
            for (Participant writer : writers.values()) {
                if (writer.writes() == Writes.PERHAPS) {
                    send(writer.shard(), Step.ASK, List.of(CommitSql.HAS_WRITTEN));
                }
            }
        }
        if (awaited.isEmpty()) {
            writersKnown();
        }
    }

    void onReply(ShardNumber shard, Step step, ShardReply reply) {
        if (step.isOfPhaseTwo()) {
            phaseTwo.orElseThrow(() -> unexpected(step)).onReply(shard, step, reply);
            finishIfDone();
            return;
        }
        if (!awaited.remove(shard)) {
            // Given up on at the timeout: the connection was dropped, and what it left is the sweeper's.
            return;
        }
        switch (step) {
            case ASK -> asked(shard, reply);
            case COMMIT -> committedInOnePhase(shard, reply);
            case PREPARE -> voted(shard, reply);
            case ROLLBACK, ROLLBACK_PREPARED -> endAbortIfDone();
            case COMMIT_PREPARED, LOOK, BARRIER -> throw unexpected(step);
        }
    }

    private void asked(ShardNumber shard, ShardReply reply) {
        if (reply instanceof ShardReply.Completed completed) {
            if (completed.value().isEmpty()) {
                readers.put(shard, writers.remove(shard));
            }
            if (awaited.isEmpty() && state == CommitState.ASKING) {
                writersKnown();
                return;
            }
        } else {
            failed(shard, reply);
        }
        if (state == CommitState.ABORTING) {
            rollBackPlain(shard);
            endAbortIfDone();
        } else if (failure.isPresent() && awaited.isEmpty()) {
            abort();
        }
    }

    private void writersKnown() {
        if (failure.isPresent()) {
            abort();
        } else if (clientsName.isPresent()) {
            writers.putAll(readers);
            readers.clear();
            prepare();
        } else if (writers.size() > 1) {
            prepare();
        } else {
            state = state.to(CommitState.ONE_PHASE);
            windowAsked = Gate.concerns(writers.size(), writers.size() + readers.size());
            if (windowAsked) {
                port.openWindow(gtid);
            } else {
                sendCommits();
            }
        }
    }

    void onWindowOpen() {
        if (phaseTwo.isPresent()) {
            phaseTwo.get().onWindowOpen();
        } else if (state == CommitState.ONE_PHASE) {
            sendCommits();
        } else {
            port.closeWindow(gtid);
        }
    }

    // One phase

    private void sendCommits() {
        commitSent = true;
        Set<ShardNumber> first = writers.isEmpty() ? readers.keySet() : writers.keySet();
        if (first.isEmpty()) {
            endOnePhase();
        }
        for (ShardNumber shard : List.copyOf(first)) {
            send(shard, Step.COMMIT, List.of(CommitSql.COMMIT));
        }
    }

    private void committedInOnePhase(ShardNumber shard, ShardReply reply) {
        boolean committed = reply instanceof ShardReply.Completed completed
                && completed.tag().equals(CommitSql.COMMIT);
        if (!committed && failure.isEmpty()) {
            failure = Optional.of(
                    reply instanceof ShardReply.Lost && writers.containsKey(shard)
                            ? unknown("the connection to it was lost during COMMIT")
                            : reason(shard, reply));
        }
        if (awaited.isEmpty()) {
            endOnePhase();
        }
    }

    private void endOnePhase() {
        closeWindow();
        if (!writers.isEmpty()) {
            for (ShardNumber reader : readers.keySet()) {
                port.send(
                        gtid,
                        id(reader),
                        failure.isPresent() ? Step.ROLLBACK : Step.COMMIT,
                        List.of(failure.isPresent() ? CommitSql.ROLLBACK : CommitSql.COMMIT));
            }
        }
        answer(failure.orElse(new Outcome.Committed(new TreeSet<>())));
        state = state.to(CommitState.ENDED);
    }

    // Two phases

    /** What a client prepares stays so for who knows how long: it takes no slot, and fails where there is no room. */
    private void prepare() {
        state = state.to(CommitState.WAITING);
        if (clientsName.isPresent()
                || slots.take(gtid, writers.keySet().stream().map(this::id).collect(Collectors.toSet()))) {
            onRoom();
        }
    }

    /** It has its {@link PrepareSlots}, perhaps after it has given up. */
    void onRoom() {
        if (state != CommitState.WAITING) {
            return;
        }
        state = state.to(CommitState.PREPARING);
        for (Participant writer : writers.values()) {
            send(writer.shard(), Step.PREPARE, CommitSql.prepare(gid(writer.shard()), writer));
        }
    }

    private void voted(ShardNumber shard, ShardReply reply) {
        if (reply instanceof ShardReply.Completed vote
                && vote.tag().equals(CommitSql.PREPARED_TAG)
                && vote.value().isPresent()) {
            prepared.put(
                    shard, CommitSql.branch(writers.get(shard), vote.value().get()));
            if (vote.warned()) {
                failed(shard, reply);
            }
        } else {
            failed(shard, reply);
        }
        if (state == CommitState.ABORTING) {
            rollBackPrepared(shard);
            endAbortIfDone();
        } else if (failure.isPresent()) {
            abort();
        } else if (awaited.isEmpty()) {
            state = state.to(CommitState.DECIDING);
            PreparedBranches transaction = new PreparedBranches(gtid, database, List.copyOf(prepared.values()));
            clientsName.ifPresentOrElse(name -> port.register(name, transaction), () -> port.decide(transaction));
        }
    }

    /** What the applied entry said. Called once; a proposal without an answer is repeated by the port. */
    void onDecided(boolean accepted) {
        if (state != CommitState.DECIDING) {
            throw new IllegalStateException("transaction " + gtid + ": a decision came in state " + state);
        }
        if (!accepted) {
            failure = Optional.of(new Outcome.Refused(new PgError(
                    SqlState.TRANSACTION_ROLLBACK,
                    "transaction was rolled back because the decision log rejected its commit",
                    "This proxy was taken for dead, or a shard has failed over to a server that lacks what transaction "
                            + gtid + " had prepared.",
                    "Repeat the transaction.")));
            abort();
        } else if (clientsName.isPresent()) {
            registered = true;
            answer(new Outcome.Prepared());
            state = state.to(CommitState.ENDED);
        } else {
            state = state.to(CommitState.FINISHING);
            PhaseTwo second = new PhaseTwo(
                    new PreparedBranches(gtid, database, List.copyOf(prepared.values())), cluster, settings, port);
            phaseTwo = Optional.of(second);
            second.start(Optional.of(writers), this::shownEverywhere);
        }
    }

    void onNameRefused(PgError why) {
        failure = Optional.of(new Outcome.Refused(why));
        abort();
    }

    /** The window is closed: whatever readers hold may go. */
    private void shownEverywhere(SortedSet<ShardNumber> behind) {
        for (ShardNumber reader : readers.keySet()) {
            port.send(gtid, id(reader), Step.COMMIT, List.of(CommitSql.COMMIT));
        }
        answer(new Outcome.Committed(behind));
    }

    void onLeftBehind() {
        phaseTwo.orElseThrow().onLeftBehind();
        finishIfDone();
    }

    private void finishIfDone() {
        if (state == CommitState.FINISHING && phaseTwo.orElseThrow().finished()) {
            state = state.to(CommitState.ENDED);
        }
    }

    // Rolling back

    private void abort() {
        boolean prepareSent = state == CommitState.PREPARING || state == CommitState.DECIDING;
        state = state.to(CommitState.ABORTING);
        closeWindow();
        port.wake(gtid, Alarm.COMMIT_TIMEOUT, settings.phaseTwoTimeout());
        for (ShardNumber shard : List.copyOf(writers.keySet())) {
            if (prepareSent) {
                // A PREPARE that failed has rolled back; one that is still under way is seen to when it answers.
                rollBackPrepared(shard);
            } else {
                rollBackPlain(shard);
            }
        }
        for (ShardNumber shard : List.copyOf(readers.keySet())) {
            rollBackPlain(shard);
        }
        endAbortIfDone();
    }

    private void rollBackPlain(ShardNumber shard) {
        if (!awaited.contains(shard)) {
            send(shard, Step.ROLLBACK, List.of(CommitSql.ROLLBACK));
        }
    }

    /** On the connection that prepared it. Lost on the way: the sweeper finds it, because this transaction has ended then. */
    private void rollBackPrepared(ShardNumber shard) {
        if (prepared.remove(shard) != null) {
            send(shard, Step.ROLLBACK_PREPARED, List.of(CommitSql.rollbackPrepared(gid(shard))));
        }
    }

    private void endAbortIfDone() {
        if (state == CommitState.ABORTING && awaited.isEmpty()) {
            answer(failure.orElseThrow());
            state = state.to(CommitState.ENDED);
        }
    }

    // Time

    void onAlarm(Alarm alarm) {
        if (alarm == Alarm.COMMIT_TIMEOUT) {
            switch (state) {
                case WAITING -> {
                    failure = Optional.of(roomTimeout());
                    abort();
                }
                case ASKING, PREPARING -> {
                    timedOut(awaited.first());
                    awaited.clear();
                    abort();
                }
                case ONE_PHASE -> {
                    if (commitSent) {
                        failure = Optional.of(unknown("it did not answer COMMIT in time"));
                        awaited.clear();
                        endOnePhase();
                    } else {
                        failure = Optional.of(gateTimeout());
                        abort();
                    }
                }
                case DECIDING -> answer(unknown("the decision log did not answer in time"));
                case FINISHING ->
                    answer(
                            unknown(
                                    "it is committed, but not shown by every shard yet",
                                    "Do not repeat it: it is carried out as soon as the shards, and a majority of the proxies, answer."));
                case ABORTING -> {
                    awaited.clear();
                    endAbortIfDone();
                }
                case ENDED -> {}
            }
        } else if (phaseTwo.isPresent()) {
            phaseTwo.get().onAlarm(alarm);
            finishIfDone();
        }
    }

    private void timedOut(ShardNumber slowest) {
        failure = Optional.of(new Outcome.RolledBack(
                id(slowest),
                new ShardError(
                        SqlState.TRANSACTION_ROLLBACK.code(),
                        "transaction was rolled back because a shard did not answer in time",
                        "Shard " + id(slowest) + " did not answer for "
                                + settings.commitTimeout().toMillis() + " ms.",
                        "Repeat the transaction.")));
    }

    private Outcome roomTimeout() {
        return new Outcome.Refused(new PgError(
                SqlState.TRANSACTION_ROLLBACK,
                "transaction was rolled back because too many others are prepared on its shards",
                "Transaction " + gtid + " waited " + settings.commitTimeout().toMillis()
                        + " ms for room below max_prepared_transactions.",
                "Repeat the transaction, or raise max_prepared_transactions on the shards."));
    }

    private Outcome gateTimeout() {
        return new Outcome.Refused(new PgError(
                SqlState.TRANSACTION_ROLLBACK,
                "transaction was rolled back because snapshots kept it waiting for too long",
                "Transaction " + gtid + " waited " + settings.commitTimeout().toMillis() + " ms.",
                "Repeat the transaction."));
    }

    // Answers

    private void failed(ShardNumber shard, ShardReply reply) {
        if (failure.isEmpty()) {
            failure = Optional.of(reason(shard, reply));
        }
    }

    private Outcome reason(ShardNumber shard, ShardReply reply) {
        if (reply instanceof ShardReply.Failed failed) {
            return new Outcome.RolledBack(id(shard), failed.error());
        }
        if (reply instanceof ShardReply.Completed completed) {
            return new Outcome.RolledBack(
                    id(shard),
                    new ShardError(
                            SqlState.TRANSACTION_ROLLBACK.code(),
                            "transaction was rolled back because a shard did not promise to commit",
                            "Shard " + id(shard) + " answered " + completed.tag()
                                    + (completed.warned() ? " with a warning: its standby may not have it." : "."),
                            "Repeat the transaction."));
        }
        return new Outcome.RolledBack(
                id(shard),
                new ShardError(
                        SqlState.CONNECTION_FAILURE.code(),
                        "transaction was rolled back because the connection to a shard was lost",
                        "It was the connection to shard " + id(shard) + ".",
                        "Repeat the transaction."));
    }

    private Outcome unknown(String why) {
        return unknown(why, "It is committed on all shards or on none; look before you repeat it.");
    }

    private Outcome unknown(String why, String hint) {
        return new Outcome.Unknown(new PgError(
                SqlState.TRANSACTION_RESOLUTION_UNKNOWN,
                "the outcome of the transaction is not known",
                "Transaction " + gtid + ": " + why + ".",
                hint));
    }

    private void answer(Outcome outcome) {
        if (!answered) {
            answered = true;
            port.answer(gtid, outcome);
        }
    }

    private void closeWindow() {
        if (windowAsked) {
            windowAsked = false;
            port.closeWindow(gtid);
        }
    }

    private void send(ShardNumber shard, Step step, List<String> commands) {
        awaited.add(shard);
        port.send(gtid, id(shard), step, commands);
    }

    private ShardId id(ShardNumber shard) {
        return new ShardId(database, shard);
    }

    private Gid gid(ShardNumber shard) {
        return new Gid(cluster, gtid, shard);
    }

    private IllegalStateException unexpected(Step step) {
        return new IllegalStateException("transaction " + gtid + ": a reply to " + step + " came in state " + state);
    }
}
