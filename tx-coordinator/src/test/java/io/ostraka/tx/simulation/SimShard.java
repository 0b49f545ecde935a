package io.ostraka.tx.simulation;

import io.ostraka.tx.decision.ShardId;

/** A shard: the server that is its primary at the moment. An old one comes back when the log refuses the one that was promoted. */
final class SimShard {
    final ShardId id;
    Server primary;
    /** The one that the log took last. */
    Server accepted;

    private int timelines;

    SimShard(World world, ShardId id) {
        this.id = id;
        this.primary = Server.first(world, this);
        this.accepted = primary;
    }

    int nextTimeline() {
        return ++timelines;
    }

    @Override
    public String toString() {
        return "s" + id.number();
    }
}
