package io.ostraka.tx.commit;

import java.util.EnumSet;
import java.util.Set;

/**
 * Where a commit stands, for its coordinator.
 * <pre>
 * ASKING --> ONE_PHASE -----------------------------------> ENDED
 *    |  \--> WAITING --> PREPARING --> DECIDING --> FINISHING --^
 *    |           |           |            |  \---------------^   (a client's own: prepared under its name)
 *    +-----------+-----------+------------+--> ABORTING -----^
 * </pre>
 */
public enum CommitState {
    /** Who has written? After a crash: the shards roll back by themselves. */
    ASKING,
    /** One writer, or none: its COMMIT is the decision. */
    ONE_PHASE,
    /** For room on its shards to be prepared there. After a crash: the shards roll back by themselves. */
    WAITING,
    /** Some PREPARE was sent. After a crash: recovery rolls back. */
    PREPARING,
    /** All are prepared, the log was asked. After a crash: as the log says. */
    DECIDING,
    /** The log holds the commit. After a crash: recovery carries it out. */
    FINISHING,
    /** It will not be committed; nothing was proposed, or it was rejected. After a crash: recovery rolls back. */
    ABORTING,
    /** Nothing is left to do. */
    ENDED;

    private Set<CommitState> successors() {
        return switch (this) {
            case ASKING -> EnumSet.of(ONE_PHASE, WAITING, ABORTING);
            case WAITING -> EnumSet.of(PREPARING, ABORTING);
            case ONE_PHASE -> EnumSet.of(ABORTING, ENDED);
            case PREPARING -> EnumSet.of(DECIDING, ABORTING);
            case DECIDING -> EnumSet.of(FINISHING, ABORTING, ENDED);
            case FINISHING, ABORTING -> EnumSet.of(ENDED);
            case ENDED -> EnumSet.noneOf(CommitState.class);
        };
    }

    CommitState to(CommitState next) {
        if (!successors().contains(next)) {
            throw new IllegalStateException("a commit cannot go from " + this + " to " + next);
        }
        return next;
    }
}
