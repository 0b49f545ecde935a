package io.ostraka.rules.catalog;

import io.ostraka.rules.config.TableName;
import java.util.Set;

/**
 * What a server without rows has of the shards' schema, if it may put their rows together at all: it may not where it is of another
 * version, or sorts or shows values in another way. Immutable.
 *
 * @param unlikeTables relations that it lacks, or has with other columns
 * @param unlikeFunctions names, without schemas, of functions that it lacks, or has otherwise
 */
public record CombinerSchema(boolean fits, Set<TableName> unlikeTables, Set<String> unlikeFunctions) {
    /** There is no such server, or nothing is known of it. */
    public static final CombinerSchema NONE = new CombinerSchema(false, Set.of(), Set.of());

    public CombinerSchema {
        unlikeTables = Set.copyOf(unlikeTables);
        unlikeFunctions = Set.copyOf(unlikeFunctions);
    }
}
