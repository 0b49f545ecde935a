package io.ostraka.proxy.transaction;

import io.ostraka.rules.error.PgError;

/** Who asks for a {@link Snapshot}. One of the two is called, once, on the coordinator's thread: it hops home by itself. */
public interface SnapshotRequest {
    /** It is the asker's now, who has to release it. */
    void onSnapshot(Snapshot snapshot);

    void onNoSnapshot(PgError why);
}
