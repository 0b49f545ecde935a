package io.ostraka.rules.plan;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.sql.Classifier;
import io.ostraka.rules.sql.SqlParseFailure;
import io.ostraka.rules.sql.StatementKind;
import io.ostraka.rules.sql.StatementTemplate;
import java.util.List;
import java.util.Optional;

/**
 * Plans DECLARE, FETCH, MOVE and CLOSE in a database with several shards. Their literals are never lifted: each text is a plan of
 * its own. Immutable.
 */
record CursorPlanner(QueryPlanner queries) {
    private static final String SEVERAL = "a cursor over several shards";

    Plan declare(StatementTemplate template, StatementKind.DeclareCursor declared, List<String> searchPath) {
        if (declared.name().isEmpty()) {
            return new Plan.Refusal(
                    new PgError(SqlState.INVALID_CURSOR_NAME, "invalid cursor name: must not be empty"));
        }
        int start = declared.bodyStart();
        StatementKind body = Classifier.classify(template.sql(), start, template.end());
        List<StatementTemplate> inside = StatementTemplate.of(template.sql().substring(start, template.end()));
        if (!(body instanceof StatementKind.Query) || inside.size() != 1) {
            return refusal("DECLARE of this statement", "It is no query.");
        }
        StatementTemplate query = inside.get(0);
        try {
            // The combiner's own cursor goes back, puts out binary, and may outlive the transaction.
            QueryPlanner.Order order = declared.scroll() || declared.binary() || declared.hold()
                    ? QueryPlanner.Order.ALL_BY_COMBINER
                    : QueryPlanner.Order.BY_SHARDS;
            Plan plan = queries.planWhole(
                            QueryPlanner.read(query, query.start(), query.end()), query, searchPath, order)
                    .plan();
            if (plan instanceof Plan.Refusal refusal) {
                return new Plan.Refusal(moved(refusal.error(), start));
            }
            return new Plan.Cursor(new CursorCommand.Declare(
                    declared.name(),
                    template.sql().substring(template.start(), start),
                    PlannedStatement.of(query, plan),
                    declared.hold(),
                    declared.binary(),
                    notOverShards(plan, order)));
        } catch (PgErrorException refused) {
            return new Plan.Refusal(moved(refused.error(), start));
        } catch (SqlParseFailure unread) {
            return new Plan.Refusal(moved(Refusals.notRead(unread.error(), "a cursor"), start), true);
        }
    }

    private static PgError moved(PgError error, int start) {
        return error.position() == 0 ? error : error.at(error.position() + start);
    }

    /** What locks in order would lock rows that were read ahead. */
    private static Optional<PgError> notOverShards(Plan plan, QueryPlanner.Order order) {
        boolean isInTurn = order == QueryPlanner.Order.BY_SHARDS
                && plan instanceof Plan.Scatter scatter
                && scatter.merge() instanceof Merge.Concatenate;
        return plan instanceof Plan.Scatter scatter && scatter.locks() && !isInTurn
                ? Optional.of(Refusals.utility(
                        SEVERAL + " that locks rows in order", "Rows are locked when they are fetched."))
                : Optional.empty();
    }

    private static Plan refusal(String what, String detail) {
        return new Plan.Refusal(Refusals.utility(what, detail));
    }

    static Plan fetch(StatementKind.FetchCursor fetch) {
        return new Plan.Cursor(new CursorCommand.Fetch(fetch.name(), fetch.move(), fetch.forward()));
    }

    static Plan close(StatementKind.CloseCursor close) {
        return new Plan.Cursor(new CursorCommand.Close(close.name()));
    }
}
