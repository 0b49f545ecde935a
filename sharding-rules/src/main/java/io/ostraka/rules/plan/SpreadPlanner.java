package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Column;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.rule.KeyedRule;
import io.ostraka.rules.sql.SqlParseFailure;
import io.ostraka.rules.sql.StatementTemplate;
import java.util.List;
import java.util.Optional;
import java.util.function.BiPredicate;

/**
 * Lets a statement that writes run on several shards as it is, where that is the same as to run it on all rows at once: an
 * UPDATE or DELETE that looks at no other rows than the one it writes and those which are on its shard for having its key, and
 * calls nothing that could have another value on another shard; an INSERT with a query whose rows belong where they are found. To
 * copies of a reference table INSERT of listed rows goes the same way, if no copy can
 * come to differ from another: no default, no trigger. An INSERT of listed rows is cut into one for each shard ({@link RowSplit}),
 * if a row that is stored on another shard, among other rows, is the same.
 *
 * <p>Confined to the planning of one statement.
 */
record SpreadPlanner(Query query, Analysis analysis, QueryPlanner planner, StatementTemplate template) {

    /** {@code forward} refuses several shards; what it becomes, if it need not. */
    QueryPlanner.Planned plan(QueryPlanner.Planned planned, Plan.Forward forward) {
        if (query instanceof Query.Insert insert && !analysis.inserts().isEmpty()) {
            return split(planned, forward, insert);
        }
        boolean copies = analysis.copies().isPresent();
        if (copies && !isSoundForCopies()) {
            return with(planned, new Plan.Refusal(forward.whenMany()));
        }
        Optional<PgError> obstacle =
                copies ? Optional.empty() : obstacleForKeys(planned.top().level(), forward);
        if (obstacle.isPresent()) {
            return with(planned, new Plan.Forward(forward.router(), forward.access(), forward.pins(), obstacle.get()));
        }
        if (!(forward.router() instanceof StatementRouter router)) {
            return planned;
        }
        return with(
                planned,
                new Plan.Forward(
                        new ClockedRouter(router, analysis.clockWords()),
                        forward.access(),
                        forward.pins(),
                        forward.whenMany(),
                        Optional.of(new Plan.Spread(copies, returnsRows()))));
    }

    private static QueryPlanner.Planned with(QueryPlanner.Planned planned, Plan plan) {
        return new QueryPlanner.Planned(plan, planned.analysis(), planned.reader(), planned.top());
    }

    private QueryPlanner.Planned split(QueryPlanner.Planned planned, Plan.Forward forward, Query.Insert insert) {
        if (!(forward.router() instanceof StatementRouter router)
                || router.inserted().isEmpty()
                || router.inserted().get().count() == 1) {
            return planned;
        }
        Query.Values values = (Query.Values) insert.source().orElseThrow();
        Optional<String> obstacle = obstacle(insert, values);
        Optional<RowSplit> split = obstacle.isPresent()
                ? Optional.empty()
                : RowSplit.of(template, values.at(), router.inserted().get());
        return with(
                planned,
                new Plan.Forward(
                        new ClockedRouter(router, analysis.clockWords()),
                        forward.access(),
                        forward.pins(),
                        Refusals.rowsOfSeveralShards(
                                analysis.inserts().get(0).table(),
                                obstacle.orElse("A parameter of no declared type stands in several rows.")),
                        split.map(rows -> new Plan.Spread(false, returnsRows(), Optional.of(rows)))));
    }

    /** Why an INSERT of listed rows cannot be cut. */
    private Optional<String> obstacle(Query.Insert insert, Query.Values values) {
        if (!insert.with().tables().isEmpty()
                || !values.with().tables().isEmpty()
                || !analysis.occurrences().isEmpty()
                || analysis.inserts().size() > 1
                || analysis.locks()
                || analysis.readsSystemCatalog()) {
            return Optional.of("It reads other tables.");
        }
        if (analysis.systemColumn().isPresent() || analysis.serverLocalCast().isPresent()) {
            return Optional.of("It uses values that mean something on one server only.");
        }
        int width = values.rows().get(0).size();
        if (insert.overridingUser() || values.rows().stream().anyMatch(row -> row.size() != width)) {
            return Optional.of("Its rows are not alike, or not all stored as they stand.");
        }
        Optional<String> function = analysis.functions().stream()
                .filter(use -> !planner.functions().isOfRow(use))
                .map(use -> "Function " + use.last() + "() might not be the same on each of them.")
                .findFirst();
        return function.isPresent()
                ? function
                : defaultThatDiffers(
                        insert,
                        analysis.inserts().get(0).table(),
                        (index, column) -> isGiven(insert, values, index, column));
    }

    private Optional<String> defaultThatDiffers(
            Query.Insert insert, TableName name, BiPredicate<Integer, Column> isGiven) {
        return columnThatDiffers(name, isGiven).or(() -> insert.onConflict()
                .filter(conflict -> !defaultsAreTheSame(conflict.set(), name))
                .map(conflict -> "ON CONFLICT sets a column to a default that might not be the same on each of them."));
    }

    /** {@code isGiven}: whether the statement gives the column, by its place and itself, a value in every row. */
    private Optional<String> columnThatDiffers(TableName name, BiPredicate<Integer, Column> isGiven) {
        Table table = planner.catalog().table(name).orElseThrow();
        for (int i = 0; i < table.columns().size(); i++) {
            Column column = table.columns().get(i);
            if (column.hasDefault() && !isGiven.test(i, column) && !isTheSameEverywhere(column)) {
                return Optional.of("Column \"" + column.name()
                        + "\" is not given, and its default might not be the same on each of them.");
            }
        }
        return Optional.empty();
    }

    private static boolean isGiven(Query.Insert insert, Query.Values values, int index, Column column) {
        int place = insert.columns().isEmpty() ? index : insert.columns().indexOf(column.name());
        return place >= 0 && values.rows().stream().allMatch(row -> place < row.size() && !isDefault(row.get(place)));
    }

    /** Whether a default is what it is on any shard, or of each row anyway. */
    private boolean isTheSameEverywhere(Column column) {
        if (column.defaultText().isEmpty() || !column.onDefault().isNone()) {
            return false;
        }
        List<String> path = List.of(Catalog.PG_CATALOG);
        try {
            StatementTemplate select =
                    StatementTemplate.of("SELECT " + column.defaultText()).get(0);
            Analysis found = planner.analyse(QueryPlanner.read(select, select.start(), select.end()), select, path)
                    .analysis();
            return found.occurrences().isEmpty()
                    && !found.readsSystemCatalog()
                    && found.serverLocalCast().isEmpty()
                    && found.functions().stream().allMatch(planner.functions()::isOfRow);
        } catch (PgErrorException | SqlParseFailure unread) {
            return false;
        }
    }

    private boolean returnsRows() {
        if (query instanceof Query.Insert insert) {
            return !insert.returning().isEmpty();
        }
        if (query instanceof Query.Update update) {
            return !update.returning().isEmpty();
        }
        return query instanceof Query.Merge merge
                ? !merge.returning().isEmpty()
                : !((Query.Delete) query).returning().isEmpty();
    }

    /** Why an UPDATE, a DELETE or an INSERT with a query cannot run on each shard for itself. */
    private Optional<PgError> obstacleForKeys(Level top, Plan.Forward forward) {
        boolean sound = analysis.inserts().isEmpty()
                && analysis.occurrences().stream()
                                .filter(Occurrence::written)
                                .map(Occurrence::table)
                                .distinct()
                                .count()
                        == 1
                && !analysis.locks()
                && !analysis.readsSystemCatalog()
                && top instanceof Level.Write;
        if (!sound) {
            return Optional.of(forward.whenMany());
        }
        Occurrence target = analysis.occurrences().stream()
                .filter(Occurrence::written)
                .findFirst()
                .orElseThrow();
        if (query instanceof Query.Insert insert) {
            return obstacleForSelected(insert, target, (Level.Write) top);
        }
        if (query instanceof Query.Update update && !defaultsAreTheSame(update.assignments(), target.table())) {
            return Optional.of(forward.whenMany());
        }
        if (writesOneTable()) {
            return Optional.empty();
        }
        if (!(((Level.Write) top).rows().orElse(null) instanceof Level.Joined joined)) {
            return Optional.of(forward.whenMany());
        }
        Distribution rows = new Distributor().of(joined);
        Optional<Distribution.Obstacle> obstacle = shape().obstacle(rows);
        if (obstacle.isPresent()) {
            return obstacle.map(found ->
                    Refusals.needsOneShard(found.construct(), target.table().toString(), found.at()));
        }
        return query instanceof Query.Merge merge
                ? obstacleForMerge(merge, target, Distributor.areStoredInPlace(joined, rows, (KeyedRule) target.rule()))
                : Optional.empty();
    }

    private Optional<PgError> obstacleForMerge(Query.Merge merge, Occurrence target, boolean inPlace) {
        if (!inPlace) {
            return Optional.of(Refusals.rowsOfQuery(
                    target.table(), "Rows of the source may belong to other shards than those they are found on."));
        }
        for (Query.Merge.When when : merge.whens()) {
            if (!defaultsAreTheSame(when.assignments(), target.table())) {
                return Optional.of(Refusals.writesMany(target.table()));
            }
            Optional<String> differs = when.action() != Query.Merge.Action.INSERT
                    ? Optional.empty()
                    : columnThatDiffers(target.table(), (index, column) -> {
                        int place = when.columns().isEmpty()
                                ? index
                                : when.columns().indexOf(column.name());
                        return !when.overridingUser()
                                && place >= 0
                                && place < when.values().size()
                                && !isDefault(when.values().get(place));
                    });
            if (differs.isPresent()) {
                return differs.map(why -> Refusals.rowsOfQuery(target.table(), why));
            }
        }
        return Optional.empty();
    }

    private ScatterShape shape() {
        return new ScatterShape(analysis, planner.functions());
    }

    private Optional<PgError> obstacleForSelected(Query.Insert insert, Occurrence target, Level.Write top) {
        if (!(top.rows().orElse(null) instanceof Level.Selected selected)
                || insert.overridingUser()
                || !new Distributor().isStoredInPlace(selected)) {
            return Optional.of(Refusals.rowsOfQuery(
                    target.table(), "Rows of the query may belong to other shards than those they are found on."));
        }
        Optional<Distribution.Obstacle> obstacle = shape().obstacle(new Distribution.Split(Optional.empty()));
        return obstacle.map(found ->
                        Refusals.needsOneShard(found.construct(), target.table().toString(), found.at()))
                .or(() -> defaultThatDiffers(insert, target.table(), (index, column) -> {
                            int place = insert.columns().isEmpty()
                                    ? index
                                    : insert.columns().indexOf(column.name());
                            return place >= 0
                                    && place < selected.query().outputs().size();
                        })
                        .map(why -> Refusals.rowsOfQuery(target.table(), why)));
    }

    /** Whether what is set to its default becomes the same on every shard. */
    private boolean defaultsAreTheSame(List<Query.Assignment> assignments, TableName table) {
        return assignments.stream()
                .filter(SpreadPlanner::isDefault)
                .flatMap(assignment -> assignment.columns().stream())
                .allMatch(name -> planner.catalog()
                        .table(table)
                        .flatMap(found -> found.column(name))
                        .filter(column -> !column.hasDefault() || isTheSameEverywhere(column))
                        .isPresent());
    }

    /** Whether the target is all it looks at, and every shard would find the same in a row. */
    private boolean writesOneTable() {
        boolean alone = (query instanceof Query.Update update && update.from().isEmpty())
                || (query instanceof Query.Delete delete && delete.using().isEmpty());
        return alone && isFreeOfOthers();
    }

    private boolean isFreeOfOthers() {
        return query.with().tables().isEmpty()
                && analysis.occurrences().size() == 1
                && analysis.occurrences().get(0).written()
                && !analysis.locks()
                && !analysis.readsSystemCatalog()
                && analysis.systemColumn().isEmpty()
                && analysis.serverLocalCast().isEmpty()
                && analysis.functions().stream()
                        .allMatch(use -> planner.functions().judge(use).place() == FunctionJudge.Place.EVERYWHERE);
    }

    private boolean isSoundForCopies() {
        Optional<Table> table =
                planner.catalog().table(analysis.copies().orElseThrow().table());
        boolean noEffects = analysis.hidden().isEmpty()
                && table.isPresent()
                && table.get().effects().before().isEmpty();
        if (!noEffects) {
            return false;
        }
        return query instanceof Query.Insert insert
                ? isFreeOfOthers() && givesEveryDefault(insert, table.get())
                : writesOneTable() && !assignsDefault();
    }

    /** A default may be a clock or a sequence. */
    private static boolean givesEveryDefault(Query.Insert insert, Table table) {
        if (insert.overridingUser()
                || insert.source().isEmpty()
                || !(insert.source().get() instanceof Query.Values values)
                || !values.tail().isEmpty()
                || !values.with().tables().isEmpty()
                || insert.onConflict()
                        .filter(conflict -> conflict.set().stream().anyMatch(SpreadPlanner::isDefault))
                        .isPresent()) {
            return false;
        }
        List<Column> columns = table.columns();
        for (int i = 0; i < columns.size(); i++) {
            if (columns.get(i).hasDefault() && !isGiven(insert, values, i, columns.get(i))) {
                return false;
            }
        }
        return true;
    }

    private boolean assignsDefault() {
        return query instanceof Query.Update update
                && update.assignments().stream().anyMatch(SpreadPlanner::isDefault);
    }

    private static boolean isDefault(Query.Assignment assignment) {
        return isDefault(assignment.value())
                || assignment.value().parts().stream().anyMatch(SpreadPlanner::isDefault);
    }

    private static boolean isDefault(Expression value) {
        return value instanceof Expression.Constant constant && constant.word() == Expression.Constant.Word.DEFAULT;
    }
}
