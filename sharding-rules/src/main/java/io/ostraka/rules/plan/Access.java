package io.ostraka.rules.plan;

/** What a statement may do to the shard it runs on. */
public enum Access {
    /** Writes nothing and locks no row. */
    READ,
    /** May write, or lock rows. */
    WRITE
}
