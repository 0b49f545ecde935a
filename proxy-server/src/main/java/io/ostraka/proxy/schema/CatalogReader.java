package io.ostraka.proxy.schema;

import io.ostraka.rules.catalog.Column;
import io.ostraka.rules.catalog.Function;
import io.ostraka.rules.catalog.FunctionName;
import io.ostraka.rules.catalog.HiddenAccess;
import io.ostraka.rules.catalog.OperatorName;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.catalog.WriteEffects;
import io.ostraka.rules.catalog.WriteEffects.Action;
import io.ostraka.rules.catalog.WriteEffects.Cascade;
import io.ostraka.rules.catalog.WriteEffects.RowTrigger;
import io.ostraka.rules.config.TableName;
import java.nio.charset.StandardCharsets;
import java.sql.Array;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads one shard's catalog: a handful of queries over everything, in one snapshot. Works on PostgreSQL 15 to 18. The
 * connection's {@code search_path} must be {@code pg_catalog}, so that every name in a definition comes out qualified.
 *
 * <p>One reader reads once. Confined to the thread that reads. Source: PostgreSQL manual, "System Catalogs".
 */
final class CatalogReader {
    private final Connection connection;
    private final Map<Long, ReadRelation> relations = new LinkedHashMap<>();
    private final Set<String> schemas = new HashSet<>();
    private final Map<FunctionName, Function> functions = new HashMap<>();
    private final Set<FunctionName> ambientFunctions = new HashSet<>();
    private final Set<OperatorName> operators = new HashSet<>();

    @FunctionalInterface
    private interface RowReader {
        void read(ResultSet row) throws SQLException;
    }

    private CatalogReader(Connection connection) {
        this.connection = connection;
    }

    /** Reads the whole catalog. Borrows the connection, and leaves it outside a transaction. */
    static ShardSchema read(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        try {
            try (Statement statement = connection.createStatement()) {
                statement.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
            }
            return new CatalogReader(connection).readAll();
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
        }
    }

    /**
     * A text that is another one when the catalog changed: cheap enough to ask every few seconds. Looks at the row
     * versions of objects that are not the system's own; temporary ones don't count. It may also change without need.
     */
    static String fingerprint(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(CatalogQueries.FINGERPRINT)) {
            row.next();
            return row.getString(1);
        }
    }

    private ShardSchema readAll() throws SQLException {
        each(CatalogQueries.SCHEMAS, row -> schemas.add(row.getString(1)));
        each(CatalogQueries.RELATIONS, this::relation);
        each(CatalogQueries.COLUMNS, this::column);
        each(CatalogQueries.UNIQUE_KEYS, this::uniqueKey);
        each(CatalogQueries.ROWS, row -> of(row).rows = row.getLong(2));
        each(CatalogQueries.CONSTRAINTS, row -> of(row).constraints.add(row.getString(2)));
        each(CatalogQueries.FOREIGN_KEYS, this::foreignKey);
        each(CatalogQueries.RULES, this::rule);
        each(CatalogQueries.HIDDEN_ACCESS, this::hiddenAccess);
        each(CatalogQueries.ROW_TRIGGERS, this::rowTrigger);
        each(CatalogQueries.CASCADES, this::cascade);
        each(CatalogQueries.INHERITANCE, this::inheritance);
        each(CatalogQueries.FUNCTIONS, this::function);
        each(CatalogQueries.AGGREGATE_SUPPORT, this::aggregateSupport);
        each(
                CatalogQueries.AMBIENT_FUNCTIONS,
                row -> ambientFunctions.add(new FunctionName(row.getString(1), row.getString(2))));
        each(CatalogQueries.OPERATORS, row -> operators.add(new OperatorName(row.getString(1), row.getString(2))));
        Map<String, String> traits = new HashMap<>();
        each(CatalogQueries.TRAITS, row -> traits.put(row.getString(1), row.getString(2)));
        Map<TableName, Table> tables = new HashMap<>();
        Map<TableName, TableShape> shapes = new HashMap<>();
        Map<TableName, Long> rows = new HashMap<>();
        for (ReadRelation relation : relations.values()) {
            tables.put(relation.name, relation.table());
            if (!ShardSchema.isSystem(relation.name.schema())) {
                shapes.put(relation.name, relation.shape());
                rows.put(relation.name, magnitude(relation.allRows()));
            }
        }
        return new ShardSchema(schemas, tables, shapes, functions, ambientFunctions, operators, rows, traits);
    }

    /** A power of two: plans need not be made anew for one row more. */
    private static long magnitude(long rows) {
        return Long.highestOneBit(rows);
    }

    private void each(String query, RowReader reader) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            while (rows.next()) {
                reader.read(rows);
            }
        }
    }

    /** The relation whose oid is the row's first column. All queries see one snapshot, so it is there. */
    private ReadRelation of(ResultSet row) throws SQLException {
        return relations.get(row.getLong(1));
    }

    private void relation(ResultSet row) throws SQLException {
        TableName name = new TableName(row.getString(2), row.getString(3));
        relations.put(
                row.getLong(1),
                new ReadRelation(
                        name,
                        Table.Kind.of(row.getString(4).charAt(0)),
                        row.getString(5).strip(),
                        Optional.ofNullable(row.getString(6))));
    }

    private void column(ResultSet row) throws SQLException {
        String name = row.getString(2);
        boolean notNull = row.getBoolean(5);
        of(row).columns
                .add(new Column(
                        name,
                        row.getString(3),
                        row.getInt(4),
                        notNull,
                        row.getBoolean(6),
                        row.getBoolean(7),
                        row.getBoolean(13),
                        HiddenAccess.NONE,
                        row.getString(12).isEmpty() ? row.getString(10) : ""));
        of(row).shapes
                .add(new ColumnShape(
                        name,
                        row.getString(8),
                        notNull,
                        row.getString(9),
                        clause(row.getString(10), row.getString(11), row.getString(12))));
    }

    private static String clause(String value, String identity, String generated) {
        return switch (identity + generated) {
            case "a" -> "GENERATED ALWAYS AS IDENTITY";
            case "d" -> "GENERATED BY DEFAULT AS IDENTITY";
            case "s" -> "GENERATED ALWAYS AS (" + value + ") STORED";
            case "v" -> "GENERATED ALWAYS AS (" + value + ") VIRTUAL";
            default -> value.isEmpty() ? "" : "DEFAULT " + value;
        };
    }

    private void uniqueKey(ResultSet row) throws SQLException {
        List<String> columns = strings(row, 3);
        if (row.getBoolean(2)) {
            of(row).primaryKey = columns;
        }
        of(row).uniqueKeys.add(columns);
    }

    private void foreignKey(ResultSet row) throws SQLException {
        of(row).foreignKeys
                .add(new ForeignKey(
                        row.getString(2),
                        strings(row, 3),
                        new TableName(row.getString(4), row.getString(5)),
                        strings(row, 6)));
    }

    private void rule(ResultSet row) throws SQLException {
        ReadRelation relation = of(row);
        if (relation != null) { // Temporary views have rules, too.
            relation.hasRules = true;
        }
    }

    private void hiddenAccess(ResultSet row) throws SQLException {
        ReadRelation relation = of(row);
        if (relation == null) {
            return; // A temporary table's default or check.
        }
        String column = row.getString(7);
        if (column != null) {
            relation.onDefault.computeIfAbsent(column, first -> new Reached()).add(row);
            return;
        }
        if (row.getBoolean(2)) {
            relation.onRead.add(row);
        }
        if (row.getBoolean(3)) {
            relation.onWrite.add(row);
        }
    }

    private void rowTrigger(ResultSet row) throws SQLException {
        ReadRelation relation = of(row);
        if (relation != null) { // Temporary tables have triggers, too.
            relation.before.add(new RowTrigger(
                    new FunctionName(row.getString(2), row.getString(3)),
                    row.getBoolean(4),
                    row.getBoolean(5),
                    arguments(row.getBytes(6))));
        }
    }

    /** Each is ended by a null byte. */
    private static List<String> arguments(byte[] packed) {
        List<String> arguments = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < packed.length; i++) {
            if (packed[i] == 0) {
                arguments.add(new String(packed, from, i - from, StandardCharsets.UTF_8));
                from = i + 1;
            }
        }
        return arguments;
    }

    private void cascade(ResultSet row) throws SQLException {
        ReadRelation relation = of(row);
        if (relation != null) {
            relation.cascades.add(new Cascade(
                    new TableName(row.getString(2), row.getString(3)),
                    strings(row, 4),
                    strings(row, 5),
                    Action.of(row.getString(6).charAt(0)),
                    Action.of(row.getString(7).charAt(0))));
        }
    }

    /** What a child reaches, statements on its ancestors reach as well. */
    private void inheritance(ResultSet row) throws SQLException {
        ReadRelation child = of(row);
        ReadRelation parent = relations.get(row.getLong(2));
        if (child == null || parent == null) {
            return; // Temporary tables inherit as well.
        }
        if (row.getBoolean(3)) {
            child.partitionOf = Optional.of(parent.name);
        } else {
            child.inherits.add(parent.name);
        }
        parent.children.add(child);
    }

    private void function(ResultSet row) throws SQLException {
        FunctionName name = new FunctionName(row.getString(1), row.getString(2));
        Function overload = Function.overload(
                name,
                Function.Kind.of(row.getString(3).charAt(0)),
                Function.Volatility.of(row.getString(4).charAt(0)),
                row.getBoolean(5),
                row.getString(6),
                row.getString(7));
        functions.merge(name, overload, Function::merge);
    }

    private void aggregateSupport(ResultSet row) throws SQLException {
        Set<FunctionName> called = Set.of(new FunctionName(row.getString(3), row.getString(4)));
        functions.computeIfPresent(
                new FunctionName(row.getString(1), row.getString(2)), (name, aggregate) -> aggregate.calling(called));
    }

    private static List<String> strings(ResultSet row, int column) throws SQLException {
        Array array = row.getArray(column);
        return List.of((String[]) array.getArray());
    }

    /** What statements reach without naming it. */
    private static final class Reached {
        private final Set<TableName> tables = new HashSet<>();
        private final Set<FunctionName> functions = new HashSet<>();

        /** A row of {@link CatalogQueries#HIDDEN_ACCESS}. */
        void add(ResultSet row) throws SQLException {
            if (row.getBoolean(4)) {
                functions.add(new FunctionName(row.getString(5), row.getString(6)));
            } else {
                tables.add(new TableName(row.getString(5), row.getString(6)));
            }
        }

        void addAll(Reached other) {
            tables.addAll(other.tables);
            functions.addAll(other.functions);
        }

        HiddenAccess access() {
            return tables.isEmpty() && functions.isEmpty() ? HiddenAccess.NONE : new HiddenAccess(tables, functions);
        }
    }

    /** A relation while its parts come in. */
    private static final class ReadRelation {
        private final TableName name;
        private final Table.Kind kind;
        private final String partitioning;
        private final Optional<String> definition;
        private final List<Column> columns = new ArrayList<>();
        private final List<ColumnShape> shapes = new ArrayList<>();
        private final List<String> constraints = new ArrayList<>();
        private final List<ForeignKey> foreignKeys = new ArrayList<>();
        private final List<List<String>> uniqueKeys = new ArrayList<>();
        private final List<TableName> inherits = new ArrayList<>();
        private final List<ReadRelation> children = new ArrayList<>();
        private final Reached onRead = new Reached();
        private final Reached onWrite = new Reached();
        private final Map<String, Reached> onDefault = new HashMap<>();
        private final List<RowTrigger> before = new ArrayList<>();
        private final List<Cascade> cascades = new ArrayList<>();
        private List<String> primaryKey = List.of();
        private Optional<TableName> partitionOf = Optional.empty();
        private boolean hasRules;
        private long rows;

        ReadRelation(TableName name, Table.Kind kind, String partitioning, Optional<String> definition) {
            this.name = name;
            this.kind = kind;
            this.partitioning = partitioning;
            this.definition = definition;
        }

        Table table() {
            Reached read = new Reached();
            Reached write = new Reached();
            Set<RowTrigger> triggers = new LinkedHashSet<>();
            gather(read, write, triggers);
            return new Table(
                    name,
                    kind,
                    columns.stream().map(this::withDefault).toList(),
                    primaryKey,
                    uniqueKeys,
                    partitionOf,
                    inherits,
                    definition,
                    read.access(),
                    write.access(),
                    hasRules,
                    triggers.isEmpty() && cascades.isEmpty()
                            ? WriteEffects.NONE
                            : new WriteEffects(List.copyOf(triggers), cascades));
        }

        private void gather(Reached read, Reached write, Set<RowTrigger> triggers) {
            read.addAll(onRead);
            write.addAll(onWrite);
            triggers.addAll(before);
            children.forEach(child -> child.gather(read, write, triggers));
        }

        long allRows() {
            long all = rows;
            for (ReadRelation child : children) {
                all += child.allRows();
            }
            return all;
        }

        private Column withDefault(Column column) {
            Reached reached = onDefault.get(column.name());
            return reached == null
                    ? column
                    : new Column(
                            column.name(),
                            column.type(),
                            column.typeModifier(),
                            column.notNull(),
                            column.hasDefault(),
                            column.deterministicCollation(),
                            column.bytewiseCollation(),
                            reached.access(),
                            column.defaultText());
        }

        TableShape shape() {
            return new TableShape(kind, shapes, constraints, foreignKeys, partitioning, definition.orElse(""));
        }
    }
}
