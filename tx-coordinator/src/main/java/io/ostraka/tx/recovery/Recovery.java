package io.ostraka.tx.recovery;

import io.ostraka.tx.decision.ClusterNumber;
import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.Fate;
import io.ostraka.tx.decision.Gid;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.decision.PreparedBranches;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.decision.StoredCommit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Settles what is left prepared on the shards. Every node sweeps its own epoch; the leader sweeps dead ones, too.
 *
 * <table>
 * <caption>What becomes of a branch that a scan found</caption>
 * <tr><th>the log says</th><th>its node is</th><th>then</th></tr>
 * <tr><td>commit</td><td>its keeper lives elsewhere</td><td>leave it</td></tr>
 * <tr><td>commit</td><td>its keeper is dead, and this node leads; or it is this one and does not run it</td><td>finish it</td></tr>
 * <tr><td>can never commit</td><td>dead, and this node leads; or this one</td><td>roll it back</td></tr>
 * <tr><td>nothing yet</td><td>this one, and does not run it</td><td>roll it back</td></tr>
 * <tr><td>nothing yet</td><td>any other</td><td>leave it</td></tr>
 * <tr><td>a client's</td><td>any</td><td>leave it</td></tr>
 * </table>
 *
 * <p>Whether this node runs a transaction is asked <em>after</em> the scan. Races are harmless: a gid is never used again
 * and a decision never changes, so whoever comes second finds that it does not exist. What is not ours by prefix and
 * cluster is never touched. Pure; confined to its owner. Source: {@code transactions.md}, section 6.2.
 */
public final class Recovery {
    private final ClusterNumber cluster;
    private final Epoch self;
    private final Port port;
    private boolean leading;

    /** What recovery sees and wants done. No method calls back before it has returned. */
    public interface Port {
        /** As this node has applied the log. */
        DecisionState state();

        /** Whether this node's coordinator has anything to do for it still; asked anew each time. */
        boolean isRunning(Gtid gtid);

        /** Reads {@code pg_prepared_xacts} of the shard's primary; {@link Recovery#onScan} if that succeeds. */
        void scan(ShardId shard);

        /** Once, as this role; when it fails the next sweep finds the branch again. */
        void rollBack(ShardId shard, Gid gid, String owner);

        /** Ends the connections of a dead node on this shard's primary, to stop late work early. Nothing depends on it. */
        void endBackends(ShardId shard, Epoch dead);

        /** Hands a stored commit to this node's coordinator. */
        void finish(PreparedBranches transaction);
    }

    public Recovery(ClusterNumber cluster, Epoch self, Port port) {
        this.cluster = cluster;
        this.self = self;
        this.port = port;
    }

    /** From now on this node sweeps for the dead, or does not any more. Sweep at once after it began. */
    public void lead(boolean leads) {
        leading = leads;
    }

    /** Nodes were expelled. */
    public void onExpelled(Collection<Epoch> dead, List<ShardId> shards) {
        if (leading) {
            dead.forEach(epoch -> shards.forEach(shard -> port.endBackends(shard, epoch)));
            sweep(shards);
        }
    }

    /** Every so often; at once after an expulsion, a shard's return, and on becoming leader. */
    public void sweep(List<ShardId> shards) {
        for (StoredCommit stored : new ArrayList<>(port.state().storedCommits())) {
            finishIfMine(stored);
        }
        shards.forEach(port::scan);
    }

    /** What a scan found on this shard. */
    public void onScan(ShardId shard, List<Found> found) {
        for (Found branch : found) {
            Optional<Gid> gid =
                    Gid.parse(branch.gid()).filter(name -> name.cluster().equals(cluster));
            if (gid.isPresent() && isToBeRolledBack(gid.get().gtid())) {
                port.rollBack(shard, gid.get(), branch.owner());
            }
        }
        for (StoredCommit stored : new ArrayList<>(port.state().storedCommits())) {
            if (stored.transaction().shards().contains(shard)) {
                finishIfMine(stored);
            }
        }
    }

    private boolean isToBeRolledBack(Gtid gtid) {
        DecisionState state = port.state();
        Fate fate = state.fateOf(gtid);
        boolean own = gtid.epoch().equals(self);
        return switch (fate) {
            case COMMIT, CLIENTS -> false;
            case ROLL_BACK -> own || leading;
            case UNDECIDED -> own && !port.isRunning(gtid);
        };
    }

    private void finishIfMine(StoredCommit stored) {
        boolean mine = stored.keeper().equals(self) || (leading && !port.state().isLive(stored.keeper()));
        if (mine && !port.isRunning(stored.transaction().gtid())) {
            port.finish(stored.transaction());
        }
    }
}
