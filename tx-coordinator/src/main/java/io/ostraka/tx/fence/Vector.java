package io.ostraka.tx.fence;

import io.ostraka.tx.decision.ShardId;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/** One exported snapshot for each shard that took part, all of one round: together one point in time. Immutable. */
public record Vector(RoundId round, SortedMap<ShardId, String> snapshots) {
    public Vector {
        snapshots = Collections.unmodifiableSortedMap(new TreeMap<>(snapshots));
    }
}
