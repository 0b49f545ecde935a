package io.ostraka.proxy.schema;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.rule.RuleSet;
import java.util.List;
import java.util.Map;

/**
 * One version of what the shards of a database have, and the rules settled against it. Immutable.
 *
 * @param catalog made of the shards that were read, each table as the shards of its rule agree to have it
 * @param differences between shards that were read, sorted by table
 * @param unread shards never read so far, with the reason: whether they differ is not known, and tables that only they have
 *     are missing from the catalog
 */
public record SchemaState(
        Catalog catalog, RuleSet rules, List<SchemaDifference> differences, Map<ShardName, String> unread) {
    public SchemaState {
        differences = List.copyOf(differences);
        unread = Map.copyOf(unread);
    }
}
