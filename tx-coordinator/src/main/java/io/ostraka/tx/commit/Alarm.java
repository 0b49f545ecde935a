package io.ostraka.tx.commit;

/** Why a transaction wants to be woken. */
public enum Alarm {
    /** The client has waited long enough. */
    COMMIT_TIMEOUT,
    /** The window has been open long enough. */
    PHASE_TWO_TIMEOUT,
    /** Shards that did not answer are asked again. */
    RETRY,
    /** A shard that does not have what it had promised may have been given it back. */
    LOOK_AGAIN
}
