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
 * A SELECT of columns of one table whose WHERE compares all columns of a unique key with values: at most one row, by its index,
 * whatever the values are. So a server may keep it prepared, with parameters where it has literals, and answers the same; parsing
 * and planning it cost the server more than its row does.
 *
 * <p>Nothing else is taken: a parameter's type may come out another than a literal's, and a plan for all values may be worse than one
 * for these. {@code text} has parameters in place of the lifted literals, {@code oids} their types, 0 for what is unknown yet as
 * a string constant is. Immutable but for a count of its uses; shared by all sessions.
 */
public final class PointRead {
    /** What comes more rarely is not worth a place among a connection's prepared statements. */
    private static final int FEW_USES = 5;

    /** Longer values are not worth a look at each character. */
    private static final int MOST_CHARACTERS = 200;

    private final String text;
    private final List<Integer> oids;
    private final boolean hasParameters;
    /** Threads count on each other's toes: it only matters that it grows. */
    private int uses;

    private PointRead(String text, List<Integer> oids, boolean hasParameters) {
        this.text = text;
        this.oids = List.copyOf(oids);
        this.hasParameters = hasParameters;
    }

    /** Empty when the query is another. */
    static Optional<PointRead> in(
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
                .filter(table -> readsColumns(select, table) && readsOne(select, table))
                .flatMap(table -> of(conditions(select), template));
    }

    private static Optional<Table> table(FromItem.Relation relation, Catalog catalog, List<String> searchPath) {
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

    private static boolean isColumn(Expression expression, Table table) {
        return expression instanceof Expression.Name name
                && table.column(name.last()).isPresent();
    }

    private static List<Expression> conditions(Query.Select select) {
        return select.where()
                .map(where -> where instanceof Expression.And and ? and.parts() : List.of(where))
                .orElse(List.of());
    }

    private static boolean readsOne(Query.Select select, Table table) {
        Set<String> known = new HashSet<>();
        for (Expression condition : conditions(select)) {
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

    private static Optional<PointRead> of(List<Expression> conditions, StatementTemplate template) {
        long lifted = conditions.stream().flatMap(PointRead::literals).count();
        List<Integer> oids = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        int from = template.start();
        for (int i = 0; i < template.literals(); i++) {
            if (template.literalKind(i) == LiteralKind.NUMERIC) {
                return Optional.empty();
            }
            oids.add(oid(template.literalKind(i)));
            text.append(template.sql(), from, template.literalStart(i))
                    .append('$')
                    .append(i + 1);
            from = template.literalEnd(i);
        }
        text.append(template.sql(), from, template.end());
        boolean hasParameters = lifted < conditions.size();
        return lifted == template.literals() && !(hasParameters && lifted > 0)
                ? Optional.of(new PointRead(text.toString(), oids, hasParameters))
                : Optional.empty();
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

    public String text() {
        return text;
    }

    /**
     * The values of its parameters, in text, in a statement with this plan; empty when one is not written in the way that a
     * parameter's value is, but for its quotes.
     */
    public Optional<List<byte[]>> values(PlannedStatement statement) {
        StatementTemplate template = statement.template().orElseThrow();
        List<byte[]> values = new ArrayList<>(template.literals());
        for (int i = 0; i < template.literals(); i++) {
            boolean isText = template.literalKind(i) == LiteralKind.TEXT;
            int quotes = isText ? 1 : 0;
            int start = template.literalStart(i) + quotes;
            int end = template.literalEnd(i) - quotes;
            if (end - start > MOST_CHARACTERS || (isText && template.sql().charAt(start - 1) != '\'')) {
                return Optional.empty();
            }
            byte[] value = new byte[end - start];
            for (int at = start; at < end; at++) {
                char c = template.sql().charAt(at);
                boolean isItself = isText ? c >= ' ' && c < 0x7F && c != '\'' : c >= '0' && c <= '9';
                if (!isItself) {
                    return Optional.empty();
                }
                value[at - start] = (byte) c;
            }
            values.add(value);
        }
        return Optional.of(values);
    }

    public List<Integer> oids() {
        return oids;
    }

    /** Whether the client's own text has parameters, and no literals then. */
    public boolean hasParameters() {
        return hasParameters;
    }

    /** Whether it comes often; counts this use. */
    public boolean isFrequent() {
        return uses >= FEW_USES || ++uses >= FEW_USES;
    }
}
