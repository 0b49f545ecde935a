package io.ostraka.proxy.schema;

import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Compares the tables of the shards that were read. A table is compared on the shards where it belongs; what else lies
 * around on others is nobody's business. Views and sequences may be missing, because no rule says where they belong, but
 * where they are they must be alike. Confined to the thread that compares.
 */
final class SchemaComparison {
    private final SortedMap<ShardName, ShardSchema> shards;
    private final Function<TableName, Set<ShardName>> placement;
    private final List<SchemaDifference> differences = new ArrayList<>();

    private SchemaComparison(Map<ShardName, ShardSchema> shards, Function<TableName, Set<ShardName>> placement) {
        this.shards = new TreeMap<>(shards);
        this.placement = placement;
    }

    /** {@code placement} tells on which shards a table belongs. Differences are sorted by table. */
    static List<SchemaDifference> compare(
            Map<ShardName, ShardSchema> shards, Function<TableName, Set<ShardName>> placement) {
        SchemaComparison comparison = new SchemaComparison(shards, placement);
        SortedSet<TableName> tables = new TreeSet<>();
        shards.values().forEach(schema -> tables.addAll(schema.shapes().keySet()));
        tables.forEach(comparison::compare);
        return List.copyOf(comparison.differences);
    }

    private void compare(TableName table) {
        Set<ShardName> belongs = placement.apply(table);
        SortedMap<ShardName, TableShape> found = new TreeMap<>();
        List<ShardName> missing = new ArrayList<>();
        shards.forEach((shard, schema) -> {
            TableShape shape = schema.shapes().get(table);
            if (belongs.contains(shard) && shape == null) {
                missing.add(shard);
            } else if (shape != null && (belongs.contains(shard) || hasNoRule(shape))) {
                found.put(shard, shape);
            }
        });
        if (found.isEmpty() || found.values().stream().allMatch(shape -> shape.kind() == Table.Kind.SEQUENCE)) {
            return;
        }
        if (!missing.isEmpty() && !hasNoRule(found.get(found.firstKey()))) {
            report(table, "it is missing on " + and(missing) + ", but exists on " + and(found.keySet()));
        }
        if (found.size() > 1) {
            compare(table, found);
        }
    }

    private static boolean hasNoRule(TableShape shape) {
        return shape.kind() == Table.Kind.VIEW || shape.kind() == Table.Kind.MATERIALIZED_VIEW;
    }

    private void compare(TableName table, SortedMap<ShardName, TableShape> found) {
        Map<ShardName, String> kinds = each(found, shape -> words(shape.kind()));
        if (differ(kinds)) {
            reportMeaning(table, "it is " + by(kinds));
            return;
        }
        Set<String> everywhere = new LinkedHashSet<>();
        found.values().forEach(shape -> shape.columns().forEach(column -> everywhere.add(column.name())));
        boolean sameColumns = true;
        for (String column : everywhere) {
            sameColumns &= compareColumn(table, column, found);
        }
        Map<ShardName, String> orders = each(
                found,
                shape -> shape.columns().stream().map(ColumnShape::name).collect(Collectors.joining(", ", "(", ")")));
        if (sameColumns && differ(orders)) {
            reportMeaning(table, "columns are in the order " + by(orders));
        }
        Map<ShardName, String> partitioning =
                each(found, shape -> shape.partitioning().isEmpty() ? "not partitioned" : shape.partitioning());
        if (differ(partitioning)) {
            report(table, "it is " + by(partitioning));
        }
        compareConstraints(table, found);
        Map<ShardName, String> definitions = each(found, TableShape::definition);
        if (differ(definitions)) {
            reportMeaning(table, "its query is not the same on " + and(found.keySet()));
        }
    }

    /** Whether every shard has the column. */
    private boolean compareColumn(TableName table, String name, SortedMap<ShardName, TableShape> found) {
        SortedMap<ShardName, ColumnShape> columns = new TreeMap<>();
        List<ShardName> missing = new ArrayList<>();
        found.forEach((shard, shape) -> shape.columns().stream()
                .filter(column -> column.name().equals(name))
                .findFirst()
                .ifPresentOrElse(column -> columns.put(shard, column), () -> missing.add(shard)));
        String column = "column " + name;
        if (!missing.isEmpty()) {
            reportMeaning(
                    table, column + " is missing on " + and(missing) + ", but exists on " + and(columns.keySet()));
        }
        Map<ShardName, String> types = each(columns, ColumnShape::type);
        if (differ(types)) {
            reportMeaning(table, column + " is " + by(types));
        }
        Map<ShardName, String> nullable = each(columns, shape -> shape.notNull() ? "NOT NULL" : "nullable");
        if (differ(nullable)) {
            report(table, column + " is " + by(nullable));
        }
        Map<ShardName, String> collations =
                each(columns, shape -> shape.collation().isEmpty() ? "no collation" : "collation " + shape.collation());
        if (differ(collations) && !differ(types)) {
            reportMeaning(table, column + " has " + by(collations));
        }
        Map<ShardName, String> values = each(columns, shape -> shape.value().isEmpty() ? "no default" : shape.value());
        if (differ(values)) {
            String text = column + " has " + by(values);
            if (values.values().stream().anyMatch(value -> value.startsWith("GENERATED ALWAYS AS ("))) {
                reportMeaning(table, text);
            } else {
                report(table, text);
            }
        }
        return missing.isEmpty();
    }

    private void compareConstraints(TableName table, SortedMap<ShardName, TableShape> found) {
        Set<String> everywhere = new LinkedHashSet<>();
        found.values().forEach(shape -> everywhere.addAll(shape.constraints()));
        for (String constraint : everywhere) {
            List<ShardName> missing = found.entrySet().stream()
                    .filter(entry -> !entry.getValue().constraints().contains(constraint))
                    .map(Map.Entry::getKey)
                    .toList();
            if (!missing.isEmpty()) {
                List<ShardName> present = new ArrayList<>(found.keySet());
                present.removeAll(missing);
                report(table, constraint + " is missing on " + and(missing) + ", but exists on " + and(present));
            }
        }
    }

    private void report(TableName table, String text) {
        differences.add(new SchemaDifference(Optional.of(table), "table " + table + ": " + text, false));
    }

    /** A difference that makes statements mean other things on other shards. */
    private void reportMeaning(TableName table, String text) {
        differences.add(new SchemaDifference(Optional.of(table), "table " + table + ": " + text, true));
    }

    private static <T> Map<ShardName, String> each(Map<ShardName, T> values, Function<T, String> aspect) {
        Map<ShardName, String> aspects = new LinkedHashMap<>();
        values.forEach((shard, value) -> aspects.put(shard, aspect.apply(value)));
        return aspects;
    }

    private static boolean differ(Map<ShardName, String> aspects) {
        return new LinkedHashSet<>(aspects.values()).size() > 1;
    }

    /** {@code numeric(10,2) on s0 and s2, numeric(12,2) on s1}. */
    private static String by(Map<ShardName, String> aspects) {
        Map<String, List<ShardName>> groups = new LinkedHashMap<>();
        aspects.forEach((shard, aspect) ->
                groups.computeIfAbsent(aspect, first -> new ArrayList<>()).add(shard));
        return groups.entrySet().stream()
                .map(group -> group.getKey() + " on " + and(group.getValue()))
                .collect(Collectors.joining(", "));
    }

    /** {@code s0}, {@code s0 and s1}, {@code s0, s1 and s2}. */
    static String and(Collection<ShardName> shards) {
        List<String> names = shards.stream().map(ShardName::value).sorted().toList();
        int last = names.size() - 1;
        return last <= 0
                ? String.join("", names)
                : String.join(", ", names.subList(0, last)) + " and " + names.get(last);
    }

    private static String words(Table.Kind kind) {
        return switch (kind) {
            case TABLE -> "a table";
            case PARTITIONED -> "a partitioned table";
            case VIEW -> "a view";
            case MATERIALIZED_VIEW -> "a materialized view";
            case FOREIGN -> "a foreign table";
            case SEQUENCE -> "a sequence";
        };
    }
}
