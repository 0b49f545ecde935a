package io.ostraka.tx.recovery;

import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.Epoch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The leader's view of who lives: nodes renew, and one that has not for too long is proposed for expulsion. Renewals carry
 * how far the node has applied the log, so the leader also knows when all of them know of an entry.
 *
 * <p>A node that reads by its lease must not be expelled before the lease ends, by whichever leader. Three rules see to
 * that: (1) a renewal is confirmed only after a majority has said, after it came, that this node leads still. A later
 * leader was elected after that, and gives every node a full lease from then. (2) Once an expulsion is proposed nothing is
 * renewed, because it may be applied any moment. (3) An expulsion counts in its own term only ({@code LogEntry.Expel}).
 *
 * <p>Made anew for each term of leadership, when all that earlier leaders logged is applied here. Times are this node's
 * monotonic clock. Pure; confined to its owner. Source: {@code transactions.md}, section 6.1.
 *
 * @param <R> who waits for an entry to be applied everywhere
 */
public final class Leases<R> {
    private final Duration length;
    private final Port<R> port;
    private final Map<Epoch, Renewal> renewals = new TreeMap<>();
    /** Whose expulsion was proposed. */
    private final Set<Epoch> overdue = new TreeSet<>();

    private final List<Waiting<R>> waiting = new ArrayList<>();

    private record Renewal(long atNanos, long appliedIndex) {}

    private record Waiting<R>(long index, R requester) {}

    /** What the leader wants done. No method calls back before it has returned. */
    public interface Port<R> {
        /** As this node has applied the log. */
        DecisionState state();

        /** Proposes the expulsion, in this term; proposing it twice does no harm. */
        void expel(Epoch epoch);

        /** Asks a majority whether this node leads still: {@link Leases#onLeading} follows, or nothing. */
        void confirmLeadership(Epoch epoch, long renewal);

        /** The node may know that its renewal holds. */
        void renewed(Epoch epoch, long renewal);

        /** Every node that lives has applied the entry. */
        void appliedEverywhere(R requester);
    }

    public Leases(Duration length, Port<R> port) {
        this.length = length;
        this.port = port;
    }

    /**
     * A node renews. {@link Port#renewed} follows when that holds; a node that is expelled finds it out from the log.
     *
     * @param renewal the node's own name for it
     */
    public void onRenewal(Epoch epoch, long renewal, long appliedIndex, long nowNanos) {
        if (!port.state().isLive(epoch) || overdue.contains(epoch)) {
            return;
        }
        Renewal last = renewals.get(epoch);
        renewals.put(
                epoch,
                new Renewal(nowNanos, last == null ? appliedIndex : Math.max(last.appliedIndex(), appliedIndex)));
        port.confirmLeadership(epoch, renewal);
        tellThoseWhoWait();
    }

    /** A majority has said, after {@link Port#confirmLeadership}, that this node leads. */
    public void onLeading(Epoch epoch, long renewal) {
        if (port.state().isLive(epoch) && !overdue.contains(epoch)) {
            port.renewed(epoch, renewal);
        }
    }

    /** {@link Port#appliedEverywhere} follows when every node that lives has applied the entry at this index. */
    public void awaitEverywhere(long index, R requester) {
        waiting.add(new Waiting<>(index, requester));
        tellThoseWhoWait();
    }

    /** Every so often. */
    public void onTick(long nowNanos) {
        renewals.keySet().removeIf(epoch -> !port.state().isLive(epoch));
        overdue.removeIf(epoch -> !port.state().isLive(epoch));
        for (Epoch epoch : port.state().liveEpochs()) {
            // Who was not seen before has a full lease from now.
            Renewal last = renewals.computeIfAbsent(epoch, unseen -> new Renewal(nowNanos, 0));
            if (nowNanos - last.atNanos() > length.toNanos()) {
                overdue.add(epoch);
                port.expel(epoch);
            }
        }
        tellThoseWhoWait();
    }

    private void tellThoseWhoWait() {
        if (waiting.isEmpty()) {
            return;
        }
        long everywhere = appliedEverywhere();
        List<Waiting<R>> now =
                waiting.stream().filter(one -> one.index() <= everywhere).toList();
        waiting.removeAll(now);
        now.forEach(one -> port.appliedEverywhere(one.requester()));
    }

    /** This node's own index counts, too: of nodes beyond it, it does not know; they begin after it. */
    private long appliedEverywhere() {
        long everywhere = port.state().appliedIndex();
        for (Epoch epoch : port.state().liveEpochs()) {
            Renewal last = renewals.get(epoch);
            everywhere = Math.min(everywhere, last == null ? 0 : last.appliedIndex());
        }
        return everywhere;
    }
}
