package io.ostraka.rules.plan;

import io.ostraka.rules.config.ShardName;
import java.util.List;
import java.util.Optional;

/**
 * How the combiner answers a statement: the rows it lacks are copied into temporary tables of its own, and it runs the
 * statement over them. Immutable.
 *
 * @param combiner the shard that combines; it has all tables that are not copied
 * @param fragments what is copied
 * @param text the statement for the combiner, when what it has itself is read there
 * @param textOfCopies the same when all tables are copied, because the transaction may have changed what the combiner has
 * @param otherwise for values with which the shards cannot be asked for these fragments
 */
public record Combination(
        ShardName combiner,
        List<Fragment> fragments,
        ShardText text,
        ShardText textOfCopies,
        Optional<Combination> otherwise) {
    public Combination {
        fragments = List.copyOf(fragments);
    }

    /** The one for these values. */
    public Combination of(StatementValues values) {
        boolean fits = otherwise.isEmpty()
                || fragments.stream().noneMatch(fragment -> fragment.router().route(values) instanceof Route.Refused);
        return fits ? this : otherwise.get();
    }
}
