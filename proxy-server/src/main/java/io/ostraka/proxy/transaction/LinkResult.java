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
 * @param shardEpoch in which life of the shard the connection was opened
 */
record LinkResult(
        boolean lost,
        Optional<ShardError> error,
        String tag,
        boolean warned,
        List<List<Optional<String>>> rows,
        long shardEpoch) {
    static final LinkResult LOST = new LinkResult(true, Optional.empty(), "", false, List.of(), 0);

    LinkResult {
        rows = List.copyOf(rows);
    }

    ShardReply reply() {
        if (lost) {
            return new ShardReply.Lost();
        }
        if (error.isPresent()) {
            return new ShardReply.Failed(error.get(), shardEpoch);
        }
        Optional<String> value = rows.isEmpty() ? Optional.empty() : rows.get(0).get(0);
        return new ShardReply.Completed(tag, warned, value, shardEpoch);
    }
}
