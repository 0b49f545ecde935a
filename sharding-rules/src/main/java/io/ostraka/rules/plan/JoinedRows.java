package io.ostraka.rules.plan;

import io.ostraka.rules.plan.Distribution.Everywhere;
import io.ostraka.rules.plan.Distribution.Mixed;
import io.ostraka.rules.plan.Distribution.Obstacle;
import io.ostraka.rules.plan.Distribution.PerKey;
import io.ostraka.rules.plan.Distribution.Placement;
import io.ostraka.rules.plan.Distribution.Split;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * How the rows of a join lie, from how those of its sides do. {@code pairFacts} hold for every pair of rows that the ON
 * lets pass and that matters; {@code outside} tells columns that neither side has but a level or an item around them.
 *
 * <p>Rows of which every shard has a copy join with whatever lies on one shard. Rows that are split join each other where
 * the pairs have equal keys, for then both are on the key's shard; a row of a preserved side has its partners all there, so
 * that it goes without a partner there exactly when it goes without one anywhere. A copy on the preserved side, though,
 * would go without a partner on every shard but the partner's. Immutable.
 */
record JoinedRows(List<Fact> pairFacts, Predicate<Variable> outside, Obstacle otherKeys, Obstacle outerJoin) {
    JoinedRows {
        pairFacts = List.copyOf(pairFacts);
    }

    Distribution inner(Distribution left, Distribution right) {
        Optional<Distribution> mixed = mixed(left, right);
        if (mixed.isPresent()) {
            return mixed.get();
        }
        if (left instanceof Everywhere) {
            return besideCopies(right);
        }
        if (right instanceof Everywhere) {
            return besideCopies(left);
        }
        Optional<Placement> met = met(left, right);
        if (met.isEmpty()) {
            return new Mixed(otherKeys);
        }
        return left instanceof Split || right instanceof Split ? new Split(met) : new PerKey(met.get());
    }

    Distribution outer(Distribution preserved, Distribution nullable) {
        Optional<Distribution> mixed = mixed(preserved, nullable);
        if (mixed.isPresent()) {
            return mixed.get();
        }
        if (nullable instanceof Everywhere) {
            return preserved;
        }
        if (preserved instanceof Everywhere) {
            return placement(nullable)
                    .map(placement -> placement.widened(pairFacts))
                    .flatMap(placement -> placement.only(outside))
                    .<Distribution>map(PerKey::new)
                    .orElseGet(() -> new Mixed(outerJoin));
        }
        return met(preserved, nullable).isPresent() ? preserved : new Mixed(otherKeys);
    }

    Distribution full(Distribution left, Distribution right) {
        Optional<Distribution> mixed = mixed(left, right);
        if (mixed.isPresent()) {
            return mixed.get();
        }
        if (left instanceof Everywhere && right instanceof Everywhere) {
            return left;
        }
        if (left instanceof Everywhere || right instanceof Everywhere) {
            return new Mixed(outerJoin);
        }
        if (left instanceof PerKey one && right instanceof PerKey other) {
            // Both must be whole on one shard also where the ON lets no pair pass.
            return one.placement().meets(other.placement()) ? left : new Mixed(outerJoin);
        }
        if (met(left, right).isEmpty()) {
            return new Mixed(otherKeys);
        }
        // A row without partner has the key on one side only, which side is not known.
        return left instanceof Split && right instanceof Split ? new Split(Optional.empty()) : new Mixed(outerJoin);
    }

    /** Where a subquery inside the ON is evaluated: for pairs of rows of which the first side's key is known. */
    Optional<Placement> ofPairs(Distribution left, Distribution right) {
        return placement(left).or(() -> placement(right)).map(placement -> placement.widened(pairFacts));
    }

    private Distribution besideCopies(Distribution other) {
        return other instanceof PerKey perKey
                ? perKey.placement()
                        .only(outside)
                        .<Distribution>map(PerKey::new)
                        .orElseGet(() -> new Mixed(otherKeys))
                : other;
    }

    private Optional<Placement> met(Distribution left, Distribution right) {
        Optional<Placement> first = placement(left).map(placement -> placement.widened(pairFacts));
        Optional<Placement> second = placement(right).map(placement -> placement.widened(pairFacts));
        return first.isPresent() && second.isPresent() && first.get().meets(second.get()) ? first : Optional.empty();
    }

    static Optional<Placement> placement(Distribution rows) {
        if (rows instanceof Split split) {
            return split.placement();
        }
        return rows instanceof PerKey perKey ? Optional.of(perKey.placement()) : Optional.empty();
    }

    private static Optional<Distribution> mixed(Distribution left, Distribution right) {
        if (left instanceof Mixed) {
            return Optional.of(left);
        }
        return right instanceof Mixed ? Optional.of(right) : Optional.empty();
    }
}
