package io.ostraka.rules.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Reads a database's {@code tables}. Lives for one read. */
final class TableRulesReader {
    private static final int DEFAULT_VIRTUAL_NODES = 160;
    /** Ten thousand points keep a shard's share within 1 % of fair; more only cost memory. */
    private static final int MAX_VIRTUAL_NODES = 10_000;

    private static final String DEFAULT_SCHEMA = "public";

    /** The key that makes a rule what it is. */
    private enum Kind {
        HASH("hash"),
        CONSISTENT_HASH("consistent_hash"),
        RANGE("range"),
        LIST("list"),
        REFERENCE("reference"),
        PINNED("pinned");

        private final String key;

        Kind(String key) {
            this.key = key;
        }

        /** The other keys that such a rule may have. */
        Set<String> options() {
            return switch (this) {
                case HASH -> Set.of("shards", "colocate_with");
                case CONSISTENT_HASH -> Set.of("virtual_nodes", "shards", "colocate_with");
                case RANGE -> Set.of("ranges", "colocate_with");
                case LIST -> Set.of("values", "otherwise", "colocate_with");
                case REFERENCE, PINNED -> Set.of();
            };
        }
    }

    private record Colocation(Value claim, TableName table, TableName with) {}

    private final Function<Value, Optional<ShardName>> shardReference;
    private final Map<TableName, Kind> kinds = new LinkedHashMap<>();
    private final List<Colocation> colocations = new ArrayList<>();

    TableRulesReader(Function<Value, Optional<ShardName>> shardReference) {
        this.shardReference = shardReference;
    }

    Map<TableName, TableRuleConfig> read(Optional<Value> tables) {
        Map<TableName, TableRuleConfig> rules = new LinkedHashMap<>();
        tables.flatMap(Value::entries)
                .ifPresent(entries -> entries.forEach((text, entry) -> {
                    Optional<TableName> name = tableName(text);
                    if (name.isEmpty()) {
                        entry.key().problem("is not a table's name as SQL writes it");
                    } else if (rules.containsKey(name.get())) {
                        entry.key().problem("is the same table as another entry, " + name.get());
                    }
                    // A table without a sound name is read too, for what else is wrong with it.
                    TableName table = name.orElse(new TableName("", text));
                    rule(table, entry.value()).ifPresent(rule -> rules.put(table, rule));
                }));
        colocations.forEach(this::check);
        return rules;
    }

    private void check(Colocation colocation) {
        Optional<Kind> other = Optional.ofNullable(kinds.get(colocation.with()));
        if (colocation.table().equals(colocation.with())) {
            colocation.claim().problem("is the table itself");
        } else if (other.isEmpty()) {
            colocation
                    .claim()
                    .problem("must be a table with a rule, is "
                            + colocation.claim().shown());
        } else if (other.get() != kinds.get(colocation.table())) {
            colocation
                    .claim()
                    .problem("must be a table with a rule of the same kind, " + kinds.get(colocation.table()).key
                            + ", is one with " + other.get().key);
        }
    }

    private static Optional<TableName> tableName(String text) {
        return SqlName.parse(text)
                .filter(parts -> parts.size() <= 2)
                .map(parts -> parts.size() == 1
                        ? new TableName(DEFAULT_SCHEMA, parts.get(0))
                        : new TableName(parts.get(0), parts.get(1)));
    }

    private Optional<TableRuleConfig> rule(TableName table, Value value) {
        return value.block(ConfigBlock.TABLE).flatMap(opened -> {
            try (Block block = opened) {
                Optional<Kind> kind = kind(block);
                checkOptions(block, kind);
                kind.ifPresent(found -> kinds.put(table, found));
                RuleKeys keys = new RuleKeys(block, table);
                return kind.flatMap(found -> keys.rule(found));
            }
        });
    }

    private static Optional<Kind> kind(Block block) {
        List<Kind> found = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            block.get(kind.key).ifPresent(value -> found.add(kind));
        }
        if (found.size() != 1) {
            block.problem("needs one of hash, consistent_hash, range, list, reference, pinned"
                    + (found.isEmpty() ? "" : ", has " + found.size() + " of them"));
            return Optional.empty();
        }
        return Optional.of(found.get(0));
    }

    private static void checkOptions(Block block, Optional<Kind> kind) {
        for (String option : List.of("shards", "virtual_nodes", "ranges", "values", "otherwise", "colocate_with")) {
            Optional<Value> value = block.get(option);
            if (value.isPresent() && kind.isPresent() && !kind.get().options().contains(option)) {
                value.get().problem("does not belong to a rule of kind " + kind.get().key);
            }
        }
    }

    /** One table's block, of a kind that is known. */
    private final class RuleKeys {
        private final Block block;
        private final TableName table;

        RuleKeys(Block block, TableName table) {
            this.block = block;
            this.table = table;
        }

        Optional<TableRuleConfig> rule(Kind kind) {
            Value key = block.get(kind.key).orElseThrow();
            return switch (kind) {
                case HASH -> columns(key).map(columns -> new TableRuleConfig.Hash(columns, shards(), colocateWith()));
                case CONSISTENT_HASH ->
                    columns(key)
                            .map(columns -> new TableRuleConfig.ConsistentHash(
                                    columns, virtualNodes(), shards(), colocateWith()));
                case RANGE -> range(key);
                case LIST -> list(key);
                case REFERENCE -> reference(key);
                case PINNED -> shardReference.apply(key).map(TableRuleConfig.Pinned::new);
            };
        }

        private Optional<TableRuleConfig> range(Value key) {
            Optional<String> column = column(key);
            List<TableRuleConfig.Interval> intervals = new ArrayList<>();
            block.require("ranges").ifPresent(value -> {
                if (!value.isList() || value.elements().isEmpty()) {
                    value.problem("must be a list of ranges, each { from, to, shard }");
                    return;
                }
                value.elements().forEach(element -> interval(element).ifPresent(intervals::add));
            });
            Optional<TableName> with = colocateWith();
            return column.map(found -> new TableRuleConfig.Range(found, List.copyOf(intervals), with));
        }

        private Optional<TableRuleConfig.Interval> interval(Value value) {
            return value.block(ConfigBlock.RANGE).flatMap(opened -> {
                try (Block range = opened) {
                    Optional<String> from = range.get("from").flatMap(Value::textOrEmpty);
                    Optional<String> to = range.get("to").flatMap(Value::textOrEmpty);
                    return range.require("shard")
                            .flatMap(shardReference)
                            .map(shard -> new TableRuleConfig.Interval(from, to, shard));
                }
            });
        }

        private Optional<TableRuleConfig> list(Value key) {
            Optional<String> column = column(key);
            Map<String, ShardName> values = new LinkedHashMap<>();
            ConfigReader.someEntries(block, "values")
                    .forEach((text, entry) ->
                            shardReference.apply(entry.value()).ifPresent(shard -> values.put(text, shard)));
            Optional<ShardName> otherwise = block.get("otherwise").flatMap(shardReference);
            Optional<TableName> with = colocateWith();
            return column.map(found -> new TableRuleConfig.ListOf(found, values, otherwise, with));
        }

        private Optional<TableRuleConfig> reference(Value key) {
            return key.bool().flatMap(isReference -> {
                if (!isReference) {
                    key.problem("must be true, or left out");
                    return Optional.empty();
                }
                return Optional.of(new TableRuleConfig.Reference());
            });
        }

        private Optional<List<String>> columns(Value value) {
            Set<String> columns = new LinkedHashSet<>();
            List<Value> elements = value.elements();
            for (Value element : elements) {
                column(element).ifPresent(column -> {
                    if (!columns.add(column)) {
                        element.problem("is in the key twice");
                    }
                });
            }
            if (elements.isEmpty()) {
                value.problem("must name at least one column");
            }
            return columns.isEmpty() ? Optional.empty() : Optional.of(List.copyOf(columns));
        }

        private Optional<String> column(Value value) {
            return value.text().flatMap(text -> {
                Optional<List<String>> parts = SqlName.parse(text).filter(found -> found.size() == 1);
                if (parts.isEmpty()) {
                    value.problem("must be a column's name as SQL writes it, is " + value.shown());
                }
                return parts.map(found -> found.get(0));
            });
        }

        private int virtualNodes() {
            return block.get("virtual_nodes")
                    .map(value -> value.integer(1, MAX_VIRTUAL_NODES).orElse(DEFAULT_VIRTUAL_NODES))
                    .orElse(DEFAULT_VIRTUAL_NODES);
        }

        /** Empty when the rule does not say, which means all. */
        private List<ShardName> shards() {
            Set<ShardName> shards = new LinkedHashSet<>();
            block.get("shards").ifPresent(value -> {
                if (value.elements().isEmpty()) {
                    value.problem("must have at least one shard, or be left out for all");
                }
                value.elements()
                        .forEach(element -> shardReference.apply(element).ifPresent(shard -> {
                            if (!shards.add(shard)) {
                                element.problem("is listed twice");
                            }
                        }));
            });
            return List.copyOf(shards);
        }

        private Optional<TableName> colocateWith() {
            return block.get("colocate_with").flatMap(value -> value.text().flatMap(text -> {
                Optional<TableName> other = tableName(text);
                if (other.isEmpty()) {
                    value.problem("must be a table's name as SQL writes it, is " + value.shown());
                }
                other.ifPresent(found -> colocations.add(new Colocation(value, table, found)));
                return other;
            }));
        }
    }
}
