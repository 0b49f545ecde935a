package io.ostraka.rules.plan;

import io.ostraka.rules.config.ShardName;
import java.util.List;
import java.util.Optional;

/**
 * How the combiner answers a statement: the rows it lacks are copied into temporary tables of its own, and it runs the
 * statement over them. Immutable.
 *
 * @param home a shard that knows all that the statement names, and judges it
 * @param combiner who combines: the same shard, which has all tables that are not copied, or a server of its own, which has no rows
 * @param fragments what is copied
 * @param text the statement for the combiner, when what it has itself is read there
 * @param textOfCopies the same when all tables are copied, because the transaction may have changed what the combiner has
 * @param otherwise for values with which the shards cannot be asked for these fragments
 */
public record Combination(
        ShardName home,
        ShardName combiner,
        List<Fragment> fragments,
        ShardText text,
        ShardText textOfCopies,
        Optional<Combination> otherwise) {
    public Combination {
        fragments = List.copyOf(fragments);
    }

    /** Whether the combiner is no shard. */
    public boolean isApart() {
        return !combiner.equals(home);
    }

    /** The combiner in words. */
    public String combinerInWords() {
        return (isApart() ? "server " : "shard ") + combiner;
    }

    /** The one for these values. */
    public Combination of(StatementValues values) {
        boolean fits = otherwise.isEmpty()
                || fragments.stream().noneMatch(fragment -> fragment.router().route(values) instanceof Route.Refused);
        return fits ? this : otherwise.get();
    }
}
