package io.ostraka.rules.plan;

import io.ostraka.rules.config.ShardName;
import java.util.Optional;
import java.util.Set;

/**
 * What a function, a trigger or a policy needs besides what the statement names: nothing, whole tables of one shard, or
 * what no shard has alone; {@code hazard} says why then. Immutable.
 */
record Reach(Optional<String> hazard, Set<ShardName> shards) {
    static final Reach NOTHING = new Reach(Optional.empty(), Set.of());

    Reach {
        shards = Set.copyOf(shards);
    }

    static Reach hazard(String why) {
        return new Reach(Optional.of(why), Set.of());
    }

    static Reach of(Set<ShardName> shards) {
        return shards.isEmpty() ? NOTHING : new Reach(Optional.empty(), shards);
    }

    /** Why it cannot be used by what runs on the shard that has these; empty when it can. */
    Optional<String> obstacleOn(Set<ShardName> there) {
        if (hazard.isPresent() || there.containsAll(shards)) {
            return hazard;
        }
        return Optional.of("It needs tables that are on shard \""
                + shards.stream().sorted().findFirst().orElseThrow() + "\".");
    }
}
