package io.ostraka.proxy.transaction;

import io.ostraka.tx.commit.ShardReply;
import io.ostraka.tx.commit.Step;
import io.ostraka.tx.decision.Branch;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.decision.ShardEntry.FenceShard;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.raft.ClusterMembership;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
    private final Set<Survivor> survivors = new HashSet<>();

    private record Survivor(Gtid gtid, ShardId shard) {}

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
                            boolean isCommitted = result.error().isEmpty()
                                    && result.rows().get(0).get(0).equals(Optional.of("committed"));
                            if (isCommitted && isItsOwn(server.id(), branch, result.shardEpoch())) {
                                survivors.add(new Survivor(gtid, server.id()));
                            }
                            reply.accept(gone.reply());
                        }));
    }

    /** Whether the id means the same transaction there. */
    private boolean isItsOwn(ShardId shard, Branch branch, long shardEpoch) {
        boolean isNext = branch.shardEpoch() + 1 == shardEpoch;
        long reaches = membership.read(state -> state.shardEpoch(shard) == shardEpoch ? state.reachOf(shard) : 0L);
        return isNext
                && (reaches == FenceShard.SAME_SERVER || (branch.mark() != Branch.NO_MARK && branch.mark() <= reaches));
    }

    boolean hasSurvived(Gtid gtid, ShardId shard) {
        return survivors.contains(new Survivor(gtid, shard));
    }

    /** Nothing of it is left to be done. */
    void forget(Gtid gtid) {
        survivors.removeIf(survivor -> survivor.gtid().equals(gtid));
    }
}
