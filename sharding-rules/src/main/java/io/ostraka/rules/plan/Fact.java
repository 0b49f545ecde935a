package io.ostraka.rules.plan;

import java.util.List;
import java.util.Set;

/**
 * Something that holds whenever a row matters to the result. All facts of a list hold together. Deriving too few is
 * always right; each one too many could lose rows, so they are taken from known shapes only.
 */
sealed interface Fact {

    /** How many are handed from one query level to another: else those of deep nesting would be looked at in each level. */
    int MAX_HANDED = 200;

    /** Some of them, where there are very many; the first ones say most of what is near. */
    static List<Fact> some(List<Fact> facts) {
        return facts.size() <= MAX_HANDED ? facts : facts.subList(0, MAX_HANDED);
    }

    /** The same where the last ones do. */
    static List<Fact> last(List<Fact> facts) {
        return facts.size() <= MAX_HANDED ? facts : facts.subList(facts.size() - MAX_HANDED, facts.size());
    }

    /** Whether it fails on every row whose columns of {@code leaf} are all null, as those an outer join fills in. */
    boolean rejectsNullsOf(Leaf leaf);

    /** Whether it speaks of any of {@code leaves}. */
    boolean mentions(Set<Leaf> leaves);

    /** {@code a = b}, under an equality that both columns' types share; not null. */
    record Equal(Variable a, Variable b) implements Fact {
        @Override
        public boolean rejectsNullsOf(Leaf leaf) {
            return a.leaf() == leaf || b.leaf() == leaf;
        }

        @Override
        public boolean mentions(Set<Leaf> leaves) {
            return leaves.contains(a.leaf()) || leaves.contains(b.leaf());
        }
    }

    /** {@code outer} is a subquery's column and carries {@code inner} unchanged, null or not. */
    record Same(Variable outer, Variable inner) implements Fact {
        @Override
        public boolean rejectsNullsOf(Leaf leaf) {
            return false;
        }

        @Override
        public boolean mentions(Set<Leaf> leaves) {
            return leaves.contains(outer.leaf()) || leaves.contains(inner.leaf());
        }
    }

    /** The column is one of these values; a NULL among them selects nothing. */
    record OneOf(Variable column, List<Value> values) implements Fact {
        public OneOf {
            values = List.copyOf(values);
        }

        @Override
        public boolean rejectsNullsOf(Leaf leaf) {
            return column.leaf() == leaf;
        }

        @Override
        public boolean mentions(Set<Leaf> leaves) {
            return leaves.contains(column.leaf());
        }
    }

    /** The column is an element of an array given as a whole. */
    record ElementOf(Variable column, Value array) implements Fact {
        @Override
        public boolean rejectsNullsOf(Leaf leaf) {
            return column.leaf() == leaf;
        }

        @Override
        public boolean mentions(Set<Leaf> leaves) {
            return leaves.contains(column.leaf());
        }
    }

    /** The column is less (and so on) than the value. */
    record Bound(Variable column, Expression.Comparator comparator, Value value) implements Fact {
        @Override
        public boolean rejectsNullsOf(Leaf leaf) {
            return column.leaf() == leaf;
        }

        @Override
        public boolean mentions(Set<Leaf> leaves) {
            return leaves.contains(column.leaf());
        }
    }

    record IsNull(Variable column) implements Fact {
        @Override
        public boolean rejectsNullsOf(Leaf leaf) {
            return false;
        }

        @Override
        public boolean mentions(Set<Leaf> leaves) {
            return leaves.contains(column.leaf());
        }
    }

    /** At least one branch holds, with all of its facts. */
    record Either(List<List<Fact>> branches) implements Fact {
        public Either {
            branches = branches.stream().map(List::copyOf).toList();
        }

        @Override
        public boolean rejectsNullsOf(Leaf leaf) {
            return branches.stream().allMatch(branch -> branch.stream().anyMatch(fact -> fact.rejectsNullsOf(leaf)));
        }

        @Override
        public boolean mentions(Set<Leaf> leaves) {
            return branches.stream().anyMatch(branch -> branch.stream().anyMatch(fact -> fact.mentions(leaves)));
        }
    }

    /** {@code WHERE false}. */
    record Never() implements Fact {
        @Override
        public boolean rejectsNullsOf(Leaf leaf) {
            return true;
        }

        @Override
        public boolean mentions(Set<Leaf> leaves) {
            return false;
        }
    }
}
