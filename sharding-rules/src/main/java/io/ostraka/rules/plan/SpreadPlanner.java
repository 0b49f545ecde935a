package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Column;
import io.ostraka.rules.catalog.Table;
import java.util.List;
import java.util.Optional;

/**
 * Lets a statement that writes run on several shards as it is, where that is the same as to run it on all rows at once: an
 * UPDATE or DELETE of one table that looks at no other row than the one it writes, and calls nothing that could have another
 * value on another shard. To copies of a reference table INSERT of listed rows goes the same way, if no copy can
 * come to differ from another: no default, no trigger.
 *
 * <p>Confined to the planning of one statement.
 */
record SpreadPlanner(Query query, Analysis analysis, QueryPlanner planner) {

    /** {@code forward} refuses several shards; what it becomes, if it need not. */
    QueryPlanner.Planned plan(QueryPlanner.Planned planned, Plan.Forward forward) {
        boolean copies = analysis.copies().isPresent();
        boolean sound = copies ? isSoundForCopies() : isSoundForKeys();
        if (!sound && copies) {
            return with(planned, new Plan.Refusal(forward.whenMany()));
        }
        if (!sound || !(forward.router() instanceof StatementRouter router)) {
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

    private boolean returnsRows() {
        if (query instanceof Query.Insert insert) {
            return !insert.returning().isEmpty();
        }
        return query instanceof Query.Update update
                ? !update.returning().isEmpty()
                : !((Query.Delete) query).returning().isEmpty();
    }

    private boolean isSoundForKeys() {
        return writesOneTable() && analysis.inserts().isEmpty();
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
            int place = insert.columns().isEmpty()
                    ? i
                    : insert.columns().indexOf(columns.get(i).name());
            boolean given = place >= 0
                    && values.rows().stream().allMatch(row -> place < row.size() && !isDefault(row.get(place)));
            if (columns.get(i).hasDefault() && !given) {
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
