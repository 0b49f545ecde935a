package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Function;
import io.ostraka.rules.sql.Lexer;
import io.ostraka.rules.sql.PgCollate;
import io.ostraka.rules.sql.PgField;
import io.ostraka.rules.sql.PgFunctionCall;
import io.ostraka.rules.sql.PgGroupingSet;
import io.ostraka.rules.sql.PgNamedArgument;
import io.ostraka.rules.sql.PgOrderItem;
import io.ostraka.rules.sql.PgQuery;
import io.ostraka.rules.sql.PgSelect;
import io.ostraka.rules.sql.PgType;
import io.ostraka.rules.sql.PgTypedLiteral;
import io.ostraka.rules.sql.PgWindow;
import io.ostraka.rules.sql.SourceSpan;
import io.ostraka.rules.sql.StatementTemplate;
import io.ostraka.rules.sql.TokenKind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;

/**
 * The columns of a {@link PartialResult}, and the rest of the statement in terms of them. First come the keys: what is grouped
 * by, and what an aggregate looks at that wants different values; then the states of the other aggregates.
 *
 * <p>All arithmetic is PostgreSQL's, and so are its types: a sum of sums is brought back to the type of a sum by a cast to the
 * temporary table's row, which has it. An average is the sum of the sums by the sum of the counts, which is what PostgreSQL
 * divides, too, for the types that {@link PartialTypes} knows. Sums of floats depend on the order of the rows there as here.
 * Confined to one statement.
 */
final class PartialAggregates {
    /** Those of which the value of the values of parts is the value of all. */
    private static final Set<String> OF_PARTS =
            Set.of("min", "max", "bool_and", "bool_or", "every", "bit_and", "bit_or", "bit_xor", "any_value");

    private final StatementTemplate template;
    private final SelectBlock block;
    private final Catalog catalog;
    private final String temporary;
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

    /** {@code tokens} is empty when the values of other literals would make it another expression. */
    private record Key(SqlNode node, Optional<Variable> variable, Optional<List<String>> tokens, String column) {}

    /** What takes the place of some characters, once all columns are known. */
    private record Later(int start, int end, Supplier<String> text) {}

    PartialAggregates(StatementTemplate template, SelectBlock block, Catalog catalog, String temporary) {
        this.template = template;
        this.block = block;
        this.catalog = catalog;
        this.temporary = temporary;
    }

    static boolean isGrouping(List<String> name) {
        return name.get(name.size() - 1).equals("grouping");
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

    boolean mayBeColumn(String name) {
        return block.mayBeColumn(name);
    }

    String textOf(SqlNode node) {
        SourceSpan span = SourceSpan.of(node);
        return template.sql().substring(span.start(), span.end());
    }

    /** The elements of ROLLUP and its kin, and of a list in parentheses; empty for an expression. */
    Optional<List<SqlNode>> groupedTogether(SqlNode element) {
        if (element instanceof PgGroupingSet set) {
            return Optional.of(set.elements());
        }
        if (element instanceof SqlNodeList list) {
            return Optional.of(list.getList());
        }
        boolean isList = element.getKind() == SqlKind.ROW && textOf(element).startsWith("(");
        return isList ? Optional.of(((SqlCall) element).getOperandList()) : Optional.empty();
    }

    // ---- keys ----------------------------------------------------------------------------------------------------

    void addKey(SqlNode node) {
        requirePlain(node);
        if (find(grouped, node).isEmpty()) {
            grouped.add(key(node, "ostraka: key " + (grouped.size() + 1)));
        }
    }

    private Key key(SqlNode node, String column) {
        return new Key(node, variable(node), tokens(node), Fragment.quoted(column));
    }

    private Optional<Variable> variable(SqlNode node) {
        return node instanceof SqlIdentifier name && !name.isStar()
                ? block.columnMeant(
                        new Expression.Name(name.names, SourceSpan.of(node).start()))
                : Optional.empty();
    }

    private Optional<Key> find(List<Key> keys, SqlNode node) {
        Optional<Variable> variable = variable(node);
        if (node instanceof SqlIdentifier) {
            return keys.stream()
                    .filter(key -> variable.isPresent() && key.variable().equals(variable))
                    .findFirst();
        }
        Optional<List<String>> tokens = tokens(node);
        return keys.stream()
                .filter(key -> tokens.isPresent() && key.tokens().equals(tokens))
                .findFirst();
    }

    /** Expressions of the same level with equal tokens are equal. */
    private Optional<List<String>> tokens(SqlNode node) {
        SourceSpan span = SourceSpan.of(node);
        List<String> tokens = new ArrayList<>();
        Lexer lexer = new Lexer(template.sql(), span.start(), span.end());
        for (TokenKind kind = lexer.next(); kind != TokenKind.END; kind = lexer.next()) {
            if (template.literalAt(lexer.start()) >= 0 || kind == TokenKind.UNICODE_IDENTIFIER) {
                return Optional.empty();
            }
            tokens.add(kind.isIdentifier() ? "\"" + lexer.name() : lexer.text());
        }
        return Optional.of(tokens);
    }

    /** Every shard can compute it from a row, into a column of a table. */
    private void requirePlain(SqlNode node) {
        if (node instanceof SqlIdentifier) {
            boolean isColumn = variable(node)
                    .filter(found ->
                            !found.type().startsWith("reg") && !found.type().startsWith("_reg"))
                    .isPresent();
            if (!isColumn) {
                throw new NotPartial();
            }
        } else if (node instanceof PgFunctionCall call) {
            if (call.over().isPresent() || call.star() || mayAggregate(call) || returnsSet(call)) {
                throw new NotPartial();
            }
            call.arguments().forEach(this::requirePlain);
        } else if (node instanceof PgCollate collate) {
            requirePlain(collate.expression());
        } else if (node instanceof PgNamedArgument argument) {
            requirePlain(argument.value());
        } else if (node instanceof PgQuery || node instanceof PgField || node.getKind() == SqlKind.ROW) {
            throw new NotPartial();
        } else {
            below(node).forEach(this::requirePlain);
        }
    }

    /** Its value is sure to be no row, which a column cannot hold when its type has no name. */
    private void requireColumnType(SqlNode node) {
        Optional<String> type = variable(node).map(Variable::type);
        if (node.getKind() == SqlKind.CAST && ((SqlCall) node).operand(1) instanceof PgType cast) {
            type = Optional.of(SyntaxReader.withoutSystemSchema(cast.name().names));
        } else if (!(node instanceof SqlIdentifier)) {
            below(node).stream()
                    .filter(inside -> !(inside instanceof SqlIdentifier)
                            || variable(inside).isPresent())
                    .forEach(this::requireColumnType);
        }
        if (type.filter(known -> SortType.named(known).isEmpty()).isPresent()) {
            throw new NotPartial();
        }
    }

    /** The expressions directly inside of what needs no look of its own. */
    private static List<SqlNode> below(SqlNode node) {
        if (node instanceof SqlLiteral
                || node instanceof SqlDynamicParam
                || node instanceof PgType
                || node instanceof PgTypedLiteral) {
            return List.of();
        }
        if (node instanceof SqlNodeList list) {
            return list.getList();
        }
        if (node instanceof SqlCall call) {
            return call.getOperandList().stream()
                    .filter(operand -> operand != null)
                    .toList();
        }
        throw new NotPartial();
    }

    private boolean mayAggregate(PgFunctionCall call) {
        boolean aggregating = call.star()
                || call.distinct()
                || !call.orderBy().isEmpty()
                || !call.withinGroup().isEmpty()
                || call.filter().isPresent();
        return block.mayAggregate(new Expression.Call(
                call.name().names,
                List.of(),
                false,
                aggregating,
                SourceSpan.of(call).start()));
    }

    private boolean returnsSet(PgFunctionCall call) {
        List<String> name = call.name().names;
        return catalog.functionsNamed(name.get(name.size() - 1)).stream().anyMatch(Function::returnsSet);
    }

    /** Whether the select list, HAVING or ORDER BY of a SELECT has an aggregate. */
    boolean aggregatesIn(PgSelect select) {
        return select.having().isPresent() || select.items().stream().anyMatch(item -> aggregatesIn(item.expression()));
    }

    private boolean aggregatesIn(SqlNode node) {
        boolean isOne = node instanceof PgFunctionCall call
                && call.over().isEmpty()
                && !isGrouping(call.name().names)
                && mayAggregate(call);
        return isOne
                || (node instanceof SqlCall
                        && !(node instanceof PgQuery)
                        && below(node).stream()
                                .filter(inside -> !(inside instanceof SqlIdentifier))
                                .anyMatch(this::aggregatesIn));
    }

    // ---- what the combiner evaluates -----------------------------------------------------------------------------

    void label(int end, String label) {
        splices.add(new Later(end, end, () -> label));
    }

    /** Puts the columns in the place of keys and aggregates. */
    void rewrite(SqlNode node) {
        Optional<Key> key = node instanceof SqlLiteral ? Optional.empty() : find(grouped, node);
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
            below(node).forEach(this::rewrite);
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
        boolean isAggregate = call.over().isEmpty() && !isGrouping(call.name().names) && mayAggregate(call);
        if (isAggregate) {
            aggregate(call);
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
        List<Function> meant = catalog.functionsNamed(name);
        boolean isKnown = !meant.isEmpty()
                && meant.stream().allMatch(function -> function.name().schema().equals(Catalog.PG_CATALOG))
                && (path.size() == 1 || path.get(0).equals(Catalog.PG_CATALOG));
        if (!isKnown || call.variadic() || !call.withinGroup().isEmpty()) {
            throw new NotPartial();
        }
        aggregates = true;
        if (call.distinct()) {
            distinct(call);
            return;
        }
        if (!call.orderBy().isEmpty() || call.arguments().size() > 1) {
            throw new NotPartial();
        }
        call.arguments().forEach(this::requirePlain);
        call.filter().ifPresent(this::requirePlain);
        if (name.equals("count")) {
            String state = state(List.of(SourceSpan.of(call)));
            replace(call, "(coalesce(pg_catalog.sum(" + state + "), 0)::pg_catalog.int8)");
        } else if (name.equals("sum")) {
            int index = states.size();
            String state = state(List.of(SourceSpan.of(call)));
            replace(call, () -> ofColumn(index, "pg_catalog.sum(" + state + ")"));
        } else if (name.equals("avg") && call.arguments().size() == 1) {
            average(call);
        } else if (OF_PARTS.contains(name)) {
            call.arguments().forEach(this::requireColumnType);
            replace(call, "pg_catalog." + name + "(" + state(List.of(SourceSpan.of(call))) + ")");
        } else {
            throw new NotPartial();
        }
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
        if (!new PartialTypes(this::variable).isAveragedByDivision(argument)) {
            throw new NotPartial();
        }
        String sum = state(over("sum", argument, call.filter()));
        String count = state(over("count", argument, call.filter()));
        replace(call, "(pg_catalog.sum(" + sum + ") OPERATOR(pg_catalog./) nullif(pg_catalog.sum(" + count + "), 0))");
    }

    private static List<Object> over(String aggregate, SqlNode argument, Optional<SqlNode> filter) {
        List<Object> text = new ArrayList<>(List.of("pg_catalog." + aggregate + "(", SourceSpan.of(argument), ")"));
        filter.ifPresent(condition -> text.addAll(List.of(" FILTER (WHERE ", SourceSpan.of(condition), ")")));
        return text;
    }

    /** Looks at different values, which come from the shards as keys; the call itself stays what it is. */
    private void distinct(PgFunctionCall call) {
        call.arguments().forEach(this::distinguish);
        call.filter().ifPresent(this::distinguish);
        for (PgOrderItem item : call.orderBy()) {
            if (item.using().isPresent()) {
                throw new NotPartial();
            }
            if (!(item.expression() instanceof SqlLiteral)) {
                Key key = known(item.expression()).orElseThrow(NotPartial::new);
                replace(item.expression(), key.column());
            }
        }
    }

    private Optional<Key> known(SqlNode node) {
        return find(grouped, node).or(() -> find(distinguished, node));
    }

    private void distinguish(SqlNode node) {
        if (node instanceof SqlLiteral || node instanceof PgTypedLiteral || node instanceof SqlDynamicParam) {
            return;
        }
        requirePlain(node);
        Key key = known(node).orElseGet(() -> {
            Key added = key(node, "ostraka: value " + (distinguished.size() + 1));
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
                columns.add(List.of("(", SourceSpan.of(key.node()), ")"));
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
