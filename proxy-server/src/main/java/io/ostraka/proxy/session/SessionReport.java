package io.ostraka.proxy.session;

import io.ostraka.proxy.transaction.SessionTransaction;
import io.ostraka.rules.config.ShardName;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A session's transaction, for people: as it was when its event loop was asked.
 *
 * @param id as the log names the session
 * @param pid as its client knows it
 * @param user as whom it has logged in to the shards
 * @param shards in the order in which the transaction reached them
 * @param writers those of them that it may have written to
 * @param spanningSince when it reached its second shard
 */
public record SessionReport(
        int id,
        int pid,
        String user,
        String database,
        SessionTransaction.State state,
        List<ShardName> shards,
        List<ShardName> writers,
        Optional<Instant> spanningSince) {

    public SessionReport {
        shards = List.copyOf(shards);
        writers = List.copyOf(writers);
    }
}
