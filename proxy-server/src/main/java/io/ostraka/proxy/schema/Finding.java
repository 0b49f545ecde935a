package io.ostraka.proxy.schema;

import java.util.Locale;

/** One line of what {@code ostraka check --connect} found. */
public record Finding(Severity severity, String text) {

    /** How much a finding matters. */
    public enum Severity {
        /** Statements would fail, or be answered wrongly: exit status 1. */
        ERROR,
        /** Works, but not as well or as safely as it could. */
        WARNING,
        /** Worth knowing. */
        NOTE
    }

    @Override
    public String toString() {
        return severity.name().toLowerCase(Locale.ROOT) + ": " + text;
    }
}
