package io.ostraka.rules.sql;

import java.util.List;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;

/** A tree in short: calls as {@code (NAME operands)}, for tests to compare what was read with what was meant. */
final class TreeText {
    private TreeText() {}

    static String of(SqlNode node) {
        StringBuilder text = new StringBuilder();
        append(text, node);
        return text.toString();
    }

    private static void append(StringBuilder text, SqlNode node) {
        if (node instanceof SqlIdentifier name) {
            text.append(
                    name.isStar() && name.names.size() == 1
                            ? "*"
                            : String.join(
                                    ".",
                                    name.names.stream()
                                            .map(n -> n.isEmpty() ? "*" : n)
                                            .toList()));
        } else if (node instanceof SqlDynamicParam parameter) {
            text.append('$').append(parameter.getIndex() + 1);
        } else if (node instanceof SqlLiteral literal) {
            String value = literal.toValue();
            text.append(literal instanceof org.apache.calcite.sql.SqlCharStringLiteral ? "'" + value + "'" : value);
        } else if (node instanceof SqlNodeList list) {
            list(text, "[", list.getList(), "]");
        } else if (node instanceof PgOperatorCall call) {
            list(
                    text,
                    "(" + call.schema() + (call.schema().isEmpty() ? "" : ".") + call.symbol() + " ",
                    call.arguments(),
                    ")");
        } else if (node instanceof PgQuantified call) {
            list(text, "(" + call.symbol() + (call.all() ? " ALL " : " ANY "), List.of(call.left(), call.right()), ")");
        } else if (node instanceof PgSetOperation operation) {
            list(text, "(" + operation.operation() + (operation.all() ? " ALL " : " "), operation.arms(), ")");
        } else if (node instanceof PgQuery query && query.getOperandList().size() == 1) {
            append(text, query.body());
        } else if (node instanceof PgSelectItem item && item.label().isEmpty()) {
            append(text, item.expression());
        } else if (node instanceof PgTable table && table.getOperandList().size() == 1 && !table.only()) {
            append(text, table.name());
        } else if (node instanceof PgFunctionCall call
                && call.getOperandList().size() == call.arguments().size() + 1) {
            append(text, call.name());
            list(
                    text,
                    call.star() ? "(*" : call.syntax().isEmpty() ? "(" : "(" + call.syntax() + ": ",
                    call.arguments(),
                    ")");
        } else if (node instanceof SqlCall call) {
            String head = call.getOperator().getName();
            if (node instanceof PgJoin join) {
                head = (join.natural() ? "NATURAL " : "") + join.type() + " JOIN";
            } else if (node instanceof PgTable table && table.only()) {
                head = "ONLY";
            } else if (node instanceof PgType type) {
                head = "TYPE" + "[]".repeat(type.arrayDimensions());
            } else if (node instanceof PgSelect select && select.distinct()) {
                head = "SELECT DISTINCT";
            } else if (node instanceof PgOrderItem item) {
                head = item.descending() ? "DESC" : "ASC";
            }
            list(text, "(" + head + " ", call.getOperandList(), ")");
        } else {
            throw new IllegalArgumentException(String.valueOf(node));
        }
    }

    private static void list(StringBuilder text, String open, List<? extends SqlNode> nodes, String close) {
        text.append(open);
        for (int i = 0; i < nodes.size(); i++) {
            text.append(i == 0 ? "" : " ");
            append(text, nodes.get(i));
        }
        text.append(close);
    }
}
