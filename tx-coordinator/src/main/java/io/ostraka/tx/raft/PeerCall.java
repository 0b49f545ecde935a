package io.ostraka.tx.raft;

import java.io.IOException;
import java.time.Duration;

/** What nodes ask each other. The numbers are on the wire. */
enum PeerCall {
    STATUS(1),
    VOTE(2),
    APPEND(3),
    INSTALL(4),
    ELECT(5),
    /** A proposal, or another request to the leader, as Ratis has it. */
    REQUEST(6),
    /** An operator's change of the group; to the leader. */
    CHANGE(7),
    /** About leases; see {@link LeaseKeeper}. */
    LEASE(8),
    /** In which term the node is: while it is in the leader's, it has voted for no later one. */
    TERM(9),
    /** A client's request to cancel, sent to a proxy that does not know its key: the key as it came. */
    CANCEL(10),
    /** About snapshots over shards: what it says is the business of whoever listens. */
    FENCE(11);

    /** A peer that answers no faster counts as away; an election must not wait for it for long. */
    private static final Duration SHORT = Duration.ofSeconds(2);

    /** Until an entry is flushed by a majority, or a chunk of a snapshot written; above {@link ReplicatedLog}'s patience. */
    private static final Duration LONG = Duration.ofSeconds(40);

    final byte kind;

    PeerCall(int kind) {
        this.kind = (byte) kind;
    }

    Duration timeout() {
        return switch (this) {
            case STATUS, VOTE, APPEND, ELECT, LEASE, TERM, CANCEL, FENCE -> SHORT;
            case INSTALL, REQUEST, CHANGE -> LONG;
        };
    }

    static PeerCall of(byte kind) throws IOException {
        for (PeerCall call : values()) {
            if (call.kind == kind) {
                return call;
            }
        }
        throw new IOException("a newer version calls: kind " + kind);
    }
}
