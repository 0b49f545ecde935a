package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.sql.Classifier;
import io.ostraka.rules.sql.SourceSpan;
import io.ostraka.rules.sql.SqlParseFailure;
import io.ostraka.rules.sql.StatementKind;
import io.ostraka.rules.sql.StatementTemplate;
import io.ostraka.rules.sql.TableCreation;
import java.util.List;
import java.util.Optional;

/**
 * Plans CREATE TABLE AS and SELECT INTO in a database with several shards. Their literals are never lifted: each text is a plan of its own.
 * Immutable.
 */
record TablePlanner(QueryPlanner queries, DatabaseConfig database) {
    private static final String WHAT = "CREATE TABLE AS";

    Plan plan(StatementTemplate template, TableCreation creation, List<String> searchPath) {
        String text = template.text();
        List<String> parts = creation.name().parts();
        if (creation.temporary()
                || (parts.size() > 1 && parts.get(parts.size() - 2).startsWith("pg_temp"))) {
            return refusal(WHAT + " of a temporary table", "A temporary table lives in one connection to one shard.");
        }
        if (creation.executes()) {
            return refusal(WHAT + " EXECUTE", "Write the query itself in its place.");
        }
        if (OutputName.hasParameter(text, new SourceSpan(0, text.length()))) {
            return refusal(WHAT + " with parameters", "Give their values in the text.");
        }
        List<StatementTemplate> inside = StatementTemplate.of(creation.query());
        if (inside.size() != 1) {
            return refusal(WHAT + " of this statement", "It is no query.");
        }
        StatementTemplate query = inside.get(0);
        boolean isSelect = Classifier.classify(query) instanceof StatementKind.Query kind
                && List.of("select", "values", "table", "with").contains(kind.verb());
        if (!isSelect) {
            return refusal(WHAT + " of this statement", "It is no query.");
        }
        Optional<String> schema = parts.size() > 1 ? Optional.of(parts.get(parts.size() - 2)) : schema(searchPath);
        if (schema.isEmpty()) {
            return new Plan.Refusal(
                    new PgError(SqlState.INVALID_SCHEMA_NAME, "no schema has been selected to create in"));
        }
        NewTable table =
                new NewTable(new TableName(schema.get(), creation.name().last()), database, queries.catalog());
        try {
            Plan plan = queries.planWhole(
                            QueryPlanner.read(query, query.start(), query.end()),
                            query,
                            searchPath,
                            QueryPlanner.Order.ALL_BY_COMBINER)
                    .plan();
            if (plan instanceof Plan.Refusal refusal) {
                return new Plan.Refusal(moved(refusal.error(), template.start()));
            }
            if (plan instanceof Plan.Scatter) {
                return refusal(WHAT + " that locks rows of several shards", "");
            }
            Optional<PgError> notApart = ClockText.of(query, queries.catalog(), searchPath)
                    .map(clock -> Refusals.utility(
                            WHAT + " of a query over several shards that asks for the time",
                            "Each shard has a clock of its own."));
            return new Plan.CreateTable(table, creation, PlannedStatement.of(query, plan), notApart);
        } catch (PgErrorException refused) {
            return new Plan.Refusal(moved(refused.error(), template.start()));
        } catch (SqlParseFailure unread) {
            return new Plan.Refusal(moved(Refusals.notRead(unread.error(), "a new table"), template.start()), true);
        }
    }

    /** The first that exists, as the server chooses. */
    private Optional<String> schema(List<String> searchPath) {
        return searchPath.stream()
                .filter(schema -> !schema.equals(Catalog.PG_CATALOG)
                        && queries.catalog().schemas().contains(schema))
                .findFirst();
    }

    private static PgError moved(PgError error, int start) {
        return error.position() == 0 ? error : error.at(error.position() + start);
    }

    private static Plan refusal(String what, String detail) {
        return new Plan.Refusal(Refusals.utility(what, detail));
    }
}
