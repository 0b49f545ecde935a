package io.ostraka.rules.plan;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A WHERE or ON, part by part, because the subqueries of one part may be told what the other parts say, but not what
 * its own part says: that was concluded from its rows.
 */
record Conditions(List<Part> parts, Subqueries subqueries) {
    static final Conditions NONE = new Conditions(List.of(), new Subqueries());

    /** One conjunct and what follows from it; {@code members} as in {@link Level.Nested}. */
    record Part(Expression condition, List<Fact> facts, List<Optional<Variable>> members) {
        Part {
            facts = List.copyOf(facts);
            members = List.copyOf(members);
        }
    }

    Conditions {
        parts = List.copyOf(parts);
    }

    static Conditions of(Optional<Expression> condition, Scope scope, Subqueries subqueries) {
        if (condition.isEmpty()) {
            return NONE;
        }
        FactReader reader = new FactReader(scope, expression -> ofSubquery(expression, scope, subqueries));
        List<Part> parts = new ArrayList<>();
        Deque<Expression> left = new ArrayDeque<>(List.of(condition.get()));
        while (!left.isEmpty()) {
            Expression next = left.removeFirst();
            if (next instanceof Expression.And and) {
                and.parts().forEach(left::addLast);
            } else {
                parts.add(new Part(next, reader.read(next), members(next, scope)));
            }
        }
        return new Conditions(parts, subqueries);
    }

    private static List<Optional<Variable>> members(Expression condition, Scope scope) {
        if (!(condition instanceof Expression.InQuery in)) {
            return List.of();
        }
        List<Expression> left = in.left() instanceof Expression.Row row ? row.parts() : List.of(in.left());
        return left.stream().map(scope::columnMeant).toList();
    }

    /** The parts, once their subqueries are settled. */
    List<Level.Conjunct> conjuncts() {
        List<Level.Conjunct> conjuncts = new ArrayList<>();
        for (Part part : parts) {
            List<Level.Nested> nested = new ArrayList<>();
            for (Expression holder : subqueriesOf(part.condition())) {
                List<Optional<Variable>> members =
                        holder == part.condition() ? part.members() : List.<Optional<Variable>>of();
                Level level = subqueries.of(queryOf(holder)).level();
                nested.add(new Level.Nested(level, holder instanceof Expression.Exists, members));
            }
            conjuncts.add(new Level.Conjunct(part.condition(), part.facts(), nested));
        }
        return conjuncts;
    }

    List<Fact> facts() {
        List<Fact> facts = new ArrayList<>();
        parts.forEach(part -> facts.addAll(part.facts()));
        return facts;
    }

    /** Settles the subqueries, given what holds of the rows around them. */
    void settleSubqueries(List<Fact> context) {
        for (Part part : parts) {
            Set<Fact> own = new HashSet<>(part.facts());
            List<Fact> others =
                    context.stream().filter(fact -> !own.contains(fact)).toList();
            subqueriesOf(part.condition()).forEach(holder -> {
                Query query = queryOf(holder);
                Block block = subqueries.of(query);
                block.settle(JoinTree.joined(others, inwards(part, query, block)));
            });
        }
    }

    /**
     * {@code x IN (SELECT y ...)}: only the rows whose y is x matter, where the subquery allows to choose rows by
     * their output.
     */
    private static List<Fact> inwards(Part part, Query query, Block block) {
        if (!(part.condition() instanceof Expression.InQuery in) || in.query() != query) {
            return List.of();
        }
        Leaf probe = Block.leaf(block, FromItem.Alias.NONE, "subquery");
        List<Fact> links = block.links(probe);
        Set<Variable> choosable = new HashSet<>();
        links.forEach(link -> choosable.add(((Fact.Same) link).inner()));
        return part.facts().stream()
                .filter(fact -> fact instanceof Fact.Equal equal
                        && (choosable.contains(equal.a()) || choosable.contains(equal.b())))
                .toList();
    }

    /**
     * What is true when an IN or EXISTS is: there is a row, its columns are equal to the left side, and its own facts
     * hold.
     */
    private static List<Fact> ofSubquery(Expression expression, Scope scope, Subqueries subqueries) {
        if (expression instanceof Expression.Exists exists) {
            return subqueries.of(exists.query()).guaranteed();
        }
        Expression.InQuery in = (Expression.InQuery) expression;
        Block block = subqueries.of(in.query());
        List<Fact> facts = new ArrayList<>(block.guaranteed());
        List<Expression> left = in.left() instanceof Expression.Row row ? row.parts() : List.of(in.left());
        if (left.size() != block.outputs().size() || block.open()) {
            return facts;
        }
        for (int i = 0; i < left.size(); i++) {
            Optional<Variable> inner = block.outputs().get(i).variable();
            Optional<Variable> outer = scope.columnMeant(left.get(i));
            if (inner.isPresent() && outer.isPresent() && FactReader.comparable(outer.get(), inner.get())) {
                facts.add(new Fact.Equal(outer.get(), inner.get()));
            }
        }
        return facts;
    }

    private static Query queryOf(Expression holder) {
        if (holder instanceof Expression.Subquery subquery) {
            return subquery.query();
        }
        return holder instanceof Expression.Exists exists ? exists.query() : ((Expression.InQuery) holder).query();
    }

    /** The expressions inside that hold a subquery. */
    private static List<Expression> subqueriesOf(Expression condition) {
        List<Expression> found = new ArrayList<>();
        Deque<Expression> left = new ArrayDeque<>(List.of(condition));
        while (!left.isEmpty()) {
            Expression next = left.removeFirst();
            if (next instanceof Expression.Subquery
                    || next instanceof Expression.Exists
                    || next instanceof Expression.InQuery) {
                found.add(next);
            }
            next.parts().forEach(left::addLast);
        }
        return found;
    }
}
