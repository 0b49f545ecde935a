package io.ostraka.rules.plan;

import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.plan.PartialAggregates.Sent;
import io.ostraka.rules.plan.QueryPlanner.Planned;
import io.ostraka.rules.sql.Lexer;
import io.ostraka.rules.sql.PgGroupingSet;
import io.ostraka.rules.sql.PgOrderItem;
import io.ostraka.rules.sql.PgParser;
import io.ostraka.rules.sql.PgQuery;
import io.ostraka.rules.sql.PgSelect;
import io.ostraka.rules.sql.PgSelectItem;
import io.ostraka.rules.sql.PgWindow;
import io.ostraka.rules.sql.SourceSpan;
import io.ostraka.rules.sql.SqlParseFailure;
import io.ostraka.rules.sql.StatementTemplate;
import io.ostraka.rules.sql.TokenKind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;

/**
 * Plans a SELECT with aggregates, GROUP BY or DISTINCT so that the shards send the groups they find among their own rows instead
 * of the rows: what stands in FROM and WHERE must be split over them. Each group comes with the states of its aggregates
 * ({@link PartialAggregates}), and the combiner runs the rest of the statement, from GROUP BY on, over all of them. Of aggregates
 * without states the shards send what they look at, for each row.
 *
 * <p>With parameters each text has the client's statement in a WITH query that nothing refers to: it is never run, but read
 * first, and so every parameter has the type there that it has for the client. Confined to one statement.
 */
final class PartialPlanner {
    /** Types that PostgreSQL can only sort, or only hash. */
    private static final Set<String> GROUPED_IN_ONE_WAY =
            Set.of("bit", "varbit", "money", "tsvector", "tsquery", "xid", "cid", "aclitem");

    private static final Set<String> ENDS_SOURCE =
            Set.of("group", "having", "window", "order", "limit", "offset", "fetch", "for");

    private final QueryPlanner queries;
    private final StatementTemplate template;
    private final SourceSpan span;
    private final List<String> searchPath;

    /**
     * A subquery whose groups the shards find: what is copied, and what is put in the places of the statement's text.
     *
     * @param span the subquery without its parentheses
     */
    record Inner(Fragment fragment, SourceSpan span, List<RelationSplices.Splice> splices) {
        boolean contains(int at) {
            return at >= span.start() && at < span.end();
        }
    }

    private record Made(PartialResult fragment, List<RelationSplices.Splice> splices) {}

    /** FROM and WHERE, the shards that have its rows, and what they send. */
    private record Source(Router router, SourceSpan text, Sent sent) {}

    /** For the query at {@code span}, the whole statement or a subquery. */
    PartialPlanner(QueryPlanner queries, StatementTemplate template, SourceSpan span, List<String> searchPath) {
        this.queries = queries;
        this.template = template;
        this.span = span;
        this.searchPath = searchPath;
    }

    /** Of the whole statement; empty when it is not of this shape. */
    Optional<Combination> combination(
            Query.Select select, Planned asWritten, CombinePlanner.Site site, Optional<Combination> otherwise) {
        return made(select, asWritten, "ostraka_1", OutputName.hasParameter(template.sql(), span))
                .map(made -> {
                    ShardText.Builder builder = new ShardText.Builder(template);
                    original(builder, made.fragment().takesParameters());
                    ShardText text = builder.apply(made.splices()).build();
                    return new Combination(
                            site.home(), site.combiner(), List.of(made.fragment()), text, text, otherwise);
                });
    }

    /**
     * Of a subquery that refers to nothing outside of it; empty when it does, or is not of this shape. {@code whole}: what was found in
     * the statement.
     */
    Optional<Inner> inner(Analysis whole, String temporary) {
        if (OutputName.hasParameter(template.sql(), span)) {
            return Optional.empty();
        }
        try {
            Query query = QueryPlanner.read(template, span.start(), span.end());
            if (!(query instanceof Query.Select select)) {
                return Optional.empty();
            }
            Planned planned = queries.plan(query, template, span.start(), span.end(), searchPath);
            return isClosed(planned.analysis(), whole)
                    ? made(select, planned, temporary, false)
                            .map(made -> new Inner(made.fragment(), span, made.splices()))
                    : Optional.empty();
        } catch (SqlParseFailure | PgErrorException notAlone) {
            return Optional.empty();
        }
    }

    /** Whether all names in it mean the same alone: columns of its own, and tables that are no WITH queries around it. */
    private static boolean isClosed(Analysis alone, Analysis whole) {
        return !alone.hasUnknownNames()
                && !alone.readsSystemCatalog()
                && !alone.named().isEmpty()
                && alone.named().stream().noneMatch(Analysis.Named::isView)
                && alone.named().stream().allMatch(named -> whole.named().stream()
                        .anyMatch(found ->
                                found.relation().at() == named.relation().at()
                                        && found.table().equals(named.table())));
    }

    private Optional<Made> made(Query.Select select, Planned asWritten, String temporary, boolean hasParameters) {
        boolean isOfShape = asWritten.top() instanceof SelectBlock
                && select.distinct().on().isEmpty()
                && !select.from().isEmpty()
                && tree() instanceof PgQuery query
                && query.body() instanceof PgSelect;
        if (!isOfShape || !areSameEverywhere(asWritten.analysis())) {
            return Optional.empty();
        }
        Optional<Router> router = router(select, asWritten.analysis());
        Optional<SourceSpan> source = source((PgQuery) tree());
        if (router.isEmpty() || source.isEmpty()) {
            return Optional.empty();
        }
        Source groups = new Source(router.get(), source.get(), Sent.GROUPS);
        Source rows = new Source(router.get(), source.get(), Sent.ROWS);
        Optional<Made> grouped = attempt(select, asWritten, groups, temporary, hasParameters);
        return grouped.isPresent() || mayBeSorted(asWritten.analysis(), source.get())
                ? grouped
                : attempt(select, asWritten, rows, temporary, hasParameters);
    }

    private boolean isWhole() {
        return span.start() == template.start() && span.end() == template.end();
    }

    private SqlNode tree() {
        return PgParser.parse(template.sql(), span.start(), span.end());
    }

    private Optional<Made> attempt(
            Query.Select select, Planned asWritten, Source source, String temporary, boolean hasParameters) {
        try {
            return Optional.of(make(select, asWritten, source, temporary, hasParameters));
        } catch (PartialAggregates.NotPartial notPartial) {
            return Optional.empty();
        }
    }

    /** Whether the rows may come in an order, which aggregates over them are then computed in. */
    private boolean mayBeSorted(Analysis analysis, SourceSpan source) {
        Lexer lexer = new Lexer(template.sql(), span.start(), source.end());
        int select = SourceSpan.of(((PgQuery) tree()).body()).start();
        boolean sorted = analysis.named().stream().anyMatch(Analysis.Named::isView);
        for (TokenKind kind = lexer.next(); kind != TokenKind.END; kind = lexer.next()) {
            boolean isInSelectList = lexer.start() > select && lexer.start() < source.start();
            sorted |= !isInSelectList && lexer.keyword().equals("order");
        }
        return sorted;
    }

    /** Whether no function in it depends on where it is called. */
    private boolean areSameEverywhere(Analysis analysis) {
        return analysis.functions().stream()
                .allMatch(use -> PartialExpressions.isGrouping(use.name())
                        || queries.functions().judge(use).place() == FunctionJudge.Place.EVERYWHERE);
    }

    /** The shards of FROM and WHERE, when the rows of these are split over them. */
    private Optional<Router> router(Query.Select select, Analysis analysis) {
        Query.Item some = new Query.Item(
                new Expression.Constant(Expression.Constant.Word.TRUE, select.at()), Optional.of(OutputName.NONE));
        Query.Select rows = new Query.Select(
                select.with(),
                Query.Distinct.NO,
                List.of(some),
                select.from(),
                select.where(),
                Query.Grouping.NO,
                Optional.empty(),
                List.of(),
                Query.Tail.NONE,
                select.at());
        Plan plan = queries.analyse(rows, template, searchPath).plan();
        return plan instanceof Plan.Scatter scatter && scatter.router() instanceof ClockedRouter clocked
                ? Optional.of(new ClockedRouter(clocked.router(), analysis.clockWords()))
                : Optional.empty();
    }

    /** From FROM to the end of WHERE. */
    private Optional<SourceSpan> source(PgQuery query) {
        PgSelect body = (PgSelect) query.body();
        int select = SourceSpan.of(body).start();
        int first = SourceSpan.of(body.from().get(0)).start();
        int last = SourceSpan.of(body.where().orElse(body.from().get(body.from().size() - 1)))
                .end();
        Lexer lexer = new Lexer(template.sql(), span.start(), span.end());
        int depth = 0;
        int from = -1;
        int end = span.start();
        for (TokenKind kind = lexer.next(); kind != TokenKind.END; kind = lexer.next()) {
            depth -= kind == TokenKind.RIGHT_PAREN || kind == TokenKind.RIGHT_BRACKET ? 1 : 0;
            boolean isOutside = depth == 0;
            depth += kind == TokenKind.LEFT_PAREN || kind == TokenKind.LEFT_BRACKET ? 1 : 0;
            if (lexer.start() == select && !isOutside) {
                return Optional.empty();
            }
            if (isOutside
                    && lexer.start() > select
                    && lexer.start() < first
                    && lexer.keyword().equals("from")) {
                from = lexer.start();
            }
            if (isOutside && lexer.start() >= last && ENDS_SOURCE.contains(lexer.keyword())) {
                break;
            }
            end = lexer.end();
        }
        return from < 0 ? Optional.empty() : Optional.of(new SourceSpan(from, end));
    }

    private Made make(Query.Select select, Planned asWritten, Source source, String temporary, boolean hasParameters) {
        PgQuery query = (PgQuery) tree();
        PgSelect body = (PgSelect) query.body();
        if (hasParameters && query.with().isPresent()) {
            throw new PartialAggregates.NotPartial();
        }
        PartialExpressions expressions =
                new PartialExpressions(template, (SelectBlock) asWritten.top(), queries.catalog());
        PartialAggregates partial = new PartialAggregates(expressions, temporary, source.sent());
        keys(select, body, partial, expressions);
        outer(select, query, body, partial, expressions);
        boolean isGrouped = source.sent() == Sent.GROUPS && (select.grouping().present() || body.distinct());
        if (partial.columns() == 0 || !(partial.aggregates() || isGrouped)) {
            throw new PartialAggregates.NotPartial();
        }
        ShardText asked = asked(body, source, partial, hasParameters);
        String tables = asWritten.analysis().occurrences().stream()
                .map(occurrence -> "\"" + occurrence.table() + "\"")
                .distinct()
                .collect(Collectors.joining(", "));
        String subject = (source.sent() == Sent.GROUPS ? "groups of " : "rows of ") + tables;
        PartialResult fragment = new PartialResult(temporary, asked, source.router(), subject, hasParameters);
        return new Made(fragment, splices(body, source.text(), partial, fragment));
    }

    // ---- keys ----------------------------------------------------------------------------------------------------

    private void keys(Query.Select select, PgSelect body, PartialAggregates partial, PartialExpressions expressions) {
        requireGroupedAtOnce(body.groupBy(), expressions);
        body.groupBy().forEach(element -> key(element, select, body, partial, expressions));
        boolean isDistinctAlone = body.distinct() && !select.grouping().present();
        if (isDistinctAlone && !expressions.aggregatesIn(body)) {
            body.items().forEach(item -> partial.addKey(item.expression()));
        }
    }

    /** The shards group by all keys of all sets, which takes types that all can be sorted, or all hashed. */
    private static void requireGroupedAtOnce(List<SqlNode> elements, PartialExpressions expressions) {
        if (elements.stream().noneMatch(PgGroupingSet.class::isInstance)) {
            return;
        }
        Deque<SqlNode> left = new ArrayDeque<>(elements);
        while (!left.isEmpty()) {
            SqlNode element = left.removeFirst();
            expressions.groupedTogether(element).ifPresent(left::addAll);
            expressions
                    .variable(element)
                    .filter(column -> GROUPED_IN_ONE_WAY.contains(column.type()))
                    .ifPresent(column -> {
                        throw new PartialAggregates.NotPartial();
                    });
        }
    }

    private void key(
            SqlNode element,
            Query.Select select,
            PgSelect body,
            PartialAggregates partial,
            PartialExpressions expressions) {
        Optional<List<SqlNode>> inside = expressions.groupedTogether(element);
        if (inside.isPresent()) {
            inside.get().forEach(part -> key(part, select, body, partial, expressions));
        } else if (element instanceof SqlLiteral) {
            String position = expressions.textOf(element);
            if (!position.matches("[0-9]{1,4}")) {
                throw new PartialAggregates.NotPartial();
            }
            int item = Integer.parseInt(position) - 1;
            if (item < 0 || item >= body.items().size()) {
                throw new PartialAggregates.NotPartial();
            }
            partial.addKey(body.items().get(item).expression());
        } else if (element instanceof SqlIdentifier name
                && name.names.size() == 1
                && !expressions.mayBeColumn(name.names.get(0))) {
            List<PgSelectItem> labelled = body.items().stream()
                    .filter(item -> item.label()
                            .filter(label -> label.names.equals(name.names))
                            .isPresent())
                    .toList();
            if (labelled.size() != 1) {
                throw new PartialAggregates.NotPartial();
            }
            partial.addKey(labelled.get(0).expression());
        } else {
            partial.addKey(element);
        }
    }

    // ---- what the combiner evaluates -----------------------------------------------------------------------------

    private void outer(
            Query.Select select,
            PgQuery query,
            PgSelect body,
            PartialAggregates partial,
            PartialExpressions expressions) {
        List<SourceSpan> items = SelectText.of(template.sql(), span.start(), span.end())
                .map(SelectText::items)
                .filter(found -> found.size() == body.items().size())
                .orElseThrow(PartialAggregates.NotPartial::new);
        Set<String> labels = new TreeSet<>();
        for (int i = 0; i < body.items().size(); i++) {
            PgSelectItem item = body.items().get(i);
            partial.rewrite(item.expression());
            Optional<String> name = select.items().get(i).alias();
            if (name.isEmpty()) {
                name = OutputName.of(select.items().get(i).value()).filter(found -> !found.equals(OutputName.NONE));
                int end = items.get(i).end();
                name.ifPresent(found -> partial.label(end, " AS " + Fragment.quoted(found)));
            }
            name.ifPresent(labels::add);
            boolean mayBeNamed =
                    OutputName.of(select.items().get(i).value()).isEmpty() && !OutputName.isOperator(item.expression());
            if (!isWhole() && name.isEmpty() && mayBeNamed) {
                // The client is told the names that its own statement gives; but around a subquery they may be used.
                throw new PartialAggregates.NotPartial();
            }
        }
        body.groupBy().forEach(element -> grouped(element, partial, expressions));
        body.having().ifPresent(partial::rewrite);
        for (PgWindow window : body.windows()) {
            partial.rewriteWindow(window);
        }
        for (PgOrderItem item : query.orderBy()) {
            ordered(item, select, body, labels, partial);
        }
    }

    private static void grouped(SqlNode element, PartialAggregates partial, PartialExpressions expressions) {
        Optional<List<SqlNode>> inside = expressions.groupedTogether(element);
        if (inside.isPresent()) {
            inside.get().forEach(part -> grouped(part, partial, expressions));
            return;
        }
        boolean isOfItem = element instanceof SqlLiteral
                || (element instanceof SqlIdentifier name
                        && name.names.size() == 1
                        && !expressions.mayBeColumn(name.names.get(0)));
        if (!isOfItem) {
            partial.rewrite(element);
        }
    }

    private void ordered(
            PgOrderItem item, Query.Select select, PgSelect body, Set<String> labels, PartialAggregates partial) {
        if (item.using().isPresent()) {
            throw new PartialAggregates.NotPartial();
        }
        if (item.expression() instanceof SqlIdentifier name && name.names.size() == 1) {
            String wanted = name.names.get(0);
            if (labels.contains(wanted)) {
                return;
            }
            for (int i = 0; i < body.items().size(); i++) {
                SqlNode shown = body.items().get(i).expression();
                boolean isUnnamed = select.items().get(i).alias().isEmpty()
                        && OutputName.of(select.items().get(i).value()).isEmpty()
                        && !OutputName.isOperator(shown);
                if (isUnnamed && OutputName.mayBe(wanted, template.sql(), SourceSpan.of(shown))) {
                    throw new PartialAggregates.NotPartial();
                }
            }
        }
        partial.rewrite(item.expression());
    }

    // ---- texts ---------------------------------------------------------------------------------------------------

    private ShardText asked(PgSelect body, Source source, PartialAggregates partial, boolean hasParameters) {
        ShardText.Builder builder = new ShardText.Builder(template);
        original(builder, hasParameters);
        builder.dropTo(span.start()).keepTo(SourceSpan.of(body).start()).add("SELECT");
        partial.addColumns(builder);
        builder.add(" ").copy(source.text());
        if (source.sent() == Sent.GROUPS && partial.keys() > 0) {
            builder.add(IntStream.rangeClosed(1, partial.keys())
                    .mapToObj(String::valueOf)
                    .collect(Collectors.joining(", ", " GROUP BY ", "")));
        }
        return builder.dropTo(template.end()).build();
    }

    /** The query over what was copied, from left to right: without its WITH, with the copies in the place of FROM and WHERE. */
    private List<RelationSplices.Splice> splices(
            PgSelect body, SourceSpan source, PartialAggregates partial, Fragment fragment) {
        List<RelationSplices.Splice> splices = new ArrayList<>();
        splices.add(new RelationSplices.Splice(span.start(), SourceSpan.of(body).start(), ""));
        for (RelationSplices.Splice splice : partial.splices()) {
            if (splice.start() >= source.start() && splice.start() < source.end()) {
                throw new IllegalStateException("a part of FROM or WHERE is taken for one of the select list");
            }
            splices.add(splice);
        }
        splices.add(new RelationSplices.Splice(source.start(), source.end(), "FROM " + fragment.quotedTemporary()));
        splices.sort(Comparator.comparingInt(RelationSplices.Splice::start));
        return splices;
    }

    private void original(ShardText.Builder builder, boolean hasParameters) {
        if (hasParameters) {
            builder.add("WITH \"ostraka: original\" AS (")
                    .copy(new SourceSpan(template.start(), template.end()))
                    .add(") ");
        }
    }
}
