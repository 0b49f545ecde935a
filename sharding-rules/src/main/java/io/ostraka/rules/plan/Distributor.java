package io.ostraka.rules.plan;

import io.ostraka.rules.plan.Distribution.Everywhere;
import io.ostraka.rules.plan.Distribution.Mixed;
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

/**
 * Finds how the rows of analysed queries lie over the shards, from the inside out: tables are split by their rule or
 * copied, joins keep that or lose it ({@link JoinedRows}), and what looks at several rows at once (grouping, DISTINCT,
 * LIMIT ...) keeps it where rows that it puts together have one key, hence one shard.
 *
 * <p>A query level inside another one, whose rows all have a key that a row around it names, is whole on that row's shard,
 * whatever it does with them ({@link PerKey}). Stateless; for one statement at a time only because leaves are.
 */
final class Distributor {
    private static final Distribution EVERYWHERE = new Everywhere();

    /** What becomes of a level's rows. */
    enum Use {
        /** They are the statement's answer: they may be locked, and their order shows. */
        ANSWER,
        /** They are a FROM's: their order may show. */
        ROWS,
        /** Members to compare with: their order does not matter. */
        MEMBERS,
        /** Whether there is one. */
        EXISTENCE
    }

    /** How the rows of a whole statement lie. */
    Distribution of(Level top) {
        return of(top, leaf(top), Set.of(), Use.ANSWER);
    }

    /** {@code as} is what the level's outputs are columns of; {@code outer} are the leaves whose columns it may name. */
    Distribution of(Level level, Leaf as, Set<Leaf> outer, Use use) {
        if (level instanceof Level.Select select) {
            return ofSelect(select, as, outer, use);
        }
        if (level instanceof Level.SetOperation operation) {
            return ofSetOperation(operation, as, outer, use);
        }
        if (level instanceof Level.Values values) {
            return allEverywhere(values.subqueries(), outer)
                    .<Distribution>map(Mixed::new)
                    .orElse(EVERYWHERE);
        }
        if (level instanceof Level.With with) {
            return Distribution.mixed("WITH that writes or is recursive", with.at());
        }
        return Distribution.mixed(level instanceof Level.Write ? "a write" : "a recursive or writing WITH query", -1);
    }

    /** The level's outputs as columns. */
    static Leaf leaf(Level level) {
        List<String> names = new ArrayList<>();
        List<String> types = new ArrayList<>();
        level.outputs().forEach(output -> {
            names.add(output.name());
            types.add(output.type());
        });
        return new Leaf("query", names, types, level.open());
    }

    private static Set<Leaf> both(Set<Leaf> some, Set<Leaf> more) {
        Set<Leaf> all = new HashSet<>(some);
        all.addAll(more);
        return all;
    }

    /** How the rows lie that UPDATE or DELETE finds in the target and what it is joined with. */
    Distribution of(Level.Joined write) {
        Set<Leaf> seen = write.from().leaves();
        Distribution rows = new FromDistributor(this).of(write.from(), write.whereFacts(), seen);
        rows = widened(rows, JoinTree.joined(write.whereFacts(), write.from().guaranteed()));
        return besides(rows, write.where(), write.others(), seen, Set.of(), write.at());
    }

    /** Whether each row that MERGE inserts, out of rows that lie so, belongs to the shard that finds it. */
    static boolean areStoredInPlace(Level.Joined write, Distribution rows, KeyedRule rule) {
        Optional<Placement> placement = rows instanceof Split split ? split.placement() : Optional.empty();
        return write.stored().isEmpty()
                || (placement.isPresent()
                        && rule.placesAs(placement.get().rule())
                        && write.stored().stream().allMatch(key -> isKey(placement.get(), key)));
    }

    private static boolean isKey(Placement placement, List<Variable> columns) {
        for (int i = 0; i < columns.size(); i++) {
            if (!placement.keys().get(i).contains(columns.get(i))) {
                return false;
            }
        }
        return true;
    }

    /** Whether each row that the query puts out belongs, once it is stored, to the shard that puts it out. */
    boolean isStoredInPlace(Level.Selected write) {
        Leaf as = leaf(write.query());
        Distribution rows = of(write.query(), as, Set.of(), Use.MEMBERS);
        Optional<Placement> placement = rows instanceof Split split ? split.placement() : Optional.empty();
        if (placement.isEmpty() || !write.rule().placesAs(placement.get().rule())) {
            return false;
        }
        return write.keys().stream().allMatch(output -> output < as.columns().size())
                && isKey(
                        placement.get(), write.keys().stream().map(as::variable).toList());
    }

    private Distribution ofSelect(Level.Select select, Leaf as, Set<Leaf> outer, Use use) {
        Distribution rows = select.from()
                .map(tree -> new FromDistributor(this).of(tree, select.whereFacts(), both(outer, select.leaves())))
                .orElse(EVERYWHERE);
        rows = widened(rows, select.facts());
        Set<Leaf> seen = both(outer, select.leaves());
        Predicate<Variable> around = column -> outer.contains(column.leaf());
        rows = besides(
                rows,
                select.where(),
                select.others(),
                seen,
                outer,
                select.query().at());
        if (rows instanceof Mixed) {
            return rows;
        }
        if (select.query().tail().locks() && use != Use.ANSWER) {
            return Distribution.mixed("FOR UPDATE or FOR SHARE", select.query().at());
        }
        if (rows instanceof Everywhere) {
            return isRepeatable(select, use)
                    ? rows
                    : Distribution.mixed("a subquery", select.query().at());
        }
        Optional<Distribution> whole = perKey(rows, around);
        if (rows instanceof Split split) {
            Optional<Obstacle> clause = clause(select, split, use);
            if (clause.isEmpty()) {
                return new Split(split.placement().flatMap(placement -> outputs(select, placement, as, around)));
            }
            return whole.orElseGet(() -> new Mixed(clause.get()));
        }
        return whole.orElseGet(
                () -> Distribution.mixed("a subquery", select.query().at()));
    }

    /** The placement in terms of the level's outputs, and of what is around it. */
    private static Optional<Placement> outputs(
            Level.Select select, Placement placement, Leaf as, Predicate<Variable> around) {
        List<Set<Variable>> keys = new ArrayList<>();
        for (Set<Variable> equal : placement.keys()) {
            Set<Variable> shown = new HashSet<>(equal);
            shown.removeIf(around.negate());
            for (int i = 0; i < select.outputs().size() && i < as.columns().size(); i++) {
                boolean typed = KeyType.named(as.type(i)).isPresent();
                if (typed
                        && select.outputs()
                                .get(i)
                                .variable()
                                .filter(equal::contains)
                                .isPresent()) {
                    shown.add(as.variable(i));
                }
            }
            keys.add(shown);
        }
        return keys.stream().anyMatch(Set::isEmpty)
                ? Optional.empty()
                : Optional.of(new Placement(placement.rule(), keys));
    }

    /** What of a SELECT over split rows looks at rows of several shards at once. */
    private static Optional<Obstacle> clause(Level.Select select, Split rows, Use use) {
        Query.Select query = select.query();
        int at = query.at();
        if (query.distinct().present()) {
            Set<Variable> distinct = query.distinct().on().isEmpty()
                    ? present(select.outputs().stream()
                            .map(Block.Output::variable)
                            .toList())
                    : present(select.distinctKeys());
            if (!keeps(rows, distinct)) {
                return Optional.of(new Obstacle("DISTINCT", at));
            }
        }
        boolean grouped = query.grouping().present();
        if (grouped && (query.grouping().sets() || !keeps(rows, present(select.groupKeys())))) {
            return Optional.of(new Obstacle("GROUP BY", at));
        }
        if (!grouped && query.having().isPresent()) {
            return Optional.of(new Obstacle("HAVING", query.having().get().at()));
        }
        for (Level.AnswerCall answer : select.calls()) {
            String name = answer.call().last() + "()";
            if (answer.call().windowed()) {
                return Optional.of(
                        new Obstacle("window function " + name, answer.call().at()));
            }
            if (!grouped && answer.mayAggregate()) {
                return Optional.of(
                        new Obstacle("aggregate function " + name, answer.call().at()));
            }
        }
        if (!query.windows().isEmpty()) {
            return Optional.of(new Obstacle("WINDOW", at));
        }
        return tail(query.tail(), use);
    }

    private static Optional<Obstacle> tail(Query.Tail tail, Use use) {
        if (!tail.limits().isEmpty()) {
            String construct = tail.locks() ? "LIMIT or OFFSET with FOR UPDATE or FOR SHARE" : "LIMIT or OFFSET";
            return Optional.of(new Obstacle(construct, tail.limits().get(0).at()));
        }
        return tail.orderBy().isEmpty() || use == Use.MEMBERS || use == Use.EXISTENCE
                ? Optional.empty()
                : Optional.of(new Obstacle("ORDER BY", tail.orderBy().get(0).at()));
    }

    private static Set<Variable> present(List<Optional<Variable>> columns) {
        Set<Variable> present = new HashSet<>();
        columns.forEach(column -> column.ifPresent(present::add));
        return present;
    }

    /** Whether rows that agree in these columns are on one shard. */
    private static boolean keeps(Split rows, Set<Variable> columns) {
        return rows.placement().filter(placement -> placement.isWithin(columns)).isPresent();
    }

    /** Whether every shard comes to the same rows, its copies being stored in another order perhaps. */
    private static boolean isRepeatable(Level.Select select, Use use) {
        if (use == Use.EXISTENCE) {
            return true;
        }
        return select.query().tail().limits().isEmpty()
                && select.query().distinct().on().isEmpty()
                && !select.hasWindows()
                && select.calls().stream().allMatch(Level.AnswerCall::orderFree);
    }

    /** {@code as} has the subquery's outputs. */
    Distribution ofNested(Level level, Leaf as, Set<Leaf> seen, Use use) {
        Distribution rows = of(level, as, seen, use);
        return rows instanceof Split
                ? perKey(rows, column -> seen.contains(column.leaf())).orElse(rows)
                : rows;
    }

    private Distribution ofCondition(Level.Nested nested, Distribution rows, Set<Leaf> seen) {
        Leaf members = leaf(nested.level());
        if (nested.exists() || nested.members().isEmpty()) {
            return ofNested(nested.level(), members, seen, nested.exists() ? Use.EXISTENCE : Use.ROWS);
        }
        Distribution inside = of(nested.level(), members, seen, Use.MEMBERS);
        if (inside instanceof Split split && isMembershipOfKey(nested, split, members, rows)) {
            return EVERYWHERE;
        }
        return inside instanceof Split
                ? perKey(inside, column -> seen.contains(column.leaf())).orElse(inside)
                : inside;
    }

    /** {@code key IN (SELECT key ...)} over split rows finds its match, if there is one, where the key is. */
    private static boolean isMembershipOfKey(Level.Nested nested, Split inside, Leaf members, Distribution rows) {
        Optional<Placement> outside = JoinedRows.placement(rows);
        if (outside.isEmpty() || inside.placement().isEmpty() || members.open()) {
            return false;
        }
        List<Fact> compared = new ArrayList<>();
        for (int i = 0; i < nested.members().size() && i < members.columns().size(); i++) {
            Variable member = members.variable(i);
            nested.members()
                    .get(i)
                    .filter(left -> FactReader.comparable(left, member))
                    .ifPresent(left -> compared.add(new Fact.Equal(left, member)));
        }
        return outside.get().widened(compared).meets(inside.placement().get());
    }

    /** The rows of a level with all the subqueries evaluated for each of them. */
    private Distribution besides(
            Distribution rows,
            List<Level.Conjunct> where,
            List<Level> others,
            Set<Leaf> seen,
            Set<Leaf> outer,
            int at) {
        Distribution found = rows;
        Predicate<Variable> around = column -> outer.contains(column.leaf());
        for (Level.Conjunct conjunct : where) {
            for (Level.Nested nested : conjunct.subqueries()) {
                found = beside(found, ofCondition(nested, found, seen), around, at);
            }
        }
        for (Level other : others) {
            found = beside(found, ofNested(other, leaf(other), seen, Use.ROWS), around, at);
        }
        return found;
    }

    /** The rows of a level with a subquery evaluated for each of them. */
    private static Distribution beside(Distribution rows, Distribution nested, Predicate<Variable> around, int at) {
        if (rows instanceof Mixed || nested instanceof Everywhere) {
            return rows;
        }
        if (nested instanceof Mixed) {
            return nested;
        }
        if (nested instanceof PerKey perKey) {
            if (rows instanceof Everywhere) {
                return perKey.placement()
                        .only(around)
                        .<Distribution>map(PerKey::new)
                        .orElseGet(() -> Distribution.mixed("a subquery", at));
            }
            if (JoinedRows.placement(rows)
                    .filter(placement -> placement.meets(perKey.placement()))
                    .isPresent()) {
                return rows;
            }
        }
        return Distribution.mixed("a subquery", at);
    }

    Optional<Obstacle> allEverywhere(List<Level> levels, Set<Leaf> seen) {
        for (Level level : levels) {
            Distribution rows = ofNested(level, leaf(level), seen, Use.ROWS);
            if (rows instanceof Mixed mixed) {
                return Optional.of(mixed.obstacle());
            }
            if (!(rows instanceof Everywhere)) {
                return Optional.of(new Obstacle("a subquery", -1));
            }
        }
        return Optional.empty();
    }

    private static Optional<Distribution> perKey(Distribution rows, Predicate<Variable> around) {
        return JoinedRows.placement(rows)
                .flatMap(placement -> placement.only(around))
                .map(PerKey::new);
    }

    private static Distribution widened(Distribution rows, List<Fact> facts) {
        if (rows instanceof Split split) {
            return new Split(split.placement().map(placement -> placement.widened(facts)));
        }
        return rows instanceof PerKey perKey ? new PerKey(perKey.placement().widened(facts)) : rows;
    }

    private Distribution ofSetOperation(Level.SetOperation operation, Leaf as, Set<Leaf> outer, Use use) {
        List<CombinedRows.Arm> arms = new ArrayList<>();
        for (Level branch : operation.branches()) {
            Leaf outputs = armLeaf(branch, operation);
            Distribution rows = of(branch, outputs, outer, use);
            if (rows instanceof Mixed) {
                return rows;
            }
            arms.add(new CombinedRows.Arm(rows, outputs));
        }
        Optional<Obstacle> inTail = allEverywhere(operation.others(), outer);
        if (inTail.isPresent()) {
            return new Mixed(inTail.get());
        }
        Query.SetOperation query = operation.query();
        CombinedRows combined = new CombinedRows(operation, arms);
        if (combined.allEverywhere()) {
            return query.tail().limits().isEmpty() || use == Use.EXISTENCE
                    ? EVERYWHERE
                    : Distribution.mixed("a subquery", query.at());
        }
        return combined.perKey(column -> outer.contains(column.leaf()))
                .or(() -> tail(query.tail(), use).map(Mixed::new))
                .orElseGet(() -> combined.split(as));
    }

    /** A branch's outputs under the types that the operation gives them: a converted value is another key. */
    private static Leaf armLeaf(Level branch, Level.SetOperation operation) {
        List<String> names = new ArrayList<>();
        List<String> types = new ArrayList<>();
        for (int i = 0; i < branch.outputs().size(); i++) {
            names.add(branch.outputs().get(i).name());
            types.add(
                    i < operation.outputs().size() ? operation.outputs().get(i).type() : "");
        }
        return new Leaf("branch", names, types, branch.open());
    }
}
