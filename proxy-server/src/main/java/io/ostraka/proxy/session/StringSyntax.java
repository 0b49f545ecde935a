package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.BackendSettings;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.SessionCommand;
import java.util.Locale;

/**
 * How string constants are read: with {@code standard_conforming_strings} on, as the proxy's own lexer does. Off, a backslash would
 * hide a quote from the server and not from the proxy. Where a database has one shard the session may turn it off: its texts
 * are then planned, and prepared, with their constants spelled out as {@code E'...'}, and the shard's connection is kept until the
 * session ends, because other texts than the client's are read otherwise there, too. Confined to the session's event loop.
 */
record StringSyntax(Session session) {
    static final String SETTING = BackendSettings.STRING_SYNTAX;

    /** The client's text, so that it means the same to the proxy as to the shard. */
    String read(String text) {
        return session.settings().made().backslashesEscape()
                ? session.database().plans().spelledOut(text)
                : text;
    }

    /** Refuses to turn it off where what was said before, and is sent again, would be read otherwise. */
    void requireSupported(SessionCommand command) {
        if (!(command instanceof SessionCommand.Set set) || !set.name().equals(SETTING)) {
            return;
        }
        if (!session.database().hasOneShard() || set.local()) {
            set.values().forEach(StringSyntax::require);
        } else if (!set.values().isEmpty() && !isOn(set.values().get(0))) {
            boolean isSaid = session.settings().made().statements().stream().anyMatch(StringSyntax::hasBackslash)
                    || session.statements().texts().anyMatch(StringSyntax::hasBackslash);
            if (isSaid && !session.settings().made().backslashesEscape()) {
                throw new PgError(
                                SqlState.FEATURE_NOT_SUPPORTED,
                                SETTING + " cannot be turned off behind statements with backslashes",
                                "What was prepared or set before would be read otherwise.",
                                "Turn it off first, or DISCARD ALL.")
                        .toException();
            }
        }
    }

    /** Refuses to change it in a query string, whose other statements were read before. */
    void requireKept(SessionCommand command) {
        boolean escapes = session.settings().made().backslashesEscape();
        boolean changes = command instanceof SessionCommand.Set set
                ? set.name().equals(SETTING)
                        && (set.values().isEmpty() || isOn(set.values().get(0)) == escapes)
                : command instanceof SessionCommand.Reset reset
                        && escapes
                        && (reset.name().equals(SETTING) || reset.name().equals("all"));
        if (changes) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            SETTING + " cannot be changed in a query string of several statements",
                            "",
                            "Send it alone.")
                    .toException();
        }
    }

    private static boolean hasBackslash(String text) {
        return text.indexOf('\\') >= 0;
    }

    static boolean isOn(String value) {
        String plain = value.toLowerCase(Locale.ROOT).strip();
        return plain.equals("on")
                || plain.equals("1")
                || (!plain.isEmpty() && ("true".startsWith(plain) || "yes".startsWith(plain)));
    }

    /** Refuses every value but those that mean on. */
    static void require(String value) {
        if (!isOn(value)) {
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
