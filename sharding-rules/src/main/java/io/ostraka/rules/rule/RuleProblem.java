package io.ostraka.rules.rule;

import io.ostraka.rules.config.TableName;

/** Why a table's rule cannot be used with the catalog as it is; {@code message} and {@code hint} are worded as errors. */
public record RuleProblem(TableName table, String message, String hint) {
    @Override
    public String toString() {
        return "table \"" + table + "\": " + message + (hint.isEmpty() ? "" : " (" + hint + ")");
    }
}
