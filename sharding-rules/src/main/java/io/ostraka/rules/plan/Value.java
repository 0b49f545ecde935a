package io.ostraka.rules.plan;

import io.ostraka.rules.sql.SourceSpan;
import java.util.Optional;

/**
 * An expression whose value is known once a statement's literals and parameters are: what a key is compared with, or
 * set to. {@code type} is that of an explicit cast, PostgreSQL's own name. Immutable.
 */
record Value(Source source, boolean negative, Optional<String> type) {

    /** Where the value comes from. */
    sealed interface Source {
        record OfLiteral(int index, String text) implements Source {}

        /** {@code at} tells uses of one parameter apart. */
        record OfParameter(int number, int at) implements Source {}

        /** What a server is asked for; {@code span} is its text. */
        record OfServer(SourceSpan span) implements Source {}

        record Null() implements Source {}
    }

    static final Value NULL = new Value(new Source.Null(), false, Optional.empty());

    /** Empty for what depends on rows, and for what only a server can tell where nobody would ask one. */
    static Optional<Value> of(Expression expression) {
        if (expression instanceof Expression.Literal literal) {
            return Optional.of(
                    new Value(new Source.OfLiteral(literal.index(), literal.text()), false, Optional.empty()));
        }
        if (expression instanceof Expression.Parameter parameter) {
            return Optional.of(
                    new Value(new Source.OfParameter(parameter.number(), parameter.at()), false, Optional.empty()));
        }
        if (expression instanceof Expression.Constant constant && constant.word() == Expression.Constant.Word.NULL) {
            return Optional.of(NULL);
        }
        if (expression instanceof Expression.Constant constant && constant.word() != Expression.Constant.Word.DEFAULT) {
            boolean isTrue = constant.word() == Expression.Constant.Word.TRUE;
            return Optional.of(
                    new Value(new Source.OfLiteral(-1, isTrue ? "'true'" : "'false'"), false, Optional.of("bool")));
        }
        if (expression instanceof Expression.Formula formula) {
            return Optional.of(new Value(new Source.OfServer(formula.span()), false, Optional.empty()));
        }
        if (expression instanceof Expression.Negation negation) {
            return of(negation.operand())
                    .filter(value -> value.source instanceof Source.OfLiteral literal
                            && ValueReader.isNumber(literal.text())
                            && !value.negative)
                    .map(value -> new Value(value.source, true, value.type));
        }
        if (expression instanceof Expression.Cast cast && !cast.modified()) {
            return of(cast.operand())
                    .filter(value -> value.type.isEmpty())
                    .map(value -> new Value(value.source, value.negative, Optional.of(cast.type())));
        }
        return Optional.empty();
    }

    boolean isNull() {
        return source instanceof Source.Null;
    }
}
