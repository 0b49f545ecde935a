package io.ostraka.proxy.schema;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Function;
import io.ostraka.rules.catalog.FunctionName;
import io.ostraka.rules.catalog.OperatorName;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.config.TableName;
import java.util.Map;
import java.util.Set;

/**
 * What one shard's catalog said. {@code shapes} has the tables outside the system's schemas, {@code rows} those of which it is known
 * about how large they are, {@code traits} what else values and their order depend on. Immutable; equal when nothing that matters has
 * changed.
 */
record ShardSchema(
        Set<String> schemas,
        Map<TableName, Table> tables,
        Map<TableName, TableShape> shapes,
        Map<FunctionName, Function> functions,
        Set<FunctionName> ambientFunctions,
        Set<OperatorName> operators,
        Map<TableName, Long> rows,
        Map<String, String> traits) {
    ShardSchema {
        schemas = Set.copyOf(schemas);
        tables = Map.copyOf(tables);
        shapes = Map.copyOf(shapes);
        functions = Map.copyOf(functions);
        ambientFunctions = Set.copyOf(ambientFunctions);
        operators = Set.copyOf(operators);
        rows = Map.copyOf(rows);
        traits = Map.copyOf(traits);
    }

    static boolean isSystem(String schema) {
        return schema.equals(Catalog.PG_CATALOG) || schema.equals(Catalog.INFORMATION_SCHEMA);
    }
}
