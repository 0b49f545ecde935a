package io.ostraka.rules.plan;

import io.ostraka.rules.rule.KeyedRule;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * How the rows of a query level, or of a part of its FROM, lie when every shard computes it from its own tables. Found by
 * {@link Distributor}. Immutable.
 */
sealed interface Distribution {

    /** Each shard comes to the same rows: they are made of whole copies and constants alone. */
    record Everywhere() implements Distribution {}

    /**
     * Each row is a row of exactly one shard, and the shards' rows together are all rows. With a {@link Placement} it is
     * the owner of the key that each row carries.
     */
    record Split(Optional<Placement> placement) implements Distribution {}

    /**
     * Depends on columns of a level around it: for each row there, the shard that owns the row's key comes to the whole
     * result. Elsewhere it means nothing.
     */
    record PerKey(Placement placement) implements Distribution {}

    /** A shard's own rows do not suffice. */
    record Mixed(Obstacle obstacle) implements Distribution {}

    /** What needs the rows of several shards together, and where; -1 when that cannot be shown. */
    record Obstacle(String construct, int at) {}

    /** For each column of the rule's key the columns that are known to be equal to it. */
    record Placement(KeyedRule rule, List<Set<Variable>> keys) {
        public Placement {
            keys = keys.stream().map(Set::copyOf).toList();
        }

        /** Whether rows of both with equal keys are on one shard, and their keys are equal. */
        boolean meets(Placement other) {
            if (!rule.placesAs(other.rule)) {
                return false;
            }
            for (int i = 0; i < keys.size(); i++) {
                if (keys.get(i).stream().noneMatch(other.keys.get(i)::contains)) {
                    return false;
                }
            }
            return true;
        }

        /** The same with more columns that are equal to its own. */
        Placement widened(List<Fact> facts) {
            Map<Variable, List<Variable>> equalities = OccurrenceShards.equalities(facts);
            List<Set<Variable>> wider = new ArrayList<>();
            for (Set<Variable> equal : keys) {
                Set<Variable> all = new HashSet<>();
                equal.forEach(column -> all.addAll(OccurrenceShards.reach(column, equalities)));
                wider.add(all);
            }
            return new Placement(rule, wider);
        }

        /** The same with only those columns; empty when one of the key has none left. */
        Optional<Placement> only(Predicate<Variable> wanted) {
            List<Set<Variable>> left = new ArrayList<>();
            for (Set<Variable> equal : keys) {
                Set<Variable> kept = new HashSet<>(equal);
                kept.removeIf(wanted.negate());
                if (kept.isEmpty()) {
                    return Optional.empty();
                }
                left.add(kept);
            }
            return Optional.of(new Placement(rule, left));
        }

        /** Whether each column of the key is among these. */
        boolean isWithin(Set<Variable> columns) {
            return keys.stream().allMatch(equal -> equal.stream().anyMatch(columns::contains));
        }
    }

    static Distribution mixed(String construct, int at) {
        return new Mixed(new Obstacle(construct, at));
    }
}
