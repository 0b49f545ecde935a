package io.ostraka.proxy.transaction;

import io.ostraka.tx.decision.Epoch;
import io.ostraka.tx.fence.RoundId;
import java.util.SortedSet;
import java.util.function.Consumer;

/**
 * The commit gates of one database on all nodes, as the rounds reach them. What they answer comes as {@link Fence#onClosed} and {@link
 * Fence#onOpened}. Confined to the coordinator's queue.
 */
interface Gates {
    /** The nodes that live, as far as this one knows. */
    SortedSet<Epoch> live();

    void close(Epoch node, RoundId round);

    void open(Epoch node, RoundId round);

    /** Those that live as of a moment after this call, if this node still leads then; else nothing follows. */
    void confirmLeadership(Consumer<SortedSet<Epoch>> then);
}
