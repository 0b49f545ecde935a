package io.ostraka.tx.raft;

import io.ostraka.tx.decision.LogEntry;

/**
 * What happens to the decision log on this node. Called by the log's threads, one call at a time and in order; must return at
 * once, because the next entry waits for it.
 */
public interface LogListener {

    /** The entry is applied here. */
    void applied(long index, LogEntry entry);

    /** The state has jumped ahead: the leader sent a snapshot instead of entries. */
    void jumped(long index);

    /** This node leads, and has applied everything that earlier leaders logged. */
    void leads(long term);

    /** It does not any more. May come more than once. */
    void leadsNoMore();
}
