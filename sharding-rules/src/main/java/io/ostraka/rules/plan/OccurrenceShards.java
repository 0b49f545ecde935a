package io.ostraka.rules.plan;

import io.ostraka.rules.rule.KeyType;
import io.ostraka.rules.rule.KeyedRule;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The shards whose rows of one occurrence may matter, as a function of the values. What holds whatever the case is
 * one {@link KeyFilter}; each OR adds a union of filters, one for each of its branches, all of which are intersected.
 * Immutable.
 */
record OccurrenceShards(KeyFilter always, List<List<KeyFilter>> oneOfEach) {
    /** A longer OR that is no list of values is not used: all it could do is spare shards. */
    private static final int MAX_BRANCHES = 2_000;

    OccurrenceShards {
        oneOfEach = oneOfEach.stream().map(List::copyOf).toList();
    }

    static OccurrenceShards of(Occurrence occurrence, KeyedRule rule, ShardSet.Space space) {
        List<Fact> certain = new ArrayList<>();
        List<Fact.Either> alternatives = new ArrayList<>();
        for (Fact fact : occurrence.facts()) {
            if (fact instanceof Fact.Either either) {
                alternatives.add(either);
            } else {
                certain.add(fact);
            }
        }
        KeyFilter always = filter(occurrence, rule, space, certain);
        List<List<KeyFilter>> unions = new ArrayList<>();
        for (Fact.Either either : alternatives) {
            if (either.branches().size() > MAX_BRANCHES) {
                continue;
            }
            List<KeyFilter> union = new ArrayList<>();
            for (List<Fact> branch : either.branches()) {
                union.add(filter(occurrence, rule, space, JoinTree.joined(certain, branch)));
            }
            if (union.stream().allMatch(KeyFilter::restricts)) {
                unions.add(union);
            }
        }
        return new OccurrenceShards(always, unions);
    }

    ShardSet shards(StatementValues values, ValueReader reader, ShardSet.Space space) {
        ShardSet found = always.shards(values, reader);
        for (List<KeyFilter> union : oneOfEach) {
            ShardSet any = space.none();
            for (KeyFilter branch : union) {
                any = any.plus(branch.shards(values, reader));
            }
            found = found.and(any);
        }
        return found;
    }

    /** All that it knows of the key, whatever branch of an OR it holds in. */
    List<Fact> facts() {
        List<Fact> facts = new ArrayList<>(always.facts());
        oneOfEach.forEach(union -> union.forEach(branch -> facts.addAll(branch.facts())));
        return facts;
    }

    /** Whether it is anything but "all shards". */
    boolean restricts() {
        return always.restricts() || !oneOfEach.isEmpty();
    }

    private static KeyFilter filter(Occurrence occurrence, KeyedRule rule, ShardSet.Space space, List<Fact> facts) {
        Map<Variable, List<Variable>> equal = equalities(facts);
        List<List<KeyFilter.Restriction>> byColumn = new ArrayList<>();
        for (String key : rule.keyColumns()) {
            int column = columnOf(occurrence, key);
            Set<Variable> same = column < 0 ? Set.of() : reach(occurrence.leaf().variable(column), equal);
            byColumn.add(restrictions(facts, same));
        }
        return new KeyFilter(rule, space, facts.stream().anyMatch(Fact.Never.class::isInstance), byColumn);
    }

    private static int columnOf(Occurrence occurrence, String key) {
        return occurrence.keyColumns().getOrDefault(key, -1);
    }

    private static List<KeyFilter.Restriction> restrictions(List<Fact> facts, Set<Variable> same) {
        List<KeyFilter.Restriction> restrictions = new ArrayList<>();
        for (Fact fact : facts) {
            restricted(fact)
                    .filter(same::contains)
                    .flatMap(variable -> KeyType.named(variable.type()))
                    .ifPresent(type -> restrictions.add(new KeyFilter.Restriction(type, fact)));
        }
        return restrictions;
    }

    /** The column that a fact compares with values. */
    static Optional<Variable> restricted(Fact fact) {
        if (fact instanceof Fact.OneOf one) {
            return Optional.of(one.column());
        }
        if (fact instanceof Fact.ElementOf element) {
            return Optional.of(element.column());
        }
        if (fact instanceof Fact.Bound bound) {
            return Optional.of(bound.column());
        }
        return fact instanceof Fact.IsNull isNull ? Optional.of(isNull.column()) : Optional.empty();
    }

    /** Pairs of columns that hold equal keys. */
    static Map<Variable, List<Variable>> equalities(List<Fact> facts) {
        Map<Variable, List<Variable>> equal = new HashMap<>();
        for (Fact fact : facts) {
            if (fact instanceof Fact.Equal pair) {
                link(equal, pair.a(), pair.b());
            } else if (fact instanceof Fact.Same pair && FactReader.comparable(pair.outer(), pair.inner())) {
                link(equal, pair.outer(), pair.inner());
            }
        }
        return equal;
    }

    private static void link(Map<Variable, List<Variable>> equal, Variable a, Variable b) {
        equal.computeIfAbsent(a, key -> new ArrayList<>()).add(b);
        equal.computeIfAbsent(b, key -> new ArrayList<>()).add(a);
    }

    /** Everything equal to a column, by way of others. */
    static Set<Variable> reach(Variable from, Map<Variable, List<Variable>> equal) {
        Set<Variable> reached = new HashSet<>(Set.of(from));
        Deque<Variable> left = new ArrayDeque<>(reached);
        while (!left.isEmpty()) {
            for (Variable next : equal.getOrDefault(left.removeFirst(), List.of())) {
                if (reached.add(next)) {
                    left.addLast(next);
                }
            }
        }
        return reached;
    }
}
