package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Column;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.sql.LiteralKind;
import io.ostraka.rules.sql.StatementTemplate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Finds an UPDATE of one row by a unique key, or an INSERT of one row, that gives the server nothing else to judge when its literals
 * become parameters: in a transaction block an error could not be taken back, so there must be none that the client's own text would
 * not have had, in the same words.
 *
 * <ul>
 *   <li>A literal stands alone, for a column that takes its type as it is, or beside a column of the row in an expression of two. Thus
 *       nothing is computed of literals alone, which the server does, and finds fault with, while it plans.
 *   <li>Strings are for columns of type text, which takes all of them.
 *   <li>No trigger or rule could look at the text of the statement ({@code current_query()}).
 *   <li>It returns no rows, whose types could have changed since.
 * </ul>
 */
final class PointWrite {
    private static final Set<String> INTEGERS = Set.of("int2", "int4", "int8");

    /** An integer literal becomes each of these without fault. */
    private static final Set<String> NUMBERS = Set.of("int2", "int4", "int8", "numeric", "float4", "float8");

    private static final int INT4 = 23;
    private static final int INT8 = 20;
    private static final int TEXT = 25;

    private final StatementTemplate template;
    private final Table table;
    /** By number of the literal; 0 as long as it has not been found where it may stand. */
    private final int[] oids;

    private PointWrite(StatementTemplate template, Table table) {
        this.template = template;
        this.table = table;
        this.oids = new int[template.literals()];
    }

    /** Empty when the query is another. */
    static Optional<KeptStatement> in(
            Query query, StatementTemplate template, Catalog catalog, List<String> searchPath) {
        if (template.literals() == 0 || template.parameters() > 0) {
            return Optional.empty();
        }
        if (query instanceof Query.Update update
                && update.with().tables().isEmpty()
                && update.from().isEmpty()
                && update.returning().isEmpty()) {
            return PointRead.table(update.target(), catalog, searchPath)
                    .filter(PointWrite::isAlone)
                    .flatMap(table -> new PointWrite(template, table).update(update));
        }
        if (query instanceof Query.Insert insert
                && insert.with().tables().isEmpty()
                && !insert.overridingUser()
                && insert.onConflict().isEmpty()
                && insert.returning().isEmpty()) {
            return PointRead.table(insert.target(), catalog, searchPath)
                    .filter(PointWrite::isAlone)
                    .flatMap(table -> new PointWrite(template, table).insert(insert));
        }
        return Optional.empty();
    }

    /** Nobody but the statement has to do with its rows. */
    private static boolean isAlone(Table table) {
        return !table.hasRules()
                && table.onRead().isNone()
                && table.onWrite().isNone()
                && table.effects().before().isEmpty();
    }

    private Optional<KeptStatement> update(Query.Update update) {
        List<Expression> conditions = PointRead.conditions(update.where());
        if (!PointRead.areOfKey(conditions, table)) {
            return Optional.empty();
        }
        for (Expression condition : conditions) {
            Expression.Comparison equality = (Expression.Comparison) condition;
            column(equality.left()).ifPresent(column -> compared(equality.right(), column));
        }
        for (Query.Assignment assignment : update.assignments()) {
            Optional<Column> column = Optional.of(assignment.columns())
                    .filter(one -> one.size() == 1)
                    .flatMap(one -> table.column(one.get(0)));
            if (column.isEmpty() || isOfKey(column.get())) {
                return Optional.empty();
            }
            given(assignment.value(), column.get());
        }
        return found();
    }

    /** What refers to it is written, too, then. */
    private boolean isOfKey(Column column) {
        return table.uniqueKeys().stream().anyMatch(key -> key.contains(column.name()));
    }

    private Optional<KeptStatement> insert(Query.Insert insert) {
        List<Column> columns = new ArrayList<>();
        if (insert.columns().isEmpty()) {
            columns.addAll(table.columns());
        }
        insert.columns().forEach(name -> table.column(name).ifPresent(columns::add));
        boolean isPlain = insert.source().isPresent()
                && insert.source().get() instanceof Query.Values values
                && values.with().tables().isEmpty()
                && values.tail().isEmpty()
                && values.rows().size() == 1
                && values.rows().get(0).size() <= columns.size()
                && (insert.columns().isEmpty()
                        || columns.size() == insert.columns().size());
        if (!isPlain) {
            return Optional.empty();
        }
        List<Expression> row = ((Query.Values) insert.source().get()).rows().get(0);
        for (int i = 0; i < row.size(); i++) {
            given(row.get(i), columns.get(i));
        }
        return found();
    }

    private Optional<KeptStatement> found() {
        List<Integer> types = new ArrayList<>(oids.length);
        for (int oid : oids) {
            if (oid == 0) {
                return Optional.empty();
            }
            types.add(oid);
        }
        return KeptStatement.lifting(template, types, Access.WRITE);
    }

    private Optional<Column> column(Expression expression) {
        return expression instanceof Expression.Name name ? table.column(name.last()) : Optional.empty();
    }

    /** A value beside an equals sign. */
    private void compared(Expression value, Column column) {
        if (INTEGERS.contains(column.type())) {
            integer(value);
        } else {
            text(value, column);
        }
    }

    /** What a column is given. */
    private void given(Expression value, Column column) {
        if (ofRow(value)) {
            return;
        }
        boolean isWide = column.type().equals("int8");
        if (isWide || (column.type().equals("int4") && kind(value) == LiteralKind.INT4)) {
            integer(value);
        } else {
            text(value, column);
        }
    }

    /** A column, or an expression of two: of a column's value and a number, which is noted then. */
    private boolean ofRow(Expression value) {
        if (value instanceof Expression.Name) {
            return column(value)
                    .filter(column -> NUMBERS.contains(column.type()))
                    .isPresent();
        }
        if (!(value instanceof Expression.Other operator) || operator.parts().size() != 2) {
            return false;
        }
        Expression left = operator.parts().get(0);
        Expression right = operator.parts().get(1);
        if (ofRow(left)) {
            return ofRow(right) || integer(right);
        }
        return ofRow(right) && integer(left);
    }

    private boolean integer(Expression value) {
        Expression number = value instanceof Expression.Negation negation ? negation.operand() : value;
        LiteralKind kind = kind(number);
        if (kind != LiteralKind.INT4 && kind != LiteralKind.INT8) {
            return false;
        }
        oids[((Expression.Literal) number).index()] = kind == LiteralKind.INT4 ? INT4 : INT8;
        return true;
    }

    private void text(Expression value, Column column) {
        if (column.type().equals("text")
                && value instanceof Expression.Literal literal
                && kind(literal) == LiteralKind.TEXT) {
            oids[literal.index()] = TEXT;
        }
    }

    /** Of a lifted literal, with its sign; NUMERIC, which is never taken, of anything else. */
    private LiteralKind kind(Expression value) {
        Expression operand = value instanceof Expression.Negation negation ? negation.operand() : value;
        return operand instanceof Expression.Literal literal && literal.index() >= 0
                ? template.literalKind(literal.index())
                : LiteralKind.NUMERIC;
    }
}
