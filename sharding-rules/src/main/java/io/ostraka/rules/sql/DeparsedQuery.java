package io.ostraka.rules.sql;

import java.util.ArrayList;
import java.util.List;

/**
 * A query as a server writes it down for a view, made one that servers read. In CYCLE ... SET ... TO ... DEFAULT ... USING they write {@code
 * 'Y'::text}, and read there nothing but constants, such as {@code text 'Y'}. Source: {@code get_with_clause} in PostgreSQL's
 * {@code ruleutils.c}; {@code opt_cycle_clause} in its {@code gram.y}.
 */
public final class DeparsedQuery {
    private record Token(TokenKind kind, String word, int start, int end) {}

    private final String text;
    private final List<Token> tokens = new ArrayList<>();
    private final StringBuilder readable = new StringBuilder();
    /** How much of the text is in the readable one. */
    private int taken;

    private DeparsedQuery(String text) {
        this.text = text;
        Lexer lexer = new Lexer(text);
        for (TokenKind kind = lexer.next(); kind != TokenKind.END; kind = lexer.next()) {
            tokens.add(new Token(kind, lexer.keyword(), lexer.start(), lexer.end()));
        }
    }

    /** The text itself when nothing is to be changed in it, so for everything that no server has written. */
    public static String readable(String text) {
        return new DeparsedQuery(text).readable();
    }

    private String readable() {
        for (int i = 0; i < tokens.size(); i++) {
            if (isAt(i, "cycle")) {
                i = cycle(i + 1);
            }
        }
        return readable.append(text, taken, text.length()).toString();
    }

    /** Behind the word CYCLE; returns where it has stopped, which may be at once: the word may be a name. */
    private int cycle(int from) {
        int at = from;
        while (isName(at) && isKind(at + 1, TokenKind.COMMA)) {
            at += 2;
        }
        boolean isClause = isName(at) && isAt(at + 1, "set") && isName(at + 2) && isAt(at + 3, "to");
        return isClause ? constant(constant(at + 4, "default"), "using") : from - 1;
    }

    /** One constant, which goes up to a word; returns what is behind that. */
    private int constant(int from, String end) {
        int at = from;
        while (at < tokens.size() && !isAt(at, end)) {
            at++;
        }
        if (at < tokens.size() && isKind(from + 1, TokenKind.TYPECAST)) {
            Token value = tokens.get(from);
            String type = text.substring(
                    tokens.get(from + 1).end(), tokens.get(at - 1).end());
            if (value.kind().isText()) {
                replace(
                        value.start(),
                        tokens.get(at - 1).end(),
                        type + " " + text.substring(value.start(), value.end()));
            } else if (value.word().equals("null")) {
                replace(value.start(), tokens.get(at - 1).end(), "NULL");
            }
        }
        return at + 1;
    }

    private void replace(int from, int to, String by) {
        readable.append(text, taken, from).append(by);
        taken = to;
    }

    private boolean isAt(int index, String word) {
        return index < tokens.size() && tokens.get(index).word().equals(word);
    }

    private boolean isKind(int index, TokenKind kind) {
        return index < tokens.size() && tokens.get(index).kind() == kind;
    }

    private boolean isName(int index) {
        return index < tokens.size() && tokens.get(index).kind().isIdentifier();
    }
}
