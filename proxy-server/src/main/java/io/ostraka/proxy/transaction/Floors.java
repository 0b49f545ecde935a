package io.ostraka.proxy.transaction;

import io.ostraka.tx.commit.ShardReply;
import io.ostraka.tx.decision.Answer;
import io.ostraka.tx.decision.ShardEntry;
import io.ostraka.tx.decision.WalPosition;
import io.ostraka.tx.raft.ClusterMembership;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The barrier of shards that fail over: before a decision is forgotten, the log holds up to where a primary's WAL must reach for
 * having carried it out. So a standby that was behind is told from one that was not. One barrier at a time serves all who wait.
 *
 * <p>Confined to the coordinator's queue.
 */
final class Floors {
    private final ClusterMembership membership;
    private final Consumer<Runnable> coordinator;
    private final Map<ShardServer, Waiting> shards = new HashMap<>();

    private static final class Waiting {
        private List<Consumer<ShardReply>> next = new ArrayList<>();
        private boolean underWay;
    }

    /** {@code coordinator} does things on its thread. */
    Floors(ClusterMembership membership, Consumer<Runnable> coordinator) {
        this.membership = membership;
        this.coordinator = coordinator;
    }

    /** Runs the command, which writes WAL and tells where. */
    void pass(ShardServer shard, String barrier, Consumer<ShardReply> reply) {
        Waiting waiting = shards.computeIfAbsent(shard, first -> new Waiting());
        waiting.next.add(reply);
        if (!waiting.underWay) {
            run(shard, barrier, waiting);
        }
    }

    private void run(ShardServer shard, String barrier, Waiting waiting) {
        List<Consumer<ShardReply>> served = waiting.next;
        waiting.next = new ArrayList<>();
        waiting.underWay = true;
        Consumer<ShardReply> all = reply -> {
            waiting.underWay = false;
            served.forEach(one -> one.accept(reply));
            if (!waiting.next.isEmpty() && !waiting.underWay) {
                run(shard, barrier, waiting);
            }
        };
        shard.links().runFor(Optional.empty(), barrier, result -> coordinator.accept(() -> passed(shard, result, all)));
    }

    private void passed(ShardServer shard, LinkResult result, Consumer<ShardReply> all) {
        ShardReply reply = result.reply();
        if (!(reply instanceof ShardReply.Completed completed) || completed.warned()) {
            all.accept(reply);
            return;
        }
        long position = WalPosition.parse(completed.value().orElseThrow());
        membership
                .propose(new ShardEntry.ForgetUpTo(shard.id(), completed.shardEpoch(), position))
                .whenComplete((answer, failure) -> coordinator.accept(
                        () -> all.accept(answer instanceof Answer.Accepted ? completed : new ShardReply.Lost())));
    }
}
