package io.ostraka.proxy.transaction;

import io.ostraka.tx.commit.ShardError;
import io.ostraka.tx.commit.ShardReply;
import java.util.List;
import java.util.Optional;

/**
 * What a {@link ShardLink} was answered: the first error, the last command's tag, and the rows of all commands as text.
 *
 * @param lost the connection ended before, or there was none: what was sent may or may not have been done
 * @param warned whether a WARNING came
 */
record LinkResult(
        boolean lost, Optional<ShardError> error, String tag, boolean warned, List<List<Optional<String>>> rows) {
    static final LinkResult LOST = new LinkResult(true, Optional.empty(), "", false, List.of());

    LinkResult {
        rows = List.copyOf(rows);
    }

    /** No shard has failed over yet: the server that answered is in the epoch it was in from the start. */
    ShardReply reply() {
        if (lost) {
            return new ShardReply.Lost();
        }
        if (error.isPresent()) {
            return new ShardReply.Failed(error.get(), DatabaseCommits.SHARD_EPOCH);
        }
        Optional<String> value = rows.isEmpty() ? Optional.empty() : rows.get(0).get(0);
        return new ShardReply.Completed(tag, warned, value, DatabaseCommits.SHARD_EPOCH);
    }
}
