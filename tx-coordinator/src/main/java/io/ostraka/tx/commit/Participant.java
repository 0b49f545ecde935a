package io.ostraka.tx.commit;

import io.ostraka.tx.decision.ShardNumber;

/**
 * A shard on which the transaction was begun.
 *
 * @param shardEpoch of the server its connection leads to
 * @param owner the role to which the prepared transaction will belong
 * @param roleWasSet whether the session's role is not the one it logged in as: deferred triggers must run as the one,
 *     recovery must be able to finish as the other
 * @param waitsForStandby whether the session's commits wait for synchronous standbys already
 */
public record Participant(
        ShardNumber shard, long shardEpoch, Writes writes, String owner, boolean roleWasSet, boolean waitsForStandby) {

    /** What is known of a participant when COMMIT arrives. */
    public enum Writes {
        /** Ran only statements that cannot write. */
        NO,
        /** Ran one that may write, and may not have: {@code UPDATE 0}, a function. */
        PERHAPS,
        /** Has a transaction id. */
        YES
    }
}
