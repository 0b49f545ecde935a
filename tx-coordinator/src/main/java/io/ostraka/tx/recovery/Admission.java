package io.ostraka.tx.recovery;

import io.ostraka.tx.decision.ClusterNumber;
import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.Fate;
import io.ostraka.tx.decision.Gid;
import io.ostraka.tx.decision.PreparedBranches;
import io.ostraka.tx.decision.ShardEntry;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.decision.StoredCommit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The leader's part in a shard's failover, once somebody else has promoted a standby: the old primary is fenced in the log,
 * every node stops using it, what is decided is carried out on the new one, and only then is the shard read again.
 * <pre>
 * promoted --> fence proposed --applied everywhere--> settling --nothing decided is left to be done there--> admitted
 * </pre>
 * While a shard is fenced no transaction begins on it, so what is to be settled gets less. Branches are finished by whoever
 * keeps them, through the gate, never by this class: a commit carried out behind the gate's back would tear snapshots.
 *
 * <p>Made anew for each term of leadership: what it must know is in the log or is seen again. Pure; confined to its owner.
 * Source: {@code transactions.md}, sections 6.5 and 10.
 */
public final class Admission {
    private final ClusterNumber cluster;
    private final Port port;
    private final Map<ShardId, Promoted> promoted = new TreeMap<>();
    private final Map<ShardId, Long> settling = new TreeMap<>();

    private record Promoted(long seenIn, String endpoint, long reaches) {}

    /** What admission sees and wants done. No method calls back before it has returned. */
    public interface Port {
        /** As this node has applied the log. */
        DecisionState state();

        /** Proposes the entry; proposing it twice does no harm. */
        void propose(ShardEntry entry);

        /** {@link Admission#onFencedEverywhere} when every node that lives has applied the log up to here. */
        void awaitEverywhere(ShardId shard, long epoch, long index);

        /** {@link Admission#onScan} if that succeeds, with what was read on the new primary. */
        void scan(ShardId shard);
    }

    public Admission(ClusterNumber cluster, Port port) {
        this.cluster = cluster;
        this.port = port;
    }

    /**
     * The shard's primary is perhaps another server than the log says.
     *
     * @param seenIn the shard's epoch whose primary that server is compared with
     * @param reaches as in {@link ShardEntry.FenceShard}
     */
    public void onPromoted(ShardId shard, long seenIn, String endpoint, long reaches) {
        promoted.put(shard, new Promoted(seenIn, endpoint, reaches));
    }

    /** Every so often, and at once after {@link #onPromoted}. */
    public void onTick() {
        promoted.forEach((shard, server) -> {
            DecisionState state = port.state();
            long epoch = state.shardEpoch(shard);
            if (!state.primaryOf(shard).equals(Optional.of(server.endpoint()))) {
                if (server.seenIn() == epoch) {
                    port.propose(new ShardEntry.FenceShard(shard, epoch + 1, server.endpoint(), server.reaches()));
                }
            } else if (state.isFenced(shard)) {
                if (settling.getOrDefault(shard, -1L) == epoch) {
                    port.scan(shard);
                } else {
                    port.awaitEverywhere(shard, epoch, state.appliedIndex());
                }
            }
        });
    }

    /** No node uses the old primary any more. */
    public void onFencedEverywhere(ShardId shard, long epoch) {
        settling.put(shard, epoch);
    }

    /** Gids that are prepared on the new primary. */
    public void onScan(ShardId shard, String endpoint, List<Found> found) {
        DecisionState state = port.state();
        long epoch = state.shardEpoch(shard);
        if (!state.isFenced(shard)
                || settling.getOrDefault(shard, -1L) != epoch
                || !state.primaryOf(shard).equals(Optional.of(endpoint))) {
            return;
        }
        boolean settled = found.stream()
                .flatMap(branch -> Gid.parse(branch.gid()).stream())
                .filter(gid -> gid.cluster().equals(cluster))
                .noneMatch(gid -> state.fateOf(gid.gtid()) == Fate.COMMIT);
        if (settled && state.storedCommits().stream().noneMatch(stored -> isOfEarlierLife(stored, shard, epoch))) {
            port.propose(new ShardEntry.AdmitShard(shard, epoch, endpoint));
        }
    }

    /**
     * Decided, prepared on an earlier primary, and not done: its keeper has yet to see that the new one has it. A commit that was
     * shown by the old primary and is lost is in no list of what is prepared.
     */
    private static boolean isOfEarlierLife(StoredCommit stored, ShardId shard, long epoch) {
        PreparedBranches transaction = stored.transaction();
        return transaction.database().equals(shard.database())
                && transaction.branches().stream()
                        .anyMatch(branch -> branch.shard().equals(shard.number()) && branch.shardEpoch() < epoch);
    }
}
