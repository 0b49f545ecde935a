package io.ostraka.rules.sql;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;

/**
 * Texts of a session with {@code standard_conforming_strings} off, in which a backslash escapes in {@code '...'} as it does in
 * {@code E'...'}. Source: PostgreSQL manual, "String Constants with C-Style Escapes". Stateless.
 */
public final class BackslashEscapes {
    private BackslashEscapes() {}

    /**
     * The text in which each constant with a backslash says by itself that this escapes: it means the same whatever the setting is.
     * Other texts are returned as they are. Throws {@link PgErrorException} for what ends within a token, and
     * for {@code N'...'} with a backslash, which cannot say it.
     */
    public static String spelledOut(String sql) {
        return sql.indexOf('\\') < 0 ? sql : rewritten(sql);
    }

    private static String rewritten(String sql) {
        StringBuilder text = new StringBuilder(sql.length() + Long.BYTES);
        Lexer lexer = Lexer.escaping(sql);
        int at = 0;
        while (lexer.next() != TokenKind.END) {
            boolean isPlain = lexer.kind() == TokenKind.STRING || lexer.kind() == TokenKind.NATIONAL_STRING;
            if (!isPlain || !hasBackslash(sql, lexer.start(), lexer.end())) {
                continue;
            }
            if (lexer.kind() == TokenKind.NATIONAL_STRING) {
                throw national();
            }
            text.append(sql, at, lexer.start());
            boolean touchesName = lexer.start() > 0 && Lexer.isNamePart(sql.charAt(lexer.start() - 1));
            text.append(touchesName ? " E" : "E");
            at = lexer.start();
        }
        return text.append(sql, at, sql.length()).toString();
    }

    private static boolean hasBackslash(String sql, int from, int to) {
        int found = sql.indexOf('\\', from);
        return found >= 0 && found < to;
    }

    private static PgErrorException national() {
        return new PgError(
                        SqlState.FEATURE_NOT_SUPPORTED,
                        "a national character constant with a backslash is not supported with"
                                + " standard_conforming_strings = off",
                        "",
                        "Write it as E'...'::bpchar.")
                .toException();
    }
}
