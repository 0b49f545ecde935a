package io.ostraka.proxy.transaction;

import java.util.List;
import java.util.function.Consumer;

/** A connection that one caller has, with what is open on it, until it is given back. Thread-safe; results come on any thread. */
interface KeptLink {
    /** Each query as a message of its own; one batch at a time. A server that does not answer costs a lost result within seconds. */
    void run(List<String> queries, Consumer<LinkResult> then);

    /** Once; what is not at rest is closed. */
    void giveBack();
}
