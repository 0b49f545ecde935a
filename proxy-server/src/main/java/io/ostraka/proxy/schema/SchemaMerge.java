package io.ostraka.proxy.schema;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Column;
import io.ostraka.rules.catalog.CombinerSchema;
import io.ostraka.rules.catalog.Function;
import io.ostraka.rules.catalog.FunctionName;
import io.ostraka.rules.catalog.HiddenAccess;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.catalog.WriteEffects;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.rule.ColumnTypes;
import io.ostraka.rules.rule.RuleSet;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Makes one catalog of several shards'. A table is taken from the shards where its rule puts it: a table of the same name
 * left over elsewhere is not what statements mean. Where those shards differ, the planner is told what holds on all of them
 * (a key that one lacks is no key), and the difference is reported. Confined to the thread that merges.
 */
final class SchemaMerge {
    private final DatabaseConfig database;
    private final SortedMap<ShardName, ShardSchema> shards;
    private final Optional<ShardSchema> combiner;

    private SchemaMerge(DatabaseConfig database, Map<ShardName, ShardSchema> shards) {
        this.database = database;
        this.shards = new TreeMap<>(shards);
        // A shard may have this name where no server is configured to combine.
        this.combiner = database.combiner().map(config -> this.shards.remove(config.name()));
    }

    /** {@code shards} are those that were read; {@code unread} says why the others were not. */
    static SchemaState merge(
            DatabaseConfig database, long version, Map<ShardName, ShardSchema> shards, Map<ShardName, String> unread) {
        return new SchemaMerge(database, shards).merge(version, unread);
    }

    private SchemaState merge(long version, Map<ShardName, String> unread) {
        // Rules need columns' types, and which shard's table counts needs rules: types from anywhere will do for that.
        Map<TableName, Table> anywhere = new LinkedHashMap<>();
        defaultFirst().forEach(schema -> schema.tables().forEach(anywhere::putIfAbsent));
        RuleSet provisional = RuleSet.resolve(database, types(anywhere));

        Catalog.Builder catalog = Catalog.builder(version);
        Map<TableName, Table> tables = new LinkedHashMap<>();
        anywhere.forEach((name, table) -> placed(name, table, placement(provisional, name), unread.keySet())
                .ifPresent(agreed -> tables.put(name, agreed)));
        tables.values().forEach(catalog::table);
        shards.values().forEach(schema -> {
            schema.schemas().forEach(catalog::schema);
            schema.ambientFunctions().forEach(catalog::ambientFunction);
            schema.operators().forEach(catalog::operator);
        });
        shards.forEach((shard, schema) -> schema.rows().forEach((table, rows) -> {
            if (placement(provisional, table).contains(shard)) {
                catalog.rows(table, rows);
            }
        }));
        functions().forEach(catalog::function);
        RuleSet rules = RuleSet.resolve(database, types(tables));
        List<SchemaDifference> differences =
                new ArrayList<>(SchemaComparison.compare(shards, name -> placement(rules, name)));
        differences.stream()
                .filter(SchemaDifference::ofMeaning)
                .forEach(difference -> catalog.disagreement(difference.table().orElseThrow(), difference.text()));
        tables.keySet().stream()
                .filter(table -> !ShardSchema.isSystem(table.schema()))
                .forEach(table -> alike(table, placement(rules, table)).forEach(shard -> catalog.alike(table, shard)));
        catalog.combiner(combiner(rules, tables.keySet(), differences));
        return new SchemaState(catalog.build(), rules, differences, unread);
    }

    /** What the server without rows has; how it differs is added to what is known of the shards. */
    private CombinerSchema combiner(RuleSet rules, Set<TableName> tables, List<SchemaDifference> differences) {
        if (combiner.isEmpty()) {
            return CombinerSchema.NONE;
        }
        SortedMap<ShardName, ShardSchema> all = new TreeMap<>(shards);
        all.put(DatabaseConfig.COMBINER, combiner.get());
        List<SchemaDifference> more = new ArrayList<>(SchemaComparison.compare(all, name -> {
            Set<ShardName> known = new LinkedHashSet<>(placement(rules, name));
            known.add(DatabaseConfig.COMBINER);
            return known;
        }));
        more.removeAll(differences);
        Set<TableName> unlike = new HashSet<>();
        for (SchemaDifference difference : more) {
            TableName table = difference.table().orElseThrow();
            if (tables.contains(table)) {
                differences.add(difference);
                if (difference.ofMeaning()) {
                    unlike.add(table);
                }
            }
        }
        tables.stream()
                .filter(table -> !ShardSchema.isSystem(table.schema())
                        && !combiner.get().tables().containsKey(table))
                .forEach(unlike::add);
        return CombinerFit.of(combiner, Optional.ofNullable(shards.get(database.defaultShard())), unlike, differences);
    }

    /** The other shards that have the relation as those have it where it belongs. */
    private Set<ShardName> alike(TableName table, Set<ShardName> placement) {
        Set<TableShape> right = new HashSet<>();
        Set<ShardName> alike = new HashSet<>();
        shards.forEach((shard, schema) -> {
            if (placement.contains(shard)) {
                right.add(schema.shapes().get(table));
            }
        });
        shards.forEach((shard, schema) -> {
            TableShape shape = schema.shapes().get(table);
            if (!placement.contains(shard) && shape != null && right.stream().allMatch(shape::equals)) {
                alike.add(shard);
            }
        });
        return right.isEmpty() ? Set.of() : alike;
    }

    private Collection<ShardSchema> defaultFirst() {
        List<ShardSchema> ordered = new ArrayList<>(shards.values());
        ShardSchema byDefault = shards.get(database.defaultShard());
        if (byDefault != null) {
            ordered.remove(byDefault);
            ordered.add(0, byDefault);
        }
        return ordered;
    }

    private static ColumnTypes types(Map<TableName, Table> tables) {
        return new ColumnTypes() {
            @Override
            public Optional<List<Column>> columnsOf(TableName table) {
                return Optional.ofNullable(tables.get(table)).map(Table::columns);
            }

            @Override
            public Optional<TableName> partitionedTableOf(TableName table) {
                return Optional.ofNullable(tables.get(table)).flatMap(Table::partitionOf);
            }
        };
    }

    /** Where the table belongs. A rule that cannot be used closes its table, which is then compared everywhere. */
    private Set<ShardName> placement(RuleSet rules, TableName table) {
        try {
            return rules.ruleFor(table).shards();
        } catch (PgErrorException e) {
            return database.shards().keySet();
        }
    }

    private Optional<Table> placed(TableName name, Table any, Set<ShardName> placement, Set<ShardName> unread) {
        if (ShardSchema.isSystem(name.schema())) {
            return Optional.of(any);
        }
        List<Table> found = new ArrayList<>();
        shards.forEach((shard, schema) -> {
            if (placement.contains(shard) && schema.tables().containsKey(name)) {
                found.add(schema.tables().get(name));
            }
        });
        if (!found.isEmpty()) {
            return found.stream().reduce(SchemaMerge::agreed);
        }
        // The shards where it belongs do not have it, or were not asked: then it is better known than not.
        return placement.stream().anyMatch(unread::contains) ? Optional.of(any) : Optional.empty();
    }

    /** What holds of the table on both shards. */
    private static Table agreed(Table a, Table b) {
        if (a.equals(b)) {
            return a;
        }
        List<List<String>> uniqueKeys = new ArrayList<>(a.uniqueKeys());
        uniqueKeys.retainAll(b.uniqueKeys());
        return new Table(
                a.name(),
                a.kind(),
                a.columns().stream()
                        .map(column -> agreed(column, b.column(column.name())))
                        .toList(),
                a.primaryKey().equals(b.primaryKey()) ? a.primaryKey() : List.of(),
                uniqueKeys,
                a.partitionOf(),
                a.inherits(),
                a.definition(),
                both(a.onRead(), b.onRead()),
                both(a.onWrite(), b.onWrite()),
                a.hasRules() || b.hasRules(),
                both(a.effects(), b.effects()));
    }

    private static Column agreed(Column a, Optional<Column> other) {
        return other.map(b -> new Column(
                        a.name(),
                        a.type(),
                        a.typeModifier(),
                        a.notNull() && b.notNull(),
                        a.hasDefault() || b.hasDefault(),
                        a.deterministicCollation() && b.deterministicCollation(),
                        a.bytewiseCollation() && b.bytewiseCollation(),
                        both(a.onDefault(), b.onDefault()),
                        a.defaultText().equals(b.defaultText()) ? a.defaultText() : ""))
                .orElse(a);
    }

    private static WriteEffects both(WriteEffects a, WriteEffects b) {
        Set<WriteEffects.RowTrigger> before = new LinkedHashSet<>(a.before());
        before.addAll(b.before());
        Set<WriteEffects.Cascade> cascades = new LinkedHashSet<>(a.cascades());
        cascades.addAll(b.cascades());
        return new WriteEffects(List.copyOf(before), List.copyOf(cascades));
    }

    private static HiddenAccess both(HiddenAccess a, HiddenAccess b) {
        Set<TableName> tables = new HashSet<>(a.tables());
        tables.addAll(b.tables());
        Set<FunctionName> functions = new HashSet<>(a.functions());
        functions.addAll(b.functions());
        return new HiddenAccess(tables, functions);
    }

    /** A function of several shards is one; where they differ it is the worst of all. */
    private Collection<Function> functions() {
        Map<FunctionName, Set<Function>> versions = new LinkedHashMap<>();
        shards.values().forEach(schema -> schema.functions()
                .forEach((name, function) -> versions.computeIfAbsent(name, first -> new LinkedHashSet<>(2))
                        .add(function)));
        return versions.values().stream()
                .map(different -> different.stream().reduce(Function::merge).orElseThrow())
                .toList();
    }
}
