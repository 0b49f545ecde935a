package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Column;
import io.ostraka.rules.plan.QueryPlanner.Planned;
import io.ostraka.rules.rule.KeyedRule;
import io.ostraka.rules.sql.PgCollate;
import io.ostraka.rules.sql.PgField;
import io.ostraka.rules.sql.PgOrderItem;
import io.ostraka.rules.sql.PgParser;
import io.ostraka.rules.sql.PgQuery;
import io.ostraka.rules.sql.PgSelect;
import io.ostraka.rules.sql.SourceSpan;
import io.ostraka.rules.sql.StatementTemplate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.calcite.sql.SqlNode;

/**
 * Plans a SELECT with ORDER BY, LIMIT, OFFSET or FETCH over several shards, where each shard can answer the rest of it for
 * its own rows. The keys become hidden columns behind the select list; the query of items and keys, without its tail, must
 * be one whose rows may be concatenated, and is judged by the planner like any other. Confined to one statement.
 */
final class MergePlanner {
    /** Collations whose order is that of the bytes, in a database of encoding UTF8. */
    private static final Set<String> BYTEWISE = Set.of("C", "POSIX", "ucs_basic", "pg_c_utf8", "pg_unicode_fast");

    private static final String MOST_ROWS = "9223372036854775807";

    private final QueryPlanner queries;
    private final StatementTemplate template;
    private final List<String> searchPath;

    MergePlanner(QueryPlanner queries, StatementTemplate template, List<String> searchPath) {
        this.queries = queries;
        this.template = template;
        this.searchPath = searchPath;
    }

    /** Why it cannot be planned so. */
    private static final class Obstructed extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final String construct;
        private final int at;

        Obstructed(String construct, int at) {
            super(construct, null, false, false);
            this.construct = construct;
            this.at = at;
        }
    }

    /** A hidden column: what it is, and where its text stands. */
    private record Hidden(Expression value, SourceSpan span, SqlNode node, boolean isItem) {}

    /** The plan; or {@code asWritten}, which is refused over several shards, when this is no such query. */
    Planned plan(Query.Select select, Planned asWritten, Plan.Forward forward) {
        boolean isOrdered =
                !select.tail().orderBy().isEmpty() || !select.tail().limits().isEmpty();
        boolean locksCopies = asWritten.analysis().lockedCopies().isPresent();
        if (!isOrdered || locksCopies) {
            return asWritten;
        }
        Query.Select bare = bare(select, labelled(select.items()));
        Planned unordered = queries.analyse(bare, template, searchPath);
        if (!(unordered.plan() instanceof Plan.Scatter) || !(unordered.top() instanceof SelectBlock)) {
            return asWritten;
        }
        try {
            return ordered(select, bare, (SelectBlock) unordered.top()).orElse(asWritten);
        } catch (Obstructed obstacle) {
            Plan refused = new Plan.Forward(
                    forward.router(),
                    forward.access(),
                    forward.pins(),
                    Refusals.needsOneShard(obstacle.construct, keyed(asWritten.analysis()), obstacle.at));
            return new Planned(refused, asWritten.analysis(), asWritten.reader(), asWritten.top());
        }
    }

    private static String keyed(Analysis analysis) {
        return analysis.occurrences().stream()
                .filter(occurrence -> occurrence.rule() instanceof KeyedRule)
                .findFirst()
                .orElseThrow()
                .table()
                .toString();
    }

    private static Query.Select bare(Query.Select select, List<Query.Item> items) {
        return new Query.Select(
                select.with(),
                select.distinct(),
                items,
                select.from(),
                select.where(),
                select.grouping(),
                select.having(),
                select.windows(),
                Query.Tail.NONE,
                select.at());
    }

    /** With a name for every item but stars: a block of these is open only when a star's columns are not known. */
    private static List<Query.Item> labelled(List<Query.Item> items) {
        return items.stream()
                .map(item -> item.alias().isPresent()
                                || item.value() instanceof Expression.Name
                                || item.value() instanceof Expression.Star
                        ? item
                        : new Query.Item(
                                item.value(),
                                Optional.of(OutputName.of(item.value()).orElse(OutputName.NONE))))
                .toList();
    }

    private Optional<Planned> ordered(Query.Select select, Query.Select bare, SelectBlock unordered) {
        PgQuery tree = tree();
        PgSelect body = (PgSelect) tree.body();
        SelectText text = SelectText.of(template.sql(), template.start(), template.end())
                .filter(found -> found.items().size() == select.items().size()
                        && found.orderBy().size() == tree.orderBy().size()
                        && body.items().size() == select.items().size())
                .orElseThrow(() -> new Obstructed("this form of ORDER BY or LIMIT", select.at()));
        if (unordered.open()
                || body.items().stream()
                        .anyMatch(item -> item.expression() instanceof PgField field
                                && field.name().isStar())) {
            throw new Obstructed("ORDER BY or LIMIT on a select list whose columns are not known", select.at());
        }
        List<Hidden> hidden = new ArrayList<>();
        for (int i = 0; i < tree.orderBy().size(); i++) {
            hidden.add(hidden(select, body, text, tree.orderBy().get(i), i, unordered));
        }
        boolean isDistinct =
                select.distinct().present() && select.distinct().on().isEmpty();
        if (isDistinct && !hidden.stream().allMatch(Hidden::isItem)) {
            // A column more would make rows differ.
            return Optional.empty();
        }
        List<Query.Item> items = new ArrayList<>(bare.items());
        hidden.forEach(key -> items.add(new Query.Item(key.value(), Optional.of(OutputName.NONE))));
        Planned planned = queries.analyse(bare(select, items), template, searchPath);
        if (!(planned.plan() instanceof Plan.Scatter scatter)) {
            return Optional.empty();
        }
        int columns = unordered.outputs().size();
        List<Block.Output> outputs = planned.top().outputs();
        List<SortKey> keys = new ArrayList<>();
        for (int i = 0; i < hidden.size(); i++) {
            keys.add(
                    key(tree.orderBy().get(i), hidden.get(i), outputs.get(columns + i), planned.analysis(), unordered));
        }
        Limits limits = limits(select, tree);
        Plan plan = new Plan.Scatter(
                scatter.router(),
                new Merge.Ordered(text(text, hidden, limits), columns, keys, limits.limit()),
                select.tail().locks());
        return Optional.of(new Planned(plan, planned.analysis(), planned.reader(), planned.top()));
    }

    private PgQuery tree() {
        SqlNode node = PgParser.parse(template);
        if (node instanceof PgQuery query && query.body() instanceof PgSelect) {
            return query;
        }
        throw new Obstructed(
                "ORDER BY or LIMIT in parentheses", SourceSpan.of(node).start());
    }

    // ---- ORDER BY ------------------------------------------------------------------------------------------------

    private Hidden hidden(
            Query.Select select, PgSelect body, SelectText text, PgOrderItem item, int number, SelectBlock unordered) {
        Expression written = select.tail().orderBy().get(number);
        if (item.using().isPresent()) {
            throw new Obstructed("ORDER BY ... USING", written.at());
        }
        if (written instanceof Expression.Literal literal) {
            int position = position(literal);
            return ofItem(select, body, text, itemAt(select, position, written.at()));
        }
        if (written instanceof Expression.Constant) {
            throw new Obstructed("ORDER BY a constant", written.at());
        }
        if (written instanceof Expression.Name name && name.path().size() == 1) {
            OptionalInt meant = itemNamed(select, body, text, name, unordered);
            if (meant.isPresent()) {
                return ofItem(select, body, text, meant.getAsInt());
            }
        }
        SourceSpan span = text.orderBy().get(number);
        if (OutputName.hasParameter(template.sql(), span)) {
            throw new Obstructed("ORDER BY an expression with parameters", written.at());
        }
        return new Hidden(written, span, item.expression(), false);
    }

    private static int position(Expression.Literal literal) {
        if (literal.index() >= 0 || !literal.text().matches("[0-9]{1,4}")) {
            throw new Obstructed("ORDER BY a constant", literal.at());
        }
        return Integer.parseInt(literal.text());
    }

    /** Which item a position means; only where no star stands before it. */
    private static int itemAt(Query.Select select, int position, int at) {
        List<Query.Item> items = select.items();
        for (int i = 0; i < Math.min(position, items.size()); i++) {
            if (items.get(i).value() instanceof Expression.Star) {
                throw new Obstructed("ORDER BY the number of a column of *", at);
            }
        }
        if (position < 1 || position > items.size()) {
            throw new Obstructed("ORDER BY position " + position, at);
        }
        return position - 1;
    }

    private Hidden ofItem(Query.Select select, PgSelect body, SelectText text, int number) {
        Query.Item item = select.items().get(number);
        SourceSpan span = text.items().get(number);
        Optional<SourceSpan> expression = body.items().get(number).label().isPresent()
                ? SelectText.withoutLabel(template.sql(), span)
                : Optional.of(span);
        if (expression.isEmpty()) {
            throw new Obstructed("ORDER BY an output column", item.value().at());
        }
        return new Hidden(
                item.value(), expression.get(), body.items().get(number).expression(), true);
    }

    /**
     * The item that a bare name means, which looks at the names of the output first. Empty when it is a column of FROM, which
     * it is too where a star puts that very column out. Source: PostgreSQL's {@code findTargetlistEntrySQL92}.
     */
    private OptionalInt itemNamed(
            Query.Select select, PgSelect body, SelectText text, Expression.Name name, SelectBlock unordered) {
        String wanted = name.last();
        List<Integer> explicit = new ArrayList<>();
        for (int i = 0; i < select.items().size(); i++) {
            Query.Item item = select.items().get(i);
            if (item.value() instanceof Expression.Star) {
                continue;
            }
            Optional<String> shown = item.alias().or(() -> OutputName.of(item.value()));
            if (shown.isEmpty()
                    && !OutputName.isOperator(body.items().get(i).expression())
                    && OutputName.mayBe(wanted, template.sql(), text.items().get(i))) {
                throw new Obstructed("ORDER BY a name that may be that of an unnamed column", name.at());
            }
            if (shown.filter(wanted::equals).isPresent()) {
                explicit.add(i);
            }
        }
        List<Block.Output> named = unordered.outputs().stream()
                .filter(output -> output.name().equals(wanted))
                .toList();
        if (named.size() == explicit.size()) {
            return explicit.isEmpty() ? OptionalInt.empty() : OptionalInt.of(explicit.get(0));
        }
        Optional<Variable> first = named.get(0).variable();
        boolean isOne = first.isPresent()
                && named.stream().allMatch(output -> output.variable().equals(first))
                && unordered.columnMeant(name).equals(first);
        if (!isOne) {
            throw new Obstructed("ORDER BY a name of several columns", name.at());
        }
        return OptionalInt.empty();
    }

    private SortKey key(
            PgOrderItem item, Hidden hidden, Block.Output output, Analysis analysis, SelectBlock unordered) {
        boolean nullsFirst = item.nullsFirst().orElse(item.descending());
        boolean bytewise = hidden.node() instanceof PgCollate collate && isBytewise(collate);
        Optional<Column> column = output.variable().flatMap(variable -> analysis.occurrences().stream()
                .filter(occurrence -> occurrence.leaf() == variable.leaf())
                .findFirst()
                .flatMap(occurrence -> queries.catalog().table(occurrence.table()))
                .map(table -> table.columns().get(variable.column())));
        if (column.isPresent()) {
            SortType type = SortType.named(column.get().type())
                    .orElseThrow(() -> new Obstructed(
                            "ORDER BY values of type " + column.get().type(),
                            hidden.value().at()));
            if (type.isText() && !column.get().bytewiseCollation()) {
                throw new Obstructed(
                        "ORDER BY a text whose collation is not that of its bytes",
                        hidden.value().at());
            }
            bytewise = true;
        } else if (!bytewise && !new SortableKey(unordered).isSure(hidden.value())) {
            throw new Obstructed(
                    "ORDER BY values whose type is not known", hidden.value().at());
        }
        return new SortKey(item.descending(), nullsFirst, bytewise);
    }

    private static boolean isBytewise(PgCollate collate) {
        List<String> names = collate.collation().names;
        boolean isSystem = names.size() == 1 || names.get(0).equals("pg_catalog");
        return isSystem && BYTEWISE.contains(names.get(names.size() - 1));
    }

    // ---- LIMIT ---------------------------------------------------------------------------------------------------

    /** A part of the tail that the shards get otherwise than it is written. */
    private record Splice(SourceSpan span, boolean keeps, List<Object> replacement) {}

    private record Limits(RowLimit limit, List<Splice> splices) {}

    private static Limits limits(Query.Select select, PgQuery tree) {
        List<Expression> written = select.tail().limits();
        Optional<Expression> limit = tree.limit().map(node -> written.get(0)).filter(MergePlanner::isSaid);
        Optional<Expression> offset =
                tree.offset().map(node -> written.get(written.size() - 1)).filter(MergePlanner::isSaid);
        RowLimit rows = new RowLimit(limit.map(MergePlanner::count), offset.map(MergePlanner::count), tree.withTies());
        if (offset.isEmpty()) {
            return new Limits(rows, List.of());
        }
        List<Splice> splices = new ArrayList<>();
        SourceSpan skipped = SourceSpan.of(tree.offset().orElseThrow());
        List<Object> offsetOperand = operand(offset.get(), skipped);
        splices.add(new Splice(skipped, false, parts("least((", offsetOperand, ")::pg_catalog.int8, 0)")));
        if (limit.isPresent()) {
            SourceSpan counted = SourceSpan.of(tree.limit().orElseThrow());
            boolean isImplied = isImplied(limit.get());
            List<Object> operand = isImplied ? List.of("1") : operand(limit.get(), counted);
            // Both together, unless the limit is negative, which the shards must see.
            List<Object> sum = parts(" (CASE WHEN (", operand, ")::pg_catalog.int8 < 0 THEN -1 ELSE least((");
            sum.addAll(parts("", operand, ")::pg_catalog.numeric + coalesce(("));
            sum.addAll(parts("", offsetOperand, ")::pg_catalog.int8, 0), " + MOST_ROWS + ")::pg_catalog.int8 END)"));
            splices.add(new Splice(counted, isImplied, sum));
        }
        splices.sort((a, b) -> Integer.compare(a.span().start(), b.span().start()));
        return new Limits(rows, splices);
    }

    private static List<Object> parts(String before, List<Object> operand, String behind) {
        List<Object> parts = new ArrayList<>(List.of(before));
        parts.addAll(operand);
        parts.add(behind);
        return parts;
    }

    /** LIMIT NULL says nothing. */
    private static boolean isSaid(Expression written) {
        return !(written instanceof Expression.Constant constant && constant.word() == Expression.Constant.Word.NULL);
    }

    private static List<Object> operand(Expression written, SourceSpan span) {
        return written instanceof Expression.Parameter ? List.of(span, "::pg_catalog.int8") : List.of(span);
    }

    /** The one row of {@code FETCH FIRST ROW}, which is no number in the text. */
    private static boolean isImplied(Expression written) {
        return written instanceof Expression.Literal literal
                && (literal.text().equalsIgnoreCase("first") || literal.text().equalsIgnoreCase("next"));
    }

    private static RowLimit.Count count(Expression written) {
        if (isImplied(written)) {
            return new RowLimit.Count.Literal(-1, "1");
        }
        if (written instanceof Expression.Literal literal) {
            return new RowLimit.Count.Literal(literal.index(), literal.text());
        }
        if (written instanceof Expression.Parameter parameter) {
            return new RowLimit.Count.Parameter(parameter.number());
        }
        throw new Obstructed("LIMIT or OFFSET by an expression", written.at());
    }

    // ---- the shards' text ----------------------------------------------------------------------------------------

    private ShardText text(SelectText text, List<Hidden> hidden, Limits limits) {
        ShardText.Builder builder = new ShardText.Builder(template).keepTo(text.listEnd());
        for (int i = 0; i < hidden.size(); i++) {
            builder.add(", (").copy(hidden.get(i).span()).add(") AS \"ostraka: key " + (i + 1) + "\"");
        }
        for (Splice splice : limits.splices()) {
            builder.keepTo(splice.keeps() ? splice.span().end() : splice.span().start())
                    .dropTo(splice.span().end());
            for (Object part : splice.replacement()) {
                if (part instanceof SourceSpan span) {
                    builder.copy(span);
                } else {
                    builder.add((String) part);
                }
            }
        }
        return builder.build();
    }
}
