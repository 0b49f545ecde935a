package io.ostraka.tx.raft;

import java.io.IOException;

/** Who hears what other members say about snapshots over shards. Called by many threads; must return at once. */
public interface FenceListener {
    /** Throws for what no member says. */
    void heard(byte[] message) throws IOException;
}
