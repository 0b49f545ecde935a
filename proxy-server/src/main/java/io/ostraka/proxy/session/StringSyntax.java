package io.ostraka.proxy.session;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.Locale;

/**
 * How string constants are read: with {@code standard_conforming_strings} on, as the proxy's own lexer does. Off, a
 * backslash would hide a quote from the server and not from the proxy, which then took text for keys.
 */
final class StringSyntax {
    static final String SETTING = "standard_conforming_strings";

    private StringSyntax() {}

    /** Refuses every value but those that mean on. */
    static void require(String value) {
        String plain = value.toLowerCase(Locale.ROOT).strip();
        boolean isOn = plain.equals("on")
                || plain.equals("1")
                || (!plain.isEmpty() && ("true".startsWith(plain) || "yes".startsWith(plain)));
        if (!isOn) {
            throw unsupported().toException();
        }
    }

    /** What ends a session whose server reads constants otherwise, whoever told it to. */
    static PgError unsupported() {
        return new PgError(
                SqlState.FEATURE_NOT_SUPPORTED,
                SETTING + " = off is not supported",
                "The proxy reads string constants as the SQL standard does, to find shard keys.",
                "Leave it on, and write constants with backslash escapes as E'...'.");
    }
}
