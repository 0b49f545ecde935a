package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Column;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.config.TableRuleConfig;
import io.ostraka.rules.rule.ColumnTypes;
import io.ostraka.rules.rule.KeyedRule;
import io.ostraka.rules.rule.RuleSet;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * A table that a statement is about to make: on which shards, and, once its columns are known, which of its rows belong where. Immutable,
 * thread-safe.
 */
public final class NewTable {
    private final TableName name;
    private final DatabaseConfig database;
    private final Catalog catalog;
    private final Optional<TableRuleConfig> rule;

    NewTable(TableName name, DatabaseConfig database, Catalog catalog) {
        this.name = name;
        this.database = database;
        this.catalog = catalog;
        this.rule = Optional.ofNullable(database.tables().get(name));
    }

    public TableName name() {
        return name;
    }

    /** The name as SQL has it. */
    public String quoted() {
        return Fragment.quoted(name.schema()) + "." + Fragment.quoted(name.name());
    }

    /** Whether the catalog has it already, or had it when it was read. */
    public boolean isKnown() {
        return catalog.table(name).isPresent();
    }

    /** All that the table is to be on, ordered by name. */
    public List<ShardName> shards() {
        return List.copyOf(new TreeSet<>(rule.map(this::shardsOf)
                .orElseGet(() -> List.of(database.schemas().getOrDefault(name.schema(), database.defaultShard())))));
    }

    private Collection<ShardName> shardsOf(TableRuleConfig of) {
        if (of instanceof TableRuleConfig.Hash hash) {
            return orAll(hash.shards());
        } else if (of instanceof TableRuleConfig.ConsistentHash ring) {
            return orAll(ring.shards());
        } else if (of instanceof TableRuleConfig.Range range) {
            return range.intervals().stream()
                    .map(TableRuleConfig.Interval::shard)
                    .toList();
        } else if (of instanceof TableRuleConfig.ListOf list) {
            List<ShardName> shards = new ArrayList<>(list.values().values());
            list.otherwise().ifPresent(shards::add);
            return shards;
        } else if (of instanceof TableRuleConfig.Pinned pinned) {
            return List.of(pinned.shard());
        }
        return database.shards().keySet();
    }

    private Collection<ShardName> orAll(List<ShardName> shards) {
        return shards.isEmpty() ? database.shards().keySet() : shards;
    }

    /** Whether a row's key decides its shard; if not, every row is for all of {@link #shards}. */
    public boolean isKeyed() {
        return rule.filter(of -> !(of instanceof TableRuleConfig.Reference) && !(of instanceof TableRuleConfig.Pinned))
                .isPresent();
    }

    /**
     * Asks a shard that has made it for its columns: name, type, modifier, whether the collation is deterministic. No name in it means
     * anything else under another search path.
     */
    public String columnsQuery() {
        return "WITH RECURSIVE based (place, name, type, modifier, collated) AS ("
                + "SELECT a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation FROM pg_catalog.pg_attribute a"
                + " WHERE a.attrelid OPERATOR(pg_catalog.=) " + literal(quoted()) + "::pg_catalog.regclass"
                + " AND a.attnum OPERATOR(pg_catalog.>) 0"
                + " UNION ALL SELECT b.place, b.name, t.typbasetype, t.typtypmod, b.collated FROM based b"
                + " JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) b.type"
                + " AND t.typtype OPERATOR(pg_catalog.=) 'd')"
                + " SELECT b.name, t.typname, b.modifier, o.oid IS NULL OR o.collisdeterministic FROM based b"
                + " JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) b.type"
                + " AND t.typtype OPERATOR(pg_catalog.<>) 'd'"
                + " LEFT JOIN pg_catalog.pg_collation o ON o.oid OPERATOR(pg_catalog.=) b.collated ORDER BY b.place";
    }

    static String literal(String text) {
        String escaped = text.replace("'", "''");
        return text.indexOf('\\') < 0 ? "'" + escaped + "'" : "E'" + escaped.replace("\\", "\\\\") + "'";
    }

    /**
     * Where its rows belong, if it {@link #isKeyed}.
     *
     * @throws io.ostraka.rules.error.PgErrorException when its rule does not fit these columns
     */
    public CopyTarget target(List<Column> columns) {
        RuleSet rules = RuleSet.resolve(database, new ColumnTypes() {
            @Override
            public Optional<List<Column>> columnsOf(TableName table) {
                return table.equals(name)
                        ? Optional.of(columns)
                        : catalog.table(table).map(Table::columns);
            }

            @Override
            public Optional<TableName> partitionedTableOf(TableName table) {
                return table.equals(name)
                        ? Optional.empty()
                        : catalog.table(table).flatMap(Table::partitionOf);
            }
        });
        KeyedRule keyed = (KeyedRule) rules.ruleFor(name);
        List<String> names = columns.stream().map(Column::name).toList();
        List<CopyTarget.Key> keys = new ArrayList<>();
        for (int i = 0; i < keyed.keyColumns().size(); i++) {
            int place = names.indexOf(keyed.keyColumns().get(i));
            keys.add(new CopyTarget.Key(
                    place,
                    names.get(place),
                    keyed.keyTypes().get(i),
                    columns.get(place).typeModifier()));
        }
        return new CopyTarget(name, keyed, columns.size(), keys);
    }
}
