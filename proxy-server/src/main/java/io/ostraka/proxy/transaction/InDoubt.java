package io.ostraka.proxy.transaction;

import io.ostraka.rules.config.ShardName;
import io.ostraka.tx.decision.Gtid;
import java.time.Instant;
import java.util.Optional;

/**
 * A branch that is not finished on its shard, for people.
 *
 * @param owner whose it is on the shard
 * @param prepared when; empty for one that the log knows of while its shard does not answer
 * @param node the node that began it, if it lives
 * @param next who does what with it, in a few words
 */
public record InDoubt(
        Gtid gtid,
        String database,
        ShardName shard,
        String gid,
        String owner,
        Optional<Instant> prepared,
        Decision decision,
        Optional<String> node,
        String next) {

    /** What the log says. */
    public enum Decision {
        NONE,
        COMMIT,
        ROLLBACK,
        /** A client has prepared it by name. */
        CLIENT
    }
}
