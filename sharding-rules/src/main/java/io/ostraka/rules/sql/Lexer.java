package io.ostraka.rules.sql;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * PostgreSQL's lexer as a cursor: {@link #next()} moves to the next token, {@link #kind()}, {@link #start()} and {@link
 * #end()} describe it; whitespace and comments lie between tokens. Nothing is allocated for a token.
 *
 * <p>The rules are those of PostgreSQL 18 with {@code standard_conforming_strings} on, as a rule. A statement that is split,
 * templated or proven harmless here must mean the same to the server, so every rule, the odd ones too, is the
 * server's: the longest match for operators, strings that continue on the next line, nested comments, numbers that may
 * not touch a name. Source: PostgreSQL manual, "Lexical Structure", and the rules of its scanner, {@code scan.l}.
 *
 * <p>Offsets count chars of the text, from 0. Confined to one thread.
 */
public final class Lexer {
    /** How a comment begins that speaks to Ostraka. */
    private static final String HINT_PREFIX = "ostraka:";

    private static final byte SPACE = 1;
    private static final byte NAME_START = 2;
    private static final byte DIGIT = 3;
    private static final byte OPERATOR = 4;
    private static final byte[] CLASS = new byte[128];

    static {
        for (char c : " \t\n\r\f\u000b".toCharArray()) {
            CLASS[c] = SPACE;
        }
        for (char c = 'a'; c <= 'z'; c++) {
            CLASS[c] = NAME_START;
            CLASS[c - 'a' + 'A'] = NAME_START;
        }
        CLASS['_'] = NAME_START;
        Arrays.fill(CLASS, '0', '9' + 1, DIGIT);
        for (char c : "~!@#^&|`?+-*/%<>=".toCharArray()) {
            CLASS[c] = OPERATOR;
        }
    }

    private final String sql;
    private final int limit;
    /** Whether a backslash escapes in {@code '...'} and {@code N'...'}: {@code standard_conforming_strings} is off. */
    private final boolean escapes;

    private int at;
    private TokenKind kind = TokenKind.END;
    private int start;
    private List<String> hints = List.of();

    public Lexer(String sql) {
        this(sql, 0, sql.length());
    }

    /** Reads the characters {@code [from, to)} of the text; offsets still count from its beginning. */
    public Lexer(String sql, int from, int to) {
        this(sql, from, to, false);
    }

    private Lexer(String sql, int from, int to, boolean escapes) {
        this.sql = sql;
        this.limit = to;
        this.escapes = escapes;
        this.at = from;
        this.start = from;
    }

    /** One that reads as the server does with {@code standard_conforming_strings} off. */
    static Lexer escaping(String sql) {
        return new Lexer(sql, 0, sql.length(), true);
    }

    /** Moves to the next token and tells its kind; {@link TokenKind#END} again and again at the end of the text. */
    public TokenKind next() {
        skipBlank();
        start = at;
        kind = at == limit ? TokenKind.END : scan(sql.charAt(at));
        return kind;
    }

    public TokenKind kind() {
        return kind;
    }

    /** Where the current token starts. */
    public int start() {
        return start;
    }

    /** Where the current token ends: the offset after its last char. */
    public int end() {
        return at;
    }

    public String text() {
        return sql.substring(start, at);
    }

    /** The current token as a keyword, lower-case; empty when it is something else. */
    public String keyword() {
        return kind == TokenKind.IDENTIFIER ? Keywords.word(Keywords.find(sql, start, at)) : "";
    }

    /** The current identifier as PostgreSQL stores it: folded or unquoted, and cut to 63 bytes. */
    public String name() {
        return TokenText.identifier(sql, start, at, kind);
    }

    /** The hints, {@code /* ostraka: ... *}{@code /}, passed since this was last asked; without their prefix, trimmed. */
    List<String> takeHints() {
        List<String> taken = hints;
        hints = List.of();
        return taken;
    }

    private TokenKind scan(char c) {
        if (c >= 128) {
            return identifier();
        }
        return switch (CLASS[c]) {
            case NAME_START -> prefixedOrIdentifier(c);
            case DIGIT -> number();
            case OPERATOR -> operator();
            default -> punctuation(c);
        };
    }

    private TokenKind punctuation(char c) {
        return switch (c) {
            case '(' -> token(1, TokenKind.LEFT_PAREN);
            case ')' -> token(1, TokenKind.RIGHT_PAREN);
            case '[' -> token(1, TokenKind.LEFT_BRACKET);
            case ']' -> token(1, TokenKind.RIGHT_BRACKET);
            case ',' -> token(1, TokenKind.COMMA);
            case ';' -> token(1, TokenKind.SEMICOLON);
            case '\'' -> quoted(at + 1, escapes, TokenKind.STRING);
            case '"' -> quotedIdentifier(at + 1, TokenKind.QUOTED_IDENTIFIER);
            case '$' -> dollar();
            case '.' -> dot();
            case ':' -> colon();
            default -> token(1, TokenKind.STRAY);
        };
    }

    private TokenKind dot() {
        if (peek(at + 1) == '.') {
            return token(2, TokenKind.DOT_DOT);
        }
        return isDigit(peek(at + 1)) ? number() : token(1, TokenKind.DOT);
    }

    private TokenKind colon() {
        return switch (peek(at + 1)) {
            case ':' -> token(2, TokenKind.TYPECAST);
            case '=' -> token(2, TokenKind.COLON_EQUALS);
            default -> token(1, TokenKind.COLON);
        };
    }

    private TokenKind token(int length, TokenKind of) {
        at += length;
        return of;
    }

    /** The char at an offset, NUL beyond the end (a char that continues no token). */
    private char peek(int offset) {
        return offset < limit ? sql.charAt(offset) : '\0';
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isNameStart(char c) {
        return c >= 128 || CLASS[c] == NAME_START;
    }

    static boolean isNamePart(char c) {
        return c >= 128 || CLASS[c] == NAME_START || CLASS[c] == DIGIT || c == '$';
    }

    static boolean isSpace(char c) {
        return c < 128 && CLASS[c] == SPACE;
    }

    private void skipBlank() {
        while (at < limit) {
            char c = sql.charAt(at);
            if (isSpace(c)) {
                at++;
            } else if (c == '-' && peek(at + 1) == '-') {
                at = endOfLine(at + 2);
            } else if (c == '/' && peek(at + 1) == '*') {
                skipBlockComment();
            } else {
                return;
            }
        }
    }

    private int endOfLine(int from) {
        int i = from;
        while (i < limit && sql.charAt(i) != '\n' && sql.charAt(i) != '\r') {
            i++;
        }
        return i;
    }

    private void skipBlockComment() {
        int opened = at;
        int depth = 1;
        at += 2;
        while (depth > 0) {
            if (at + 1 >= limit) {
                throw error("unterminated /* comment", opened, limit);
            }
            char c = sql.charAt(at);
            if (c == '*' && sql.charAt(at + 1) == '/') {
                depth--;
                at += 2;
            } else if (c == '/' && sql.charAt(at + 1) == '*') {
                depth++;
                at += 2;
            } else {
                at++;
            }
        }
        noteHint(sql.substring(opened + 2, at - 2).strip());
    }

    private void noteHint(String comment) {
        if (comment.startsWith(HINT_PREFIX)) {
            if (hints.isEmpty()) {
                hints = new ArrayList<>(1);
            }
            hints.add(comment.substring(HINT_PREFIX.length()).strip());
        }
    }

    private TokenKind prefixedOrIdentifier(char c) {
        char second = peek(at + 1);
        if (second == '\'') {
            return switch (c) {
                case 'e', 'E' -> quoted(at + 2, true, TokenKind.ESCAPE_STRING);
                case 'b', 'B' -> quoted(at + 2, false, TokenKind.BIT_STRING);
                case 'x', 'X' -> quoted(at + 2, false, TokenKind.HEX_STRING);
                case 'n', 'N' -> quoted(at + 2, escapes, TokenKind.NATIONAL_STRING);
                default -> identifier();
            };
        }
        if (second == '&' && (c == 'u' || c == 'U')) {
            if (peek(at + 2) == '\'') {
                return quoted(at + 3, false, TokenKind.UNICODE_STRING);
            }
            if (peek(at + 2) == '"') {
                return quotedIdentifier(at + 3, TokenKind.UNICODE_IDENTIFIER);
            }
        }
        return identifier();
    }

    private TokenKind identifier() {
        int i = at + 1;
        while (i < limit && isNamePart(sql.charAt(i))) {
            i++;
        }
        at = i;
        return TokenKind.IDENTIFIER;
    }

    private TokenKind quotedIdentifier(int from, TokenKind of) {
        int i = from;
        while (true) {
            i = sql.indexOf('"', i);
            if (i < 0 || i >= limit) {
                throw error("unterminated quoted identifier", start, limit);
            }
            if (peek(i + 1) != '"') {
                break;
            }
            i += 2;
        }
        at = i + 1;
        if (i == from) {
            throw error("zero-length delimited identifier", start, at);
        }
        return of;
    }

    /** Reads a string's body from its first char on, and the parts that continue it on later lines. */
    private TokenKind quoted(int from, boolean escapes, TokenKind of) {
        // In B'' and X'' a quote cannot be doubled.
        boolean doubles = of != TokenKind.BIT_STRING && of != TokenKind.HEX_STRING;
        int i = from;
        while (true) {
            if (i >= limit) {
                throw error(unterminated(of), start, limit);
            }
            char c = sql.charAt(i);
            if (c == '\\' && escapes) {
                i += 2;
            } else if (c != '\'') {
                i++;
            } else if (peek(i + 1) == '\'' && doubles) {
                i += 2;
            } else {
                int next = continuation(sql, i + 1, limit);
                if (next < 0) {
                    at = i + 1;
                    return of;
                }
                i = next;
            }
        }
    }

    private static String unterminated(TokenKind of) {
        return switch (of) {
            case BIT_STRING -> "unterminated bit string literal";
            case HEX_STRING -> "unterminated hexadecimal string literal";
            default -> "unterminated quoted string";
        };
    }

    /**
     * Where a string whose quote closed just before {@code from} goes on, behind the quote that reopens it; -1 when it
     * ends here. It goes on when only whitespace with at least one newline lies between; a {@code --} comment may stand
     * there too, but a block comment may not.
     */
    static int continuation(String sql, int from, int limit) {
        int i = from;
        boolean newline = false;
        while (i < limit) {
            char c = sql.charAt(i);
            if (c == '\n' || c == '\r') {
                newline = true;
                i++;
            } else if (isSpace(c)) {
                i++;
            } else if (c == '-' && i + 1 < limit && sql.charAt(i + 1) == '-') {
                while (i < limit && sql.charAt(i) != '\n' && sql.charAt(i) != '\r') {
                    i++;
                }
            } else {
                return newline && c == '\'' ? i + 1 : -1;
            }
        }
        return -1;
    }

    private TokenKind dollar() {
        int i = at + 1;
        if (isDigit(peek(i))) {
            while (isDigit(peek(i))) {
                i++;
            }
            if (isNameStart(peek(i))) {
                throw error("trailing junk after parameter", start, junkEnd(i));
            }
            at = i;
            return TokenKind.PARAMETER;
        }
        while (i < limit && sql.charAt(i) != '$' && isNamePart(sql.charAt(i))) {
            i++;
        }
        if (peek(i) != '$') {
            return token(1, TokenKind.STRAY);
        }
        int tagLength = i + 1 - at;
        int close = i + 1;
        while (true) {
            close = sql.indexOf('$', close);
            if (close < 0 || close + tagLength > limit) {
                throw error("unterminated dollar-quoted string", start, limit);
            }
            if (sql.regionMatches(close, sql, at, tagLength)) {
                at = close + tagLength;
                return TokenKind.DOLLAR_STRING;
            }
            close++;
        }
    }

    private TokenKind number() {
        TokenKind of = TokenKind.INTEGER;
        int i = at;
        char c = sql.charAt(i);
        if (c == '0' && radix(peek(i + 1)) > 0) {
            int radix = radix(peek(i + 1));
            i = digits(i + 2, radix);
            if (i == at + 2) {
                throw error(
                        i < limit && isNameStart(peek(i)) ? "trailing junk after numeric literal" : noDigits(radix),
                        start,
                        junkEnd(i));
            }
        } else {
            if (c != '.') {
                i = digits(i + 1, 10);
            }
            if (peek(i) == '.' && (peek(i + 1) != '.' || c == '.')) {
                of = TokenKind.NUMERIC;
                i++;
                if (isDigit(peek(i))) {
                    i = digits(i + 1, 10);
                }
            }
            if (peek(i) == 'e' || peek(i) == 'E') {
                int exponent = i + 1;
                if (peek(exponent) == '+' || peek(exponent) == '-') {
                    exponent++;
                }
                if (isDigit(peek(exponent))) {
                    of = TokenKind.NUMERIC;
                    i = digits(exponent + 1, 10);
                }
            }
        }
        if (isNameStart(peek(i)) && i < limit) {
            throw error("trailing junk after numeric literal", start, junkEnd(i));
        }
        at = i;
        return of;
    }

    static int radix(char c) {
        return switch (c) {
            case 'x', 'X' -> 16;
            case 'o', 'O' -> 8;
            case 'b', 'B' -> 2;
            default -> 0;
        };
    }

    private static String noDigits(int radix) {
        return switch (radix) {
            case 16 -> "invalid hexadecimal integer";
            case 8 -> "invalid octal integer";
            default -> "invalid binary integer";
        };
    }

    /** The end of digits, each of which a single underscore may precede; {@code from} when there are none. */
    private int digits(int from, int radix) {
        int i = from;
        while (true) {
            int digit = peek(i) == '_' ? i + 1 : i;
            char c = peek(digit);
            if (c >= 128 || Character.digit(c, radix) < 0) {
                return i;
            }
            i = digit + 1;
        }
    }

    private int junkEnd(int from) {
        int i = from;
        while (i < limit && isNamePart(sql.charAt(i))) {
            i++;
        }
        return i;
    }

    private TokenKind operator() {
        int i = at + 1;
        // A comment's start ends the operator. It cannot stand at the very start: skipBlank has seen to that.
        while (i < limit && sql.charAt(i) < 128 && CLASS[sql.charAt(i)] == OPERATOR && !startsComment(i)) {
            i++;
        }
        int length = i - at;
        if (length > 1) {
            length = withoutTrailingSigns(length);
        }
        if (length >= TokenText.MAX_NAME_BYTES + 1) {
            throw error("operator too long", start, at + length);
        }
        TokenKind of = length == 1 ? single(sql.charAt(at)) : length == 2 ? pair() : TokenKind.OPERATOR;
        return token(length, of);
    }

    private boolean startsComment(int i) {
        char c = sql.charAt(i);
        return (c == '-' && peek(i + 1) == '-') || (c == '/' && peek(i + 1) == '*');
    }

    /** An operator of SQL's own characters may not end in a sign, so that {@code a=-1} is what one expects. */
    private int withoutTrailingSigns(int length) {
        char last = sql.charAt(at + length - 1);
        if (last != '+' && last != '-') {
            return length;
        }
        for (int i = at; i < at + length - 1; i++) {
            if ("~!@#^&|`?%".indexOf(sql.charAt(i)) >= 0) {
                return length;
            }
        }
        int shorter = length;
        while (shorter > 1 && (last == '+' || last == '-')) {
            shorter--;
            last = sql.charAt(at + shorter - 1);
        }
        return shorter;
    }

    private static TokenKind single(char c) {
        return switch (c) {
            case '+' -> TokenKind.PLUS;
            case '-' -> TokenKind.MINUS;
            case '*' -> TokenKind.STAR;
            case '/' -> TokenKind.SLASH;
            case '%' -> TokenKind.PERCENT;
            case '^' -> TokenKind.CARET;
            case '<' -> TokenKind.LESS;
            case '>' -> TokenKind.GREATER;
            case '=' -> TokenKind.EQUALS;
            default -> TokenKind.OPERATOR;
        };
    }

    private TokenKind pair() {
        return switch (sql.substring(at, at + 2)) {
            case "<=" -> TokenKind.LESS_EQUALS;
            case ">=" -> TokenKind.GREATER_EQUALS;
            case "<>", "!=" -> TokenKind.NOT_EQUALS;
            case "=>" -> TokenKind.EQUALS_GREATER;
            default -> TokenKind.OPERATOR;
        };
    }

    private PgErrorException error(String message, int from, int to) {
        return syntaxError(message, sql, from, to);
    }

    /** A syntax error in the server's words: it quotes the text from {@code from} to {@code to}. */
    static PgErrorException syntaxError(String message, String sql, int from, int to) {
        String near = from >= sql.length() ? " at end of input" : " at or near \"" + sql.substring(from, to) + "\"";
        return new PgError(SqlState.SYNTAX_ERROR, message + near)
                .at(position(sql, from))
                .toException();
    }

    /** An offset as PostgreSQL reports it: in characters, from 1. */
    static int position(String sql, int offset) {
        return sql.codePointCount(0, Math.min(offset, sql.length())) + 1;
    }
}
