package io.ostraka.rules.plan;

import io.ostraka.rules.plan.Expression.Comparator;
import io.ostraka.rules.plan.Expression.Constant;
import io.ostraka.rules.sql.PgArray;
import io.ostraka.rules.sql.PgArrayQuery;
import io.ostraka.rules.sql.PgDelete;
import io.ostraka.rules.sql.PgFunctionCall;
import io.ostraka.rules.sql.PgFunctionTable;
import io.ostraka.rules.sql.PgInsert;
import io.ostraka.rules.sql.PgJoin;
import io.ostraka.rules.sql.PgNamedArgument;
import io.ostraka.rules.sql.PgOrderItem;
import io.ostraka.rules.sql.PgQuantified;
import io.ostraka.rules.sql.PgQuery;
import io.ostraka.rules.sql.PgScalarQuery;
import io.ostraka.rules.sql.PgSelect;
import io.ostraka.rules.sql.PgSetOperation;
import io.ostraka.rules.sql.PgSubqueryTable;
import io.ostraka.rules.sql.PgTable;
import io.ostraka.rules.sql.PgType;
import io.ostraka.rules.sql.PgTypedLiteral;
import io.ostraka.rules.sql.PgUpdate;
import io.ostraka.rules.sql.PgValues;
import io.ostraka.rules.sql.PgWindow;
import io.ostraka.rules.sql.SourceSpan;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.fun.SqlBetweenOperator;
import org.apache.calcite.sql.type.SqlTypeName;

/**
 * The part of {@link SyntaxReader} for expressions. Goes as deep as the parser did, which has a limit. Confined to
 * one statement.
 */
final class ExpressionReader {
    private final Text text;
    private final SyntaxReader queries;

    /** What the tree was read from: the text of literals, and which of them are lifted out of the template. */
    interface Text {
        String at(int start, int end);

        /** The number of the lifted literal that starts here, -1 when none does. */
        int literalAt(int offset);

        /** Whether it is the statement's own, and not a view's. */
        boolean isOwn();
    }

    ExpressionReader(Text text, SyntaxReader queries) {
        this.text = text;
        this.queries = queries;
    }

    /** A side of a comparison, or a value of a row: what only a server can tell keeps its text. */
    Expression operand(SqlNode node) {
        if (node instanceof SqlIdentifier || node instanceof SqlLiteral || node instanceof SqlDynamicParam) {
            return read(node);
        }
        if (node.getKind() == SqlKind.ROW && node instanceof SqlCall row) {
            return new Expression.Row(operands(row.getOperandList()), SyntaxReader.at(node));
        }
        Expression read = read(node);
        return text.isOwn() && Value.of(read).isEmpty() && Expression.Formula.isOne(read)
                ? new Expression.Formula(read, SourceSpan.of(node))
                : read;
    }

    List<Expression> operands(Iterable<? extends SqlNode> nodes) {
        List<Expression> read = new ArrayList<>();
        nodes.forEach(node -> read.add(operand(node)));
        return read;
    }

    List<Expression> readAll(Iterable<? extends SqlNode> nodes) {
        List<Expression> read = new ArrayList<>();
        nodes.forEach(node -> read.add(read(node)));
        return read;
    }

    Expression read(SqlNode node) {
        int at = SyntaxReader.at(node);
        if (node instanceof SqlIdentifier identifier) {
            return identifier(identifier, at);
        }
        if (node instanceof SqlLiteral literal) {
            return literal(literal, at);
        }
        if (node instanceof SqlDynamicParam) {
            SourceSpan span = SourceSpan.of(node);
            return new Expression.Parameter(parameterNumber(text.at(span.start(), span.end()), node), at);
        }
        if (node instanceof SqlNodeList list) {
            return new Expression.Row(readAll(list), at);
        }
        if (node instanceof PgQuery query) {
            return new Expression.Subquery(queries.query(query), at);
        }
        return call((SqlCall) node, at);
    }

    Expression window(PgWindow window) {
        List<Expression> parts = new ArrayList<>(readAll(window.partitionBy()));
        window.orderBy().forEach(item -> parts.add(read(item.expression())));
        parts.addAll(readAll(window.frameOffsets()));
        return new Expression.Other("window", parts, SyntaxReader.at(window));
    }

    private static Expression identifier(SqlIdentifier identifier, int at) {
        if (identifier.isStar()) {
            List<String> names = identifier.names;
            return new Expression.Star(names.subList(0, names.size() - 1), at);
        }
        return new Expression.Name(identifier.names, at);
    }

    private static int parameterNumber(String parameter, SqlNode node) {
        try {
            return Integer.parseInt(parameter, 1, parameter.length(), 10);
        } catch (NumberFormatException tooLarge) {
            throw SyntaxReader.unsupported("parameter " + parameter, node);
        }
    }

    private Expression literal(SqlLiteral literal, int at) {
        if (literal.getTypeName() == SqlTypeName.NULL) {
            return new Constant(Constant.Word.NULL, at);
        }
        if (literal.getTypeName() == SqlTypeName.BOOLEAN) {
            return new Constant(literal.booleanValue() ? Constant.Word.TRUE : Constant.Word.FALSE, at);
        }
        if (literal.getTypeName() == SqlTypeName.SYMBOL) {
            return new Expression.Other("word", List.of(), at);
        }
        SourceSpan span = SourceSpan.of(literal);
        return new Expression.Literal(text.literalAt(span.start()), text.at(span.start(), span.end()), at);
    }

    private Expression call(SqlCall call, int at) {
        if (call instanceof PgFunctionCall function) {
            return function(function, at);
        }
        if (call instanceof PgTypedLiteral typed) {
            return cast(read(typed.literal()), typed.type(), at);
        }
        if (call instanceof PgQuantified quantified) {
            return quantified(quantified, at);
        }
        if (call instanceof PgArray array) {
            return new Expression.Array(readAll(array.elements()), at);
        }
        if (call instanceof PgScalarQuery scalar) {
            return new Expression.Subquery(queries.query(scalar.query()), at);
        }
        if (call instanceof PgArrayQuery array) {
            return new Expression.Subquery(queries.query(array.query()), at);
        }
        if (call instanceof PgNamedArgument argument) {
            return read(argument.value());
        }
        if (call instanceof PgOrderItem item) {
            return read(item.expression());
        }
        if (call instanceof PgWindow window) {
            return window(window);
        }
        if (isRows(call)) {
            throw SyntaxReader.unsupported("this expression", call);
        }
        return operator(call, at);
    }

    /** Nodes that bring rows stand where {@link SyntaxReader} looks for them, and nowhere else. */
    private static boolean isRows(SqlCall call) {
        return call instanceof PgSelect
                || call instanceof PgValues
                || call instanceof PgSetOperation
                || call instanceof PgTable
                || call instanceof PgJoin
                || call instanceof PgSubqueryTable
                || call instanceof PgFunctionTable
                || call instanceof PgInsert
                || call instanceof PgUpdate
                || call instanceof PgDelete;
    }

    private Expression operator(SqlCall call, int at) {
        return switch (call.getKind()) {
            case AND -> new Expression.And(flat(call, SqlKind.AND), at);
            case OR -> new Expression.Or(flat(call, SqlKind.OR), at);
            case EQUALS -> comparison(Comparator.EQUAL, call, at);
            case LESS_THAN -> comparison(Comparator.LESS, call, at);
            case LESS_THAN_OR_EQUAL -> comparison(Comparator.LESS_OR_EQUAL, call, at);
            case GREATER_THAN -> comparison(Comparator.GREATER, call, at);
            case GREATER_THAN_OR_EQUAL -> comparison(Comparator.GREATER_OR_EQUAL, call, at);
            case IN -> in(call, at);
            case BETWEEN -> between(call, at);
            case IS_NULL -> new Expression.IsNull(read(call.operand(0)), at);
            case EXISTS ->
                call.operand(0) instanceof PgQuery query
                        ? new Expression.Exists(queries.query(query), at)
                        : other(call, at);
            case MINUS_PREFIX -> new Expression.Negation(read(call.operand(0)), at);
            case CAST ->
                call.operand(1) instanceof PgType type ? cast(read(call.operand(0)), type, at) : other(call, at);
            case ROW -> new Expression.Row(readAll(call.getOperandList()), at);
            case DEFAULT -> new Constant(Constant.Word.DEFAULT, at);
            default -> other(call, at);
        };
    }

    /** The operands of a chain of one operator, in their order, without recursion along the chain. */
    private List<Expression> flat(SqlCall call, SqlKind kind) {
        List<SqlNode> operands = new ArrayList<>();
        List<SqlNode> left = new ArrayList<>(List.of(call));
        while (!left.isEmpty()) {
            SqlNode next = left.remove(left.size() - 1);
            if (next.getKind() == kind && next instanceof SqlCall chained) {
                for (int i = chained.operandCount() - 1; i >= 0; i--) {
                    left.add(chained.operand(i));
                }
            } else {
                operands.add(next);
            }
        }
        return readAll(operands);
    }

    private Expression comparison(Comparator comparator, SqlCall call, int at) {
        return call.operandCount() == 2
                ? new Expression.Comparison(comparator, operand(call.operand(0)), operand(call.operand(1)), at)
                : other(call, at);
    }

    private Expression in(SqlCall call, int at) {
        Expression left = read(call.operand(0));
        if (call.operand(1) instanceof PgQuery query) {
            return new Expression.InQuery(left, queries.query(query), at);
        }
        return call.operand(1) instanceof SqlNodeList list
                ? new Expression.In(left, operands(list), at)
                : other(call, at);
    }

    private Expression between(SqlCall call, int at) {
        boolean plain = call.getOperator() instanceof SqlBetweenOperator between
                && !between.isNegated()
                && between.flag == SqlBetweenOperator.Flag.ASYMMETRIC;
        if (!plain) {
            return other(call, at);
        }
        Expression operand = read(call.operand(0));
        return new Expression.And(
                List.of(
                        new Expression.Comparison(Comparator.GREATER_OR_EQUAL, operand, operand(call.operand(1)), at),
                        new Expression.Comparison(Comparator.LESS_OR_EQUAL, operand, operand(call.operand(2)), at)),
                at);
    }

    private static Expression cast(Expression operand, PgType type, int at) {
        String name = SyntaxReader.withoutSystemSchema(type.name().names);
        boolean array = type.arrayDimensions() > 0;
        // The length of a plain "char" is 1.
        boolean modified = array || !type.modifiers().isEmpty() || type.setof() || name.equals("bpchar");
        boolean simpleArray = array && type.modifiers().isEmpty() && !name.equals("bpchar");
        return new Expression.Cast(operand, simpleArray ? name + "[]" : name, modified, at);
    }

    private Expression quantified(PgQuantified quantified, int at) {
        Expression left = read(quantified.left());
        boolean equalsAny = quantified.symbol().equals("=") && !quantified.all();
        if (!equalsAny) {
            return new Expression.Other("operator", List.of(left, read(quantified.right())), at);
        }
        return quantified.right() instanceof PgQuery query
                ? new Expression.InQuery(left, queries.query(query), at)
                : new Expression.EqualsAny(left, read(quantified.right()), at);
    }

    private Expression function(PgFunctionCall call, int at) {
        List<Expression> parts = new ArrayList<>(readAll(call.arguments()));
        parts.addAll(readAll(call.orderBy()));
        parts.addAll(readAll(call.withinGroup()));
        call.filter().map(this::read).ifPresent(parts::add);
        call.over().map(this::window).ifPresent(parts::add);
        boolean aggregating = call.star()
                || call.distinct()
                || !call.orderBy().isEmpty()
                || !call.withinGroup().isEmpty()
                || call.filter().isPresent();
        return new Expression.Call(call.name().names, parts, call.over().isPresent(), aggregating, at);
    }

    /** Everything without a meaning of its own here; types and other things that hold no expression are left out. */
    private Expression other(SqlCall call, int at) {
        List<Expression> parts = new ArrayList<>();
        for (SqlNode operand : call.getOperandList()) {
            Optional.ofNullable(operand)
                    .filter(part -> !(part instanceof PgType))
                    .map(this::read)
                    .ifPresent(parts::add);
        }
        return new Expression.Other("operator", parts, at);
    }
}
