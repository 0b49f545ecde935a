package io.ostraka.tx.commit;

import io.ostraka.tx.decision.Gtid;
import io.ostraka.tx.decision.ShardId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How many transactions this node has prepared on each shard, so that none fails because the shard has no room for more. One takes a
 * slot on all its shards at once, or waits; those that wait go in their order, but past those that wait for other shards.
 *
 * <p>Pure; confined to its {@link Coordinator}. Source: {@code transactions.md}, section 9.
 */
final class PrepareSlots {
    /** A shard without one has room for all. */
    private final Map<ShardId, Integer> limits = new HashMap<>();

    private final Map<ShardId, Integer> taken = new HashMap<>();
    private final Map<Gtid, Set<ShardId>> holding = new HashMap<>();
    private final Map<Gtid, Set<ShardId>> waiting = new LinkedHashMap<>();

    /** From now on the shard has room for so many. Returns who has been let in for that. */
    List<Gtid> limit(ShardId shard, int most) {
        limits.put(shard, most);
        return admit();
    }

    /** Whether it has its slots now; if not, it is among those whom {@link #giveBack} or {@link #limit} returns some day. */
    boolean take(Gtid gtid, Set<ShardId> shards) {
        boolean isBehind = waiting.values().stream().anyMatch(ahead -> !Collections.disjoint(ahead, shards));
        if (isBehind || !hasRoom(shards)) {
            waiting.put(gtid, Set.copyOf(shards));
            return false;
        }
        hold(gtid, shards);
        return true;
    }

    /** It has ended, or waits no more. Returns who has been let in for that. */
    List<Gtid> giveBack(Gtid gtid) {
        waiting.remove(gtid);
        Set<ShardId> shards = holding.remove(gtid);
        if (shards != null) {
            shards.forEach(shard -> taken.merge(shard, -1, Integer::sum));
        }
        return admit();
    }

    private List<Gtid> admit() {
        if (waiting.isEmpty()) {
            return List.of();
        }
        List<Gtid> admitted = new ArrayList<>();
        Set<ShardId> wanted = new HashSet<>();
        waiting.forEach((gtid, shards) -> {
            if (Collections.disjoint(shards, wanted) && hasRoom(shards)) {
                hold(gtid, shards);
                admitted.add(gtid);
            } else {
                wanted.addAll(shards);
            }
        });
        admitted.forEach(waiting::remove);
        return admitted;
    }

    private boolean hasRoom(Set<ShardId> shards) {
        for (ShardId shard : shards) {
            Integer most = limits.get(shard);
            if (most != null && taken.getOrDefault(shard, 0) >= most) {
                return false;
            }
        }
        return true;
    }

    private void hold(Gtid gtid, Set<ShardId> shards) {
        holding.put(gtid, Set.copyOf(shards));
        shards.forEach(shard -> taken.merge(shard, 1, Integer::sum));
    }
}
