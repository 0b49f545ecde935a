package io.ostraka.it.harness;

/** How a statement is sent. */
public enum Protocol {
    /** One Query message. */
    SIMPLE,
    /** Parse, Bind, Describe, Execute, Sync in one packet; results as text. */
    EXTENDED,
    /** The same with results in binary. */
    EXTENDED_BINARY
}
