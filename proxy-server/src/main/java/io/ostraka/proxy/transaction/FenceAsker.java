package io.ostraka.proxy.transaction;

import io.ostraka.proxy.transaction.FenceMessage.Kind;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.fence.RoundId;
import io.ostraka.tx.raft.ClusterMembership;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * What sessions of this node want of the fences of their group, asked of whichever node leads.
 *
 * <p>What was asked has a number, and is asked again, under a new one, when another node leads than the one that was asked. A visitor is
 * in one round at a time, and only the leader's word about that round says whether the gates stayed closed. A snapshot that nobody waits
 * for any more is released.
 *
 * <p>Confined to the coordinator's queue. A crash leaves nothing: what this node was given goes with its epoch.
 */
final class FenceAsker {
    /** Above the {@link Fence}'s own patience, so that its reason is told, if it has one. */
    private static final Duration TIMEOUT = Fence.TIMEOUT_OF_GROUP.plusSeconds(5);

    private static final Duration PAUSE = Duration.ofMillis(100);
    /** The question, or its answer, may have been lost. */
    private static final int LOOKS_BEFORE_REPEATING = 10;

    private static final int RELEASES = 20;

    private final FencePost post;
    private final Supplier<Optional<ClusterMembership.Leader>> leader;
    /** What sessions of this node wait for, by the number it was asked under. */
    private final Map<Long, Waiting> waiting = new TreeMap<>();
    /** Those of them that were let in. */
    private final Map<Long, Inside> inside = new HashMap<>();
    /** What was granted to this node and is in use. */
    private final Set<Long> granted = new HashSet<>();

    private long number;
    private boolean looks;
    private long look;

    private record Waiting(
            String database,
            Optional<SnapshotRequest> snapshot,
            Optional<ClosedGate> visit,
            ClusterMembership.Leader asked,
            long since) {}

    private record Inside(RoundId round, long since) {}

    FenceAsker(FencePost post, Supplier<Optional<ClusterMembership.Leader>> leader) {
        this.post = post;
        this.leader = leader;
    }

    void request(String database, SnapshotRequest request) {
        ask(database, Optional.of(request), Optional.empty(), System.nanoTime());
    }

    void visit(String database, ClosedGate visit) {
        ask(database, Optional.empty(), Optional.of(visit), System.nanoTime());
    }

    private void ask(String database, Optional<SnapshotRequest> snapshot, Optional<ClosedGate> visit, long since) {
        if (System.nanoTime() - since > TIMEOUT.toNanos()) {
            snapshot.ifPresent(request -> request.onNoSnapshot(new PgError(
                    SqlState.SERIALIZATION_FAILURE,
                    "no snapshot over several shards could be taken in time",
                    "No proxy of the group has led it for long enough.",
                    "Try it again.")));
            visit.ifPresent(visitor -> visitor.onOpened(false));
            return;
        }
        Optional<ClusterMembership.Leader> leading = leader.get();
        if (leading.isEmpty()) {
            post.later(PAUSE, () -> ask(database, snapshot, visit, since));
            return;
        }
        number++;
        waiting.put(number, new Waiting(database, snapshot, visit, leading.get(), since));
        sendQuestion(number);
        look();
    }

    /** The same question under the same number is one. */
    private void sendQuestion(long asked) {
        Waiting asker = waiting.get(asked);
        FenceMessage question = FenceMessage.of(
                        asker.snapshot().isPresent() ? Kind.ASK_SNAPSHOT : Kind.ASK_VISIT,
                        asker.database(),
                        post.self(),
                        asked)
                .with(asker.snapshot()
                        .map(request ->
                                request.needed().stream().collect(Collectors.toMap(ShardName::toString, shard -> "")))
                        .orElseGet(Map::of));
        post.send(asker.asked().member(), question, () -> again(asked));
    }

    /** Now and then, while somebody waits: does the node still lead that was asked? */
    private void look() {
        if (looks || waiting.isEmpty()) {
            return;
        }
        looks = true;
        post.later(PAUSE, () -> {
            looks = false;
            Optional<ClusterMembership.Leader> now = leader.get();
            List.copyOf(waiting.keySet()).forEach(asked -> {
                boolean isLeading = now.equals(Optional.of(waiting.get(asked).asked()));
                boolean isLate = System.nanoTime() - waiting.get(asked).since() > TIMEOUT.toNanos();
                Optional<Inside> entered = Optional.ofNullable(inside.get(asked));
                if (!isLeading
                        || isLate
                        || entered.filter(FenceAsker::isForgotten).isPresent()) {
                    again(asked);
                } else if (entered.isEmpty() && (asked + look) % LOOKS_BEFORE_REPEATING == 0) {
                    sendQuestion(asked);
                }
            });
            look++;
            look();
        });
    }

    /** What nodes that lead, or led, answer. */
    void hear(FenceMessage message) {
        switch (message.kind()) {
            case GRANTED -> granted(message);
            case DENIED -> denied(message);
            case ENTER -> entered(message);
            case OVER -> over(message);
            case AGAIN -> again(message.ask());
            case CLOSE,
                    OPEN,
                    CLOSED,
                    OPENED,
                    ASK_SNAPSHOT,
                    ASK_VISIT,
                    LEFT,
                    RELEASE,
                    ASK_SPANNING,
                    SPANNING,
                    BACKENDS,
                    SETTINGS -> throw new IllegalArgumentException("nobody who asks is told " + message);
        }
    }

    /** No round takes as long: the leader's word about it has been lost. */
    private static boolean isForgotten(Inside entered) {
        return System.nanoTime() - entered.since() > GroupFence.LONGEST_ROUND.toNanos();
    }

    private void again(long asked) {
        Waiting was = waiting.remove(asked);
        if (was == null) {
            return;
        }
        // Whatever it may still bring is nobody's.
        Optional.ofNullable(inside.remove(asked))
                .ifPresent(entered -> left(was.asked().member(), was.database(), asked, entered.round()));
        was.visit().ifPresent(visitor -> post.later(PAUSE, () -> visitor.onOpened(false)));
        was.snapshot()
                .ifPresent(request ->
                        post.later(PAUSE, () -> ask(was.database(), was.snapshot(), Optional.empty(), was.since())));
    }

    private void granted(FenceMessage message) {
        String leader = message.from().member();
        Waiting asker = waiting.remove(message.ask());
        if (asker == null || asker.snapshot().isEmpty()) {
            if (!granted.contains(message.ask())) {
                release(leader, message.database(), message.ask(), RELEASES);
            }
            return;
        }
        granted.add(message.ask());
        Map<ShardName, String> names = new HashMap<>();
        message.shards().forEach((shard, name) -> names.put(new ShardName(shard), name));
        asker.snapshot()
                .get()
                .onSnapshot(new Snapshot(
                        names,
                        1,
                        () -> post.tell(() -> {
                            granted.remove(message.ask());
                            release(leader, message.database(), message.ask(), RELEASES);
                        })));
    }

    /** Until it is known to have come, or the node is gone: what it keeps open holds back VACUUM. */
    private void release(String leader, String database, long ask, int times) {
        post.send(leader, FenceMessage.of(Kind.RELEASE, database, post.self(), ask), () -> {
            if (times > 1) {
                post.later(PAUSE.multipliedBy(5), () -> release(leader, database, ask, times - 1));
            }
        });
    }

    private void denied(FenceMessage message) {
        Waiting asker = waiting.remove(message.ask());
        if (asker != null) {
            List<String> said = message.words();
            SqlState state = SqlState.of(said.get(0)).orElse(SqlState.SERIALIZATION_FAILURE);
            asker.snapshot()
                    .ifPresent(
                            request -> request.onNoSnapshot(new PgError(state, said.get(1), said.get(2), said.get(3))));
        }
    }

    private void entered(FenceMessage message) {
        String leader = message.from().member();
        long ask = message.ask();
        RoundId round = message.round();
        Optional<ClosedGate> visitor = Optional.ofNullable(waiting.get(ask)).flatMap(Waiting::visit);
        if (visitor.isEmpty()) {
            left(leader, message.database(), ask, round);
            return;
        }
        Inside first = inside.putIfAbsent(ask, new Inside(round, System.nanoTime()));
        if (first != null) {
            // What it does or has done was begun in the first one. The same message may also have come twice.
            if (!first.round().equals(round)) {
                left(leader, message.database(), ask, round);
            }
            return;
        }
        Set<ShardName> unreadable =
                message.shards().keySet().stream().map(ShardName::new).collect(Collectors.toSet());
        visitor.get().onClosed(unreadable, () -> post.tell(() -> left(leader, message.database(), ask, round)));
    }

    private void left(String leader, String database, long ask, RoundId round) {
        post.send(leader, FenceMessage.of(Kind.LEFT, database, post.self(), ask).in(round));
    }

    private void over(FenceMessage message) {
        Waiting visitor = waiting.remove(message.ask());
        if (visitor == null || visitor.visit().isEmpty()) {
            return;
        }
        Optional<RoundId> entered =
                Optional.ofNullable(inside.remove(message.ask())).map(Inside::round);
        boolean isAboutIt = entered.equals(Optional.of(message.round()));
        if (!isAboutIt) {
            // About another round than the one in which it is, by whose end it cannot be told whether that one held.
            entered.ifPresent(other -> left(message.from().member(), message.database(), message.ask(), other));
        }
        visitor.visit().get().onOpened(isAboutIt && message.held());
    }
}
