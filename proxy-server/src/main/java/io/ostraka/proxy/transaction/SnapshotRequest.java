package io.ostraka.proxy.transaction;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import java.util.Set;

/** Who asks for a {@link Snapshot}. One of the two is called, once, on the coordinator's queue: it hops home by itself. */
public interface SnapshotRequest {
    /** The shards that the snapshot must cover; it covers others where it can. Any thread. */
    Set<ShardName> needed();

    /** It is the asker's now, who has to release it. */
    void onSnapshot(Snapshot snapshot);

    void onNoSnapshot(PgError why);
}
