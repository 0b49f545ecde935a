package io.ostraka.tx.decision;

/** What the applied log says must become of a transaction's branches. */
public enum Fate {
    /** A commit is stored. */
    COMMIT,
    /** No commit is stored and none can be any more. */
    ROLL_BACK,
    /** Its node lives, or is not known yet: that node decides. */
    UNDECIDED,
    /** A client prepared it by name: only a client decides. */
    CLIENTS
}
