package io.ostraka.rules.plan;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import java.util.List;

/** Where one execution of a statement goes, once its values are known. */
public sealed interface Route {

    /** All the rows that matter are on this shard. */
    record One(ShardName shard) implements Route {}

    /** Every shard would answer alike: take the one at hand. */
    record Any() implements Route {}

    /** Each of these shards (two or more, in the order of their names) holds rows that may matter. */
    record Many(List<ShardName> shards) implements Route {
        public Many {
            shards = List.copyOf(shards);
        }
    }

    /** These values cannot be routed: a null key in INSERT, a value that fits no range. */
    record Refused(PgError error) implements Route {}
}
