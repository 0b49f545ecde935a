package io.ostraka.rules.plan;

import io.ostraka.rules.plan.Distribution.Everywhere;
import io.ostraka.rules.plan.Distribution.Obstacle;
import io.ostraka.rules.plan.Distribution.PerKey;
import io.ostraka.rules.plan.Distribution.Placement;
import io.ostraka.rules.plan.Distribution.Split;
import io.ostraka.rules.rule.KeyType;
import io.ostraka.rules.rule.KeyedRule;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * How the rows of UNION, INTERSECT and EXCEPT lie, from how those of its branches do. What compares rows of several
 * branches finds equal ones on one shard where an output of all branches carries the key. Immutable.
 */
record CombinedRows(Level.SetOperation operation, List<Arm> arms) {

    /** A branch; the columns of {@code leaf} are its outputs. */
    record Arm(Distribution rows, Leaf leaf) {}

    CombinedRows {
        arms = List.copyOf(arms);
    }

    boolean allEverywhere() {
        return arms.stream().allMatch(arm -> arm.rows() instanceof Everywhere);
    }

    /** Every branch whole where the same key of a level around it is, or everywhere. */
    Optional<Distribution> perKey(Predicate<Variable> around) {
        Optional<Placement> common = Optional.empty();
        for (Arm arm : arms) {
            if (arm.rows() instanceof Everywhere) {
                continue;
            }
            Optional<Placement> placement = JoinedRows.placement(arm.rows()).flatMap(found -> found.only(around));
            if (placement.isEmpty()) {
                return Optional.empty();
            }
            common = common.isEmpty() ? placement : shared(common.get(), placement.get());
            if (common.isEmpty()) {
                return Optional.empty();
            }
        }
        return common.map(PerKey::new);
    }

    private static Optional<Placement> shared(Placement one, Placement other) {
        if (!one.meets(other)) {
            return Optional.empty();
        }
        List<Set<Variable>> keys = new ArrayList<>();
        for (int i = 0; i < one.keys().size(); i++) {
            Set<Variable> both = new HashSet<>(one.keys().get(i));
            both.retainAll(other.keys().get(i));
            keys.add(both);
        }
        return Optional.of(new Placement(one.rule(), keys));
    }

    /** Branches whose rows are split; {@code as} has the operation's outputs. */
    Distribution split(Leaf as) {
        Query.SetOperation query = operation.query();
        boolean union = query.operator() == Query.SetOperation.Operator.UNION;
        boolean appends = union && query.all();
        boolean fits = union
                ? arms.stream().allMatch(arm -> arm.rows() instanceof Split)
                : arms.get(0).rows() instanceof Split && arms.stream().noneMatch(arm -> arm.rows() instanceof PerKey);
        Optional<Placement> aligned = fits && !operation.open() ? aligned(as) : Optional.empty();
        return fits && (appends || aligned.isPresent())
                ? new Split(aligned)
                : new Distribution.Mixed(new Obstacle("UNION, INTERSECT or EXCEPT", query.at()));
    }

    /** The outputs that carry the key in every branch, if the branches place alike. */
    private Optional<Placement> aligned(Leaf as) {
        List<Arm> split =
                arms.stream().filter(arm -> arm.rows() instanceof Split).toList();
        Optional<Placement> first = JoinedRows.placement(split.get(0).rows());
        if (first.isEmpty()) {
            return Optional.empty();
        }
        KeyedRule rule = first.get().rule();
        List<Set<Variable>> keys = new ArrayList<>();
        for (int column = 0; column < rule.keyColumns().size(); column++) {
            Set<Integer> places = new HashSet<>(
                    IntStream.range(0, as.columns().size()).boxed().toList());
            for (Arm arm : split) {
                places.retainAll(carried(arm, rule, column));
            }
            if (places.isEmpty()) {
                return Optional.empty();
            }
            Set<Variable> equal = new HashSet<>();
            places.forEach(place -> equal.add(as.variable(place)));
            keys.add(equal);
        }
        return Optional.of(new Placement(rule, keys));
    }

    private static Set<Integer> carried(Arm arm, KeyedRule rule, int column) {
        Set<Integer> carried = new HashSet<>();
        JoinedRows.placement(arm.rows())
                .filter(placement -> placement.rule().placesAs(rule))
                .ifPresent(placement -> placement.keys().get(column).stream()
                        .filter(variable -> variable.leaf() == arm.leaf()
                                && KeyType.named(variable.type()).isPresent())
                        .forEach(variable -> carried.add(variable.column())));
        return carried;
    }
}
