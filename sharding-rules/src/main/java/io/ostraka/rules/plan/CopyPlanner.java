package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Column;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.plan.QueryPlanner.Planned;
import io.ostraka.rules.rule.KeyedRule;
import io.ostraka.rules.sql.CopyClause;
import io.ostraka.rules.sql.StatementTemplate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Plans COPY where rows of several shards are meant. Its literals are never lifted: each text is a plan of its own. Immutable. */
final class CopyPlanner {
    /** Options of COPY FROM that leave it to the rows themselves what is stored. */
    private static final Set<String> OF_SERVER = Set.of("log_verbosity");

    private final QueryPlanner queries;

    CopyPlanner(QueryPlanner queries) {
        this.queries = queries;
    }

    // ---- out -----------------------------------------------------------------------------------------------------

    Plan tableOut(StatementTemplate template, KeyedRule rule) {
        return outOf(template, List.copyOf(rule.shards()));
    }

    /**
     * COPY of a query that reads several shards; empty when one shard does. Without the shards' merging: what is to be in order is
     * put in order by the combiner, which writes the rows out, too.
     */
    Optional<Plan> queryOut(StatementTemplate template, int start, int end, List<String> searchPath) {
        List<StatementTemplate> inside = StatementTemplate.of(template.sql().substring(start, end));
        if (inside.size() != 1) {
            return Optional.empty();
        }
        StatementTemplate query = inside.get(0);
        Planned planned = queries.planWhole(
                QueryPlanner.read(query, query.start(), query.end()),
                query,
                searchPath,
                QueryPlanner.Order.BY_COMBINER);
        PlannedStatement statement = PlannedStatement.of(query, planned.plan());
        Optional<Route.Many> many = many(statement);
        if (many.isEmpty()) {
            return Optional.empty();
        }
        if (ClockText.of(query, queries.catalog(), searchPath).isPresent()) {
            return Optional.of(new Plan.Refusal(Refusals.utility(
                    "COPY of a query over several shards that asks for the time",
                    "Each shard has a clock of its own.")));
        }
        if (planned.plan() instanceof Plan.Scatter) {
            return Optional.of(outOf(template, many.get().shards()));
        }
        if (planned.plan() instanceof Plan.Combine combine) {
            return Optional.of(new Plan.CombinedCopy(
                    template.sql().substring(template.start(), start),
                    statement,
                    combine.combination(),
                    template.sql().substring(end, template.end())));
        }
        PgError why = ((Plan.Forward) planned.plan()).whenMany();
        return Optional.of(new Plan.Refusal(why.position() == 0 ? why : why.at(why.position() + start)));
    }

    private static Optional<Route.Many> many(PlannedStatement statement) {
        Plan plan = statement.plan() instanceof Plan.Combine combine ? combine.forward() : statement.plan();
        Router router = plan instanceof Plan.Scatter scatter ? scatter.router() : ((Plan.Forward) plan).router();
        return router.route(statement.values()) instanceof Route.Many many ? Optional.of(many) : Optional.empty();
    }

    private static Plan outOf(StatementTemplate template, List<ShardName> shards) {
        Optional<CopyClause> clause = CopyClause.of(template.sql(), template.start(), template.end());
        return clause.<Plan>map(
                        known -> new Plan.CopyOut(shards, known.format() == CopyClause.Format.BINARY, known.header()))
                .orElseGet(CopyPlanner::notRead);
    }

    private static Plan notRead() {
        return new Plan.Refusal(Refusals.utility("this form of COPY", "Its options are not understood."));
    }

    // ---- in ------------------------------------------------------------------------------------------------------

    /** Judged as the INSERT of two rows that may belong to different shards. */
    Plan tableIn(StatementTemplate template, Table table, KeyedRule rule, List<String> searchPath) {
        Optional<CopyClause> clause = CopyClause.of(template.sql(), template.start(), template.end());
        if (clause.isEmpty()) {
            return notRead();
        }
        Optional<String> other = clause.get().others().stream()
                .filter(option -> !OF_SERVER.contains(option))
                .findFirst();
        if (other.isPresent()) {
            return new Plan.Refusal(Refusals.utility(
                    "option " + other.get() + " of COPY FROM a client",
                    "The rows of table \"" + table.name() + "\" belong to several shards."));
        }
        List<String> columns = clause.get().columns().isEmpty()
                ? table.columns().stream().map(Column::name).toList()
                : clause.get().columns();
        StatementTemplate insert =
                StatementTemplate.of(insert(table.name(), columns)).get(0);
        Plan plan = inserting(insert, searchPath);
        if (!(plan instanceof Plan.Forward forward) || forward.spread().isEmpty()) {
            PgError why = plan instanceof Plan.Forward forward ? forward.whenMany() : ((Plan.Refusal) plan).error();
            return new Plan.Refusal(
                    new PgError(why.state(), "COPY " + table.name() + ": " + why.message(), why.detail(), why.hint()));
        }
        List<CopyTarget.Key> keys = new ArrayList<>();
        for (int i = 0; i < rule.keyColumns().size(); i++) {
            String name = rule.keyColumns().get(i);
            int modifier = table.column(name).orElseThrow().typeModifier();
            keys.add(new CopyTarget.Key(
                    columns.indexOf(name), name, rule.keyTypes().get(i), modifier));
        }
        return new Plan.CopyIn(new CopyTarget(table.name(), rule, columns.size(), keys), CopyLayout.of(clause.get()));
    }

    private Plan inserting(StatementTemplate insert, List<String> searchPath) {
        try {
            return queries.planWhole(
                            QueryPlanner.read(insert, insert.start(), insert.end()),
                            insert,
                            searchPath,
                            QueryPlanner.Order.BY_SHARDS)
                    .plan();
        } catch (PgErrorException refused) {
            return new Plan.Refusal(refused.error());
        }
    }

    private static String insert(TableName table, List<String> columns) {
        StringBuilder sql = new StringBuilder("INSERT INTO ")
                .append(Fragment.quoted(table.schema()))
                .append('.')
                .append(Fragment.quoted(table.name()))
                .append(" (")
                .append(String.join(", ", columns.stream().map(Fragment::quoted).toList()))
                .append(") VALUES ");
        int parameter = 0;
        for (int row = 0; row < 2; row++) {
            List<String> values = new ArrayList<>();
            for (int i = 0; i < columns.size(); i++) {
                parameter++;
                values.add("$" + parameter);
            }
            sql.append(row == 0 ? "(" : ", (").append(String.join(", ", values)).append(')');
        }
        return sql.toString();
    }
}
