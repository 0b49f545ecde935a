package io.ostraka.rules.plan;

import io.ostraka.rules.sql.SourceSpan;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;

/**
 * An expression as far as routing must understand it; what it need not understand is {@link Other}, which still shows
 * its parts. Names are folded. {@code at} is a character of the statement's text, from 0. Immutable.
 */
sealed interface Expression {
    int at();

    /** The expressions directly inside, not those of a subquery. */
    List<Expression> parts();

    /** {@code a}, {@code t.a}, {@code s.t.a}; what it names is for the scope to find out. */
    record Name(List<String> path, int at) implements Expression {
        public Name {
            path = List.copyOf(path);
        }

        @Override
        public List<Expression> parts() {
            return List.of();
        }

        String last() {
            return path.get(path.size() - 1);
        }
    }

    /** {@code *}, {@code t.*}. */
    record Star(List<String> qualifier, int at) implements Expression {
        public Star {
            qualifier = List.copyOf(qualifier);
        }

        @Override
        public List<Expression> parts() {
            return List.of();
        }
    }

    /**
     * A number or string. {@code text} is as written; {@code index} is its place among the literals lifted out of the
     * statement, -1 for one that stays in the template (or stands in a view), whose text is then the same for every
     * execution.
     */
    record Literal(int index, String text, int at) implements Expression {
        @Override
        public List<Expression> parts() {
            return List.of();
        }
    }

    record Parameter(int number, int at) implements Expression {
        @Override
        public List<Expression> parts() {
            return List.of();
        }
    }

    /** A word that is a value. */
    record Constant(Word word, int at) implements Expression {
        enum Word {
            NULL,
            TRUE,
            FALSE,
            /** In VALUES and SET. */
            DEFAULT
        }

        @Override
        public List<Expression> parts() {
            return List.of();
        }
    }

    /** {@code -x}. */
    record Negation(Expression operand, int at) implements Expression {
        @Override
        public List<Expression> parts() {
            return List.of(operand);
        }
    }

    /**
     * {@code x::type}, {@code CAST(x AS type)}, {@code type 'x'}. {@code type} is PostgreSQL's own name
     * ({@code int8}, not {@code bigint}) with its schema if one is written; {@code modified} when a modifier such as
     * {@code (10,2)} or {@code []} follows.
     */
    record Cast(Expression operand, String type, boolean modified, int at) implements Expression {
        @Override
        public List<Expression> parts() {
            return List.of(operand);
        }
    }

    enum Comparator {
        EQUAL,
        LESS,
        LESS_OR_EQUAL,
        GREATER,
        GREATER_OR_EQUAL;

        /** The same comparison with its sides exchanged. */
        Comparator mirrored() {
            return switch (this) {
                case EQUAL -> EQUAL;
                case LESS -> GREATER;
                case LESS_OR_EQUAL -> GREATER_OR_EQUAL;
                case GREATER -> LESS;
                case GREATER_OR_EQUAL -> LESS_OR_EQUAL;
            };
        }
    }

    record Comparison(Comparator comparator, Expression left, Expression right, int at) implements Expression {
        @Override
        public List<Expression> parts() {
            return List.of(left, right);
        }
    }

    record And(List<Expression> parts, int at) implements Expression {
        public And {
            parts = List.copyOf(parts);
        }
    }

    record Or(List<Expression> parts, int at) implements Expression {
        public Or {
            parts = List.copyOf(parts);
        }
    }

    /** {@code left IN (...)}; NOT IN is {@link Other}. */
    record In(Expression left, List<Expression> list, int at) implements Expression {
        public In {
            list = List.copyOf(list);
        }

        @Override
        public List<Expression> parts() {
            return Stream.concat(Stream.of(left), list.stream()).toList();
        }
    }

    /** {@code left = ANY (array)}. */
    record EqualsAny(Expression left, Expression array, int at) implements Expression {
        @Override
        public List<Expression> parts() {
            return List.of(left, array);
        }
    }

    /** {@code ARRAY[...]}. */
    record Array(List<Expression> parts, int at) implements Expression {
        public Array {
            parts = List.copyOf(parts);
        }
    }

    /** {@code (a, b)}, {@code ROW(a, b)}. */
    record Row(List<Expression> parts, int at) implements Expression {
        public Row {
            parts = List.copyOf(parts);
        }
    }

    record IsNull(Expression operand, int at) implements Expression {
        @Override
        public List<Expression> parts() {
            return List.of(operand);
        }
    }

    /**
     * A call. {@code name} is as written, one or two parts. {@code windowed} when OVER follows; {@code aggregating}
     * when the syntax alone says that it is an aggregate: {@code f(*)}, DISTINCT, ORDER BY, FILTER, WITHIN GROUP.
     */
    record Call(List<String> name, List<Expression> parts, boolean windowed, boolean aggregating, int at)
            implements Expression {
        public Call {
            name = List.copyOf(name);
            parts = List.copyOf(parts);
        }

        String last() {
            return name.get(name.size() - 1);
        }
    }

    /** A subquery whose rows are a value of the expression: scalar, ARRAY(...), EXISTS under NOT, ALL and so on. */
    record Subquery(Query query, int at) implements Expression {
        @Override
        public List<Expression> parts() {
            return List.of();
        }
    }

    record Exists(Query query, int at) implements Expression {
        @Override
        public List<Expression> parts() {
            return List.of();
        }
    }

    /**
     * {@code left IN (SELECT ...)}, {@code left = ANY (SELECT ...)}; NOT IN is {@link Other} around a
     * {@link Subquery}.
     */
    record InQuery(Expression left, Query query, int at) implements Expression {
        @Override
        public List<Expression> parts() {
            return List.of(left);
        }
    }

    /** A word such as CURRENT_TIMESTAMP or CURRENT_USER: a function without parentheses. */
    record ValueWord(String word, int at) implements Expression {
        @Override
        public List<Expression> parts() {
            return List.of();
        }
    }

    /**
     * An expression of literals and parameters alone, in a place where its value may be a key's: what only a server can tell.
     * {@code span} is its text.
     */
    record Formula(Expression expression, SourceSpan span) implements Expression {
        /** More is not worth asking. */
        private static final int MAX_PARTS = 64;

        @Override
        public int at() {
            return expression.at();
        }

        @Override
        public List<Expression> parts() {
            return List.of(expression);
        }

        /** Whether it can be one: nothing in it is a row's. What functions it calls is not looked at. */
        static boolean isOne(Expression expression) {
            Deque<Expression> left = new ArrayDeque<>(List.of(expression));
            int seen = 0;
            while (!left.isEmpty()) {
                Expression next = left.removeLast();
                boolean fits = next instanceof Call call
                        ? !call.windowed() && !call.aggregating()
                        : !(next instanceof Name
                                || next instanceof Star
                                || next instanceof Subquery
                                || next instanceof Exists
                                || next instanceof InQuery
                                || next instanceof Formula
                                || (next instanceof Constant constant && constant.word() == Constant.Word.DEFAULT));
                if (!fits || ++seen > MAX_PARTS) {
                    return false;
                }
                next.parts().forEach(left::addLast);
            }
            return true;
        }
    }

    /** Anything else: {@code what} names it for an error message. */
    record Other(String what, List<Expression> parts, int at) implements Expression {
        public Other {
            parts = List.copyOf(parts);
        }
    }
}
