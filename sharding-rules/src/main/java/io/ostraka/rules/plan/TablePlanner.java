package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Column;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.rule.KeyedRule;
import io.ostraka.rules.rule.TableRule;
import io.ostraka.rules.sql.Classifier;
import io.ostraka.rules.sql.QualifiedName;
import io.ostraka.rules.sql.SqlParseFailure;
import io.ostraka.rules.sql.StatementKind;
import io.ostraka.rules.sql.StatementTemplate;
import io.ostraka.rules.sql.TableChange;
import io.ostraka.rules.sql.TableCreation;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Plans CREATE TABLE AS and SELECT INTO, and what changes tables on all their shards alike, in a database with several shards. Their
 * literals are never lifted: each text is a plan of its own. Immutable.
 */
record TablePlanner(QueryPlanner queries, DatabaseConfig database) {
    private static final String WHAT = "CREATE TABLE AS";

    Plan plan(StatementTemplate template, TableCreation creation, List<String> searchPath) {
        List<String> parts = creation.name().parts();
        if (creation.temporary()
                || (parts.size() > 1 && parts.get(parts.size() - 2).startsWith("pg_temp"))) {
            return refusal(WHAT + " of a temporary table", "A temporary table lives in one connection to one shard.");
        }
        if (creation.executes()) {
            return refusal(WHAT + " EXECUTE", "Write the query itself in its place.");
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

    /** Of what is the same for all shards of its tables. */
    Plan change(TableChange change, String what, List<String> searchPath) {
        if (change.obstacle().isPresent()) {
            return refusal(
                    what + " with " + change.obstacle().get(),
                    "All shards of a table would have to do the same, and know all of its rows.");
        }
        Optional<NewTable> made = change.kind() == TableChange.Kind.CREATES
                ? Optional.of(made(change.tables().get(0), searchPath))
                : Optional.empty();
        SortedSet<ShardName> shards = new TreeSet<>();
        for (QualifiedName written : change.tables()) {
            List<String> parts = written.parts();
            Optional<String> schema = parts.size() > 1 ? Optional.of(parts.get(parts.size() - 2)) : Optional.empty();
            if (schema.filter(name -> name.startsWith("pg_temp")).isPresent()) {
                return refusal(what + " of a temporary table", "It lives in one connection to one shard.");
            }
            SortedSet<ShardName> its = made.<SortedSet<ShardName>>map(table -> new TreeSet<>(table.shards()))
                    .orElseGet(() -> changed(change, written, searchPath));
            if (!shards.isEmpty() && !shards.equals(its)) {
                return refusal(what + " of tables on different shards", "");
            }
            shards.addAll(its);
        }
        int namesakes = change.tables().stream()
                .mapToInt(
                        written -> queries.catalog().tablesNamed(written.last()).size())
                .max()
                .orElse(0);
        boolean makesKnown = change.kind() == TableChange.Kind.CREATES && namesakes > 0;
        boolean uncovers = change.kind() == TableChange.Kind.DROPS && namesakes > 1;
        Optional<String> ownDefaults = change.added().isEmpty()
                ? Optional.empty()
                : Optional.of(ownDefaults(change.tables().get(0).parts(), change.added()));
        return new Plan.ChangeTables(List.copyOf(shards), made, makesKnown, makesKnown || uncovers, ownDefaults);
    }

    private NewTable made(QualifiedName written, List<String> searchPath) {
        List<String> parts = written.parts();
        Optional<String> schema = parts.size() > 1 ? Optional.of(parts.get(parts.size() - 2)) : schema(searchPath);
        TableName name = new TableName(
                schema.orElseThrow(
                        () -> new PgError(SqlState.INVALID_SCHEMA_NAME, "no schema has been selected to create in")
                                .toException()),
                written.last());
        return new NewTable(name, database, queries.catalog());
    }

    /** Which of these columns have a default from their domain that is no constant; four columns, as of {@link NewTable#columnsQuery}. */
    private static String ownDefaults(List<String> table, Set<String> added) {
        String name = table.stream().map(Fragment::quoted).collect(Collectors.joining("."));
        return "SELECT a.attname, t.typname, a.atttypmod, true FROM pg_catalog.pg_attribute a"
                + " JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) a.atttypid"
                + " WHERE a.attrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(" + NewTable.literal(name) + ")"
                + " AND a.attname OPERATOR(pg_catalog.=) ANY (ARRAY["
                + added.stream().map(NewTable::literal).collect(Collectors.joining(", "))
                + "]::pg_catalog.name[]) AND t.typtype OPERATOR(pg_catalog.=) 'd' AND t.typdefaultbin IS NOT NULL"
                + " AND t.typdefaultbin::pg_catalog.text OPERATOR(pg_catalog.!~~) '{CONST%'";
    }

    /** The shards of a table that is there; of one that nobody knows, the default one, which will say so. */
    private SortedSet<ShardName> changed(TableChange change, QualifiedName written, List<String> searchPath) {
        List<String> parts = written.parts();
        Optional<Table> table = parts.size() == 1
                ? queries.catalog().table(written.last(), searchPath)
                : queries.catalog().table(new TableName(parts.get(parts.size() - 2), written.last()));
        if (table.isEmpty()) {
            return new TreeSet<>(queries.awaited(parts, searchPath)
                    .map(awaited -> new NewTable(awaited, database, queries.catalog()).shards())
                    .orElseGet(() -> List.of(database.defaultShard())));
        }
        TableName name = table.get().name();
        queries.functions().hazard(name, table.get().onWrite()).ifPresent(why -> {
            throw Refusals.hiddenAccess(name, why).toException();
        });
        TableRule rule = queries.rules().ruleFor(name);
        if (rule instanceof KeyedRule keyed) {
            requireKeyKept(change, table.get(), keyed);
        }
        return rule.shards();
    }

    /** Neither the key nor its place among the columns may change: rows that are listed without them are found by it. */
    private static void requireKeyKept(TableChange change, Table table, KeyedRule rule) {
        List<String> columns = table.columns().stream().map(Column::name).toList();
        int last = rule.keyColumns().stream().mapToInt(columns::indexOf).max().orElseThrow();
        change.altered().stream()
                .filter(column -> columns.indexOf(column) >= 0 && columns.indexOf(column) <= last)
                .findFirst()
                .ifPresent(column -> {
                    throw Refusals.utility(
                                    "ALTER TABLE of column \"" + column + "\" of table \"" + table.name() + "\"",
                                    "It is the shard key, or stands in front of it.")
                            .toException();
                });
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
