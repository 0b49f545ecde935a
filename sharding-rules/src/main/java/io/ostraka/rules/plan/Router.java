package io.ostraka.rules.plan;

import io.ostraka.rules.config.ShardName;
import java.util.Optional;

/** From a statement's values to its route. Thread-safe and without side effects: one router serves all sessions. */
@FunctionalInterface
public interface Router {
    Route route(StatementValues values);

    /**
     * A shard that knows all tables of the statement, to judge it before its values are known; empty when every shard
     * does.
     */
    default Optional<ShardName> home() {
        return Optional.empty();
    }
}
