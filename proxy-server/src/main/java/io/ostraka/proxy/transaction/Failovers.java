package io.ostraka.proxy.transaction;

import io.ostraka.proxy.backend.ShardAddress;
import io.ostraka.proxy.backend.ShardPlace;
import io.ostraka.tx.decision.Answer;
import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.Gid;
import io.ostraka.tx.decision.ShardEntry;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.raft.ClusterMembership;
import io.ostraka.tx.recovery.Admission;
import io.ostraka.tx.recovery.Found;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the primaries of shards that have replicas: asks all their servers every second, and moves this node's connections to
 * the one that the decision log knows. The node that leads has the log know of a server that somebody has promoted.
 * <pre>
 * seen as promoted --fence in the log--> settling --admitted in the log--> sessions use it
 * </pre>
 * Connections to the old one are closed as soon as a new one is seen; nobody is lent one until the new one is admitted. What
 * was prepared is finished meanwhile, by whoever keeps it. A server of an older timeline than the log knows is never used.
 *
 * <p>Confined to the coordinator's queue. A crash loses nothing: the log says how far it has come. Source: {@code
 * transactions.md}, section 10.
 */
final class Failovers implements Admission.Port {
    private static final Logger LOG = LoggerFactory.getLogger(Failovers.class);

    private static final Duration INTERVAL = Duration.ofSeconds(1);

    /** While a shard is being settled. */
    private static final Duration SHORT_INTERVAL = Duration.ofMillis(100);

    private final ClusterMembership membership;
    private final CoordinatorQueue queue;
    private final Map<ShardId, Followed> shards = new TreeMap<>();
    private final CompletableFuture<Void> settled = new CompletableFuture<>();
    private Optional<Admission> admission = Optional.empty();
    /** Only while {@link Admission} is at work, which is under the state's lock. */
    private Optional<DecisionState> applied = Optional.empty();

    private volatile boolean stopped;

    /** What the log says of a shard. */
    private record Known(Optional<PrimaryServer> primary, boolean fenced, long epoch, long reaches, long floor) {}

    /** One shard, and what its servers said last. */
    private static final class Followed {
        private final FollowedShard shard;
        private List<Optional<ServerLook>> looks = List.of();
        /** In which epoch of the shard they were asked: of a primary that the log has come to know since, they do not tell. */
        private long askedIn;

        private PrimaryChoice choice = new PrimaryChoice.Unseen("Its servers have not been asked yet.");
        private String said = "";
        /** The fence that every node is waited for to have applied. */
        private long awaited = -1;

        Followed(FollowedShard shard) {
            this.shard = shard;
        }
    }

    Failovers(ClusterMembership membership, CoordinatorQueue queue) {
        this.membership = membership;
        this.queue = queue;
    }

    void start(Collection<FollowedShard> all) {
        all.forEach(shard -> shards.put(shard.server().id(), new Followed(shard)));
        if (membership.isAlone()) {
            lead(true);
        }
        shards.values().forEach(this::ask);
        settleIfDone();
    }

    /** Completes when every shard has a primary that sessions may use. */
    CompletableFuture<Void> settled() {
        return settled;
    }

    boolean follows(ShardId shard) {
        return shards.containsKey(shard);
    }

    /** Any thread. */
    void stop() {
        stopped = true;
    }

    void lead(boolean leads) {
        admission = leads ? Optional.of(new Admission(membership.cluster(), this)) : Optional.empty();
        shards.values().forEach(shard -> shard.awaited = -1);
    }

    /** The log has changed. */
    void refresh() {
        shards.values().forEach(this::place);
    }

    private void ask(Followed shard) {
        if (stopped) {
            return;
        }
        long askedIn =
                membership.read(state -> state.shardEpoch(shard.shard.server().id()));
        List<FollowedShard.Listed> listed = shard.shard.listed();
        List<Optional<ServerLook>> looks = new ArrayList<>();
        listed.forEach(server -> looks.add(Optional.empty()));
        int[] left = {listed.size()};
        for (int i = 0; i < listed.size(); i++) {
            int place = i;
            listed.get(i)
                    .links()
                    .run(
                            ServerLook.QUERIES,
                            result -> queue.execute(() -> {
                                looks.set(place, ServerLook.of(listed.get(place).address(), result));
                                left[0]--;
                                if (left[0] == 0) {
                                    seen(shard, looks, askedIn);
                                }
                            }));
        }
    }

    private void seen(Followed shard, List<Optional<ServerLook>> looks, long askedIn) {
        if (stopped) {
            return;
        }
        shard.looks = List.copyOf(looks);
        shard.askedIn = askedIn;
        place(shard);
        tick();
        boolean isSettling =
                membership.read(state -> state.isFenced(shard.shard.server().id()));
        Duration pause = isSettling ? SHORT_INTERVAL : INTERVAL;
        queue.schedule(() -> ask(shard), pause);
    }

    /** Moves this node's connections to where they should be. */
    private void place(Followed shard) {
        ShardId id = shard.shard.server().id();
        Known known = membership.read(state -> new Known(
                state.primaryOf(id).map(PrimaryServer::parse),
                state.isFenced(id),
                state.shardEpoch(id),
                state.reachOf(id),
                state.floorOf(id)));
        shard.choice = PrimaryChoice.choose(shard.looks, known.primary(), known.floor());
        if (shard.choice instanceof PrimaryChoice.Refused && shard.askedIn != known.epoch()) {
            shard.choice = new PrimaryChoice.Unseen("It was promoted, and has not been asked since.");
        }
        ShardPlace sessions = shard.shard.forSessions();
        ShardPlace recovery = shard.shard.forRecovery();
        if (shard.choice instanceof PrimaryChoice.Refused refused) {
            say(shard, refused.why());
            sessions.lose(refused.why());
            recovery.lose(refused.why());
        } else if (shard.choice instanceof PrimaryChoice.Promoted promoted) {
            admission.ifPresent(leader ->
                    leader.onPromoted(id, known.epoch(), promoted.server().toString(), promoted.reaches()));
            String why = "The server at " + promoted.server().address() + " was promoted, and is being settled.";
            sessions.lose(why);
            recovery.lose(why);
        } else if (known.primary().isPresent() && shard.choice instanceof PrimaryChoice.Same) {
            stay(shard, known.primary().get(), known);
        } else if (recovery.address().epoch() != known.epoch()) {
            String why = ((PrimaryChoice.Unseen) shard.choice).why();
            sessions.lose(why);
            recovery.lose(why);
        }
        settleIfDone();
    }

    /** Where the log says that it is; once it is settled, for sessions, too. */
    private void stay(Followed shard, PrimaryServer primary, Known known) {
        ShardId id = shard.shard.server().id();
        ShardPlace sessions = shard.shard.forSessions();
        ShardPlace recovery = shard.shard.forRecovery();
        ShardAddress there = recovery.address().at(primary.address(), known.epoch());
        recovery.moveTo(there);
        if (known.fenced()) {
            // Perhaps by another leader, or another life of this one, that has not come to its end.
            admission.ifPresent(leader -> leader.onPromoted(id, known.epoch(), primary.toString(), known.reaches()));
            sessions.lose("The server at " + there.primary() + " was promoted, and is being settled.");
            return;
        }
        if (sessions.unknown().isPresent() || !sessions.address().equals(there)) {
            LOG.info("shard {}: its primary is {}", id, primary);
        }
        shard.said = "";
        sessions.moveTo(there);
    }

    private static void say(Followed shard, String why) {
        if (!shard.said.equals(why)) {
            shard.said = why;
            LOG.error(
                    "shard {}: {} It is not used; a person must act, see docs/operations.md",
                    shard.shard.server().id(),
                    why);
        }
    }

    private void settleIfDone() {
        if (shards.values().stream()
                .allMatch(shard -> shard.shard.forSessions().unknown().isEmpty())) {
            settled.complete(null);
        }
    }

    private void tick() {
        underLock(() -> admission.ifPresent(Admission::onTick));
    }

    private void underLock(Runnable what) {
        membership.read(state -> {
            applied = Optional.of(state);
            what.run();
            applied = Optional.empty();
            return true;
        });
    }

    // What admission wants

    @Override
    public DecisionState state() {
        return applied.orElseThrow();
    }

    @Override
    public void propose(ShardEntry entry) {
        LOG.info("proposing {}", entry);
        queue.execute(() -> membership
                .propose(entry)
                .whenComplete((answer, failure) -> queue.execute(() -> {
                    if (answer instanceof Answer.Rejected rejected) {
                        LOG.warn("decision log: {}", rejected.reason());
                    }
                    refresh();
                })));
    }

    @Override
    public void awaitEverywhere(ShardId shard, long epoch, long index) {
        Followed followed = shards.get(shard);
        if (followed.awaited != epoch) {
            followed.awaited = epoch;
            queue.execute(() -> membership
                    .appliedEverywhere(index)
                    .thenRun(() -> queue.execute(() -> admission.ifPresent(leader -> {
                        leader.onFencedEverywhere(shard, epoch);
                        tick();
                    }))));
        }
    }

    @Override
    public void scan(ShardId shard) {
        FollowedShard followed = shards.get(shard).shard;
        ShardAddress asked = followed.forRecovery().address();
        String endpoint = state().primaryOf(shard).orElse("");
        long epoch = state().shardEpoch(shard);
        followed.server()
                .links()
                .run(
                        List.of("SELECT gid, owner FROM pg_catalog.pg_prepared_xacts"
                                + " WHERE database = pg_catalog.current_database()"
                                + " AND pg_catalog.starts_with(gid, '" + Gid.prefixOf(membership.cluster()) + "')"),
                        result -> queue.execute(() -> {
                            boolean isIts = asked.epoch() == epoch && result.shardEpoch() == epoch;
                            if (!result.lost() && result.error().isEmpty() && isIts) {
                                List<Found> found = result.rows().stream()
                                        .map(row -> new Found(
                                                row.get(0).orElseThrow(),
                                                row.get(1).orElse("")))
                                        .toList();
                                underLock(() -> admission.ifPresent(leader -> leader.onScan(shard, endpoint, found)));
                            }
                        }));
    }
}
