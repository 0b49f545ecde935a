package io.ostraka.rules.plan;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.plan.PartialAggregates.Sent;
import io.ostraka.rules.plan.QueryPlanner.Planned;
import io.ostraka.rules.sql.Lexer;
import io.ostraka.rules.sql.PgOrderItem;
import io.ostraka.rules.sql.PgParser;
import io.ostraka.rules.sql.PgQuery;
import io.ostraka.rules.sql.PgSelect;
import io.ostraka.rules.sql.PgSelectItem;
import io.ostraka.rules.sql.PgWindow;
import io.ostraka.rules.sql.SourceSpan;
import io.ostraka.rules.sql.StatementTemplate;
import io.ostraka.rules.sql.TokenKind;
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
    private static final Set<String> ENDS_SOURCE =
            Set.of("group", "having", "window", "order", "limit", "offset", "fetch", "for");

    private final QueryPlanner queries;
    private final StatementTemplate template;
    private final List<String> searchPath;

    /** FROM and WHERE, the shards that have its rows, and what they send. */
    private record Source(Router router, SourceSpan text, Sent sent) {}

    PartialPlanner(QueryPlanner queries, StatementTemplate template, List<String> searchPath) {
        this.queries = queries;
        this.template = template;
        this.searchPath = searchPath;
    }

    /** Empty when the statement is not of this shape. */
    Optional<Combination> combination(
            Query.Select select, Planned asWritten, ShardName combiner, Optional<Combination> otherwise) {
        boolean isOfShape = asWritten.top() instanceof SelectBlock
                && select.distinct().on().isEmpty()
                && !select.from().isEmpty()
                && PgParser.parse(template) instanceof PgQuery query
                && query.body() instanceof PgSelect;
        if (!isOfShape || !areSameEverywhere(asWritten.analysis())) {
            return Optional.empty();
        }
        Optional<Router> router = router(select, asWritten.analysis());
        Optional<SourceSpan> source = source((PgQuery) PgParser.parse(template));
        if (router.isEmpty() || source.isEmpty()) {
            return Optional.empty();
        }
        Source groups = new Source(router.get(), source.get(), Sent.GROUPS);
        Source rows = new Source(router.get(), source.get(), Sent.ROWS);
        Optional<Combination> grouped = attempt(select, asWritten, combiner, groups, otherwise);
        return grouped.isPresent() || mayBeSorted(asWritten.analysis(), source.get())
                ? grouped
                : attempt(select, asWritten, combiner, rows, otherwise);
    }

    private Optional<Combination> attempt(
            Query.Select select,
            Planned asWritten,
            ShardName combiner,
            Source source,
            Optional<Combination> otherwise) {
        try {
            return Optional.of(combination(select, asWritten, combiner, source, otherwise));
        } catch (PartialAggregates.NotPartial notPartial) {
            return Optional.empty();
        }
    }

    /** Whether the rows may come in an order, which aggregates over them are then computed in. */
    private boolean mayBeSorted(Analysis analysis, SourceSpan source) {
        Lexer lexer = new Lexer(template.sql(), template.start(), source.end());
        int select = SourceSpan.of(((PgQuery) PgParser.parse(template)).body()).start();
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
        Lexer lexer = new Lexer(template.sql(), template.start(), template.end());
        int depth = 0;
        int from = -1;
        int end = template.start();
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

    private Combination combination(
            Query.Select select,
            Planned asWritten,
            ShardName combiner,
            Source source,
            Optional<Combination> otherwise) {
        PgQuery query = (PgQuery) PgParser.parse(template);
        PgSelect body = (PgSelect) query.body();
        boolean hasParameters =
                OutputName.hasParameter(template.sql(), new SourceSpan(template.start(), template.end()));
        if (hasParameters && query.with().isPresent()) {
            throw new PartialAggregates.NotPartial();
        }
        String temporary = "ostraka_1";
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
        ShardText combined = combined(body, source.text(), partial, hasParameters, temporary);
        String tables = asWritten.analysis().occurrences().stream()
                .map(occurrence -> "\"" + occurrence.table() + "\"")
                .distinct()
                .collect(Collectors.joining(", "));
        String subject = (source.sent() == Sent.GROUPS ? "groups of " : "rows of ") + tables;
        Fragment fragment = new PartialResult(temporary, asked, source.router(), subject, hasParameters);
        return new Combination(combiner, List.of(fragment), combined, combined, otherwise);
    }

    // ---- keys ----------------------------------------------------------------------------------------------------

    private void keys(Query.Select select, PgSelect body, PartialAggregates partial, PartialExpressions expressions) {
        body.groupBy().forEach(element -> key(element, select, body, partial, expressions));
        boolean isDistinctAlone = body.distinct() && !select.grouping().present();
        if (isDistinctAlone && !expressions.aggregatesIn(body)) {
            body.items().forEach(item -> partial.addKey(item.expression()));
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
        List<SourceSpan> items = SelectText.of(template.sql(), template.start(), template.end())
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
        builder.keepTo(SourceSpan.of(body).start()).add("SELECT");
        partial.addColumns(builder);
        builder.add(" ").copy(source.text());
        if (source.sent() == Sent.GROUPS && partial.keys() > 0) {
            builder.add(IntStream.rangeClosed(1, partial.keys())
                    .mapToObj(String::valueOf)
                    .collect(Collectors.joining(", ", " GROUP BY ", "")));
        }
        return builder.dropTo(template.end()).build();
    }

    private ShardText combined(
            PgSelect body, SourceSpan source, PartialAggregates partial, boolean hasParameters, String temporary) {
        ShardText.Builder builder = new ShardText.Builder(template);
        original(builder, hasParameters);
        builder.dropTo(SourceSpan.of(body).start());
        for (RelationSplices.Splice splice : partial.splices()) {
            if (splice.start() >= source.start() && splice.start() < source.end()) {
                throw new IllegalStateException("a part of FROM or WHERE is taken for one of the select list");
            }
        }
        boolean isReplaced = false;
        for (RelationSplices.Splice splice : partial.splices()) {
            if (!isReplaced && splice.start() >= source.end()) {
                builder.keepTo(source.start()).dropTo(source.end()).add("FROM pg_temp." + Fragment.quoted(temporary));
                isReplaced = true;
            }
            builder.keepTo(splice.start()).dropTo(splice.end()).add(splice.text());
        }
        if (!isReplaced) {
            builder.keepTo(source.start()).dropTo(source.end()).add("FROM pg_temp." + Fragment.quoted(temporary));
        }
        return builder.build();
    }

    private void original(ShardText.Builder builder, boolean hasParameters) {
        if (hasParameters) {
            builder.add("WITH \"ostraka: original\" AS (")
                    .copy(new SourceSpan(template.start(), template.end()))
                    .add(") ");
        }
    }
}
