package io.ostraka.rules.rule;

import io.ostraka.rules.catalog.Column;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.config.TableRuleConfig;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Turns the file's wording of a rule into the rule, given the catalog's types. Lives for one {@link RuleSet#resolve}. */
final class RuleResolver {
    private final DatabaseConfig database;
    private final ColumnTypes catalog;
    private final Consumer<RuleProblem> problems;

    RuleResolver(DatabaseConfig database, ColumnTypes catalog, Consumer<RuleProblem> problems) {
        this.database = database;
        this.catalog = catalog;
        this.problems = problems;
    }

    /** Empty when the table does not exist, or after at least one problem was reported. */
    Optional<TableRule> resolve(TableName table, TableRuleConfig config) {
        Optional<List<Column>> columns = catalog.columnsOf(table);
        if (columns.isEmpty()) {
            return Optional.empty();
        }
        Optional<TableName> above = catalog.partitionedTableOf(table);
        if (above.isPresent()) {
            problem(
                    table,
                    "it is a partition of \"" + above.get() + "\"",
                    "Give the rule to the partitioned table; it holds for all its partitions.");
            return Optional.empty();
        }
        return new OneTable(table, columns.get()).resolve(config);
    }

    /** {@code colocate_with} is a claim; the rules say whether it is true. */
    void checkColocation(Map<TableName, TableRule> rules) {
        database.tables().forEach((table, config) -> colocateWith(config).ifPresent(other -> {
            TableRule mine = rules.get(table);
            TableRule others = rules.get(other);
            if (mine != null && others != null && !mine.placesAs(others)) {
                problem(
                        table,
                        "it is declared colocate_with \"" + other + "\", but its rows are placed otherwise",
                        "Both rules must be of the same kind, with keys of the same types and the same assignment.");
            }
        }));
    }

    private static Optional<TableName> colocateWith(TableRuleConfig config) {
        if (config instanceof TableRuleConfig.Hash hash) {
            return hash.colocateWith();
        } else if (config instanceof TableRuleConfig.ConsistentHash ring) {
            return ring.colocateWith();
        } else if (config instanceof TableRuleConfig.Range range) {
            return range.colocateWith();
        } else if (config instanceof TableRuleConfig.ListOf list) {
            return list.colocateWith();
        }
        return Optional.empty();
    }

    private void problem(TableName table, String message, String hint) {
        problems.accept(new RuleProblem(table, message, hint));
    }

    private Collection<ShardName> orAll(List<ShardName> shards) {
        return shards.isEmpty() ? database.shards().keySet() : shards;
    }

    /** One rule's resolution: collects what is wrong and gives a rule only when nothing is. */
    private final class OneTable {
        private final TableName table;
        private final List<Column> columns;
        private boolean sound = true;

        OneTable(TableName table, List<Column> columns) {
            this.table = table;
            this.columns = columns;
        }

        Optional<TableRule> resolve(TableRuleConfig config) {
            if (config instanceof TableRuleConfig.Hash hash) {
                List<KeyType> types = keyTypes(hash.columns());
                return ifSound(() -> new HashRule(hash.columns(), types, database.slots(), orAll(hash.shards())));
            } else if (config instanceof TableRuleConfig.ConsistentHash ring) {
                List<KeyType> types = keyTypes(ring.columns());
                return ifSound(
                        () -> new ConsistentHashRule(ring.columns(), types, ring.virtualNodes(), orAll(ring.shards())));
            } else if (config instanceof TableRuleConfig.Range range) {
                return resolveRange(range);
            } else if (config instanceof TableRuleConfig.ListOf list) {
                return resolveList(list);
            } else if (config instanceof TableRuleConfig.Pinned pinned) {
                return Optional.of(new PinnedRule(pinned.shard()));
            }
            return Optional.of(ReferenceRule.on(database.shards().keySet()));
        }

        private Optional<TableRule> resolveRange(TableRuleConfig.Range range) {
            List<KeyType> types = keyTypes(List.of(range.column()));
            if (types.isEmpty()) {
                return Optional.empty();
            }
            KeyType type = types.get(0);
            List<RangeRule.Interval> intervals = new ArrayList<>();
            for (TableRuleConfig.Interval interval : range.intervals()) {
                Optional<KeyValue> from = interval.from().flatMap(text -> value(type, text, "range bound"));
                Optional<KeyValue> to = interval.to().flatMap(text -> value(type, text, "range bound"));
                if (from.isPresent() == interval.from().isPresent()
                        && to.isPresent() == interval.to().isPresent()) {
                    intervals.add(new RangeRule.Interval(from, to, interval.shard()));
                }
            }
            checkIntervals(intervals);
            return ifSound(() -> new RangeRule(range.column(), type, intervals));
        }

        private void checkIntervals(List<RangeRule.Interval> intervals) {
            List<RangeRule.Interval> sorted = intervals.stream()
                    .filter(interval -> !refuseEmpty(interval))
                    .sorted(RangeRule.Interval.BY_BEGINNING)
                    .toList();
            for (int i = 1; i < sorted.size(); i++) {
                if (sorted.get(i - 1).overlaps(sorted.get(i))) {
                    unsound(
                            "the ranges " + text(sorted.get(i - 1)) + " and " + text(sorted.get(i)) + " overlap",
                            "A range holds its \"from\" and ends before its \"to\".");
                }
            }
        }

        private boolean refuseEmpty(RangeRule.Interval interval) {
            if (interval.isEmpty()) {
                unsound("the range " + text(interval) + " is empty", "\"from\" must be below \"to\".");
            }
            return interval.isEmpty();
        }

        private static String text(RangeRule.Interval interval) {
            return "[" + interval.from().map(Object::toString).orElse("") + ", "
                    + interval.to().map(Object::toString).orElse("") + ")";
        }

        private Optional<TableRule> resolveList(TableRuleConfig.ListOf list) {
            List<KeyType> types = keyTypes(List.of(list.column()));
            if (types.isEmpty()) {
                return Optional.empty();
            }
            Map<KeyValue, ShardName> values = new LinkedHashMap<>();
            list.values().forEach((text, shard) -> value(types.get(0), text, "list value")
                    .ifPresent(value -> {
                        if (values.putIfAbsent(value, shard) != null) {
                            unsound(
                                    "the value \"" + text + "\" is listed twice, in other words",
                                    "List each value once.");
                        }
                    }));
            return ifSound(() -> new ListRule(list.column(), types.get(0), values, list.otherwise()));
        }

        private Optional<KeyValue> value(KeyType type, String text, String what) {
            Optional<KeyValue> value = type.fromText(text);
            if (value.isEmpty()) {
                unsound(
                        "the " + what + " \"" + text + "\" is not a value of type " + type.typeName(),
                        type == KeyType.TIMESTAMPTZ
                                ? "Write it with its offset from UTC, as in 2026-01-01T00:00:00Z."
                                : type == KeyType.DATE || type == KeyType.TIMESTAMP
                                        ? "Write it in ISO form, as in 2026-01-01."
                                        : "");
            }
            return value;
        }

        /** Empty when any of the columns cannot be a key. */
        private List<KeyType> keyTypes(List<String> names) {
            List<KeyType> types = new ArrayList<>();
            for (String name : names) {
                Optional<Column> column = columns.stream()
                        .filter(candidate -> candidate.name().equals(name))
                        .findFirst();
                if (column.isEmpty()) {
                    unsound("it has no column \"" + name + "\"", "");
                } else {
                    keyType(column.get()).ifPresent(types::add);
                }
            }
            return types.size() == names.size() ? types : List.of();
        }

        private Optional<KeyType> keyType(Column column) {
            Optional<KeyType> type = KeyType.named(column.type());
            if (type.isEmpty()) {
                unsound(
                        "column \"" + column.name() + "\" of type " + column.type() + " cannot be a shard key",
                        "Types of shard keys are " + KeyType.names() + ".");
            } else if (!column.deterministicCollation()) {
                unsound(
                        "column \"" + column.name() + "\" has a nondeterministic collation and cannot be a shard key",
                        "Give the column a deterministic collation: equal keys must have equal bytes.");
                return Optional.empty();
            }
            return type;
        }

        private void unsound(String message, String hint) {
            sound = false;
            problem(table, message, hint);
        }

        private Optional<TableRule> ifSound(Supplier<TableRule> rule) {
            return sound ? Optional.of(rule.get()) : Optional.empty();
        }
    }
}
