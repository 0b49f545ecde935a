package io.ostraka.rules.plan;

import java.util.ArrayList;
import java.util.List;

/** Says facts in words, with the literals of one execution; parameters by their numbers. Immutable. */
record FactWords(PlannedStatement statement) {
    private static final int SHOWN = 4;

    /** Several facts as one clause. */
    String all(List<Fact> facts) {
        return String.join(" and ", facts.stream().map(this::one).distinct().toList());
    }

    private String one(Fact fact) {
        if (fact instanceof Fact.OneOf one) {
            return one.values().size() == 1
                    ? one.column() + " = " + value(one.values().get(0))
                    : one.column() + " is one of " + list(one.values());
        }
        if (fact instanceof Fact.ElementOf element) {
            return element.column() + " is in " + value(element.array());
        }
        if (fact instanceof Fact.Bound bound) {
            return bound.column() + " " + symbol(bound.comparator()) + " " + value(bound.value());
        }
        return fact instanceof Fact.IsNull isNull ? isNull.column() + " is null" : "one side of an OR holds";
    }

    private String list(List<Value> values) {
        List<String> shown = new ArrayList<>();
        values.stream().limit(SHOWN).forEach(value -> shown.add(value(value)));
        if (values.size() > SHOWN) {
            shown.add("... (" + values.size() + " values)");
        }
        return String.join(", ", shown);
    }

    private String value(Value value) {
        String cast = value.type().map(type -> "::" + type).orElse("");
        if (value.source() instanceof Value.Source.OfLiteral literal) {
            CharSequence text = literal.index() < 0 ? literal.text() : statement.literal(literal.index());
            return (value.negative() ? "-" : "") + text + cast;
        }
        if (value.source() instanceof Value.Source.OfServer server) {
            return "("
                    + statement
                            .template()
                            .orElseThrow()
                            .sql()
                            .substring(server.span().start(), server.span().end()) + ")";
        }
        return value.source() instanceof Value.Source.OfParameter parameter ? "$" + parameter.number() + cast : "NULL";
    }

    private static String symbol(Expression.Comparator comparator) {
        return switch (comparator) {
            case EQUAL -> "=";
            case LESS -> "<";
            case LESS_OR_EQUAL -> "<=";
            case GREATER -> ">";
            case GREATER_OR_EQUAL -> ">=";
        };
    }
}
