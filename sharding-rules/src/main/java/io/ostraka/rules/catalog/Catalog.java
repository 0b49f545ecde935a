package io.ostraka.rules.catalog;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the shards of one database agree to have. Immutable; a change of schema makes a new one with a higher version.
 * Made by {@link #builder}, from the queries named at {@link Table}, {@link Function} and {@link Builder}.
 */
public final class Catalog {
    /** Searched before any other schema unless the search path names it. */
    public static final String PG_CATALOG = "pg_catalog";

    public static final String INFORMATION_SCHEMA = "information_schema";

    private final long version;
    private final Set<String> schemas;
    private final Map<TableName, Table> tables;
    private final Map<String, List<Table>> tablesByName;
    private final Map<TableName, List<TableName>> children;
    private final Map<String, List<Function>> functions;
    private final Set<FunctionName> ambientFunctions;
    private final Set<OperatorName> operators;
    private final Map<TableName, String> disagreements;
    private final Map<TableName, Long> rows;
    private final Map<TableName, Set<ShardName>> alike;
    private final CombinerSchema combiner;

    private Catalog(Builder builder) {
        version = builder.version;
        schemas = Set.copyOf(builder.schemas);
        tables = Map.copyOf(builder.tables);
        Map<String, List<Table>> named = new HashMap<>();
        builder.tables.values().forEach(table -> named.computeIfAbsent(
                        table.name().name(), key -> new ArrayList<>(1))
                .add(table));
        named.replaceAll((name, found) -> List.copyOf(found));
        tablesByName = Map.copyOf(named);
        Map<TableName, List<TableName>> inheriting = new HashMap<>();
        builder.tables.values().forEach(table -> table.inherits().forEach(parent -> inheriting
                .computeIfAbsent(parent, key -> new ArrayList<>(1))
                .add(table.name())));
        inheriting.replaceAll((parent, found) -> List.copyOf(found));
        children = Map.copyOf(inheriting);
        Map<String, List<Function>> byName = new HashMap<>();
        builder.functions.values().forEach(function -> byName.computeIfAbsent(
                        function.name().name(), key -> new ArrayList<>(1))
                .add(function));
        byName.replaceAll((name, found) -> List.copyOf(found));
        functions = Map.copyOf(byName);
        ambientFunctions = Set.copyOf(builder.ambientFunctions);
        operators = Set.copyOf(builder.operators);
        disagreements = Map.copyOf(builder.disagreements);
        rows = Map.copyOf(builder.rows);
        Map<TableName, Set<ShardName>> elsewhere = new HashMap<>(builder.alike);
        elsewhere.replaceAll((table, shards) -> Set.copyOf(shards));
        alike = Map.copyOf(elsewhere);
        combiner = builder.combiner;
    }

    public static Builder builder(long version) {
        return new Builder(version);
    }

    /** Grows with every change; plans made for one version are not used with another. */
    public long version() {
        return version;
    }

    public Set<String> schemas() {
        return schemas;
    }

    public Collection<Table> tables() {
        return tables.values();
    }

    public Optional<Table> table(TableName name) {
        return Optional.ofNullable(tables.get(name));
    }

    /** Every relation of this name in any schema. */
    public List<Table> tablesNamed(String name) {
        return tablesByName.getOrDefault(name, List.of());
    }

    /** The tables that name this one in their INHERITS; partitions are not among them. */
    public List<TableName> inheritingFrom(TableName parent) {
        return children.getOrDefault(parent, List.of());
    }

    /**
     * The relation an unqualified {@code name} means. {@code searchPath} holds plain schema names in order,
     * {@code $user} replaced by the user's name; schemas that don't exist are passed over, as PostgreSQL does.
     */
    public Optional<Table> table(String name, List<String> searchPath) {
        if (!searchPath.contains(PG_CATALOG)) {
            Table system = tables.get(new TableName(PG_CATALOG, name));
            if (system != null) {
                return Optional.of(system);
            }
        }
        for (String schema : searchPath) {
            Table found = tables.get(new TableName(schema, name));
            if (found != null) {
                return Optional.of(found);
            }
        }
        return Optional.empty();
    }

    public Optional<Function> function(FunctionName name) {
        return functions.getOrDefault(name.name(), List.of()).stream()
                .filter(function -> function.name().equals(name))
                .findFirst();
    }

    /**
     * Every function that an unqualified call of {@code name} may mean: overloads are chosen over all schemas of the
     * path.
     */
    public List<Function> functions(String name, List<String> searchPath) {
        List<Function> found = functions.getOrDefault(name, List.of());
        return found.stream()
                .filter(function -> function.name().schema().equals(PG_CATALOG)
                        || searchPath.contains(function.name().schema()))
                .toList();
    }

    /** Every function of this name in any schema. */
    public List<Function> functionsNamed(String name) {
        return functions.getOrDefault(name, List.of());
    }

    /**
     * Functions outside {@code pg_catalog} that a statement may run without naming them or a table that does: those
     * behind operators, casts, domain checks and the input of types.
     */
    public Set<FunctionName> ambientFunctions() {
        return ambientFunctions;
    }

    /**
     * The operators on the path that a statement may mean where it seems to mean one of {@code pg_catalog}: an exact match
     * of operands' types comes before one that needs a conversion, whatever the path.
     */
    public List<OperatorName> operators(List<String> searchPath) {
        return operators.stream()
                .filter(operator -> searchPath.contains(operator.schema()))
                .toList();
    }

    /** About how many rows the shards together had when the catalog was read; empty when that is not known. */
    public Optional<Long> rows(TableName table) {
        return Optional.ofNullable(rows.get(table));
    }

    /** How the shards of a table differ so much that its name does not mean one thing; empty when they do not. */
    public Optional<String> disagreement(TableName table) {
        return Optional.ofNullable(disagreements.get(table));
    }

    /** Shards that have a relation of this name and these columns although it belongs on others: its rows there mean nothing. */
    public Set<ShardName> alike(TableName table) {
        return alike.getOrDefault(table, Set.of());
    }

    /** What the server has that puts rows together and has none. */
    public CombinerSchema combiner() {
        return combiner;
    }

    /** Collects a catalog. Confined to the thread that builds. */
    public static final class Builder {
        private final long version;
        private final Set<String> schemas = new HashSet<>();
        private final Map<TableName, Table> tables = new LinkedHashMap<>();
        private final Map<FunctionName, Function> functions = new LinkedHashMap<>();
        private final Set<FunctionName> ambientFunctions = new HashSet<>();
        private final Set<OperatorName> operators = new HashSet<>();
        private final Map<TableName, String> disagreements = new LinkedHashMap<>();
        private final Map<TableName, Long> rows = new HashMap<>();
        private final Map<TableName, Set<ShardName>> alike = new HashMap<>();
        private CombinerSchema combiner = CombinerSchema.NONE;

        private Builder(long version) {
            this.version = version;
        }

        /** {@code pg_namespace.nspname}. */
        public Builder schema(String name) {
            schemas.add(name);
            return this;
        }

        public Builder table(Table table) {
            schemas.add(table.name().schema());
            if (tables.putIfAbsent(table.name(), table) != null) {
                throw new IllegalArgumentException("table " + table.name() + " is there twice");
            }
            return this;
        }

        /** Adds an overload to those of its name. */
        public Builder function(Function overload) {
            schemas.add(overload.name().schema());
            functions.merge(overload.name(), overload, Function::merge);
            return this;
        }

        /**
         * A function outside {@code pg_catalog} of {@code pg_operator.oprcode}, {@code pg_cast.castfunc},
         * {@code pg_type.typinput} or {@code typreceive}, or that a domain's check ({@code pg_constraint.contypid})
         * depends on.
         */
        public Builder ambientFunction(FunctionName name) {
            ambientFunctions.add(name);
            return this;
        }

        /** An operator outside {@code pg_catalog} whose operands are all of types in it. */
        public Builder operator(OperatorName name) {
            schemas.add(name.schema());
            operators.add(name);
            return this;
        }

        /** {@code text} says how, for people; the first one counts. */
        public Builder disagreement(TableName table, String text) {
            disagreements.putIfAbsent(table, text);
            return this;
        }

        /** {@code pg_class.reltuples} or {@code pg_stat_get_live_tuples}, to which those of the other shards are added. */
        public Builder rows(TableName table, long onOneShard) {
            rows.merge(table, onOneShard, Long::sum);
            return this;
        }

        /** A shard that has the relation, where it does not belong, as those have it where it does. */
        public Builder alike(TableName table, ShardName shard) {
            alike.computeIfAbsent(table, first -> new HashSet<>()).add(shard);
            return this;
        }

        public Builder combiner(CombinerSchema combiner) {
            this.combiner = combiner;
            return this;
        }

        public Catalog build() {
            return new Catalog(this);
        }
    }
}
