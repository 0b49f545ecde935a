package io.ostraka.rules.plan;

import io.ostraka.rules.rule.KeyedRule;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One query level as it is once analysed: what its FROM joins, with the tables' occurrences, what is known to hold, what
 * it puts out, and the levels inside it. The form that plans are made of; nothing in it has to be looked up again in the
 * catalog or in a scope. Immutable.
 *
 * <p>Columns are {@link Variable}s of the {@link Leaf} they come from; leaves are compared by identity, so that a
 * column's origin is told by its leaf wherever the variable turns up. Source positions are those of the {@link Query}.
 */
sealed interface Level {

    /** What it puts out; {@link #open} when there may be more than is listed. */
    List<Block.Output> outputs();

    boolean open();

    /** The same with other names for what it puts out. */
    Level renamed(List<Block.Output> renamed);

    /**
     * One SELECT. {@code where} are the parts of its WHERE; {@code others} the subqueries in its select list, GROUP BY,
     * HAVING, windows, ORDER BY and LIMIT. {@code mayAggregate} when a call in it may be an aggregate of this level.
     */
    record Select(
            Query.Select query,
            Optional<Tree> from,
            List<Conjunct> where,
            List<Level> others,
            List<Optional<Variable>> groupKeys,
            List<Optional<Variable>> distinctKeys,
            List<AnswerCall> calls,
            List<Block.Output> outputs,
            boolean open)
            implements Level {
        public Select {
            where = List.copyOf(where);
            others = List.copyOf(others);
            groupKeys = List.copyOf(groupKeys);
            distinctKeys = List.copyOf(distinctKeys);
            calls = List.copyOf(calls);
            outputs = List.copyOf(outputs);
        }

        @Override
        public Level renamed(List<Block.Output> renamed) {
            return new Select(query, from, where, others, groupKeys, distinctKeys, calls, renamed, open);
        }

        /** What holds of every row that passes its WHERE. */
        List<Fact> facts() {
            List<Fact> facts = new ArrayList<>();
            where.forEach(conjunct -> facts.addAll(conjunct.facts()));
            return JoinTree.joined(facts, from.map(Tree::guaranteed).orElse(List.of()));
        }

        /** What its WHERE alone says. */
        List<Fact> whereFacts() {
            List<Fact> facts = new ArrayList<>();
            where.forEach(conjunct -> facts.addAll(conjunct.facts()));
            return facts;
        }

        Set<Leaf> leaves() {
            return from.map(Tree::leaves).orElse(Set.of());
        }

        boolean hasWindows() {
            return !query.windows().isEmpty()
                    || calls.stream().anyMatch(use -> use.call().windowed());
        }
    }

    /** A call in the select list, HAVING or ORDER BY, or in a subquery there of whose level it may not be. */
    record AnswerCall(Expression.Call call, boolean mayAggregate, boolean orderFree) {}

    /** UNION, INTERSECT, EXCEPT; {@code others} are the subqueries in its ORDER BY and LIMIT. */
    record SetOperation(
            Query.SetOperation query,
            List<Level> branches,
            List<Level> others,
            List<Block.Output> outputs,
            boolean open)
            implements Level {
        public SetOperation {
            branches = List.copyOf(branches);
            others = List.copyOf(others);
            outputs = List.copyOf(outputs);
        }

        @Override
        public Level renamed(List<Block.Output> renamed) {
            return new SetOperation(query, branches, others, renamed, open);
        }
    }

    /** VALUES. */
    record Values(List<Level> subqueries, List<Block.Output> outputs) implements Level {
        public Values {
            subqueries = List.copyOf(subqueries);
            outputs = List.copyOf(outputs);
        }

        @Override
        public boolean open() {
            return false;
        }

        @Override
        public Level renamed(List<Block.Output> renamed) {
            return new Values(subqueries, renamed);
        }
    }

    /**
     * INSERT, UPDATE, DELETE. {@code rows} are those that it writes: of UPDATE and DELETE the target's with what they are joined
     * with, of INSERT with a query the query's. Empty where they are listed, or not looked at.
     */
    record Write(Optional<Written> rows) implements Level {
        @Override
        public List<Block.Output> outputs() {
            return List.of();
        }

        @Override
        public boolean open() {
            return true;
        }

        @Override
        public Level renamed(List<Block.Output> renamed) {
            return this;
        }
    }

    /** Which rows are written. */
    sealed interface Written {}

    /**
     * UPDATE, DELETE and MERGE: the target joined with FROM, USING or the source. {@code others} are the subqueries in what is set
     * and returned, {@code stored} for each kind of rows that MERGE inserts the columns that make their key.
     */
    record Joined(Tree from, List<Conjunct> where, List<Level> others, List<List<Variable>> stored, int at)
            implements Written {
        public Joined {
            where = List.copyOf(where);
            others = List.copyOf(others);
            stored = stored.stream().map(List::copyOf).toList();
        }

        /** What its WHERE alone says. */
        List<Fact> whereFacts() {
            List<Fact> facts = new ArrayList<>();
            where.forEach(conjunct -> facts.addAll(conjunct.facts()));
            return facts;
        }
    }

    /** INSERT with a query; {@code keys} has, for each column of the target's shard key, its place in the query's columns. */
    record Selected(Level query, KeyedRule rule, List<Integer> keys) implements Written {
        public Selected {
            keys = List.copyOf(keys);
        }
    }

    /** A query with WITH queries that run by themselves, because they write or are recursive. */
    record With(Level body, int at) implements Level {
        @Override
        public List<Block.Output> outputs() {
            return body.outputs();
        }

        @Override
        public boolean open() {
            return body.open();
        }

        @Override
        public Level renamed(List<Block.Output> renamed) {
            return new With(body.renamed(renamed), at);
        }
    }

    /** The rows of a WITH query that writes or is recursive, where it is referred to. */
    record Reference(List<Block.Output> outputs, boolean open) implements Level {
        public Reference {
            outputs = List.copyOf(outputs);
        }

        @Override
        public Level renamed(List<Block.Output> renamed) {
            return new Reference(renamed, open);
        }
    }

    /** One part of a WHERE or ON with the subqueries inside it. */
    record Conjunct(Expression condition, List<Fact> facts, List<Nested> subqueries) {
        public Conjunct {
            facts = List.copyOf(facts);
            subqueries = List.copyOf(subqueries);
        }
    }

    /**
     * A subquery of a condition; {@code exists} when only the existence of a row counts. Where the condition is {@code
     * x IN (SELECT ...)} and nothing else, {@code members} are the columns on its left, in the order of the subquery's;
     * else it is empty.
     */
    record Nested(Level level, boolean exists, List<Optional<Variable>> members) {
        public Nested {
            members = List.copyOf(members);
        }
    }

    /** What FROM joins. Outer joins whose null-extended rows cannot pass are inner ones here. */
    sealed interface Tree {
        Set<Leaf> leaves();

        /** What is true of every row that it puts out. */
        List<Fact> guaranteed();
    }

    record Source(Leaf leaf, Origin origin, List<Fact> guaranteed) implements Tree {
        public Source {
            guaranteed = List.copyOf(guaranteed);
        }

        @Override
        public Set<Leaf> leaves() {
            return Set.of(leaf);
        }
    }

    /**
     * {@code on} is what its condition says, {@code subqueries} those inside the condition; the rest follows from the
     * sides, and is kept because each join around asks for it.
     */
    record Join(
            FromItem.Join.Kind kind,
            Tree left,
            Tree right,
            List<Fact> on,
            List<Nested> subqueries,
            Set<Leaf> leaves,
            List<Fact> guaranteed)
            implements Tree {
        public Join {
            on = List.copyOf(on);
            subqueries = List.copyOf(subqueries);
            leaves = Set.copyOf(leaves);
            guaranteed = List.copyOf(guaranteed);
        }

        static Join of(FromItem.Join.Kind kind, Tree left, Tree right, List<Fact> on, List<Nested> subqueries) {
            Set<Leaf> leaves = new HashSet<>(left.leaves());
            leaves.addAll(right.leaves());
            List<Fact> guaranteed =
                    switch (kind) {
                        case INNER -> JoinTree.joined(left.guaranteed(), right.guaranteed(), on);
                        case LEFT -> left.guaranteed();
                        case RIGHT -> right.guaranteed();
                        case FULL -> List.of();
                    };
            return new Join(kind, left, right, on, subqueries, leaves, guaranteed);
        }
    }

    /** What a leaf is. */
    sealed interface Origin {}

    record OfTable(Occurrence occurrence, boolean sampled) implements Origin {}

    /** A relation of {@code pg_catalog} or {@code information_schema}, which every shard has for itself. */
    record OfSystem() implements Origin {}

    /** A subquery, a view, a WITH query. */
    record OfLevel(Level level, boolean view) implements Origin {}

    record OfFunction(List<Expression> calls, List<Level> subqueries) implements Origin {
        public OfFunction {
            calls = List.copyOf(calls);
            subqueries = List.copyOf(subqueries);
        }
    }
}
