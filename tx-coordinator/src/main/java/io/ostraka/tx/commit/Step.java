package io.ostraka.tx.commit;

/** What a shard is asked to do: its reply comes back under the same name. */
public enum Step {
    /** Has this participant written? The reply's value is a transaction id, or empty. */
    ASK,
    /** Plain COMMIT: of the one writer, or of a reader. */
    COMMIT,
    /** Plain ROLLBACK of what is not prepared. */
    ROLLBACK,
    /** First phase. The reply's value is the branch's transaction id. */
    PREPARE,
    /** Second phase. */
    COMMIT_PREPARED,
    /** Undoes the first phase. */
    ROLLBACK_PREPARED,
    /** A prepared transaction is gone: what became of its transaction id? */
    LOOK,
    /** Everything the primary shows by now is on its standbys when this has succeeded. */
    BARRIER;

    /** Whether it is a step of carrying a decision out: as often as it takes, by any node that finishes the transaction. */
    boolean isOfPhaseTwo() {
        return switch (this) {
            case COMMIT_PREPARED, LOOK, BARRIER -> true;
            case ASK, COMMIT, ROLLBACK, PREPARE, ROLLBACK_PREPARED -> false;
        };
    }
}
