package io.ostraka.rules.plan;

import io.ostraka.rules.plan.Expression.Comparator;
import io.ostraka.rules.rule.KeyType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What follows for single columns when a condition is true. A condition that is a conjunction says what each of its
 * parts says; of a disjunction each branch is kept; from everything not understood nothing follows.
 */
final class FactReader {
    private final Scope scope;
    private final Function<Expression, List<Fact>> ofSubquery;

    /** {@code ofSubquery} tells what follows when an IN or EXISTS with a subquery is true. */
    FactReader(Scope scope, Function<Expression, List<Fact>> ofSubquery) {
        this.scope = scope;
        this.ofSubquery = ofSubquery;
    }

    List<Fact> read(Expression condition) {
        List<Fact> facts = new ArrayList<>();
        read(condition, facts);
        return facts;
    }

    private void read(Expression condition, List<Fact> facts) {
        if (condition instanceof Expression.And and) {
            and.parts().forEach(part -> read(part, facts));
        } else if (condition instanceof Expression.Or or) {
            facts.addAll(either(or.parts().stream().map(this::read).toList()));
        } else if (condition instanceof Expression.Comparison comparison) {
            compare(comparison.comparator(), comparison.left(), comparison.right(), facts);
        } else if (condition instanceof Expression.In in) {
            in(in, facts);
        } else if (condition instanceof Expression.EqualsAny any) {
            equalsAny(any, facts);
        } else if (condition instanceof Expression.IsNull isNull) {
            variable(isNull.operand()).ifPresent(column -> facts.add(new Fact.IsNull(column)));
        } else if (condition instanceof Expression.InQuery || condition instanceof Expression.Exists) {
            facts.addAll(ofSubquery.apply(condition));
        } else if (condition instanceof Expression.Constant constant
                && constant.word() != Expression.Constant.Word.TRUE) {
            facts.add(new Fact.Never());
        }
    }

    /** The facts of an OR. */
    private static List<Fact> either(List<List<Fact>> branches) {
        if (branches.stream().anyMatch(List::isEmpty)) {
            // One branch says nothing, so any row may pass.
            return List.of();
        }
        Optional<Variable> column = soleColumn(branches);
        if (column.isEmpty()) {
            return List.of(new Fact.Either(branches));
        }
        // Ten thousand of "id = ... OR" are one list.
        List<Value> values = new ArrayList<>();
        branches.forEach(branch -> values.addAll(((Fact.OneOf) branch.get(0)).values()));
        return List.of(new Fact.OneOf(column.get(), values));
    }

    private static Optional<Variable> soleColumn(List<List<Fact>> branches) {
        if (!(branches.get(0).get(0) instanceof Fact.OneOf first)) {
            return Optional.empty();
        }
        boolean all = branches.stream()
                .allMatch(branch -> branch.size() == 1
                        && branch.get(0) instanceof Fact.OneOf one
                        && one.column().equals(first.column()));
        return all ? Optional.of(first.column()) : Optional.empty();
    }

    private void compare(Comparator comparator, Expression left, Expression right, List<Fact> facts) {
        if (left instanceof Expression.Row leftRow && right instanceof Expression.Row rightRow) {
            // Rows of which one is less than the other say little of a single column.
            if (comparator == Comparator.EQUAL
                    && leftRow.parts().size() == rightRow.parts().size()) {
                for (int i = 0; i < leftRow.parts().size(); i++) {
                    compare(comparator, leftRow.parts().get(i), rightRow.parts().get(i), facts);
                }
            }
            return;
        }
        Optional<Variable> leftColumn = variable(left);
        Optional<Variable> rightColumn = variable(right);
        if (leftColumn.isPresent() && rightColumn.isPresent()) {
            if (comparator == Comparator.EQUAL && comparable(leftColumn.get(), rightColumn.get())) {
                facts.add(new Fact.Equal(leftColumn.get(), rightColumn.get()));
            }
        } else if (comparator == Comparator.EQUAL && (isNullWord(left) || isNullWord(right))) {
            // Under transform_null_equals it is IS NULL, and true of rows that an outer join fills in.
            return;
        } else if (leftColumn.isPresent()) {
            Value.of(right).ifPresent(value -> facts.add(against(leftColumn.get(), comparator, value)));
        } else if (rightColumn.isPresent()) {
            Value.of(left).ifPresent(value -> facts.add(against(rightColumn.get(), comparator.mirrored(), value)));
        }
    }

    /** Without a cast: that alone is what the parser of PostgreSQL looks for. */
    private static boolean isNullWord(Expression expression) {
        return expression instanceof Expression.Constant constant && constant.word() == Expression.Constant.Word.NULL;
    }

    private static Fact against(Variable column, Comparator comparator, Value value) {
        return comparator == Comparator.EQUAL
                ? new Fact.OneOf(column, List.of(value))
                : new Fact.Bound(column, comparator, value);
    }

    private void in(Expression.In in, List<Fact> facts) {
        if (in.left() instanceof Expression.Row) {
            facts.addAll(either(in.list().stream()
                    .map(member -> {
                        List<Fact> branch = new ArrayList<>();
                        compare(Comparator.EQUAL, in.left(), member, branch);
                        return branch;
                    })
                    .toList()));
            return;
        }
        Optional<Variable> column = variable(in.left());
        if (column.isEmpty()) {
            return;
        }
        values(in.list()).ifPresent(values -> facts.add(new Fact.OneOf(column.get(), values)));
    }

    private void equalsAny(Expression.EqualsAny any, List<Fact> facts) {
        Optional<Variable> column = variable(any.left());
        if (column.isEmpty()) {
            return;
        }
        Expression array = any.array();
        if (array instanceof Expression.Array listed) {
            values(listed.parts()).ifPresent(values -> facts.add(new Fact.OneOf(column.get(), values)));
        } else if (array instanceof Expression.Cast cast && cast.operand() instanceof Expression.Array listed) {
            values(listed.parts().stream()
                            .map(member -> ofElementType(cast, member))
                            .toList())
                    .ifPresent(values -> facts.add(new Fact.OneOf(column.get(), values)));
        } else {
            Expression whole = array instanceof Expression.Cast cast ? ofElementType(cast, cast.operand()) : array;
            Value.of(whole).ifPresent(value -> facts.add(new Fact.ElementOf(column.get(), value)));
        }
    }

    /** {@code $1::int8[]} is an array of int8: the cast becomes that of an element. */
    private static Expression ofElementType(Expression.Cast toArray, Expression element) {
        String type = toArray.type();
        return type.endsWith("[]")
                ? new Expression.Cast(element, type.substring(0, type.length() - 2), false, toArray.at())
                : toArray;
    }

    private static Optional<List<Value>> values(List<Expression> list) {
        List<Value> values = new ArrayList<>(list.size());
        for (Expression member : list) {
            Optional<Value> value = Value.of(member);
            if (value.isEmpty()) {
                return Optional.empty();
            }
            values.add(value.get());
        }
        // IN (1, 1.5) has the type common to its members: without a cast of its own a string or parameter takes that
        // one.
        return Optional.of(values);
    }

    private Optional<Variable> variable(Expression expression) {
        return scope.columnMeant(expression);
    }

    /**
     * Whether {@code =} between them is the equality of one operator family, so that it carries a value from one to
     * the other.
     */
    static boolean comparable(Variable a, Variable b) {
        Optional<KeyType> left = KeyType.named(a.type());
        Optional<KeyType> right = KeyType.named(b.type());
        return left.isPresent()
                && right.isPresent()
                && left.get().family() == right.get().family();
    }
}
