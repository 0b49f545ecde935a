package io.ostraka.proxy.transaction;

import io.ostraka.tx.commit.ShardError;
import io.ostraka.tx.commit.ShardReply;
import io.ostraka.tx.commit.Step;
import io.ostraka.tx.decision.Branch;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.raft.ClusterMembership;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What a shard's answers are worth when the shard may fail over: one primary's word that a transaction is committed is not yet
 * its successor's, and a successor that does not know a prepared transaction has finished it, or has never heard of it.
 *
 * <p>These two are told apart by the transaction's id, if the successor's WAL reaches the branch's {@link Branch#mark}: then no
 * other transaction has it there, and its status is its own.
 *
 * <p>Confined to the coordinator's queue. After a crash of this process the successor is asked again.
 */
final class FailoverEvidence {
    /** What a server says of a prepared transaction that it does not have. */
    private static final String UNDEFINED_OBJECT = "42704";

    private final ClusterMembership membership;
    private final Failovers failovers;
    private final Floors floors;
    private final Consumer<Runnable> coordinator;
    private final Map<AskedFor, Found> found = new HashMap<>();

    private record AskedFor(Gtid gtid, ShardId shard) {}

    /** What a successor knows of a prepared transaction that it does not have. */
    private record Found(boolean hasSurvived, String said) {}

    /** {@code coordinator} does things on its thread. */
    FailoverEvidence(ClusterMembership membership, Failovers failovers, Consumer<Runnable> coordinator) {
        this.membership = membership;
        this.failovers = failovers;
        this.floors = new Floors(membership, coordinator);
        this.coordinator = coordinator;
    }

    /** The shard's answer as the protocol should take it: shown, and to be followed by a barrier, if its word alone is not enough. */
    ShardReply weighed(ShardId shard, Step step, ShardReply reply) {
        if (step == Step.COMMIT_PREPARED
                && reply instanceof ShardReply.Completed completed
                && failovers.follows(shard)) {
            return new ShardReply.Completed(completed.tag(), true, completed.value(), completed.shardEpoch());
        }
        return reply;
    }

    /** As {@link io.ostraka.tx.commit.CommitPort#sendElsewhere}; {@code reply} comes on the coordinator's queue. */
    void sendElsewhere(
            Gtid gtid,
            ShardServer server,
            Branch branch,
            Step step,
            Optional<String> gid,
            String command,
            Consumer<ShardReply> reply) {
        if (step == Step.BARRIER && failovers.follows(server.id())) {
            floors.pass(server, command, reply);
            return;
        }
        server.links()
                .runFor(
                        gid,
                        command,
                        result -> coordinator.accept(() -> {
                            boolean isGone = result.error()
                                    .filter(error -> error.sqlState().equals(UNDEFINED_OBJECT))
                                    .isPresent();
                            if (step == Step.COMMIT_PREPARED && isGone && result.shardEpoch() != branch.shardEpoch()) {
                                look(gtid, server, branch, result, reply);
                            } else {
                                reply.accept(weighed(server.id(), step, result.reply()));
                            }
                        }));
    }

    private void look(Gtid gtid, ShardServer server, Branch branch, LinkResult gone, Consumer<ShardReply> reply) {
        String status = "SELECT pg_catalog.pg_xact_status('" + branch.transactionId() + "'::pg_catalog.xid8)";
        server.links()
                .run(
                        List.of(status),
                        result -> coordinator.accept(() -> {
                            if (result.lost() || result.shardEpoch() != gone.shardEpoch()) {
                                reply.accept(new ShardReply.Lost());
                                return;
                            }
                            found.put(new AskedFor(gtid, server.id()), found(server.id(), branch, result));
                            reply.accept(gone.reply());
                        }));
    }

    private Found found(ShardId shard, Branch branch, LinkResult status) {
        if (!isItsOwn(shard, branch, status.shardEpoch())) {
            return new Found(false, "it may never have heard of it");
        }
        String said = status.error()
                .map(ShardError::message)
                .orElseGet(() -> status.rows().get(0).get(0).orElse("too old"));
        return new Found(
                status.error().isEmpty() && said.equals("committed"),
                "there transaction id " + branch.transactionId() + " is: " + said);
    }

    /** Whether the id means the same transaction there. */
    private boolean isItsOwn(ShardId shard, Branch branch, long shardEpoch) {
        return membership.read(state -> state.shardEpoch(shard) == shardEpoch && state.hasMark(shard, branch));
    }

    boolean hasSurvived(Gtid gtid, ShardId shard) {
        return Optional.ofNullable(found.get(new AskedFor(gtid, shard)))
                .filter(Found::hasSurvived)
                .isPresent();
    }

    /** For people; empty if nobody was asked. */
    String said(Gtid gtid, ShardId shard) {
        return Optional.ofNullable(found.get(new AskedFor(gtid, shard)))
                .map(seen -> " (" + seen.said() + ")")
                .orElse("");
    }

    /** Nothing of it is left to be done. */
    void forget(Gtid gtid) {
        found.keySet().removeIf(asked -> asked.gtid().equals(gtid));
    }
}
