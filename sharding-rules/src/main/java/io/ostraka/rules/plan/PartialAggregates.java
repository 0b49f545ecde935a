package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Function;
import io.ostraka.rules.sql.PgCollate;
import io.ostraka.rules.sql.PgField;
import io.ostraka.rules.sql.PgFunctionCall;
import io.ostraka.rules.sql.PgNamedArgument;
import io.ostraka.rules.sql.PgOrderItem;
import io.ostraka.rules.sql.PgQuery;
import io.ostraka.rules.sql.PgTypedLiteral;
import io.ostraka.rules.sql.PgWindow;
import io.ostraka.rules.sql.SourceSpan;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;

/**
 * The columns of a {@link PartialResult}, and the rest of the statement in terms of them. First come the keys: what is grouped
 * by, and what an aggregate looks at that wants different values; then the states of the other aggregates. Where an aggregate
 * has no states ({@link Sent#ROWS}), the shards send what the aggregates look at, row by row, and no groups.
 *
 * <p>All arithmetic is PostgreSQL's, and so are its types: a sum of sums is brought back to the type of a sum by a cast to the
 * temporary table's row, which has it. An average is the sum of the sums by the sum of the counts, which is what PostgreSQL
 * divides, too, for the types that {@link PartialTypes} knows; {@link Variance} has the formulas of the variances. Sums of floats
 * depend on the order of the rows there as here. Confined to one statement.
 */
final class PartialAggregates {
    /** Those of which the value of the values of parts is the value of all. */
    private static final Set<String> OF_PARTS =
            Set.of("min", "max", "bool_and", "bool_or", "every", "bit_and", "bit_or", "bit_xor", "any_value");

    /** What the shards send. */
    enum Sent {
        GROUPS,
        ROWS
    }

    private final PartialExpressions expressions;
    private final String temporary;
    private final Sent sent;
    private final List<Key> grouped = new ArrayList<>();
    private final List<Key> distinguished = new ArrayList<>();
    private final List<List<Object>> states = new ArrayList<>();
    private final List<Later> splices = new ArrayList<>();
    private boolean aggregates;

    /** It is for the combiner to find the groups. */
    static final class NotPartial extends RuntimeException {
        private static final long serialVersionUID = 1L;

        NotPartial() {
            super("not partial", null, false, false);
        }
    }

    /**
     * {@code tokens} is empty when the values of other literals would make it another expression; with a {@code guard} it is looked
     * at where that is true, and may fail elsewhere.
     */
    private record Key(
            SqlNode node,
            Optional<SqlNode> guard,
            Optional<Variable> variable,
            Optional<List<String>> tokens,
            String column) {
        List<Object> text() {
            SourceSpan value = SourceSpan.of(node);
            return guard.isEmpty()
                    ? List.of("(", value, ")")
                    : List.of("CASE WHEN ", SourceSpan.of(guard.get()), " THEN ", value, " END");
        }
    }

    /** What takes the place of some characters, once all columns are known. */
    private record Later(int start, int end, Supplier<String> text) {}

    PartialAggregates(PartialExpressions expressions, String temporary, Sent sent) {
        this.expressions = expressions;
        this.temporary = temporary;
        this.sent = sent;
    }

    int columns() {
        return keys() + states.size();
    }

    int keys() {
        return grouped.size() + distinguished.size();
    }

    /** Whether there are aggregates in what was rewritten. */
    boolean aggregates() {
        return aggregates;
    }

    // ---- keys ----------------------------------------------------------------------------------------------------

    void addKey(SqlNode node) {
        expressions.requirePlain(node);
        if (find(grouped, node, Optional.empty()).isEmpty()) {
            grouped.add(key(node, Optional.empty(), "ostraka: key " + (grouped.size() + 1)));
        }
    }

    private Key key(SqlNode node, Optional<SqlNode> guard, String column) {
        return new Key(node, guard, expressions.variable(node), expressions.tokens(node), Fragment.quoted(column));
    }

    private Optional<Key> find(List<Key> keys, SqlNode node, Optional<SqlNode> guard) {
        Optional<Variable> variable = expressions.variable(node);
        Optional<List<String>> tokens = expressions.tokens(node);
        return keys.stream()
                .filter(key -> key.guard().orElse(null) == guard.orElse(null))
                .filter(key -> node instanceof SqlIdentifier
                        ? variable.isPresent() && key.variable().equals(variable)
                        : tokens.isPresent() && key.tokens().equals(tokens))
                .findFirst();
    }

    // ---- what the combiner evaluates -----------------------------------------------------------------------------

    void label(int end, String label) {
        splices.add(new Later(end, end, () -> label));
    }

    /** Puts the columns in the place of keys and aggregates. */
    void rewrite(SqlNode node) {
        Optional<Key> key = node instanceof SqlLiteral ? Optional.empty() : find(grouped, node, Optional.empty());
        if (key.isPresent()) {
            replace(node, key.get().column());
        } else if (node instanceof SqlIdentifier || node instanceof PgField || node instanceof PgQuery) {
            throw new NotPartial();
        } else if (node instanceof PgFunctionCall call) {
            function(call);
        } else if (node instanceof PgCollate collate) {
            rewrite(collate.expression());
        } else if (node instanceof PgNamedArgument argument) {
            rewrite(argument.value());
        } else {
            PartialExpressions.below(node).forEach(this::rewrite);
        }
    }

    void rewriteWindow(PgWindow window) {
        window.partitionBy().forEach(this::rewrite);
        window.orderBy().forEach(this::rewriteOrder);
        window.frameOffsets().forEach(this::rewrite);
    }

    private void rewriteOrder(PgOrderItem item) {
        if (item.using().isPresent()) {
            throw new NotPartial();
        }
        rewrite(item.expression());
    }

    private void function(PgFunctionCall call) {
        if (expressions.isAggregate(call)) {
            aggregates = true;
            if (sent == Sent.ROWS) {
                overRows(call);
            } else {
                aggregate(call);
            }
            return;
        }
        call.arguments().forEach(this::rewrite);
        call.orderBy().forEach(this::rewriteOrder);
        call.filter().ifPresent(this::rewrite);
        call.over().ifPresent(this::rewriteWindow);
    }

    private void replace(SqlNode node, String text) {
        replace(node, () -> text);
    }

    private void replace(SqlNode node, Supplier<String> text) {
        SourceSpan span = SourceSpan.of(node);
        splices.add(new Later(span.start(), span.end(), text));
    }

    // ---- aggregates ----------------------------------------------------------------------------------------------

    private void aggregate(PgFunctionCall call) {
        List<String> path = call.name().names;
        String name = path.get(path.size() - 1);
        List<Function> meant = expressions.catalog().functionsNamed(name);
        boolean isKnown = !meant.isEmpty()
                && meant.stream().allMatch(function -> function.name().schema().equals(Catalog.PG_CATALOG))
                && (path.size() == 1 || path.get(0).equals(Catalog.PG_CATALOG));
        if (!isKnown || call.variadic() || !call.withinGroup().isEmpty()) {
            throw new NotPartial();
        }
        if (call.distinct()) {
            distinct(call);
            return;
        }
        if (!call.orderBy().isEmpty() || call.arguments().size() > 1) {
            throw new NotPartial();
        }
        call.arguments().forEach(expressions::requirePlain);
        call.filter().ifPresent(expressions::requirePlain);
        if (name.equals("count")) {
            String state = state(List.of(SourceSpan.of(call)));
            replace(call, "(coalesce(pg_catalog.sum(" + state + "), 0)::pg_catalog.int8)");
        } else if (name.equals("sum")) {
            int index = states.size();
            String state = state(List.of(SourceSpan.of(call)));
            replace(call, () -> ofColumn(index, "pg_catalog.sum(" + state + ")"));
        } else if (name.equals("avg") && call.arguments().size() == 1) {
            average(call);
        } else if (Variance.named(name).isPresent() && call.arguments().size() == 1) {
            variance(call, Variance.named(name).get());
        } else if (OF_PARTS.contains(name)) {
            call.arguments().forEach(expressions::requireColumnType);
            replace(call, "pg_catalog." + name + "(" + state(List.of(SourceSpan.of(call))) + ")");
        } else {
            throw new NotPartial();
        }
    }

    /** The call stays what it is, over the values that the shards send. */
    private void overRows(PgFunctionCall call) {
        List<Function> meant = expressions
                .catalog()
                .functionsNamed(call.name().names.get(call.name().names.size() - 1));
        if (meant.isEmpty() || !meant.stream().allMatch(Function::mayAggregate)) {
            throw new NotPartial();
        }
        boolean hasDirect = !call.withinGroup().isEmpty();
        for (SqlNode argument : call.arguments()) {
            if (hasDirect) {
                rewrite(argument);
            } else {
                lookAt(argument, call.filter());
            }
        }
        for (PgOrderItem item : hasDirect ? call.withinGroup() : call.orderBy()) {
            if (item.using().isPresent()) {
                throw new NotPartial();
            }
            lookAt(item.expression(), call.filter());
        }
        call.filter().ifPresent(condition -> distinguish(condition, Optional.empty()));
    }

    private void lookAt(SqlNode node, Optional<SqlNode> guard) {
        SqlNode value = node instanceof PgNamedArgument named ? named.value() : node;
        expressions.requireOneCollation(value);
        distinguish(value, guard);
    }

    private String state(List<Object> text) {
        states.add(text);
        return nameOfState(states.size() - 1);
    }

    private static String nameOfState(int index) {
        return Fragment.quoted("ostraka: state " + (index + 1));
    }

    /** A value in the type of that column. */
    private String ofColumn(int state, String value) {
        return "(ROW(" + "NULL, ".repeat(keys() + state) + value + ", NULL".repeat(states.size() - state - 1)
                + ")::pg_temp." + Fragment.quoted(temporary) + ")." + nameOfState(state);
    }

    private void average(PgFunctionCall call) {
        SqlNode argument = call.arguments().get(0);
        if (types().isAveragedByDivision(argument)) {
            String sum = state(over("sum(", SourceSpan.of(argument), call.filter()));
            String count = state(over("count(", SourceSpan.of(argument), call.filter()));
            replace(
                    call,
                    "(pg_catalog.sum(" + sum + ") OPERATOR(pg_catalog./) nullif(pg_catalog.sum(" + count + "), 0))");
        } else {
            throw new NotPartial();
        }
    }

    private void variance(PgFunctionCall call, Variance variance) {
        SourceSpan argument = SourceSpan.of(call.arguments().get(0));
        String count;
        String sum;
        String squares;
        if (types().isExact(call.arguments().get(0))) {
            String number = ")::pg_catalog.numeric";
            count = state(over("count(", argument, call.filter()));
            sum = state(aggregated(List.of("pg_catalog.sum((", argument, number + ")"), call.filter()));
            squares = state(aggregated(
                    List.of("pg_catalog.sum((", argument, number + " OPERATOR(pg_catalog.*) (", argument, number + ")"),
                    call.filter()));
            replace(call, variance.ofNumbers(count, sum, squares));
        } else if (types().isFloat(call.arguments().get(0))) {
            String number = ")::pg_catalog.float8";
            count = state(over("count(", argument, call.filter()));
            sum = state(aggregated(List.of("pg_catalog.sum((", argument, number + ")"), call.filter()));
            squares = state(aggregated(
                    List.of("pg_catalog.regr_sxx((", argument, number + ", (", argument, number + ")"), call.filter()));
            replace(call, variance.ofFloats(count, sum, squares));
        } else {
            throw new NotPartial();
        }
    }

    private PartialTypes types() {
        return new PartialTypes(expressions::variable);
    }

    private static List<Object> over(String aggregate, SourceSpan argument, Optional<SqlNode> filter) {
        return aggregated(List.of("pg_catalog." + aggregate, argument, ")"), filter);
    }

    private static List<Object> aggregated(List<Object> call, Optional<SqlNode> filter) {
        List<Object> text = new ArrayList<>(call);
        filter.ifPresent(condition -> text.addAll(List.of(" FILTER (WHERE ", SourceSpan.of(condition), ")")));
        return text;
    }

    /** Looks at different values, which come from the shards as keys; the call itself stays what it is. */
    private void distinct(PgFunctionCall call) {
        call.arguments().forEach(argument -> distinguish(argument, call.filter()));
        call.filter().ifPresent(condition -> distinguish(condition, Optional.empty()));
        for (PgOrderItem item : call.orderBy()) {
            if (item.using().isPresent()) {
                throw new NotPartial();
            }
            if (!(item.expression() instanceof SqlLiteral)) {
                Key key = known(item.expression(), guard(item.expression(), call.filter()))
                        .orElseThrow(NotPartial::new);
                replace(item.expression(), key.column());
            }
        }
    }

    private Optional<Key> known(SqlNode node, Optional<SqlNode> guard) {
        return find(grouped, node, Optional.empty()).or(() -> find(distinguished, node, guard));
    }

    /** A column can be looked at anywhere. */
    private static Optional<SqlNode> guard(SqlNode node, Optional<SqlNode> filter) {
        return node instanceof SqlIdentifier ? Optional.empty() : filter;
    }

    private void distinguish(SqlNode node, Optional<SqlNode> filter) {
        if (node instanceof SqlLiteral || node instanceof PgTypedLiteral || node instanceof SqlDynamicParam) {
            return;
        }
        expressions.requirePlain(node);
        Optional<SqlNode> guard = guard(node, filter);
        Key key = known(node, guard).orElseGet(() -> {
            Key added = key(node, guard, "ostraka: value " + (distinguished.size() + 1));
            distinguished.add(added);
            return added;
        });
        replace(node, key.column());
    }

    // ---- texts ---------------------------------------------------------------------------------------------------

    /** The select list for the shards. */
    void addColumns(ShardText.Builder builder) {
        List<List<Object>> columns = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (List<Key> keys : List.of(grouped, distinguished)) {
            for (Key key : keys) {
                columns.add(key.text());
                names.add(key.column());
            }
        }
        for (int i = 0; i < states.size(); i++) {
            columns.add(states.get(i));
            names.add(nameOfState(i));
        }
        for (int i = 0; i < columns.size(); i++) {
            builder.add(i == 0 ? " " : ", ");
            for (Object part : columns.get(i)) {
                if (part instanceof SourceSpan span) {
                    builder.copy(span);
                } else {
                    builder.add((String) part);
                }
            }
            builder.add(" AS " + names.get(i));
        }
    }

    /** From left to right. */
    List<RelationSplices.Splice> splices() {
        return splices.stream()
                .sorted(Comparator.comparingInt(Later::start))
                .map(later -> new RelationSplices.Splice(
                        later.start(), later.end(), later.text().get()))
                .toList();
    }
}
