package io.ostraka.rules.plan;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What FROM joins, and which facts hold for whose rows. Two questions are answered:
 *
 * <ul>
 * <li>{@link #guaranteed}: what is true of every row that the tree puts out;
 * <li>{@link #descend}: given what is true of every row that passes, which rows of one leaf matter. A row matters
 * when its presence changes the output: by being in it, or, on the nullable side of an outer join, by keeping a
 * null-extended row out of it.
 * </ul>
 *
 * <p>{@code a LEFT JOIN b ON p WHERE w}: a row of b matters only if p holds with some a. What w says of a alone must
 * hold, too, for both (a, b) and (a, null) fall with it; what w says of b need not hold: (a, b) may fail w and still
 * replace an (a, null) that passes. Where w rejects the nulls, no null-extended row passes and the join is an inner
 * one ({@link #reduce}). The ON of an outer join says nothing of the side it preserves.
 *
 * <p>Confined to the planning of one statement; {@link #reduce} changes it.
 */
sealed interface JoinTree {

    Set<Leaf> leaves();

    List<Fact> guaranteed();

    /**
     * Turns outer joins into inner ones where {@code above} holds of every row that passes and rejects the
     * null-extended.
     */
    void reduce(List<Fact> above);

    /** Tells {@code visitor} of each leaf and each ON what a row must satisfy to matter there. */
    void descend(List<Fact> context, Visitor visitor);

    /** Takes what {@link #descend} finds. */
    interface Visitor {
        void leaf(Leaf leaf, List<Fact> context);

        /** The subqueries inside the ON of {@code join} are evaluated only for rows of which {@code context} holds. */
        void on(Join join, List<Fact> context);
    }

    /** A leaf with what its own definition guarantees, seen from outside. */
    record Single(Leaf leaf, List<Fact> guaranteed) implements JoinTree {
        public Single {
            guaranteed = List.copyOf(guaranteed);
        }

        @Override
        public Set<Leaf> leaves() {
            return Set.of(leaf);
        }

        @Override
        public void reduce(List<Fact> above) {
            // Nothing to turn.
        }

        @Override
        public void descend(List<Fact> context, Visitor visitor) {
            visitor.leaf(leaf, context);
        }
    }

    /** Two trees and what their ON says; a comma is an inner join without facts. */
    final class Join implements JoinTree {
        private FromItem.Join.Kind kind;
        private final JoinTree left;
        private final JoinTree right;
        private final List<Fact> on;
        private final Set<Leaf> leaves;

        Join(FromItem.Join.Kind kind, JoinTree left, JoinTree right, List<Fact> on) {
            this.kind = kind;
            this.left = left;
            this.right = right;
            this.on = List.copyOf(on);
            Set<Leaf> all = new HashSet<>(left.leaves());
            all.addAll(right.leaves());
            leaves = Set.copyOf(all);
        }

        FromItem.Join.Kind kind() {
            return kind;
        }

        JoinTree left() {
            return left;
        }

        JoinTree right() {
            return right;
        }

        List<Fact> on() {
            return on;
        }

        @Override
        public Set<Leaf> leaves() {
            return leaves;
        }

        @Override
        public List<Fact> guaranteed() {
            return switch (kind) {
                case INNER -> joined(left.guaranteed(), right.guaranteed(), on);
                case LEFT -> left.guaranteed();
                case RIGHT -> right.guaranteed();
                case FULL -> List.of();
            };
        }

        @Override
        public void reduce(List<Fact> above) {
            boolean noNullLeft = rejects(above, left);
            boolean noNullRight = rejects(above, right);
            kind = switch (kind) {
                case INNER -> kind;
                case LEFT -> noNullRight ? FromItem.Join.Kind.INNER : kind;
                case RIGHT -> noNullLeft ? FromItem.Join.Kind.INNER : kind;
                case FULL -> full(noNullLeft, noNullRight);
            };
            switch (kind) {
                case INNER -> {
                    left.reduce(joined(above, on));
                    right.reduce(joined(above, on));
                }
                case LEFT -> {
                    left.reduce(above);
                    right.reduce(on);
                }
                case RIGHT -> {
                    left.reduce(on);
                    right.reduce(above);
                }
                case FULL -> {
                    left.reduce(List.of());
                    right.reduce(List.of());
                }
            }
        }

        @Override
        public void descend(List<Fact> context, Visitor visitor) {
            switch (kind) {
                case INNER -> {
                    List<Fact> both = joined(context, left.guaranteed(), right.guaranteed(), on);
                    visitor.on(this, both);
                    left.descend(both, visitor);
                    right.descend(both, visitor);
                }
                case LEFT -> descendOuter(left, right, context, visitor);
                case RIGHT -> descendOuter(right, left, context, visitor);
                case FULL -> {
                    List<Fact> outside = without(context, leaves);
                    visitor.on(this, outside);
                    left.descend(outside, visitor);
                    right.descend(outside, visitor);
                }
            }
        }

        private void descendOuter(JoinTree preserved, JoinTree nullable, List<Fact> context, Visitor visitor) {
            List<Fact> matching =
                    joined(without(context, nullable.leaves()), preserved.guaranteed(), nullable.guaranteed(), on);
            visitor.on(this, matching);
            preserved.descend(context, visitor);
            nullable.descend(matching, visitor);
        }

        private static FromItem.Join.Kind full(boolean noNullLeft, boolean noNullRight) {
            if (noNullLeft) {
                return noNullRight ? FromItem.Join.Kind.INNER : FromItem.Join.Kind.LEFT;
            }
            return noNullRight ? FromItem.Join.Kind.RIGHT : FromItem.Join.Kind.FULL;
        }
    }

    /** Whether a row in which all of {@code side} is null fails one of the facts. */
    private static boolean rejects(List<Fact> facts, JoinTree side) {
        return side.leaves().stream().anyMatch(leaf -> facts.stream().anyMatch(fact -> fact.rejectsNullsOf(leaf)));
    }

    /** Those that speak of none of these leaves. */
    static List<Fact> without(List<Fact> facts, Set<Leaf> leaves) {
        return facts.stream().filter(fact -> !fact.mentions(leaves)).toList();
    }

    @SafeVarargs
    static List<Fact> joined(List<Fact>... lists) {
        Set<Fact> all = new LinkedHashSet<>();
        for (List<Fact> list : lists) {
            all.addAll(list);
        }
        return new ArrayList<>(all);
    }
}
