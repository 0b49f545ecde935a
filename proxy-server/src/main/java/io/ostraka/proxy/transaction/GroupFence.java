package io.ostraka.proxy.transaction;

import io.ostraka.proxy.transaction.FenceMessage.Kind;
import io.ostraka.proxy.transaction.FenceMessage.Node;
import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.fence.Gate;
import io.ostraka.tx.fence.RoundId;
import io.ostraka.tx.raft.ClusterMembership;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * This node's part in the fences of its group: its gates answer whichever node leads; what its sessions want, {@link FenceAsker} asks that
 * node for, where {@link FenceServer} has its {@link Fence} serve all of them. Messages to itself go the same way as others.
 *
 * <p>A message may be lost, or come twice, late, or before an earlier one: gates know rounds by number.
 *
 * <p>Confined to the coordinator's queue. A crash leaves nothing.
 */
final class GroupFence {
    /** A gate opens by itself after this. */
    static final Duration LONGEST_ROUND = Duration.ofSeconds(4);

    private final ClusterMembership membership;
    private final Consumer<Gtid> windowOpen;
    private final Function<String, RealTimeOrder> orders;
    private final FencePost post;
    private final FenceAsker asker;
    private final FenceServer server;
    private final SpanningElsewhere spanning;
    private final BackendsElsewhere backends;
    private final SettingsElsewhere settings;
    private final Map<String, OwnGate> gates = new HashMap<>();

    /** A gate, and who closed it last. */
    private final class OwnGate implements Gate.Port {
        private final String database;
        private final RealTimeOrder order;
        private final Gate gate = new Gate(LONGEST_ROUND, this);
        private final Map<RoundId, String> leaders = new TreeMap<>();

        OwnGate(String database) {
            this.database = database;
            this.order = orders.apply(database);
        }

        void leads(FenceMessage message) {
            leaders.put(message.round(), message.from().member());
            leaders.keySet().removeIf(round -> round.compareTo(message.round()) < 0);
        }

        @Override
        public void windowOpen(Gtid gtid) {
            post.tell(() -> windowOpen.accept(gtid));
        }

        @Override
        public void closed(RoundId round) {
            order.close(() -> answer(Kind.CLOSED, round, true));
        }

        @Override
        public void reopened() {
            order.reopen();
        }

        @Override
        public void opened(RoundId round, boolean held) {
            answer(Kind.OPENED, round, held);
        }

        private void answer(Kind kind, RoundId round, boolean held) {
            Optional.ofNullable(leaders.get(round))
                    .ifPresent(leader -> post.send(leader, FenceMessage.of(kind, database, post.self(), round, held)));
        }

        @Override
        public void wake(RoundId round, Duration after) {
            post.later(after, () -> gate.onTooLong(round));
        }
    }

    /**
     * From now on messages are heard: whoever has no fence yet has gates all the same, and no window open. {@code orders} are those
     * of the databases.
     */
    GroupFence(
            CoordinatorQueue queue,
            ClusterMembership membership,
            Function<String, RealTimeOrder> orders,
            Consumer<Gtid> windowOpen) {
        this.membership = membership;
        this.orders = orders;
        this.windowOpen = windowOpen;
        this.post = new FencePost(
                queue, new Node(membership.member(), membership.epoch()), membership::sendFence, this::hear);
        this.asker = new FenceAsker(post, membership::currentLeader);
        this.server = new FenceServer(post);
        this.spanning = new SpanningElsewhere(post, this::others);
        this.backends = new BackendsElsewhere(post, this::others);
        this.settings = new SettingsElsewhere(post, this::others, this::live);
        membership.onFence(post::arrived);
    }

    void add(String database, Fence fence) {
        server.add(database, fence);
    }

    Gate gate(String database) {
        return own(database).gate;
    }

    private OwnGate own(String database) {
        return gates.computeIfAbsent(database, OwnGate::new);
    }

    void closeWindow(Gtid gtid) {
        gates.values().forEach(own -> own.gate.closeWindow(gtid));
    }

    void request(String database, SnapshotRequest request) {
        asker.request(database, request);
    }

    void visit(String database, ClosedGate visit) {
        asker.visit(database, visit);
    }

    /** A node may have been expelled: it imports nothing any more. */
    void forgetTheDead() {
        server.forgetTheDead(live());
    }

    /** For who looks for deadlocks. */
    SpanningElsewhere spanning() {
        return spanning;
    }

    /** For who ends what dead nodes have left open. */
    BackendsElsewhere backends() {
        return backends;
    }

    /** For who promises what all nodes have to keep. */
    SettingsElsewhere settings() {
        return settings;
    }

    private Collection<String> others() {
        return live().stream()
                .flatMap(node -> membership.memberOf(node).stream())
                .filter(member -> !member.equals(membership.member()))
                .toList();
    }

    private SortedSet<Epoch> live() {
        return membership.read(DecisionState::liveEpochs);
    }

    /** The gates of all nodes, for the fence of this one. */
    Gates gatesOf(String database) {
        return new Gates() {
            @Override
            public SortedSet<Epoch> live() {
                return GroupFence.this.live();
            }

            @Override
            public void close(Epoch node, RoundId round) {
                toEpoch(node, FenceMessage.of(Kind.CLOSE, database, post.self(), round, true));
            }

            @Override
            public void open(Epoch node, RoundId round) {
                toEpoch(node, FenceMessage.of(Kind.OPEN, database, post.self(), round, true));
            }

            @Override
            public void confirmLeadership(Consumer<SortedSet<Epoch>> then) {
                membership
                        .confirmLeadership()
                        .thenAccept(leads -> post.tell(() -> {
                            if (leads) {
                                then.accept(live());
                            }
                        }));
            }
        };
    }

    private void toEpoch(Epoch node, FenceMessage message) {
        membership.memberOf(node).ifPresent(member -> post.send(member, message));
    }

    private void hear(FenceMessage message) {
        switch (message.kind()) {
            case CLOSE -> {
                own(message.database()).leads(message);
                gate(message.database()).onClose(message.round());
            }
            case OPEN -> {
                own(message.database()).leads(message);
                gate(message.database()).onOpen(message.round());
            }
            case CLOSED, OPENED, ASK_SNAPSHOT, ASK_VISIT, LEFT, RELEASE -> server.hear(message);
            case GRANTED, DENIED, ENTER, OVER, AGAIN -> asker.hear(message);
            case ASK_SPANNING, SPANNING -> spanning.hear(message);
            case BACKENDS -> backends.hear(message);
            case SETTINGS -> settings.hear(message);
        }
    }
}
