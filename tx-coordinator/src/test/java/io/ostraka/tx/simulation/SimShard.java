package io.ostraka.tx.simulation;

import io.ostraka.tx.decision.ShardId;

/** A shard: the server that is its primary at the moment. Old primaries never come back. */
final class SimShard {
    final ShardId id;
    Server primary;

    SimShard(World world, ShardId id) {
        this.id = id;
        this.primary = new Server(world, this, 0);
    }

    @Override
    public String toString() {
        return "s" + id.number();
    }
}
