package io.ostraka.tx.fence;

import io.ostraka.tx.decision.Gtid;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.Queue;
import java.util.Set;

/**
 * A node's commit gate: commits hold windows open in it, a round closes it when no window is open.
 * <pre>
 * OPEN --close--> CLOSING --last window closed--> CLOSED --open--> OPEN
 *                    \------------- too long -------+--------------^
 * </pre>
 *
 * <p>Where real-time order is kept over shards, clients are told nothing while the gate is closed ({@link #isClosed} to {@link
 * Port#reopened}), because snapshots are taken one after the other then: who was told of a commit which one of them lacks could
 * make another that a later one has.
 *
 * <p>A gate that nobody opens opens by itself, so that a lost leader does not stop commits. The leader may not know: it
 * asks every gate, after the last snapshot, whether it stayed closed all the time, and without that word from all of them
 * the snapshots are worth nothing. So no clock is trusted for what a snapshot shows. Rounds are numbered, and a message of
 * an earlier round than the latest seen changes nothing, however late or often it comes.
 *
 * <p>Pure; confined to its owner. A commit that waits holds no lock of the gate's but may hold locks on shards, which is why
 * no user's statement may run while gates are closed. Source: {@code transactions.md}, section 7.2.
 */
public final class Gate {
    private final Port port;
    private final Duration longest;
    private final Set<Gtid> windows = new LinkedHashSet<>();
    private final Queue<Gtid> waiting = new ArrayDeque<>();
    private RoundId round = RoundId.NONE;
    private State state = State.OPEN;
    private boolean held;

    private enum State {
        OPEN,
        CLOSING,
        CLOSED
    }

    /** What the gate wants done. No method calls back before it has returned. */
    public interface Port {
        /** To the transaction: its window is open. */
        void windowOpen(Gtid gtid);

        /** To the leader: no window is open here, and none opens until the round is over. */
        void closed(RoundId round);

        /** It was closed and is not any more. */
        void reopened();

        /** To the leader: the round is over here; whether the gate stayed closed until now. */
        void opened(RoundId round, boolean held);

        /** Calls {@link Gate#onTooLong} after this time. */
        void wake(RoundId round, Duration after);
    }

    /** @param longest how long a round may keep commits waiting here */
    public Gate(Duration longest, Port port) {
        this.longest = longest;
        this.port = port;
    }

    /**
     * Whether a commit with so many writers among so many participants waits for snapshots, and they for it: what is on one shard
     * alone is seen whole or not at all.
     */
    public static boolean concerns(int writers, int participants) {
        return writers > 0 && participants > 1;
    }

    /** {@link Port#windowOpen} follows, at once or when the round is over. */
    public void openWindow(Gtid gtid) {
        if (state == State.OPEN) {
            windows.add(gtid);
            port.windowOpen(gtid);
        } else {
            waiting.add(gtid);
        }
    }

    /** Every shard shows the transaction; or it does not want its window any more. */
    public void closeWindow(Gtid gtid) {
        waiting.remove(gtid);
        if (windows.remove(gtid)) {
            closeIfQuiet();
        }
    }

    /** The leader's CLOSE. */
    public void onClose(RoundId next) {
        if (next.compareTo(round) < 0) {
            return;
        }
        if (next.equals(round)) {
            if (state == State.CLOSED) {
                port.closed(round);
            }
            return;
        }
        round = next;
        held = true;
        state = State.CLOSING;
        port.wake(round, longest);
        closeIfQuiet();
    }

    /** The leader's OPEN. */
    public void onOpen(RoundId over) {
        if (over.compareTo(round) > 0) {
            // Its CLOSE never came; should it come now, it is late.
            round = over;
            held = false;
            open();
        }
        if (over.equals(round)) {
            held = held && state != State.CLOSING;
            open();
            port.opened(over, held);
        } else {
            port.opened(over, false);
        }
    }

    /** What {@link Port#wake} asked for. */
    public void onTooLong(RoundId old) {
        if (old.equals(round) && state != State.OPEN) {
            held = false;
            open();
        }
    }

    public boolean isOpen() {
        return state == State.OPEN;
    }

    /** Whether snapshots may be taken now. */
    public boolean isClosed() {
        return state == State.CLOSED;
    }

    private void closeIfQuiet() {
        if (state == State.CLOSING && windows.isEmpty()) {
            state = State.CLOSED;
            port.closed(round);
        }
    }

    private void open() {
        boolean wasClosed = state == State.CLOSED;
        state = State.OPEN;
        if (wasClosed) {
            port.reopened();
        }
        while (!waiting.isEmpty()) {
            Gtid next = waiting.remove();
            windows.add(next);
            port.windowOpen(next);
        }
    }
}
