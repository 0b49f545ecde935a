package io.ostraka.rules.rule;

import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The rules of one database, settled against one version of its catalog. Immutable; a new catalog version makes a new
 * one.
 *
 * <p>A rule that does not fit the catalog is no reason to stop: its table alone is closed ({@link #ruleFor} refuses it)
 * until catalog or file change. It never falls back to the default shard, where its rows would be written in the wrong place.
 */
public final class RuleSet {
    private final Map<TableName, TableRule> rules;
    /** Tables with a rule that the catalog does not have. */
    private final Set<TableName> waiting;

    private final Map<String, ShardName> schemas;
    private final TableRule byDefault;
    private final List<RuleProblem> problems;
    private final ColumnTypes catalog;

    private RuleSet(
            Map<TableName, TableRule> rules, DatabaseConfig database, List<RuleProblem> problems, ColumnTypes catalog) {
        this.rules = Map.copyOf(rules);
        this.waiting = database.tables().keySet().stream()
                .filter(table -> catalog.columnsOf(table).isEmpty())
                .collect(Collectors.toUnmodifiableSet());
        this.schemas = Map.copyOf(database.schemas());
        this.byDefault = new PinnedRule(database.defaultShard());
        this.problems = List.copyOf(problems);
        this.catalog = catalog;
    }

    /** Settles every rule whose table exists; a rule for a table that does not exist yet waits. */
    public static RuleSet resolve(DatabaseConfig database, ColumnTypes catalog) {
        List<RuleProblem> problems = new ArrayList<>();
        Map<TableName, TableRule> rules = new LinkedHashMap<>();
        RuleResolver resolver = new RuleResolver(database, catalog, problems::add);
        database.tables().forEach((table, rule) -> resolver.resolve(table, rule)
                .ifPresent(resolved -> rules.put(table, resolved)));
        resolver.checkColocation(rules);
        return new RuleSet(rules, database, problems, catalog);
    }

    /** In the file's order; empty when every rule can be used. */
    public List<RuleProblem> problems() {
        return problems;
    }

    /**
     * The rule that holds for a table: its own, that of the partitioned table above it, its schema's, or the default
     * shard's.
     *
     * @throws io.ostraka.rules.error.PgErrorException when the table's own rule does not fit the catalog, or its table does
     *     not exist
     */
    public TableRule ruleFor(TableName table) {
        TableName root = rootOf(table);
        for (RuleProblem problem : problems) {
            if (problem.table().equals(root) || problem.table().equals(table)) {
                throw new PgError(
                                SqlState.CONFIG_FILE_ERROR,
                                "the sharding rule of table \"" + problem.table() + "\" cannot be used",
                                problem.message(),
                                problem.hint())
                        .toException();
            }
        }
        TableRule own = rules.get(root);
        if (own != null) {
            return own;
        }
        if (waiting.contains(root)) {
            throw new PgError(
                            SqlState.UNDEFINED_OBJECT,
                            "table \"" + root + "\" has a sharding rule but does not exist",
                            "The rule cannot be used before the types of its columns are known.",
                            "")
                    .toException();
        }
        ShardName ofSchema = schemas.get(root.schema());
        return ofSchema == null ? byDefault : new PinnedRule(ofSchema);
    }

    /**
     * Whether rows of both tables with equal keys are on one shard. False for a reference table and a table of another
     * kind, although every shard of the latter can join them.
     *
     * @throws io.ostraka.rules.error.PgErrorException when one of the rules does not fit the catalog
     */
    public boolean colocated(TableName a, TableName b) {
        return ruleFor(a).placesAs(ruleFor(b));
    }

    private TableName rootOf(TableName table) {
        TableName root = table;
        Optional<TableName> above = catalog.partitionedTableOf(root);
        while (above.isPresent()) {
            root = above.get();
            above = catalog.partitionedTableOf(root);
        }
        return root;
    }
}
