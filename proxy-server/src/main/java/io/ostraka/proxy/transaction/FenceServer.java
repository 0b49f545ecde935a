package io.ostraka.proxy.transaction;

import io.ostraka.proxy.transaction.FenceMessage.Kind;
import io.ostraka.proxy.transaction.FenceMessage.Node;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.fence.RoundId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this node, while it leads, does for those of all nodes who ask its fences for something, and has given them.
 *
 * <p>The same question may come twice, under the same number. What a node had that died goes with its epoch.
 *
 * <p>Confined to the coordinator's queue. A crash leaves nothing.
 */
final class FenceServer {
    private static final Logger LOG = LoggerFactory.getLogger(FenceServer.class);

    private final FencePost post;
    private final Map<String, Fence> fences = new HashMap<>();
    /** Who has asked for a snapshot, or been given one: how it ends. */
    private final Map<Asked, Runnable> given = new HashMap<>();

    private final Map<Asked, Visitor> visitors = new HashMap<>();

    /** A request of another node, or of this one. */
    private record Asked(Node node, long number) {}

    FenceServer(FencePost post) {
        this.post = post;
    }

    void add(String database, Fence fence) {
        fences.put(database, fence);
    }

    void hear(FenceMessage message) {
        Optional<Fence> fence = Optional.ofNullable(fences.get(message.database()));
        switch (message.kind()) {
            case CLOSED ->
                fence.ifPresent(leading -> leading.onClosed(message.from().epoch(), message.round()));
            case OPENED ->
                fence.ifPresent(leading -> leading.onOpened(message.from().epoch(), message.round(), message.held()));
            case ASK_SNAPSHOT, ASK_VISIT -> asked(message);
            case LEFT -> visitorLeft(message);
            case RELEASE -> released(message);
            case CLOSE, OPEN, GRANTED, DENIED, ENTER, OVER, AGAIN, ASK_SPANNING, SPANNING, BACKENDS, SETTINGS ->
                throw new IllegalArgumentException("nobody who leads is told " + message);
        }
    }

    private void asked(FenceMessage message) {
        Asked asked = new Asked(message.from(), message.ask());
        Fence fence = fences.get(message.database());
        if (fence == null || !fence.leads()) {
            reply(asked, message.database(), Kind.AGAIN);
        } else if (given.containsKey(asked) || visitors.containsKey(asked)) {
            LOG.debug("asked twice: {}", message);
        } else if (message.kind() == Kind.ASK_VISIT) {
            Visitor visitor = new Visitor(asked, message.database());
            visitors.put(asked, visitor);
            fence.visit(visitor);
        } else {
            given.put(asked, () -> {});
            fence.request(new Client(
                    asked,
                    message.database(),
                    message.shards().keySet().stream().map(ShardName::new).collect(Collectors.toSet())));
        }
    }

    private void reply(Asked asked, String database, Kind kind) {
        post.send(asked.node().member(), FenceMessage.of(kind, database, post.self(), asked.number()));
    }

    private void released(FenceMessage message) {
        Optional.ofNullable(given.remove(new Asked(message.from(), message.ask())))
                .ifPresent(Runnable::run);
    }

    private void visitorLeft(FenceMessage message) {
        Optional.ofNullable(visitors.get(new Asked(message.from(), message.ask())))
                .ifPresent(visitor -> visitor.left(message.round()));
    }

    /** A node may have been expelled: it imports nothing any more. */
    void forgetTheDead(SortedSet<Epoch> live) {
        for (Asked asked : List.copyOf(given.keySet())) {
            if (!live.contains(asked.node().epoch())) {
                given.remove(asked).run();
            }
        }
        List.copyOf(visitors.values()).forEach(visitor -> {
            if (!live.contains(visitor.asked.node().epoch())) {
                visitor.left(visitor.round);
            }
        });
    }

    /** A node that wants a snapshot. */
    private final class Client implements FenceRequest.ForSnapshot {
        private final Asked asked;
        private final String database;
        private final Set<ShardName> needed;

        Client(Asked asked, String database, Set<ShardName> needed) {
            this.asked = asked;
            this.database = database;
            this.needed = Set.copyOf(needed);
        }

        @Override
        public Set<ShardName> needed() {
            return needed;
        }

        @Override
        public void onSnapshot(Snapshot snapshot) {
            if (!given.containsKey(asked)) {
                snapshot.release();
                return;
            }
            given.put(asked, snapshot::release);
            Map<String, String> names = new TreeMap<>();
            snapshot.names().forEach((shard, name) -> names.put(shard.toString(), name));
            FenceMessage grant = FenceMessage.of(Kind.GRANTED, database, post.self(), asked.number())
                    .with(names);
            // If it did arrive all the same, the import fails, and says so.
            post.send(asked.node().member(), grant, () -> Optional.ofNullable(given.remove(asked))
                    .ifPresent(Runnable::run));
        }

        @Override
        public void onNoSnapshot(PgError why) {
            given.remove(asked);
            post.send(
                    asked.node().member(),
                    FenceMessage.of(Kind.DENIED, database, post.self(), asked.number())
                            .with(List.of(why.state().code(), why.message(), why.detail(), why.hint())));
        }

        @Override
        public void onNoLeader() {
            given.remove(asked);
            reply(asked, database, Kind.AGAIN);
        }
    }

    /** A node that is to be let in. */
    private final class Visitor implements FenceRequest.ForVisit {
        private final Asked asked;
        private final String database;
        /** In which it is. */
        private RoundId round = RoundId.NONE;

        private Runnable leave = () -> {};

        Visitor(Asked asked, String database) {
            this.asked = asked;
            this.database = database;
        }

        /** What it says of another round was late. */
        void left(RoundId itsRound) {
            if (itsRound.equals(round)) {
                leave.run();
            }
        }

        @Override
        public void onClosed(RoundId closed, Set<ShardName> unreadable, Runnable left) {
            round = closed;
            leave = left;
            Map<String, String> shards =
                    unreadable.stream().collect(Collectors.toMap(ShardName::toString, shard -> ""));
            say(Kind.ENTER, message -> message.with(shards));
        }

        @Override
        public void onOpened(boolean held) {
            visitors.remove(asked);
            say(Kind.OVER, message -> message.held(held));
        }

        private void say(Kind kind, UnaryOperator<FenceMessage> more) {
            FenceMessage message =
                    FenceMessage.of(kind, database, post.self(), asked.number()).in(round);
            post.send(asked.node().member(), more.apply(message));
        }

        @Override
        public void onNoLeader() {
            visitors.remove(asked);
            reply(asked, database, Kind.AGAIN);
        }
    }
}
