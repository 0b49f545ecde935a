package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.sql.PgAssignment;
import io.ostraka.rules.sql.PgCte;
import io.ostraka.rules.sql.PgDelete;
import io.ostraka.rules.sql.PgFunctionTable;
import io.ostraka.rules.sql.PgGroupingSet;
import io.ostraka.rules.sql.PgInsert;
import io.ostraka.rules.sql.PgJoin;
import io.ostraka.rules.sql.PgLocking;
import io.ostraka.rules.sql.PgMerge;
import io.ostraka.rules.sql.PgMergeWhen;
import io.ostraka.rules.sql.PgOnConflict;
import io.ostraka.rules.sql.PgQuery;
import io.ostraka.rules.sql.PgReturning;
import io.ostraka.rules.sql.PgSelect;
import io.ostraka.rules.sql.PgSelectItem;
import io.ostraka.rules.sql.PgSetOperation;
import io.ostraka.rules.sql.PgSubqueryTable;
import io.ostraka.rules.sql.PgTable;
import io.ostraka.rules.sql.PgTarget;
import io.ostraka.rules.sql.PgUpdate;
import io.ostraka.rules.sql.PgValues;
import io.ostraka.rules.sql.PgWindow;
import io.ostraka.rules.sql.PgWith;
import io.ostraka.rules.sql.SourceSpan;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;

/**
 * From the grammar's tree to {@link Query}: what routing must understand under few names, what it need not as
 * {@link Expression.Other}. A construct that could hide rows from the analysis is refused. Confined to one statement.
 */
final class SyntaxReader {
    private final ExpressionReader expressions;

    SyntaxReader(ExpressionReader.Text text) {
        expressions = new ExpressionReader(text, this);
    }

    /** A whole statement. */
    Query statement(SqlNode node) {
        if (node instanceof PgQuery query) {
            return query(query);
        }
        if (node instanceof PgInsert insert) {
            return insert(insert);
        }
        if (node instanceof PgUpdate update) {
            return new Query.Update(
                    with(update.with()),
                    target(update.table()),
                    assignments(update.assignments()),
                    update.from().stream().map(this::fromItem).toList(),
                    update.where().map(expressions::read),
                    returning(update.returning()),
                    at(update));
        }
        if (node instanceof PgDelete delete) {
            return new Query.Delete(
                    with(delete.with()),
                    target(delete.table()),
                    delete.using().stream().map(this::fromItem).toList(),
                    delete.where().map(expressions::read),
                    returning(delete.returning()),
                    at(delete));
        }
        if (node instanceof PgMerge merge) {
            return new Query.Merge(
                    with(merge.with()),
                    target(merge.table()),
                    fromItem(merge.source()),
                    expressions.read(merge.on()),
                    merge.whens().stream().map(this::when).toList(),
                    returning(merge.returning()),
                    at(merge));
        }
        throw unsupported(node.getKind().lowerName.toUpperCase(Locale.ROOT), node);
    }

    private Query.Merge.When when(PgMergeWhen when) {
        return new Query.Merge.When(
                switch (when.match()) {
                    case MATCHED -> Query.Merge.Match.BOTH;
                    case NOT_MATCHED_BY_SOURCE -> Query.Merge.Match.NOT_BY_SOURCE;
                    case NOT_MATCHED_BY_TARGET -> Query.Merge.Match.NOT_BY_TARGET;
                },
                when.condition().map(expressions::read),
                switch (when.action()) {
                    case INSERT -> Query.Merge.Action.INSERT;
                    case UPDATE -> Query.Merge.Action.UPDATE;
                    case DELETE -> Query.Merge.Action.DELETE;
                    case NOTHING -> Query.Merge.Action.NOTHING;
                },
                assignments(when.assignments()),
                when.columns().stream().map(SyntaxReader::column).toList(),
                when.overriding().filter("user"::equalsIgnoreCase).isPresent(),
                when.values().map(expressions::operands).orElse(List.of()));
    }

    Query query(PgQuery query) {
        return body(query.body(), with(query.with()), tail(query), at(query));
    }

    private Query body(SqlNode body, Query.With with, Query.Tail tail, int at) {
        if (body instanceof PgSelect select) {
            return select(select, with, tail);
        }
        if (body instanceof PgValues values) {
            List<List<Expression>> rows = new ArrayList<>(values.rows().size());
            values.rows().forEach(row -> rows.add(expressions.operands(row)));
            return new Query.Values(with, rows, tail, at(values));
        }
        if (body instanceof PgSetOperation operation) {
            Query.SetOperation.Operator operator =
                    switch (operation.operation()) {
                        case UNION -> Query.SetOperation.Operator.UNION;
                        case INTERSECT -> Query.SetOperation.Operator.INTERSECT;
                        case EXCEPT -> Query.SetOperation.Operator.EXCEPT;
                    };
            List<Query> arms = operation.arms().stream()
                    .map(arm -> arm instanceof PgQuery query
                            ? query(query)
                            : body(arm, Query.With.NONE, Query.Tail.NONE, at(arm)))
                    .toList();
            return new Query.SetOperation(with, operator, operation.all(), arms, tail, at);
        }
        if (body instanceof PgQuery inner) {
            Query read = query(inner);
            // Parentheses with something around them: a set operation of one arm.
            return with.tables().isEmpty() && tail.isEmpty()
                    ? read
                    : new Query.SetOperation(with, Query.SetOperation.Operator.UNION, true, List.of(read), tail, at);
        }
        throw unsupported("this query", body);
    }

    private Query select(PgSelect select, Query.With with, Query.Tail tail) {
        if (select.into().isPresent()) {
            throw unsupported("SELECT INTO", select);
        }
        return new Query.Select(
                with,
                new Query.Distinct(select.distinct(), expressions.readAll(select.distinctOn())),
                items(select.items()),
                select.from().stream().map(this::fromItem).toList(),
                select.where().map(expressions::read),
                grouping(select.groupBy()),
                select.having().map(expressions::read),
                windows(select.windows()),
                tail,
                at(select));
    }

    private Query.Grouping grouping(List<SqlNode> groupBy) {
        if (groupBy.isEmpty()) {
            return Query.Grouping.NO;
        }
        boolean sets = groupBy.stream().anyMatch(PgGroupingSet.class::isInstance);
        return new Query.Grouping(true, expressions.readAll(groupBy), sets);
    }

    private List<Expression> windows(List<PgWindow> windows) {
        List<Expression> read = new ArrayList<>();
        windows.forEach(window -> read.add(expressions.window(window)));
        return read;
    }

    private Query.Tail tail(PgQuery query) {
        List<Expression> orderBy = new ArrayList<>();
        query.orderBy().forEach(item -> orderBy.add(expressions.read(item.expression())));
        List<Expression> limits = new ArrayList<>();
        query.limit().map(expressions::read).ifPresent(limits::add);
        query.offset().map(expressions::read).ifPresent(limits::add);
        return new Query.Tail(orderBy, limits, !query.locking().isEmpty(), lockedOnly(query.locking()));
    }

    private static Set<String> lockedOnly(List<PgLocking> clauses) {
        boolean all = clauses.stream().anyMatch(clause -> clause.tables().isEmpty());
        return all
                ? Set.of()
                : clauses.stream()
                        .flatMap(clause -> clause.tables().stream())
                        .map(table -> table.names.get(table.names.size() - 1))
                        .collect(Collectors.toSet());
    }

    private List<Query.Item> items(List<PgSelectItem> items) {
        return items.stream()
                .map(item -> new Query.Item(
                        expressions.read(item.expression()), item.label().map(SyntaxReader::simple)))
                .toList();
    }

    private List<Query.Item> returning(Optional<PgReturning> returning) {
        return returning.map(list -> items(list.items())).orElse(List.of());
    }

    private Query.With with(Optional<PgWith> with) {
        if (with.isEmpty()) {
            return Query.With.NONE;
        }
        List<Query.CommonTable> tables = new ArrayList<>();
        for (PgCte cte : with.get().ctes()) {
            tables.add(new Query.CommonTable(
                    simple(cte.name()),
                    names(cte.columns()),
                    names(cte.addedColumns()),
                    statement(cte.statement()),
                    at(cte)));
        }
        return new Query.With(with.get().recursive(), tables);
    }

    private Query insert(PgInsert insert) {
        return new Query.Insert(
                with(insert.with()),
                target(insert.table()),
                insert.columns().stream().map(SyntaxReader::column).toList(),
                insert.overriding().filter("user"::equalsIgnoreCase).isPresent(),
                insert.source().map(this::query),
                insert.onConflict().map(this::onConflict),
                returning(insert.returning()),
                at(insert));
    }

    private Query.OnConflict onConflict(PgOnConflict conflict) {
        List<Expression> target = new ArrayList<>(expressions.readAll(conflict.target()));
        Optional<Expression> where = conflict.where().map(expressions::read);
        Optional<Expression> targetWhere = conflict.targetWhere().map(expressions::read);
        Optional<Expression> both = where.isPresent() && targetWhere.isPresent()
                ? Optional.of(new Expression.And(List.of(where.get(), targetWhere.get()), at(conflict)))
                : where.or(() -> targetWhere);
        return new Query.OnConflict(target, assignments(conflict.assignments()), both);
    }

    private List<Query.Assignment> assignments(List<PgAssignment> assignments) {
        return assignments.stream()
                .map(assignment -> new Query.Assignment(
                        assignment.targets().stream().map(SyntaxReader::column).toList(),
                        expressions.read(assignment.value())))
                .toList();
    }

    private static String column(PgTarget target) {
        return simple(target.column());
    }

    private FromItem.Relation target(PgTable table) {
        return relation(table);
    }

    private FromItem fromItem(SqlNode node) {
        if (node instanceof PgTable table) {
            return relation(table);
        }
        if (node instanceof PgJoin join) {
            return join(join);
        }
        if (node instanceof PgSubqueryTable subquery) {
            return new FromItem.Derived(
                    query(subquery.query()),
                    alias(subquery.alias(), subquery.columnAliases()),
                    subquery.lateral(),
                    at(node));
        }
        if (node instanceof PgFunctionTable function) {
            return function(function);
        }
        throw unsupported("this item of FROM", node);
    }

    private FromItem.Relation relation(PgTable table) {
        for (int i = 1; i < table.sample().size(); i++) {
            SqlNode argument = table.sample().get(i);
            if (!(argument instanceof SqlLiteral || argument instanceof SqlDynamicParam)) {
                throw unsupported("TABLESAMPLE with a computed argument", argument);
            }
        }
        return new FromItem.Relation(
                table.name().names,
                alias(table.alias(), table.columnAliases()),
                table.only(),
                !table.sample().isEmpty(),
                at(table.name()));
    }

    private FromItem join(PgJoin join) {
        FromItem.Join.Kind kind =
                switch (join.type()) {
                    case CROSS, INNER -> FromItem.Join.Kind.INNER;
                    case LEFT -> FromItem.Join.Kind.LEFT;
                    case RIGHT -> FromItem.Join.Kind.RIGHT;
                    case FULL -> FromItem.Join.Kind.FULL;
                };
        return new FromItem.Join(
                kind,
                fromItem(join.left()),
                fromItem(join.right()),
                condition(join),
                alias(join.alias(), join.columnAliases()),
                at(join));
    }

    private FromItem.Condition condition(PgJoin join) {
        if (join.natural()) {
            return new FromItem.Condition.Natural();
        }
        if (!join.using().isEmpty()) {
            return new FromItem.Condition.Using(
                    names(join.using()), join.usingAlias().map(SyntaxReader::simple));
        }
        return join.on()
                .<FromItem.Condition>map(on -> new FromItem.Condition.On(expressions.read(on)))
                .orElseGet(FromItem.Condition.None::new);
    }

    private FromItem function(PgFunctionTable table) {
        List<Expression> calls = expressions.readAll(table.functions());
        List<String> columns = new ArrayList<>(names(table.columnAliases()));
        // Aliases rename the first of the columns that are defined.
        table.columnDefinitions().stream()
                .skip(columns.size())
                .forEach(definition -> columns.add(simple(definition.name())));
        boolean plain = !table.rowsFrom() && !table.ordinality();
        List<Expression> shown = plain ? calls : List.of(new Expression.Other("rows of functions", calls, at(table)));
        return new FromItem.Function(
                shown, new FromItem.Alias(table.alias().map(SyntaxReader::simple), columns), at(table));
    }

    private static FromItem.Alias alias(Optional<SqlIdentifier> name, List<SqlIdentifier> columns) {
        return new FromItem.Alias(name.map(SyntaxReader::simple), names(columns));
    }

    private static List<String> names(List<SqlIdentifier> identifiers) {
        return identifiers.stream().map(SyntaxReader::simple).toList();
    }

    static String simple(SqlIdentifier identifier) {
        return identifier.names.get(identifier.names.size() - 1);
    }

    static int at(SqlNode node) {
        return SourceSpan.of(node).start();
    }

    static PgErrorException unsupported(String construct, SqlNode node) {
        return Refusals.unsupported(
                        construct + " is not supported yet in a database with several shards",
                        "",
                        "SET ostraka.shard = '<name>' to run the statement on one shard.")
                .at(at(node) + 1)
                .toException();
    }

    /** {@code pg_catalog.int8} is int8. */
    static String withoutSystemSchema(List<String> names) {
        return names.size() == 2 && names.get(0).equals(Catalog.PG_CATALOG) ? names.get(1) : String.join(".", names);
    }
}
