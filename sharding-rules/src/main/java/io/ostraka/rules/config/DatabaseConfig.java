package io.ostraka.rules.config;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * One entry of {@code databases}. {@code shards} is in the file's order, which has no meaning; {@code schema} is the
 * DDL file that lets {@code explain} work without servers; {@code tables} and {@code schemas} are rules not yet checked
 * against a catalog. {@code combiner}, a server that has the shards' schema and no rows, is no shard: nothing that looks at all
 * {@code shards} meets it.
 */
public record DatabaseConfig(
        String name,
        Map<ShardName, ShardConfig> shards,
        ShardName defaultShard,
        Optional<ShardConfig> combiner,
        int slots,
        PoolConfig pool,
        Consistency consistency,
        SerializableAcrossShards serializable,
        Optional<String> recoveryUser,
        Optional<Path> schema,
        Map<TableName, TableRuleConfig> tables,
        Map<String, ShardName> schemas) {

    /** The name that the combiner has in place of a shard's, which no shard has beside it. */
    public static final ShardName COMBINER = new ShardName("combiner");

    /** What a snapshot over several shards promises; see {@code transactions.md} section 7.5. */
    public enum Consistency {
        SHARD,
        ATOMIC,
        STRICT
    }

    /** What becomes of SERIALIZABLE transactions where there are several shards; see {@code transactions.md} section 7.6. */
    public enum SerializableAcrossShards {
        /** One that reaches a second shard is refused; on one it is PostgreSQL's own. */
        REFUSE,
        /** All are kept serializable by locks on tables. */
        LOCK
    }

    /** Sessions need no planning when there is nothing to choose from. */
    public boolean hasOneShard() {
        return shards.size() == 1;
    }
}
