package io.ostraka.tx.fence;

/** Which commits pass the gate, and so what snapshots over shards are worth. Source: {@code transactions.md}, section 7.5. */
public enum Consistency {
    /** None: each shard by itself, fractured reads are possible. */
    SHARD,
    /** Those of transactions that touched several shards and wrote: snapshot isolation over shards. */
    ATOMIC,
    /** All that wrote: real-time order, too. */
    STRICT;

    /** Whether a commit with so many writers among so many participants waits for snapshots, and they for it. */
    public boolean gates(int writers, int participants) {
        return switch (this) {
            case SHARD -> false;
            case ATOMIC -> writers > 0 && participants > 1;
            case STRICT -> writers > 0;
        };
    }
}
