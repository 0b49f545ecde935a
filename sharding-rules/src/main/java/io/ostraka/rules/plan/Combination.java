package io.ostraka.rules.plan;

import io.ostraka.rules.config.ShardName;
import java.util.List;

/**
 * How the combiner answers a statement: the rows it lacks are copied into temporary tables of its own, and it runs the
 * statement over them. Immutable.
 *
 * @param combiner the shard that combines; it has all tables that are not copied
 * @param fragments what is copied
 * @param text the statement for the combiner, when what it has itself is read there
 * @param textOfCopies the same when all tables are copied, because the transaction may have changed what the combiner has
 */
public record Combination(ShardName combiner, List<Fragment> fragments, ShardText text, ShardText textOfCopies) {
    public Combination {
        fragments = List.copyOf(fragments);
    }
}
