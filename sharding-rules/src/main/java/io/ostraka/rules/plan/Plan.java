package io.ostraka.rules.plan;

import io.ostraka.rules.error.PgError;

/**
 * What will be done with a statement. Immutable, cached by the statement's template, shared by all sessions of a
 * database whose catalog version and search path are the same.
 */
public sealed interface Plan {

    /**
     * Forwarded in the client's own bytes to one shard. A route to several is answered with {@code whenMany}, before
     * anything ran. {@code pins} is true when the statement leaves state behind that lives in the backend connection.
     */
    record Forward(Router router, Access access, boolean pins, PgError whenMany) implements Plan {}

    /** Reads on all shards of its route; {@code merge} makes the answer of their rows. One shard answers by itself. */
    record Scatter(Router router, Merge merge) implements Plan {}

    /**
     * Read by the combiner, a server that is lent the rows of the other shards; by one shard when it has all of them.
     * {@code forward.whenMany()} tells why the rows of each shard would not do.
     */
    record Combine(Forward forward, Combination combination) implements Plan {}

    /** Answered, or carried out on the shards of the transaction, by the session itself. */
    record Session(SessionCommand command) implements Plan {}

    /** Not supported, whatever the values. */
    record Refusal(PgError error) implements Plan {}
}
