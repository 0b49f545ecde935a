package io.ostraka.proxy.transaction;

import io.ostraka.proxy.transaction.Keepers.Keeper;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.fence.RoundId;
import io.ostraka.tx.fence.Rounds;
import io.ostraka.tx.fence.Vector;
import io.ostraka.tx.raft.ClusterMembership;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The rounds that take snapshots of all shards of one database, or let visitors in, while no commit over shards is half done: on the
 * node that leads, for all nodes of its group. The {@link Gates} are those of all nodes.
 *
 * <p>A snapshot is kept open by a transaction on a connection of its own on each shard, the {@link Keepers keeper}, until nobody
 * may import it any more. At most {@value #MOST_SNAPSHOTS} are open; who asks then waits for one to go, and no gate is closed meanwhile.
 *
 * <p>Who asks is answered after {@link #TIMEOUT} at the latest, and a little: with a snapshot of all shards that are not away, or with an
 * error. A round that misses a shard's snapshot is for nobody, and another one follows; what it has taken is released. Those who
 * wait are in {@link #waiting} or in the one round under way, which ends by its own clock.
 *
 * <p>Confined to the coordinator's queue. A crash leaves what the shards roll back. Source: {@code transactions.md}, section 7.
 */
final class Fence {
    static final int MOST_SNAPSHOTS = 16;

    /** One round may be under way while all its predecessors are in use, and another keeper is at hand for the next. */
    static final int MOST_KEEPERS = MOST_SNAPSHOTS + 2;

    /** For commits that are half done to end, and for a round trip to each shard; a round waits twice as long at the most. */
    private static final Duration PATIENCE = Duration.ofMillis(600);

    /** The same in a group, whose proxies have to answer, too. */
    private static final Duration PATIENCE_WITH_GROUP = Duration.ofMillis(1_500);

    private static final Duration RETRY_PAUSE = Duration.ofMillis(20);
    /** For how long one asks in vain. */
    static final Duration TIMEOUT = Duration.ofSeconds(5);
    /** The same in a group: a node that died must be expelled first, which may take an election. */
    static final Duration TIMEOUT_OF_GROUP = Duration.ofSeconds(10);

    private final CoordinatorQueue queue;
    private final ClusterMembership membership;
    private final Map<ShardId, ShardServer> servers = new TreeMap<>();
    private final Map<ShardId, Keepers> keepers = new TreeMap<>();
    private final Gates gates;
    private final Duration timeout;
    /** While this node leads. */
    private Optional<Leading> leading = Optional.empty();
    /** What keeps the snapshots of rounds that have not ended, or whose snapshots are in use. */
    private final Map<RoundId, Map<ShardId, Keeper>> kept = new HashMap<>();

    /** The rounds of these have ended, and their snapshots are in use. */
    private final Set<RoundId> handedOut = new HashSet<>();

    private final Set<Asked> waiting = new LinkedHashSet<>();

    /** Whether a round is under way for some who asked. */
    private boolean running;

    private int open;

    /** Whom a round is for. */
    private sealed interface Requester {}

    /** Who wants a snapshot, and shares it. */
    private record Askers(List<Asked> all) implements Requester {}

    /** Who does something of its own while the gates are closed. */
    private record Visitor(FenceRequest.ForVisit visit) implements Requester {}

    /** Who asks, by identity, and when first. */
    private static final class Asked {
        private final FenceRequest.ForSnapshot request;
        private final long since = System.nanoTime();

        Asked(FenceRequest.ForSnapshot request) {
            this.request = request;
        }

        Duration left(Duration timeout) {
            return timeout.minusNanos(System.nanoTime() - since);
        }
    }

    /** {@code timeout}: for how long one asks in vain. */
    Fence(
            CoordinatorQueue queue,
            ClusterMembership membership,
            Collection<ShardServer> shards,
            Gates gates,
            Duration timeout) {
        this.queue = queue;
        this.membership = membership;
        this.gates = gates;
        this.timeout = timeout;
        shards.forEach(server -> {
            servers.put(server.id(), server);
            keepers.put(
                    server.id(),
                    new Keepers(queue, server.keepers()::keep, MOST_KEEPERS, () -> queue.execute(this::begin)));
        });
    }

    /** This node leads now. */
    void lead(long term) {
        leadNoMore();
        leading = Optional.of(new Leading(term));
    }

    /** Opens the connections that the first who ask will need. */
    void prepare() {
        keepers.values().forEach(Keepers::prepare);
    }

    /** Another node may lead, of whom those who wait have to ask. Snapshots that are in use stay. */
    void leadNoMore() {
        if (leading.isEmpty()) {
            return;
        }
        Leading ended = leading.get();
        leading = Optional.empty();
        running = false;
        List.copyOf(kept.keySet()).stream()
                .filter(round -> !handedOut.contains(round))
                .forEach(this::release);
        List<FenceRequest> left = new ArrayList<>();
        waiting.forEach(asked -> left.add(asked.request));
        waiting.clear();
        for (Requester requester : ended.requesters) {
            if (requester instanceof Askers askers) {
                askers.all().forEach(asked -> left.add(asked.request));
            } else {
                left.add(((Visitor) requester).visit());
            }
        }
        left.forEach(FenceRequest::onNoLeader);
    }

    boolean leads() {
        return leading.isPresent();
    }

    void onClosed(Epoch node, RoundId round) {
        leading.ifPresent(now -> now.rounds.onClosed(node, round));
    }

    void onOpened(Epoch node, RoundId round, boolean held) {
        leading.ifPresent(now -> now.rounds.onOpened(node, round, held));
    }

    void request(FenceRequest.ForSnapshot request) {
        ask(new Asked(request));
    }

    /** A round will be held for it soon; no connection of ours is needed for that. */
    void visit(FenceRequest.ForVisit visit) {
        leading.ifPresentOrElse(now -> now.visit(new Visitor(visit)), visit::onNoLeader);
    }

    private void ask(Asked asked) {
        if (leading.isEmpty()) {
            asked.request.onNoLeader();
            return;
        }
        Duration left = asked.left(timeout);
        if (left.isNegative() || left.isZero()) {
            giveUp(asked);
            return;
        }
        waiting.add(asked);
        begin();
        if (waiting.contains(asked)) {
            later(left, () -> {
                if (waiting.remove(asked)) {
                    giveUp(asked);
                }
            });
        }
    }

    /** A shard that was half shown may be whole now: who waits for it need not wait for the next who asks. */
    void onMayBeReadable() {
        begin();
    }

    /** A round for all who can be served now; called whenever that may have changed. */
    private void begin() {
        if (leading.isEmpty() || running || waiting.isEmpty() || open >= MOST_SNAPSHOTS) {
            return;
        }
        keepers.values().forEach(Keepers::prepare);
        Set<ShardName> ready = new LinkedHashSet<>();
        for (ShardId shard : readable()) {
            if (keepers.get(shard).isAtHand()) {
                ready.add(servers.get(shard).name());
            } else if (!keepers.get(shard).isAway()) {
                // It will be there in a moment, or will be away.
                return;
            }
        }
        List<Asked> served = waiting.stream()
                .filter(asked -> ready.containsAll(asked.request.needed()))
                .toList();
        if (!served.isEmpty()) {
            served.forEach(waiting::remove);
            running = true;
            leading.get().request(new Askers(served));
        }
    }

    private SortedSet<ShardId> readable() {
        SortedSet<ShardId> readable = new TreeSet<>(servers.keySet());
        readable.removeAll(membership.read(DecisionState::halfShown));
        return readable;
    }

    private void later(Duration after, Runnable what) {
        queue.schedule(what, after.plusMillis(1));
    }

    /** The snapshot, or the next try, for those for whom a round was held. */
    private void ended(List<Asked> served, Vector vector) {
        running = false;
        boolean isComplete = isComplete(vector);
        Map<ShardName, String> names = new HashMap<>();
        vector.snapshots().forEach((shard, name) -> names.put(servers.get(shard).name(), name));
        List<Asked> users = served.stream()
                .filter(asked -> isComplete && names.keySet().containsAll(asked.request.needed()))
                .toList();
        if (users.isEmpty()) {
            release(vector.round());
        } else {
            open++;
            handedOut.add(vector.round());
            Snapshot snapshot = new Snapshot(names, users.size(), () -> queue.execute(() -> unused(vector.round())));
            users.forEach(user -> user.request.onSnapshot(snapshot));
        }
        List<Asked> others = new ArrayList<>(served);
        others.removeAll(users);
        if (!others.isEmpty()) {
            later(RETRY_PAUSE, () -> others.forEach(this::ask));
        }
        begin();
    }

    /** Whether all that is read now took part. A shard that did not answer in time has missed the round for all. */
    private boolean isComplete(Vector vector) {
        boolean isComplete = true;
        for (ShardId shard : readable()) {
            if (!vector.snapshots().containsKey(shard) && !keepers.get(shard).isAway()) {
                keepers.get(shard).missed();
                isComplete = false;
            }
        }
        return isComplete;
    }

    private void unused(RoundId round) {
        open--;
        handedOut.remove(round);
        release(round);
        begin();
    }

    private void release(RoundId round) {
        Map<ShardId, Keeper> ofRound = kept.remove(round);
        if (ofRound != null) {
            ofRound.forEach((shard, keeper) -> keepers.get(shard).end(keeper));
        }
    }

    private void giveUp(Asked asked) {
        asked.request.onNoSnapshot(reason(asked));
    }

    private PgError reason(Asked asked) {
        if (open >= MOST_SNAPSHOTS) {
            return new PgError(
                    SqlState.TOO_MANY_CONNECTIONS,
                    "too many snapshots over several shards are open",
                    MOST_SNAPSHOTS + " are in use by transactions.",
                    "End REPEATABLE READ transactions sooner, or use READ COMMITTED.");
        }
        Optional<ShardName> missing = servers.values().stream()
                .filter(server -> asked.request.needed().contains(server.name())
                        && !keepers.get(server.id()).isAtHand())
                .map(ShardServer::name)
                .findFirst();
        return missing.map(shard -> new PgError(
                        SqlState.CANNOT_CONNECT_NOW,
                        "shard \"" + shard + "\" is not in the snapshot",
                        "It did not answer for " + timeout.toSeconds()
                                + " s while a snapshot over several shards was to be taken.",
                        "Try it again."))
                .orElseGet(() -> new PgError(
                        SqlState.SERIALIZATION_FAILURE,
                        "no snapshot over several shards could be taken in time",
                        "Commits over several shards were under way, or shards were slow to answer, for "
                                + timeout.toSeconds() + " s.",
                        "Try it again."));
    }

    /** What of a round must not be read: known, and half shown. */
    private Set<ShardName> unreadable() {
        return membership.read(DecisionState::halfShown).stream()
                .filter(servers::containsKey)
                .map(shard -> servers.get(shard).name())
                .collect(Collectors.toSet());
    }

    /** A term in which this node leads: what the rounds want of gates and shards. What comes late, in another one, is nobody's. */
    private final class Leading implements Rounds.Port<Requester> {
        private final Rounds<Requester> rounds;
        /** For whom a round is to be held, or under way. */
        private final Set<Requester> requesters = new LinkedHashSet<>();

        Leading(long term) {
            rounds = new Rounds<>(term, timeout.equals(TIMEOUT) ? PATIENCE : PATIENCE_WITH_GROUP, this);
        }

        private void ifLeading(Runnable what) {
            if (leading.filter(now -> now == this).isPresent()) {
                what.run();
            }
        }

        void request(Askers askers) {
            requesters.add(askers);
            rounds.request(askers);
        }

        void visit(Visitor visitor) {
            requesters.add(visitor);
            rounds.visit(visitor);
        }

        @Override
        public SortedSet<Epoch> liveEpochs() {
            return gates.live();
        }

        @Override
        public SortedSet<ShardId> readableShards() {
            SortedSet<ShardId> readable = readable();
            readable.removeIf(shard -> !keepers.get(shard).isAtHand());
            return readable;
        }

        @Override
        public void close(Epoch node, RoundId round) {
            gates.close(node, round);
        }

        @Override
        public void open(Epoch node, RoundId round) {
            gates.open(node, round);
        }

        @Override
        public void snapshot(RoundId round, ShardId shard) {
            keepers.get(shard).export(keeper -> exported(round, shard, keeper));
        }

        private void exported(RoundId round, ShardId shard, Optional<Keeper> keeper) {
            if (keeper.isPresent() && leading.filter(now -> now == this).isEmpty()) {
                keepers.get(shard).end(keeper.get());
                return;
            }
            if (keeper.isEmpty()) {
                rounds.onNoSnapshot(round, shard);
                return;
            }
            kept.computeIfAbsent(round, first -> new HashMap<>()).put(shard, keeper.get());
            rounds.onSnapshot(round, shard, keeper.get().snapshot());
        }

        @Override
        public void release(RoundId round, ShardId shard) {
            Map<ShardId, Keeper> ofRound = kept.getOrDefault(round, Map.of());
            if (ofRound.containsKey(shard)) {
                keepers.get(shard).end(ofRound.remove(shard));
            }
            if (ofRound.isEmpty()) {
                kept.remove(round);
            }
        }

        @Override
        public void confirmLeadership(RoundId round) {
            gates.confirmLeadership(living -> ifLeading(() -> rounds.onLeading(round, living)));
        }

        @Override
        public void wake(RoundId round, Duration after) {
            later(after, () -> ifLeading(() -> rounds.onTooLong(round)));
        }

        @Override
        public void enter(RoundId round, Requester requester) {
            Visitor visitor = (Visitor) requester;
            Set<ShardName> unreadable = unreadable();
            queue.execute(() -> visitor.visit()
                    .onClosed(
                            round,
                            unreadable,
                            () -> queue.execute(() -> ifLeading(() -> rounds.onLeft(round, visitor)))));
        }

        @Override
        public void deliver(Requester requester, Vector vector) {
            queue.execute(() -> ifLeading(() -> {
                requesters.remove(requester);
                if (requester instanceof Askers askers) {
                    ended(askers.all(), vector);
                } else {
                    ((Visitor) requester).visit().onOpened(true);
                }
            }));
        }

        @Override
        public void failed(Requester requester) {
            later(
                    RETRY_PAUSE,
                    () -> ifLeading(() -> {
                        requesters.remove(requester);
                        if (requester instanceof Visitor visitor) {
                            visitor.visit().onOpened(false);
                            return;
                        }
                        running = false;
                        ((Askers) requester).all().forEach(Fence.this::ask);
                        // All of them may have given up.
                        begin();
                    }));
        }
    }
}
