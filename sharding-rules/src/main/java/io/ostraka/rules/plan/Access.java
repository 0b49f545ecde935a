package io.ostraka.rules.plan;

/** What a statement may do to the shard it runs on. */
public enum Access {
    /** Looks at no row: a setting is made or shown, which takes no snapshot there. */
    NOTHING,
    /** Writes nothing and locks no row. */
    READ,
    /** May write, or lock rows. */
    WRITE
}
