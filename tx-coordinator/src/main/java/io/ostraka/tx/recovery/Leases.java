package io.ostraka.tx.recovery;

import io.ostraka.tx.decision.DecisionState;
import io.ostraka.tx.decision.Epoch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The leader's view of who lives: nodes renew, and one that has not for too long is proposed for expulsion. Renewals carry
 * how far the node has applied the log, so the leader also knows when all of them know of an entry.
 *
 * <p>Made anew for each term of leadership, which gives every node a full lease from then. Times are this node's monotonic
 * clock. Pure; confined to its owner. Source: {@code transactions.md}, section 6.1.
 *
 * @param <R> who waits for an entry to be applied everywhere
 */
public final class Leases<R> {
    private final Duration length;
    private final Port<R> port;
    private final Map<Epoch, Renewal> renewals = new TreeMap<>();
    private final List<Waiting<R>> waiting = new ArrayList<>();

    private record Renewal(long atNanos, long appliedIndex) {}

    private record Waiting<R>(long index, R requester) {}

    /** What the leader wants done. No method calls back before it has returned. */
    public interface Port<R> {
        /** As this node has applied the log. */
        DecisionState state();

        /** Proposes the expulsion; proposing it twice does no harm. */
        void expel(Epoch epoch);

        /** Every node that lives has applied the entry. */
        void appliedEverywhere(R requester);
    }

    public Leases(Duration length, Port<R> port) {
        this.length = length;
        this.port = port;
    }

    /** Whether the epoch lives: a node that is told no must register anew. */
    public boolean onRenewal(Epoch epoch, long appliedIndex, long nowNanos) {
        if (!port.state().isLive(epoch)) {
            return false;
        }
        Renewal last = renewals.get(epoch);
        renewals.put(
                epoch,
                new Renewal(nowNanos, last == null ? appliedIndex : Math.max(last.appliedIndex(), appliedIndex)));
        tellThoseWhoWait();
        return true;
    }

    /** {@link Port#appliedEverywhere} follows when every node that lives has applied the entry at this index. */
    public void awaitEverywhere(long index, R requester) {
        waiting.add(new Waiting<>(index, requester));
        tellThoseWhoWait();
    }

    /** Every so often. */
    public void onTick(long nowNanos) {
        renewals.keySet().removeIf(epoch -> !port.state().isLive(epoch));
        for (Epoch epoch : port.state().liveEpochs()) {
            // Who was not seen before has a full lease from now.
            Renewal last = renewals.computeIfAbsent(epoch, unseen -> new Renewal(nowNanos, 0));
            if (nowNanos - last.atNanos() > length.toNanos()) {
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
