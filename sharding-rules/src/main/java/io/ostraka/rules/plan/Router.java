package io.ostraka.rules.plan;

/** From a statement's values to its route. Thread-safe and without side effects: one router serves all sessions. */
@FunctionalInterface
public interface Router {
    Route route(StatementValues values);
}
