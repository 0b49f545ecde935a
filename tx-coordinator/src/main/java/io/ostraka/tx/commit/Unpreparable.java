package io.ostraka.tx.commit;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;

/** What PostgreSQL will not prepare, all {@code 0A000} there. Source: PostgreSQL manual, "PREPARE TRANSACTION". */
public enum Unpreparable {
    TEMPORARY_OBJECTS("operated on temporary objects", "Use an ordinary table, or write on one shard only."),
    NOTIFICATIONS("executed LISTEN, UNLISTEN or NOTIFY", "Do that in a transaction of its own."),
    EXPORTED_SNAPSHOT("exported a snapshot", "Do that in a transaction of its own."),
    CURSOR_WITH_HOLD("created a cursor WITH HOLD", "Declare the cursor WITHOUT HOLD, or in a transaction of its own."),
    MIXED_ADVISORY_LOCKS(
            "holds a session-level and a transaction-level advisory lock on the same key", "Use one of the two.");

    private final String did;
    private final String instead;

    Unpreparable(String did, String instead) {
        this.did = did;
        this.instead = instead;
    }

    /** The same error every time, when the second shard is about to be written: not at COMMIT, and not sometimes. */
    public PgError error(String writtenFirst, String writtenSecond) {
        return new PgError(
                SqlState.FEATURE_NOT_SUPPORTED,
                "cannot write on a second shard in a transaction that " + did,
                "It has written on shard \"" + writtenFirst + "\", this statement writes on shard \"" + writtenSecond
                        + "\", and such a transaction cannot be committed on both atomically.",
                instead);
    }
}
