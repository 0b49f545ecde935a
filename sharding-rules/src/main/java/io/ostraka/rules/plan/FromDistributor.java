package io.ostraka.rules.plan;

import io.ostraka.rules.plan.Distribution.Everywhere;
import io.ostraka.rules.plan.Distribution.Mixed;
import io.ostraka.rules.plan.Distribution.Obstacle;
import io.ostraka.rules.plan.Distribution.PerKey;
import io.ostraka.rules.plan.Distribution.Placement;
import io.ostraka.rules.plan.Distribution.Split;
import io.ostraka.rules.plan.Distributor.Use;
import io.ostraka.rules.rule.KeyType;
import io.ostraka.rules.rule.KeyedRule;
import io.ostraka.rules.rule.ReferenceRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The part of {@link Distributor} for FROM: what a row of it must satisfy to matter is the same as in {@link JoinTree}. */
record FromDistributor(Distributor levels) {

    /** {@code context} holds of every row that matters; {@code seen} are the leaves whose columns may be named. */
    Distribution of(Level.Tree tree, List<Fact> context, Set<Leaf> seen) {
        if (tree instanceof Level.Source source) {
            return ofSource(source, seen);
        }
        Level.Join join = (Level.Join) tree;
        return switch (join.kind()) {
            case INNER -> {
                List<Fact> pairs = JoinTree.joined(
                        context, join.left().guaranteed(), join.right().guaranteed(), join.on());
                Distribution left = of(join.left(), pairs, seen);
                Distribution right = of(join.right(), pairs, seen);
                JoinedRows joined = joined(join, pairs, seen);
                yield withSubqueries(join, joined, left, right, joined.inner(left, right), seen);
            }
            case LEFT -> ofOuter(join, join.left(), join.right(), context, seen);
            case RIGHT -> ofOuter(join, join.right(), join.left(), context, seen);
            case FULL -> {
                List<Fact> pairs =
                        JoinTree.joined(join.left().guaranteed(), join.right().guaranteed(), join.on());
                List<Fact> outside = JoinTree.without(context, join.leaves());
                Distribution left = of(join.left(), outside, seen);
                Distribution right = of(join.right(), outside, seen);
                JoinedRows joined = joined(join, pairs, seen);
                yield withSubqueries(join, joined, left, right, joined.full(left, right), seen);
            }
        };
    }

    private Distribution ofOuter(
            Level.Join join, Level.Tree preserved, Level.Tree nullable, List<Fact> context, Set<Leaf> seen) {
        List<Fact> pairs = JoinTree.joined(
                JoinTree.without(context, nullable.leaves()), preserved.guaranteed(), nullable.guaranteed(), join.on());
        Distribution kept = of(preserved, context, seen);
        Distribution partners = of(nullable, pairs, seen);
        JoinedRows joined = joined(join, pairs, seen);
        return withSubqueries(join, joined, kept, partners, joined.outer(kept, partners), seen);
    }

    private static JoinedRows joined(Level.Join join, List<Fact> pairs, Set<Leaf> seen) {
        Set<Leaf> own = join.leaves();
        Optional<Occurrence> left = keyed(join.left());
        Optional<Occurrence> right = keyed(join.right());
        Obstacle otherKeys = left.isPresent() && right.isPresent()
                ? new Obstacle(
                        "a join of table \"" + left.get().table() + "\" with table \""
                                + right.get().table() + "\" other than on their shard keys",
                        right.get().at())
                : new Obstacle("a join other than on the shard key", -1);
        Obstacle outerJoin = new Obstacle(
                "an outer join", right.or(() -> left).map(Occurrence::at).orElse(-1));
        return new JoinedRows(
                pairs, column -> seen.contains(column.leaf()) && !own.contains(column.leaf()), otherKeys, outerJoin);
    }

    private Distribution withSubqueries(
            Level.Join join,
            JoinedRows joined,
            Distribution left,
            Distribution right,
            Distribution rows,
            Set<Leaf> seen) {
        Distribution found = rows;
        for (Level.Nested nested : join.subqueries()) {
            Distribution inside = levels.ofNested(
                    nested.level(), Distributor.leaf(nested.level()), seen, nested.exists() ? Use.EXISTENCE : Use.ROWS);
            if (found instanceof Mixed || inside instanceof Everywhere) {
                continue;
            }
            boolean meets = inside instanceof PerKey perKey
                    && joined.ofPairs(left, right)
                            .filter(placement -> placement.meets(perKey.placement()))
                            .isPresent();
            if (!meets) {
                found = inside instanceof Mixed ? inside : Distribution.mixed("a subquery", -1);
            }
        }
        return found;
    }

    private Distribution ofSource(Level.Source source, Set<Leaf> seen) {
        Level.Origin origin = source.origin();
        if (origin instanceof Level.OfTable table) {
            return ofTable(table);
        }
        if (origin instanceof Level.OfLevel inside) {
            return levels.of(inside.level(), source.leaf(), seen, Use.ROWS);
        }
        if (origin instanceof Level.OfFunction function) {
            return levels.allEverywhere(function.subqueries(), seen)
                    .<Distribution>map(Mixed::new)
                    .orElse(new Everywhere());
        }
        return Distribution.mixed("a join with a system catalog", -1);
    }

    private static Distribution ofTable(Level.OfTable table) {
        Occurrence occurrence = table.occurrence();
        if (occurrence.rule() instanceof ReferenceRule) {
            // Of its own copy each shard would take another sample.
            return table.sampled() ? Distribution.mixed("TABLESAMPLE", occurrence.at()) : new Everywhere();
        }
        if (!(occurrence.rule() instanceof KeyedRule keyed)) {
            return Distribution.mixed("table \"" + occurrence.table() + "\", which is on one shard", occurrence.at());
        }
        List<Set<Variable>> keys = new ArrayList<>();
        for (String key : keyed.keyColumns()) {
            Optional<Variable> column = Optional.ofNullable(
                            occurrence.keyColumns().get(key))
                    .map(place -> occurrence.leaf().variable(place))
                    .filter(variable -> KeyType.named(variable.type()).isPresent());
            if (column.isEmpty()) {
                return new Split(Optional.empty());
            }
            keys.add(Set.of(column.get()));
        }
        return new Split(Optional.of(new Placement(keyed, keys)));
    }

    /** A table with a shard key somewhere inside, for messages. */
    private static Optional<Occurrence> keyed(Level.Tree tree) {
        if (tree instanceof Level.Join join) {
            return keyed(join.left()).or(() -> keyed(join.right()));
        }
        Level.Origin origin = ((Level.Source) tree).origin();
        if (origin instanceof Level.OfTable table) {
            return Optional.of(table.occurrence()).filter(found -> found.rule() instanceof KeyedRule);
        }
        return origin instanceof Level.OfLevel inside && inside.level() instanceof Level.Select select
                ? select.from().flatMap(FromDistributor::keyed)
                : Optional.empty();
    }
}
