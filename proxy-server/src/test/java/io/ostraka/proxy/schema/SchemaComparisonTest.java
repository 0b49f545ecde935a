package io.ostraka.proxy.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SchemaComparisonTest {
    private static final TableName ORDERS = new TableName("public", "orders");
    private static final ColumnShape ID = new ColumnShape("id", "integer", true, "", "");
    private static final ColumnShape TOTAL = new ColumnShape("total", "numeric(10,2)", false, "", "");
    private static final ColumnShape NOTE = new ColumnShape("note", "text", false, "default", "DEFAULT 'x'::text");

    private final Map<ShardName, ShardSchema> shards = new TreeMap<>();

    private static TableShape table(ColumnShape... columns) {
        return new TableShape(Table.Kind.TABLE, List.of(columns), List.of("PRIMARY KEY (id)"), List.of(), "", "");
    }

    private static ShardSchema schema(Map<TableName, TableShape> shapes) {
        return new ShardSchema(Set.of("public"), Map.of(), shapes, Map.of(), Set.of(), Set.of(), Map.of(), Map.of());
    }

    private void shard(String name, TableShape orders) {
        shards.put(new ShardName(name), schema(Map.of(ORDERS, orders)));
    }

    private List<String> differences() {
        return SchemaComparison.compare(shards, table -> shards.keySet()).stream()
                .map(SchemaDifference::text)
                .toList();
    }

    @Test
    void equalTablesDifferInNothing() {
        shard("s0", table(ID, TOTAL, NOTE));
        shard("s1", table(ID, TOTAL, NOTE));
        assertEquals(List.of(), differences());
    }

    @Test
    void aTypeIsNamedWithEveryShardThatHasIt() {
        ColumnShape wider = new ColumnShape("total", "numeric(12,2)", false, "", "");
        shard("s0", table(ID, TOTAL));
        shard("s1", table(ID, wider));
        shard("s2", table(ID, TOTAL));
        assertEquals(
                List.of("table public.orders: column total is numeric(10,2) on s0 and s2, numeric(12,2) on s1"),
                differences());
    }

    @Test
    void everyAspectOfAColumnIsCompared() {
        shard("s0", table(ID, NOTE));
        shard("s1", table(ID, new ColumnShape("note", "text", true, "\"C\"", "")));
        assertEquals(
                List.of(
                        "table public.orders: column note is nullable on s0, NOT NULL on s1",
                        "table public.orders: column note has collation default on s0, collation \"C\" on s1",
                        "table public.orders: column note has DEFAULT 'x'::text on s0, no default on s1"),
                differences());
    }

    @Test
    void theOrderOfColumnsMattersBecauseStarShowsIt() {
        shard("s0", table(ID, TOTAL));
        shard("s1", table(TOTAL, ID));
        assertEquals(
                List.of("table public.orders: columns are in the order (id, total) on s0, (total, id) on s1"),
                differences());
    }

    @Test
    void missingColumnsKeysAndTablesAreNamed() {
        shard("s0", table(ID, TOTAL));
        shard("s1", new TableShape(Table.Kind.TABLE, List.of(ID), List.of(), List.of(), "", ""));
        shards.put(new ShardName("s2"), schema(Map.of()));
        assertEquals(
                List.of(
                        "table public.orders: it is missing on s2, but exists on s0 and s1",
                        "table public.orders: column total is missing on s1, but exists on s0",
                        "table public.orders: PRIMARY KEY (id) is missing on s1, but exists on s0"),
                differences());
    }

    @Test
    void aTableIsComparedWhereItBelongsOnly() {
        shard("s0", table(ID, TOTAL));
        shard("s1", table(TOTAL));
        assertEquals(List.of(), SchemaComparison.compare(shards, table -> Set.of(new ShardName("s0"))));
    }

    @Test
    void aViewInsteadOfATableIsToldAsThat() {
        shard("s0", table(ID));
        shard("s1", new TableShape(Table.Kind.VIEW, List.of(ID), List.of(), List.of(), "", "SELECT 1"));
        assertEquals(List.of("table public.orders: it is a table on s0, a view on s1"), differences());
    }
}
