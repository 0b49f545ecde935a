package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.plan.Expression.Comparator;
import io.ostraka.rules.sql.LiteralKind;
import io.ostraka.rules.sql.StatementTemplate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Finds a SELECT of columns of one table whose WHERE compares all columns of a unique key with values: at most one row, by its index,
 * whatever the values are.
 *
 * <p>Nothing else is taken: a parameter's type may come out another than a literal's, and a plan for all values may be worse than one
 * for these. What a server refuses in it, because a value is none of its column's, must be asked as it was written.
 */
final class PointRead {
    private PointRead() {}

    /** Empty when the query is another. */
    static Optional<KeptStatement> in(
            Query.Select select, StatementTemplate template, Catalog catalog, List<String> searchPath) {
        boolean isPlain = select.with().tables().isEmpty()
                && !select.distinct().present()
                && !select.grouping().present()
                && select.having().isEmpty()
                && select.windows().isEmpty()
                && select.tail().isEmpty()
                && select.from().size() == 1;
        if (!isPlain
                || !(select.from().get(0) instanceof FromItem.Relation relation)
                || relation.sampled()
                || !relation.alias().columns().isEmpty()) {
            return Optional.empty();
        }
        return table(relation, catalog, searchPath)
                .filter(table -> readsColumns(select, table) && areOfKey(conditions(select.where()), table))
                .flatMap(table -> of(conditions(select.where()), template));
    }

    /** A table proper, without partitions and heirs. */
    static Optional<Table> table(FromItem.Relation relation, Catalog catalog, List<String> searchPath) {
        List<String> name = relation.name();
        Optional<Table> table = name.size() == 1
                ? catalog.table(relation.last(), searchPath)
                : catalog.table(new TableName(name.get(name.size() - 2), relation.last()));
        return table.filter(found -> found.kind() == Table.Kind.TABLE
                && catalog.inheritingFrom(found.name()).isEmpty());
    }

    private static boolean readsColumns(Query.Select select, Table table) {
        return select.items().stream()
                .map(Query.Item::value)
                .allMatch(item -> item instanceof Expression.Star || isColumn(item, table));
    }

    static boolean isColumn(Expression expression, Table table) {
        return expression instanceof Expression.Name name
                && table.column(name.last()).isPresent();
    }

    static List<Expression> conditions(Optional<Expression> where) {
        return where.map(whole -> whole instanceof Expression.And and ? and.parts() : List.of(whole))
                .orElse(List.of());
    }

    /** Whether each of the conditions is that a column equals a value, and such of a unique key are among them. */
    static boolean areOfKey(List<Expression> conditions, Table table) {
        Set<String> known = new HashSet<>();
        for (Expression condition : conditions) {
            if (!(condition instanceof Expression.Comparison equality)
                    || equality.comparator() != Comparator.EQUAL
                    || !isColumn(equality.left(), table)
                    || !isValue(equality.right())) {
                return false;
            }
            known.add(((Expression.Name) equality.left()).last());
        }
        return table.uniqueKeys().stream().anyMatch(known::containsAll);
    }

    private static boolean isValue(Expression expression) {
        return expression instanceof Expression.Parameter
                || (expression instanceof Expression.Literal literal && literal.index() >= 0);
    }

    private static Optional<KeptStatement> of(List<Expression> conditions, StatementTemplate template) {
        long lifted = conditions.stream().flatMap(PointRead::literals).count();
        List<Integer> oids = new ArrayList<>();
        for (int i = 0; i < template.literals(); i++) {
            if (template.literalKind(i) == LiteralKind.NUMERIC) {
                return Optional.empty();
            }
            oids.add(oid(template.literalKind(i)));
        }
        boolean hasParameters = lifted < conditions.size();
        if (lifted != template.literals() || (hasParameters && lifted > 0)) {
            return Optional.empty();
        }
        return hasParameters
                ? Optional.of(KeptStatement.asWritten(template, Access.READ))
                : KeptStatement.lifting(template, oids, Access.READ);
    }

    private static Stream<Expression> literals(Expression condition) {
        return condition.parts().stream().filter(Expression.Literal.class::isInstance);
    }

    private static int oid(LiteralKind kind) {
        return switch (kind) {
            case INT4 -> 23;
            case INT8 -> 20;
            default -> 0;
        };
    }
}
