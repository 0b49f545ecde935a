package io.ostraka.tx.fence;

import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.decision.ShardId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The leader's rounds: close every gate, take a snapshot on every shard, open the gates, and only when all is confirmed
 * hand the vector out.
 * <pre>
 * IDLE --asked--> CLOSING --all closed--> SNAPSHOTS --all taken--> CONFIRMING --all confirmed--> IDLE, vector
 *                    \----------------------+--------------------------+-------- failed -------> IDLE, none
 * </pre>
 *
 * <p>A vector is good when (1) every gate that was closed says, after the last snapshot, that it stayed closed, and (2)
 * every node that lives, as of a moment after the last snapshot, is one of them. The second is read from the log by a
 * leader that has made sure it still leads: a deposed one would not know of nodes that came to life since. Neither needs a
 * clock. Shards that are half shown ({@code DecisionState.halfShown}) are left out, asked for after the gates are closed.
 *
 * <p>Who asks while a round runs is served by the next one: the running one may have passed his own commit already.
 *
 * <p>A <em>visitor</em> wants no vector: it does something of its own while the gates are closed, and is told afterwards whether they
 * stayed so. If it takes too long the round goes on without it.
 *
 * <p>Pure; confined to its owner; made anew for each term of leadership. Source: {@code transactions.md}, section 7.2.
 *
 * @param <R> who asks for a vector
 */
public final class Rounds<R> {
    private final long term;
    private final Duration patience;
    private final Port<R> port;
    private final List<R> waiting = new ArrayList<>();
    private final List<R> served = new ArrayList<>();
    private final List<R> visitorsWaiting = new ArrayList<>();
    private final List<R> visitors = new ArrayList<>();
    /** Visitors that have been let in and have not left. */
    private final Set<R> inside = new HashSet<>();

    private final SortedSet<Epoch> gates = new TreeSet<>();
    private final SortedSet<Epoch> awaited = new TreeSet<>();
    private final SortedSet<ShardId> shards = new TreeSet<>();
    private final SortedMap<ShardId, String> taken = new TreeMap<>();
    private State state = State.IDLE;
    private long number;
    private boolean leading;
    /** Wake-up calls still to come: only the last one is meant for what runs now. */
    private int calls;

    private enum State {
        IDLE,
        CLOSING,
        SNAPSHOTS,
        CONFIRMING
    }

    /** What the rounds want done. No method calls back before it has returned. */
    public interface Port<R> {
        /** Every epoch that lives, as far as this node has applied the log. */
        SortedSet<Epoch> liveEpochs();

        /** Shards that may be read: known, admitted, not half shown. */
        SortedSet<ShardId> readableShards();

        void close(Epoch node, RoundId round);

        void open(Epoch node, RoundId round);

        /** On the keeper's connection; {@link Rounds#onSnapshot} or {@link Rounds#onNoSnapshot} follows. */
        void snapshot(RoundId round, ShardId shard);

        /** The keeper ends its transaction. */
        void release(RoundId round, ShardId shard);

        /**
         * Asks a majority whether this node leads still, and then reads the applied log: {@link Rounds#onLeading} with every epoch
         * that lives as of a moment after this call, or nothing.
         */
        void confirmLeadership(RoundId round);

        /** Calls {@link Rounds#onTooLong} after this time. */
        void wake(RoundId round, Duration after);

        /** The gates are closed: {@link Rounds#onLeft} follows. */
        void enter(RoundId round, R visitor);

        /** To a visitor: the gates were closed while it was inside. */
        void deliver(R requester, Vector vector);

        /** No vector this time, or not closed for all of the visit; ask again. */
        void failed(R requester);
    }

    /**
     * @param term in which this node leads
     * @param patience how long gates and shards have to answer
     */
    public Rounds(long term, Duration patience, Port<R> port) {
        this.term = term;
        this.patience = patience;
        this.port = port;
    }

    /** {@link Port#deliver} or {@link Port#failed} follows. */
    public void request(R requester) {
        waiting.add(requester);
        beginIfAsked();
    }

    /** {@link Port#enter} follows, and then {@link Port#deliver} or {@link Port#failed}; or only the latter. */
    public void visit(R visitor) {
        visitorsWaiting.add(visitor);
        beginIfAsked();
    }

    private void beginIfAsked() {
        if (state != State.IDLE || (waiting.isEmpty() && visitorsWaiting.isEmpty())) {
            return;
        }
        number++;
        served.addAll(waiting);
        waiting.clear();
        visitors.addAll(visitorsWaiting);
        visitorsWaiting.clear();
        gates.clear();
        gates.addAll(port.liveEpochs());
        awaited.clear();
        awaited.addAll(gates);
        taken.clear();
        shards.clear();
        state = State.CLOSING;
        calls = 1;
        port.wake(round(), patience);
        gates.forEach(gate -> port.close(gate, round()));
    }

    /** A gate's word that it is closed. */
    public void onClosed(Epoch node, RoundId round) {
        if (state != State.CLOSING || !round.equals(round()) || !awaited.remove(node) || !awaited.isEmpty()) {
            return;
        }
        state = State.SNAPSHOTS;
        inside.addAll(visitors);
        List.copyOf(visitors).forEach(visitor -> port.enter(round(), visitor));
        if (!served.isEmpty()) {
            shards.addAll(port.readableShards());
        }
        SortedSet<ShardId> asked = new TreeSet<>(shards);
        asked.forEach(shard -> port.snapshot(round(), shard));
        confirmWhenTaken();
    }

    /** A keeper's snapshot. */
    public void onSnapshot(RoundId round, ShardId shard, String snapshot) {
        if (state != State.SNAPSHOTS || !round.equals(round()) || !shards.contains(shard)) {
            port.release(round, shard);
            return;
        }
        taken.put(shard, snapshot);
        confirmWhenTaken();
    }

    /** A shard that does not answer is left out: who needs it asks again. */
    public void onNoSnapshot(RoundId round, ShardId shard) {
        if (state == State.SNAPSHOTS && round.equals(round()) && !taken.containsKey(shard)) {
            shards.remove(shard);
            confirmWhenTaken();
        }
    }

    /** The visitor has done what it came for. */
    public void onLeft(RoundId round, R visitor) {
        if (state == State.SNAPSHOTS && round.equals(round()) && inside.remove(visitor)) {
            confirmWhenTaken();
        }
    }

    private void confirmWhenTaken() {
        if (taken.size() < shards.size() || !inside.isEmpty()) {
            return;
        }
        state = State.CONFIRMING;
        awaited.addAll(gates);
        leading = false;
        calls++;
        port.wake(round(), patience);
        gates.forEach(gate -> port.open(gate, round()));
        port.confirmLeadership(round());
    }

    /** A gate's word on whether it stayed closed. */
    public void onOpened(Epoch node, RoundId round, boolean held) {
        if (state != State.CONFIRMING || !round.equals(round())) {
            return;
        }
        if (!held) {
            fail();
        } else if (awaited.remove(node)) {
            deliverWhenConfirmed();
        }
    }

    /** This node leads still, and these live. */
    public void onLeading(RoundId round, Collection<Epoch> living) {
        if (state != State.CONFIRMING || !round.equals(round())) {
            return;
        }
        if (gates.containsAll(living)) {
            leading = true;
            deliverWhenConfirmed();
        } else {
            fail();
        }
    }

    private void deliverWhenConfirmed() {
        if (awaited.isEmpty() && leading) {
            Vector vector = new Vector(round(), taken);
            List<R> now = takeServed();
            state = State.IDLE;
            now.forEach(requester -> port.deliver(requester, vector));
            beginIfAsked();
        }
    }

    /** What {@link Port#wake} asked for. In {@code SNAPSHOTS} shards and visitors that have not answered are left out. */
    public void onTooLong(RoundId round) {
        if (!round.equals(round())) {
            return;
        }
        calls--;
        switch (state) {
            case IDLE -> {}
            case CLOSING -> fail();
            case CONFIRMING -> {
                if (calls == 0) {
                    fail();
                }
            }
            case SNAPSHOTS -> {
                shards.retainAll(taken.keySet());
                List<R> late = List.copyOf(inside);
                inside.clear();
                visitors.removeAll(late);
                late.forEach(port::failed);
                confirmWhenTaken();
            }
        }
    }

    private void fail() {
        gates.forEach(gate -> port.open(gate, round()));
        taken.keySet().forEach(shard -> port.release(round(), shard));
        List<R> now = takeServed();
        inside.clear();
        state = State.IDLE;
        now.forEach(port::failed);
        beginIfAsked();
    }

    private List<R> takeServed() {
        List<R> now = new ArrayList<>(served);
        now.addAll(visitors);
        served.clear();
        visitors.clear();
        return now;
    }

    private RoundId round() {
        return new RoundId(term, number);
    }
}
