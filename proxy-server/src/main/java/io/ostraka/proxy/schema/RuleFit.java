package io.ostraka.proxy.schema;

import io.ostraka.proxy.schema.Finding.Severity;
import io.ostraka.rules.catalog.Column;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.rule.KeyedRule;
import io.ostraka.rules.rule.PinnedRule;
import io.ostraka.rules.rule.ReferenceRule;
import io.ostraka.rules.rule.TableRule;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Whether the tables keep their promises under the rules: each shard enforces keys over its own rows only, so a unique key
 * must contain the shard key, and a foreign key must lead to the same shard. Pure; lives for one check.
 */
final class RuleFit {
    private final SchemaState state;
    private final List<Finding> findings = new ArrayList<>();

    private RuleFit(SchemaState state) {
        this.state = state;
    }

    /** Sorted by table; the shapes are those of the shards that were read. */
    static List<Finding> check(DatabaseConfig database, SchemaState state, Map<ShardName, ShardSchema> shards) {
        RuleFit fit = new RuleFit(state);
        state.rules().problems().forEach(problem -> fit.add(Severity.ERROR, problem.table(), problem.message()));
        database.tables().keySet().stream()
                .filter(table -> state.catalog().table(table).isEmpty())
                .sorted()
                .forEach(table -> fit.add(Severity.NOTE, table, "it has a rule, but does not exist yet"));
        Map<TableName, TableShape> shapes = new TreeMap<>();
        new TreeMap<>(shards).values().forEach(schema -> schema.shapes().forEach(shapes::putIfAbsent));
        shapes.forEach((name, shape) -> state.catalog().table(name).ifPresent(table -> fit.checkTable(table, shape)));
        return fit.findings;
    }

    private void add(Severity severity, TableName table, String text) {
        findings.add(new Finding(severity, "table " + table + ": " + text));
    }

    private Optional<TableRule> ruleOf(TableName table) {
        try {
            return Optional.of(state.rules().ruleFor(table));
        } catch (PgErrorException e) {
            return Optional.empty(); // Reported already, as the rule's problem.
        }
    }

    private void checkTable(Table table, TableShape shape) {
        Optional<TableRule> rule = ruleOf(table.name());
        if (rule.isEmpty() || table.kind() == Table.Kind.SEQUENCE || table.isView()) {
            return;
        }
        if (rule.get() instanceof KeyedRule keyed && table.partitionOf().isEmpty()) {
            checkKeys(table, shape, keyed.keyColumns());
        }
        for (ForeignKey foreignKey : shape.foreignKeys()) {
            ruleOf(foreignKey.referenced())
                    .filter(referenced -> !leadsToTheSameShard(foreignKey, rule.get(), referenced))
                    .ifPresent(referenced -> add(
                            Severity.ERROR,
                            table.name(),
                            "foreign key " + foreignKey.name() + " refers to rows of " + foreignKey.referenced()
                                    + " that may be on other shards"));
        }
    }

    private void checkKeys(Table table, TableShape shape, List<String> shardKey) {
        String named = "(" + String.join(", ", shardKey) + ")";
        for (List<String> unique : table.uniqueKeys()) {
            if (!new HashSet<>(unique).containsAll(shardKey)) {
                boolean primary = unique.equals(table.primaryKey());
                add(
                        Severity.ERROR,
                        table.name(),
                        (primary ? "primary key (" : "unique key (") + String.join(", ", unique)
                                + ") does not contain the shard key " + named
                                + ", so it cannot be enforced across shards");
            }
        }
        for (String constraint : shape.constraints()) {
            if (isPartialOrExclusive(constraint)
                    && !shardKey.stream().allMatch(column -> mentions(constraint, column))) {
                add(
                        Severity.ERROR,
                        table.name(),
                        constraint + " does not contain the shard key " + named
                                + ", so it cannot be enforced across shards");
            }
        }
        for (String key : shardKey) {
            if (!table.column(key).map(Column::notNull).orElse(true)) {
                add(
                        Severity.WARNING,
                        table.name(),
                        "column " + key + " of the shard key is nullable: a row with a null there belongs to no shard");
            }
        }
    }

    /** Those that {@link Table#uniqueKeys} leaves out. */
    private static boolean isPartialOrExclusive(String constraint) {
        return constraint.startsWith("EXCLUDE ")
                || (constraint.startsWith("UNIQUE INDEX ")
                        && (constraint.contains(" WHERE ")
                                || constraint.contains("((")
                                || constraint.matches(".*\\w\\(.*")));
    }

    private static boolean mentions(String constraint, String column) {
        String keys = constraint.split(" WHERE ", 2)[0];
        return Pattern.compile("(?<![\\w\"])\"?" + Pattern.quote(column) + "\"?(?![\\w\"])")
                .matcher(keys)
                .find();
    }

    private static boolean leadsToTheSameShard(ForeignKey foreignKey, TableRule from, TableRule to) {
        if (to instanceof ReferenceRule) {
            return true;
        }
        if (from instanceof PinnedRule && to instanceof PinnedRule) {
            return from.shards().equals(to.shards());
        }
        if (from instanceof KeyedRule mine && to instanceof KeyedRule theirs && mine.placesAs(theirs)) {
            Set<String> pairs = new HashSet<>();
            for (int i = 0; i < foreignKey.columns().size(); i++) {
                pairs.add(foreignKey.columns().get(i) + "\0"
                        + foreignKey.referencedColumns().get(i));
            }
            for (int i = 0; i < mine.keyColumns().size(); i++) {
                if (!pairs.contains(
                        mine.keyColumns().get(i) + "\0" + theirs.keyColumns().get(i))) {
                    return false;
                }
            }
            return true;
        }
        return false;
    }
}
