package io.ostraka.rules.catalog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.config.TableName;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CatalogTest {
    private static final TableName SYSTEM = new TableName("pg_catalog", "orders");
    private static final TableName PUBLIC = new TableName("public", "orders");
    private static final TableName OTHER = new TableName("other", "orders");

    @Test
    void theFirstSchemaOfThePathWins() {
        Catalog catalog =
                Catalog.builder(1).table(plain(PUBLIC)).table(plain(OTHER)).build();
        assertEquals(Optional.of(plain(OTHER)), catalog.table("orders", List.of("missing", "other", "public")));
        assertEquals(Optional.of(plain(PUBLIC)), catalog.table("orders", List.of("public", "other")));
        assertEquals(Optional.empty(), catalog.table("orders", List.of("missing")));
        assertEquals(Optional.empty(), catalog.table("Orders", List.of("public")));
    }

    @Test
    void pgCatalogIsSearchedFirstUnlessThePathNamesIt() {
        Catalog catalog =
                Catalog.builder(1).table(plain(PUBLIC)).table(plain(SYSTEM)).build();
        assertEquals(Optional.of(plain(SYSTEM)), catalog.table("orders", List.of("public")));
        assertEquals(Optional.of(plain(PUBLIC)), catalog.table("orders", List.of("public", "pg_catalog")));
    }

    @Test
    void aNameFindsItsRelationsInAllSchemas() {
        Catalog catalog =
                Catalog.builder(1).table(plain(PUBLIC)).table(plain(OTHER)).build();
        assertEquals(List.of(plain(PUBLIC), plain(OTHER)), catalog.tablesNamed("orders"));
        assertEquals(List.of(), catalog.tablesNamed("Orders"));
    }

    @Test
    void overloadsShowTheWorstOfAll() {
        FunctionName name = new FunctionName("public", "f");
        Catalog catalog = Catalog.builder(1)
                .function(Function.overload(
                        name, Function.Kind.FUNCTION, Function.Volatility.VOLATILE, true, "sql", "SELECT 1"))
                .function(
                        Function.overload(name, Function.Kind.AGGREGATE, Function.Volatility.IMMUTABLE, false, "c", ""))
                .build();
        Function both = catalog.function(name).orElseThrow();
        assertEquals(Function.Volatility.VOLATILE, both.volatility());
        assertTrue(both.returnsSet());
        assertTrue(both.mayAggregate());
        assertEquals(Set.of("sql", "c"), both.languages());
        assertEquals(List.of("SELECT 1"), both.bodies());
    }

    @Test
    void aCallMayMeanAnyFunctionOfThePathAndOfPgCatalog() {
        Catalog catalog = Catalog.builder(1)
                .function(immutable("pg_catalog"))
                .function(immutable("a"))
                .function(immutable("b"))
                .build();
        assertEquals(
                Set.of("pg_catalog", "b"),
                Set.copyOf(catalog.functions("f", List.of("b")).stream()
                        .map(function -> function.name().schema())
                        .toList()));
    }

    @Test
    void aTableIsThereOnce() {
        Catalog.Builder builder = Catalog.builder(1).table(plain(PUBLIC));
        assertThrows(IllegalArgumentException.class, () -> builder.table(plain(PUBLIC)));
    }

    private static Function immutable(String schema) {
        return Function.overload(
                new FunctionName(schema, "f"), Function.Kind.FUNCTION, Function.Volatility.IMMUTABLE, false, "sql", "");
    }

    private static Table plain(TableName name) {
        return Table.plain(name, List.of(new Column("id", "int8", -1, true, false, true)));
    }
}
