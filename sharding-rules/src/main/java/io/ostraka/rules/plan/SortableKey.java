package io.ostraka.rules.plan;

import java.util.Set;

/**
 * Whether the values of an expression are of some type whose order is known here and needs no collation: numbers, truth,
 * dates. When in doubt they are not; where this is wrong after all, the type that the shards tell decides. Immutable.
 */
record SortableKey(SelectBlock block) {
    private static final Set<String> NUMBERS = Set.of(
            "count",
            "sum",
            "avg",
            "length",
            "char_length",
            "character_length",
            "octet_length",
            "bit_length",
            "ascii",
            "strpos",
            "position",
            "extract",
            "date_part",
            "random",
            "sqrt",
            "cardinality",
            "array_length");

    /** Functions whose result is of the type of their arguments. */
    private static final Set<String> OF_ARGUMENTS = Set.of(
            "max",
            "min",
            "coalesce",
            "greatest",
            "least",
            "nullif",
            "abs",
            "round",
            "ceil",
            "ceiling",
            "floor",
            "trunc",
            "mod",
            "power",
            "sign",
            "date_trunc");

    boolean isSure(Expression value) {
        if (value instanceof Expression.Name) {
            return block.columnMeant(value)
                    .flatMap(column -> SortType.named(column.type()))
                    .filter(type -> !type.isText())
                    .isPresent();
        }
        if (value instanceof Expression.Literal literal) {
            return Character.isDigit(literal.text().charAt(0));
        }
        if (value instanceof Expression.Cast cast) {
            return SortType.named(cast.type()).filter(type -> !type.isText()).isPresent();
        }
        if (value instanceof Expression.Call call) {
            return NUMBERS.contains(call.last())
                    || (OF_ARGUMENTS.contains(call.last())
                            && call.parts().stream().anyMatch(this::isSure));
        }
        if (value instanceof Expression.Negation || value instanceof Expression.Other) {
            return !value.parts().isEmpty() && value.parts().stream().allMatch(this::isSure);
        }
        return value instanceof Expression.Constant
                || value instanceof Expression.Comparison
                || value instanceof Expression.And
                || value instanceof Expression.Or
                || value instanceof Expression.In
                || value instanceof Expression.IsNull
                || value instanceof Expression.EqualsAny
                || value instanceof Expression.InQuery
                || value instanceof Expression.Exists;
    }
}
