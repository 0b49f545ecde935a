package io.ostraka.proxy.transaction;

import io.netty.channel.EventLoop;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.fence.Gate;
import io.ostraka.tx.fence.RoundId;
import io.ostraka.tx.fence.Rounds;
import io.ostraka.tx.fence.Vector;
import io.ostraka.tx.raft.ClusterMembership;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The gate that commits over shards of one database pass, and the rounds that take snapshots of all its shards while no such
 * commit is half done. In a group of one both ends of the protocol are here, and their messages go through this thread's queue.
 *
 * <p>A snapshot is kept open by a transaction on a connection of its own on each shard, the keeper, until nobody may import it
 * any more. At most {@value #MOST_SNAPSHOTS} are open; who asks then waits for one to go, and no gate is closed meanwhile.
 *
 * <p>Confined to the coordinator's thread. A crash leaves what the shards roll back. Source: {@code transactions.md}, section 7.
 */
final class Fence {
    static final int MOST_SNAPSHOTS = 16;

    private static final Duration LONGEST_ROUND = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofMillis(200);
    private static final Duration RETRY_PAUSE = Duration.ofMillis(20);
    /** For how long one asks in vain. */
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    /** The keepers read nothing: they only hold what they export. */
    private static final List<String> EXPORT =
            List.of("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT pg_catalog.pg_export_snapshot()");

    private final EventLoop loop;
    private final ClusterMembership membership;
    private final Epoch self;
    private final Map<ShardId, ShardServer> servers = new TreeMap<>();
    private final Consumer<Gtid> windowOpen;
    private final Gate gate;
    private final Rounds<Asked> rounds;
    private final Map<RoundId, Map<ShardId, ReservedLinks.Kept>> keepers = new HashMap<>();
    private final Queue<Asked> waiting = new ArrayDeque<>();
    /** Who is told of the round that is being delivered. */
    private final List<Asked> delivered = new ArrayList<>();

    private int open;

    private record Asked(SnapshotRequest request, long since) {}

    /** {@code windowOpen} is told of each commit that may pass, later and on this thread. */
    Fence(EventLoop loop, ClusterMembership membership, Collection<ShardServer> shards, Consumer<Gtid> windowOpen) {
        this.loop = loop;
        this.membership = membership;
        this.self = membership.epoch();
        this.windowOpen = windowOpen;
        shards.forEach(server -> servers.put(server.id(), server));
        gate = new Gate(LONGEST_ROUND, new GateEnd());
        rounds = new Rounds<>(1, PATIENCE, new RoundsEnd());
    }

    void openWindow(Gtid gtid) {
        gate.openWindow(gtid);
    }

    void closeWindow(Gtid gtid) {
        gate.closeWindow(gtid);
    }

    void request(SnapshotRequest request) {
        ask(new Asked(request, System.nanoTime()));
    }

    private void ask(Asked asked) {
        if (open < MOST_SNAPSHOTS) {
            rounds.request(asked);
        } else {
            waiting.add(asked);
            later(TIMEOUT, () -> {
                if (waiting.remove(asked)) {
                    asked.request()
                            .onNoSnapshot(new PgError(
                                    SqlState.TOO_MANY_CONNECTIONS,
                                    "too many snapshots over several shards are open",
                                    MOST_SNAPSHOTS + " are in use by transactions.",
                                    "End REPEATABLE READ transactions sooner, or use READ COMMITTED."));
                }
            });
        }
    }

    private void later(Duration after, Runnable what) {
        loop.schedule(what, after.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void tell(Runnable what) {
        try {
            loop.execute(what);
        } catch (RejectedExecutionException stopped) {
            // The process ends, and the keepers with it.
            return;
        }
    }

    private void unused(RoundId round) {
        open--;
        keepers.getOrDefault(round, Map.of()).values().forEach(ReservedLinks.Kept::end);
        keepers.remove(round);
        while (open < MOST_SNAPSHOTS && !waiting.isEmpty()) {
            rounds.request(waiting.remove());
        }
    }

    /** What the gate says to the leader: ourselves. */
    private final class GateEnd implements Gate.Port {
        @Override
        public void windowOpen(Gtid gtid) {
            tell(() -> windowOpen.accept(gtid));
        }

        @Override
        public void closed(RoundId round) {
            tell(() -> rounds.onClosed(self, round));
        }

        @Override
        public void opened(RoundId round, boolean held) {
            tell(() -> rounds.onOpened(self, round, held));
        }

        @Override
        public void wake(RoundId round, Duration after) {
            later(after, () -> gate.onTooLong(round));
        }
    }

    /** What the rounds want of gates and shards. */
    private final class RoundsEnd implements Rounds.Port<Asked> {
        @Override
        public SortedSet<Epoch> liveEpochs() {
            return new TreeSet<>(List.of(self));
        }

        @Override
        public SortedSet<ShardId> readableShards() {
            SortedSet<ShardId> readable = new TreeSet<>(servers.keySet());
            readable.removeAll(membership.read(DecisionState::halfShown));
            return readable;
        }

        @Override
        public void close(Epoch node, RoundId round) {
            tell(() -> gate.onClose(round));
        }

        @Override
        public void open(Epoch node, RoundId round) {
            tell(() -> gate.onOpen(round));
        }

        @Override
        public void snapshot(RoundId round, ShardId shard) {
            servers.get(shard).keepers().keep(EXPORT, kept -> tell(() -> exported(round, shard, kept)));
        }

        private void exported(RoundId round, ShardId shard, ReservedLinks.Kept kept) {
            Optional<String> name = kept.value();
            if (name.isEmpty()) {
                kept.end();
                rounds.onNoSnapshot(round, shard);
                return;
            }
            keepers.computeIfAbsent(round, first -> new HashMap<>()).put(shard, kept);
            rounds.onSnapshot(round, shard, name.get());
        }

        @Override
        public void release(RoundId round, ShardId shard) {
            Map<ShardId, ReservedLinks.Kept> ofRound = keepers.getOrDefault(round, new HashMap<>());
            Optional.ofNullable(ofRound.remove(shard)).ifPresent(ReservedLinks.Kept::end);
            if (ofRound.isEmpty()) {
                keepers.remove(round);
            }
        }

        /** Nobody else can lead a group of one. */
        @Override
        public void confirmLeadership(RoundId round) {
            tell(() -> rounds.onLeading(round, liveEpochs()));
        }

        @Override
        public void wake(RoundId round, Duration after) {
            later(after, () -> rounds.onTooLong(round));
        }

        @Override
        public void deliver(Asked requester, Vector vector) {
            if (delivered.isEmpty()) {
                tell(() -> handOut(vector));
            }
            delivered.add(requester);
        }

        @Override
        public void failed(Asked requester) {
            if (System.nanoTime() - requester.since() < TIMEOUT.toNanos()) {
                later(RETRY_PAUSE, () -> ask(requester));
            } else {
                requester
                        .request()
                        .onNoSnapshot(new PgError(
                                SqlState.SERIALIZATION_FAILURE,
                                "no snapshot over several shards could be taken in time",
                                "Commits over several shards were under way for " + TIMEOUT.toSeconds() + " s.",
                                "Try it again."));
            }
        }
    }

    /** All who were served by one round share its snapshot; {@link Rounds} names them one after the other. */
    private void handOut(Vector vector) {
        Map<ShardName, String> names = new HashMap<>();
        vector.snapshots().forEach((shard, name) -> names.put(servers.get(shard).name(), name));
        List<Asked> users = List.copyOf(delivered);
        delivered.clear();
        open++;
        Snapshot snapshot = new Snapshot(names, users.size(), () -> tell(() -> unused(vector.round())));
        users.forEach(user -> user.request().onSnapshot(snapshot));
    }
}
