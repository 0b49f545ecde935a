package io.ostraka.tx.commit;

import io.ostraka.rules.error.PgError;
import io.ostraka.tx.decision.ClusterNumber;
import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.decision.PreparedBranches;
import io.ostraka.tx.decision.ShardId;
import io.ostraka.tx.decision.ShardNumber;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * The commits under way on one node, for one life of it: its own, and those of dead nodes that it finishes. An event for a
 * transaction that has ended is nobody's and is dropped.
 *
 * <p>A transaction is <em>running</em> until nothing of it is left to do anywhere; recovery leaves those alone. So the
 * table must be read <em>after</em> the shard was: a branch seen there, of a transaction that is not running now, has no
 * owner any more.
 *
 * <p>Pure; confined to its owner. A crash loses all of it, and recovery needs none of it.
 */
public final class Coordinator {
    private final ClusterNumber cluster;
    private final Epoch epoch;
    private final CommitSettings settings;
    private final PrepareSlots slots = new PrepareSlots();
    private final CommitPort port;
    private final Map<Gtid, TransactionCommit> commits = new TreeMap<>();
    private final Map<Gtid, PhaseTwo> finishing = new TreeMap<>();
    private final Set<Gtid> beingForgotten = new TreeSet<>();
    private long lastSequence;

    public Coordinator(ClusterNumber cluster, Epoch epoch, CommitSettings settings, CommitPort port) {
        this.cluster = cluster;
        this.epoch = epoch;
        this.settings = settings;
        this.port = port;
    }

    /** From now on at most so many of this node's transactions are prepared on the shard at a time; others wait. */
    public void limitPrepared(ShardId shard, int most) {
        slots.limit(shard, most).forEach(this::onRoom);
    }

    private void onRoom(Gtid gtid) {
        commits.get(gtid).onRoom();
    }

    /** A name for a transaction that is about to commit. */
    public Gtid next() {
        return new Gtid(epoch, ++lastSequence);
    }

    /** Begins to commit, under a name from {@link #next}. Exactly one {@link Outcome} follows. */
    public void commit(Gtid gtid, String database, List<Participant> participants) {
        begin(gtid, database, participants, Optional.empty());
    }

    /** A client's {@code PREPARE TRANSACTION 'name'}: every participant is prepared, and stays so until a client decides. */
    public void prepare(Gtid gtid, String name, String database, List<Participant> participants) {
        begin(gtid, database, participants, Optional.of(name));
    }

    private void begin(Gtid gtid, String database, List<Participant> participants, Optional<String> clientsName) {
        TransactionCommit commit =
                new TransactionCommit(gtid, cluster, database, participants, clientsName, settings, slots, port);
        commits.put(gtid, commit);
        commit.start();
        dropEnded(gtid);
    }

    /**
     * Carries out a stored commit whose keeper is dead, or which this node has lost sight of. Tells no client. Does nothing
     * for one that is running here.
     */
    public void finish(PreparedBranches transaction) {
        finish(transaction, behind -> {});
    }

    /** The same, when somebody waits for it: told once, when every shard shows it, or nobody reads those that do not. */
    public void finish(PreparedBranches transaction, Consumer<SortedSet<ShardNumber>> shown) {
        Gtid gtid = transaction.gtid();
        if (isRunning(gtid)) {
            return;
        }
        PhaseTwo second = new PhaseTwo(transaction, cluster, settings, port);
        finishing.put(gtid, second);
        second.start(Optional.empty(), shown);
        dropEnded(gtid);
    }

    /** Whether this node still has something to do for it. */
    public boolean isRunning(Gtid gtid) {
        return commits.containsKey(gtid) || finishing.containsKey(gtid) || beingForgotten.contains(gtid);
    }

    /** For people. A dead node's that this one finishes is {@link CommitState#FINISHING}. */
    public CommitState stateOf(Gtid gtid) {
        if (commits.containsKey(gtid)) {
            return commits.get(gtid).state();
        }
        return finishing.containsKey(gtid) ? CommitState.FINISHING : CommitState.ENDED;
    }

    /** For people: what is under way here. A view. */
    public Set<Gtid> running() {
        return Collections.unmodifiableSet(commits.keySet());
    }

    /** The reply to {@link CommitPort#send} or {@link CommitPort#sendElsewhere}. */
    public void onReply(Gtid gtid, ShardNumber shard, Step step, ShardReply reply) {
        if (finishing.containsKey(gtid)) {
            if (step.isOfPhaseTwo()) {
                finishing.get(gtid).onReply(shard, step, reply);
            } // Or a reader's, of the transaction that had this name here before: it has nothing left to say.
        } else if (commits.containsKey(gtid)) {
            commits.get(gtid).onReply(shard, step, reply);
        }
        dropEnded(gtid);
    }

    /** The gate has let it through. */
    public void onWindowOpen(Gtid gtid) {
        if (finishing.containsKey(gtid)) {
            finishing.get(gtid).onWindowOpen();
        } else if (commits.containsKey(gtid)) {
            commits.get(gtid).onWindowOpen();
        } else {
            port.closeWindow(gtid);
        }
        dropEnded(gtid);
    }

    /** The log's answer to {@link CommitPort#decide} or {@link CommitPort#register}. */
    public void onDecided(Gtid gtid, boolean accepted) {
        if (commits.containsKey(gtid)) {
            commits.get(gtid).onDecided(accepted);
        }
        dropEnded(gtid);
    }

    /** The log's answer to {@link CommitPort#register}, when the name cannot be had. */
    public void onNameRefused(Gtid gtid, PgError why) {
        if (commits.containsKey(gtid)) {
            commits.get(gtid).onNameRefused(why);
        }
        dropEnded(gtid);
    }

    /** Every live node has applied what {@link CommitPort#leaveBehind} logged. */
    public void onLeftBehind(Gtid gtid) {
        if (finishing.containsKey(gtid)) {
            finishing.get(gtid).onLeftBehind();
        } else if (commits.containsKey(gtid)) {
            commits.get(gtid).onLeftBehind();
        }
        dropEnded(gtid);
    }

    /** The log has forgotten it. */
    public void onForgotten(Gtid gtid) {
        beingForgotten.remove(gtid);
    }

    /** What {@link CommitPort#wake} asked for. */
    public void onAlarm(Gtid gtid, Alarm alarm) {
        if (finishing.containsKey(gtid)) {
            finishing.get(gtid).onAlarm(alarm);
        } else if (commits.containsKey(gtid)) {
            commits.get(gtid).onAlarm(alarm);
        }
        dropEnded(gtid);
    }

    private void dropEnded(Gtid gtid) {
        TransactionCommit commit = commits.get(gtid);
        if (commit != null && commit.ended()) {
            commits.remove(gtid);
            if (commit.isBeingForgotten()) {
                beingForgotten.add(gtid);
            }
            slots.giveBack(gtid).forEach(this::onRoom);
        }
        PhaseTwo second = finishing.get(gtid);
        if (second != null && second.finished()) {
            finishing.remove(gtid);
            beingForgotten.add(gtid);
        }
    }
}
