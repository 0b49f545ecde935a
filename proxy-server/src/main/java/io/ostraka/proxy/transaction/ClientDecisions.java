package io.ostraka.proxy.transaction;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.commit.Outcome;
import io.ostraka.tx.decision.Answer;
import io.ostraka.tx.decision.Branch;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.decision.PreparedBranches;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.decision.ShardNumber;
import io.ostraka.tx.decision.StoredCommit;
import io.ostraka.tx.decision.TransactionEntry;
import io.ostraka.tx.raft.ClusterMembership;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out what clients decide about what they have prepared by name, through whichever node. The decision is the log's:
 * what comes after it is done as for any other commit, by this node or, when it dies, by the leader.
 *
 * <p>A name that this node does not know is nobody's: PREPARE TRANSACTION is answered when every node that lives has applied it.
 *
 * <p>Confined to the coordinator's queue.
 */
final class ClientDecisions {
    private static final Logger LOG = LoggerFactory.getLogger(ClientDecisions.class);

    /** Between proposals, while the log does not answer. */
    private static final Duration LOG_PAUSE = Duration.ofMillis(500);

    /** For how long a client waits for the log. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ClusterMembership membership;
    private final CoordinatorQueue queue;
    private final Work work;
    /** By the client's name, until it is carried out. */
    private final Map<String, Deciding> underWay = new HashMap<>();

    /** What the coordinator does for it. */
    interface Work {
        Optional<ShardServer> server(ShardId shard);

        /** Carries out a commit that is stored, unless that is under way. */
        void finish(PreparedBranches transaction);

        boolean isRunning(Gtid gtid);

        /** It is rolled back everywhere: the log need not know it any more. */
        void forget(Gtid gtid);
    }

    private static final class Deciding {
        private final PreparedBranches transaction;
        private final ClientDecision decision;
        private boolean answered;

        Deciding(PreparedBranches transaction, ClientDecision decision) {
            this.transaction = transaction;
            this.decision = decision;
        }

        Gtid gtid() {
            return transaction.gtid();
        }

        void answer(Outcome outcome) {
            if (!answered) {
                answered = true;
                decision.then().accept(outcome);
            }
        }
    }

    ClientDecisions(ClusterMembership membership, CoordinatorQueue queue, Work work) {
        this.membership = membership;
        this.queue = queue;
        this.work = work;
    }

    void decide(String database, ClientDecision decision) {
        Optional<PreparedBranches> found = membership.read(state -> state.preparedByClient(decision.name()));
        if (found.isEmpty()) {
            decision.then().accept(unknownName(decision.name()));
        } else if (!found.get().database().equals(database)) {
            decision.then()
                    .accept(refused(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "prepared transaction belongs to another database",
                            "Connect to the database where the transaction was prepared to finish it."));
        } else if (underWay.containsKey(decision.name())) {
            decision.then()
                    .accept(refused(
                            SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE,
                            "prepared transaction with identifier \"" + decision.name() + "\" is busy",
                            ""));
        } else {
            Deciding deciding = new Deciding(found.get(), decision);
            underWay.put(decision.name(), deciding);
            requireRight(deciding);
        }
    }

    private static Outcome unknownName(String name) {
        return refused(
                SqlState.UNDEFINED_OBJECT, "prepared transaction with identifier \"" + name + "\" does not exist", "");
    }

    private static Outcome refused(SqlState state, String message, String hint) {
        return new Outcome.Refused(new PgError(state, message, "", hint));
    }

    private void end(Deciding deciding, Outcome outcome) {
        underWay.remove(deciding.decision.name(), deciding);
        deciding.answer(outcome);
    }

    /** Its owner may, and a superuser. */
    private void requireRight(Deciding deciding) {
        String user = deciding.decision.user();
        Branch first = deciding.transaction.branches().get(0);
        Optional<ShardServer> server = work.server(deciding.transaction.shards().get(0));
        if (first.role().equals(user)) {
            propose(deciding, System.nanoTime());
            return;
        }
        PgError denied = new PgError(
                SqlState.INSUFFICIENT_PRIVILEGE,
                "permission denied to finish prepared transaction",
                "",
                "Must be superuser or the user that prepared the transaction.");
        if (server.isEmpty()) {
            end(deciding, new Outcome.Refused(denied));
            return;
        }
        String query = "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = '" + user.replace("'", "''") + "'";
        server.get()
                .links()
                .run(
                        List.of(query),
                        result -> queue.execute(() -> {
                            boolean isSuperuser = result.rows().equals(List.of(List.of(Optional.of("t"))));
                            if (isSuperuser) {
                                propose(deciding, System.nanoTime());
                            } else if (result.lost()) {
                                end(
                                        deciding,
                                        refused(
                                                SqlState.CANNOT_CONNECT_NOW,
                                                "shard \"" + server.get().name()
                                                        + "\" could not be asked who may finish the transaction",
                                                ""));
                            } else {
                                end(deciding, new Outcome.Refused(denied));
                            }
                        }));
    }

    /** Again and again, until the log answers: it means the same when it comes twice. */
    private void propose(Deciding deciding, long since) {
        ClientDecision decision = deciding.decision;
        membership
                .propose(new TransactionEntry.ClientDecided(
                        decision.name(), deciding.gtid(), decision.commits(), membership.epoch()))
                .whenComplete((answer, failure) -> queue.execute(() -> {
                    if (failure != null) {
                        LOG.warn(
                                "tx {}: decision log: no answer, asking again: {}",
                                deciding.gtid(),
                                failure.getMessage());
                        if (System.nanoTime() - since > PATIENCE.toNanos()) {
                            deciding.answer(new Outcome.Unknown(new PgError(
                                    SqlState.TRANSACTION_RESOLUTION_UNKNOWN,
                                    "the outcome of the transaction is not known",
                                    "Transaction " + deciding.gtid() + ": the decision log did not answer in time.",
                                    "It is decided as you wish when a majority is back, or stays prepared; look at"
                                            + " pg_prepared_xacts.")));
                        }
                        queue.schedule(() -> propose(deciding, since), LOG_PAUSE);
                    } else if (answer instanceof Answer.Accepted accepted) {
                        membership
                                .appliedEverywhere(accepted.index())
                                .thenRun(() -> queue.execute(() -> decided(deciding)));
                    } else {
                        end(deciding, unknownName(decision.name()));
                    }
                }));
    }

    private void decided(Deciding deciding) {
        if (!deciding.decision.commits()) {
            rollBack(deciding);
            return;
        }
        if (deciding.answered && !underWay.containsKey(deciding.decision.name())) {
            // The sweeper has seen it first, and it is done.
            return;
        }
        boolean isOurs = membership.read(state -> state.storedCommits().stream()
                .filter(stored -> stored.transaction().gtid().equals(deciding.gtid()))
                .map(StoredCommit::keeper)
                .anyMatch(membership.epoch()::equals));
        if (isOurs) {
            work.finish(deciding.transaction);
        } else if (!work.isRunning(deciding.gtid())) {
            // Another node's client was faster: it has decided the same.
            end(deciding, unknownName(deciding.decision.name()));
        }
    }

    /** A commit that this node carries out is shown, whoever had decided it. */
    void shown(Gtid gtid, SortedSet<ShardNumber> behind) {
        List.copyOf(underWay.values()).stream()
                .filter(deciding -> deciding.gtid().equals(gtid))
                .forEach(deciding -> end(deciding, new Outcome.Committed(behind)));
    }

    /** What does not answer now is found by a sweep. */
    private void rollBack(Deciding deciding) {
        TreeSet<ShardNumber> awaited = new TreeSet<>();
        boolean[] isComplete = {true};
        deciding.transaction.branches().forEach(branch -> awaited.add(branch.shard()));
        for (Branch branch : deciding.transaction.branches()) {
            ShardId shard = new ShardId(deciding.transaction.database(), branch.shard());
            String gid = deciding.transaction
                    .gid(membership.cluster(), branch.shard())
                    .toString();
            Consumer<LinkResult> done = result -> queue.execute(() -> {
                isComplete[0] &= !result.lost()
                        && result.error()
                                .filter(error -> !error.sqlState().equals(SqlState.UNDEFINED_OBJECT.code()))
                                .isEmpty();
                awaited.remove(branch.shard());
                if (awaited.isEmpty()) {
                    if (isComplete[0]) {
                        work.forget(deciding.gtid());
                    }
                    end(deciding, new Outcome.Committed(new TreeSet<>()));
                }
            });
            work.server(shard)
                    .ifPresentOrElse(
                            server -> server.links().runFor(Optional.of(gid), "ROLLBACK PREPARED '" + gid + "'", done),
                            () -> done.accept(LinkResult.LOST));
        }
    }
}
