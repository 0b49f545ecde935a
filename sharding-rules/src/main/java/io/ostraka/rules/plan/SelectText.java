package io.ostraka.rules.plan;

import io.ostraka.rules.sql.Lexer;
import io.ostraka.rules.sql.SourceSpan;
import io.ostraka.rules.sql.TokenKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Where the parts of a statement's outermost SELECT stand, found by its tokens: the items of the select list with their labels,
 * the end of the list, and the expressions of ORDER BY without their directions. Immutable.
 *
 * <p>Only reserved words outside of parentheses end a clause, so their places need no grammar. Whoever uses this compares
 * the numbers of items and keys with those the grammar has found.
 */
record SelectText(List<SourceSpan> items, List<SourceSpan> orderBy) {
    private static final Set<String> SET_OPERATIONS = Set.of("union", "intersect", "except");
    private static final Set<String> ENDS_LIST =
            Set.of("where", "group", "having", "window", "order", "limit", "offset", "fetch", "for", "into");
    private static final Set<String> ENDS_KEYS = Set.of("limit", "offset", "fetch", "for");
    private static final Set<String> ENDS_KEY = Set.of("asc", "desc", "using");

    SelectText {
        items = List.copyOf(items);
        orderBy = List.copyOf(orderBy);
    }

    int listEnd() {
        return items.get(items.size() - 1).end();
    }

    private record Token(TokenKind kind, String word, int start, int end, int depth) {}

    /** Empty when the statement is no plain SELECT with a FROM. */
    static Optional<SelectText> of(String sql, int start, int end) {
        List<Token> tokens = tokens(sql, start, end);
        int select = find(tokens, 0, Set.of("select"));
        if (select < 0 || find(tokens, select + 1, SET_OPERATIONS) >= 0) {
            return Optional.empty();
        }
        int from = listEnd(tokens, select + 1);
        int first = listStart(tokens, select + 1);
        if (from < 0 || first >= from) {
            return Optional.empty();
        }
        int order = find(tokens, from, Set.of("order"));
        if (order < 0) {
            return Optional.of(new SelectText(split(tokens, first, from), List.of()));
        }
        int keys = order + 2;
        int after = find(tokens, keys, ENDS_KEYS);
        List<SourceSpan> expressions = new ArrayList<>();
        int at = keys;
        int stop = after < 0 ? tokens.size() : after;
        while (at < stop) {
            int comma = comma(tokens, at, stop);
            expressions.add(span(tokens, at, expressionEnd(tokens, at, comma)));
            at = comma + 1;
        }
        return Optional.of(new SelectText(split(tokens, first, from), expressions));
    }

    /** An item without its label, if it has one. */
    static Optional<SourceSpan> withoutLabel(String sql, SourceSpan item) {
        List<Token> tokens = tokens(sql, item.start(), item.end());
        int last = tokens.size() - 1;
        if (last < 1 || !tokens.get(last).kind().isIdentifier()) {
            return Optional.empty();
        }
        int end = tokens.get(last - 1).word().equals("as") ? last - 1 : last;
        return end < 1 ? Optional.empty() : Optional.of(span(tokens, 0, end));
    }

    private static List<Token> tokens(String sql, int start, int end) {
        List<Token> tokens = new ArrayList<>();
        Lexer lexer = new Lexer(sql, start, end);
        int depth = 0;
        for (TokenKind kind = lexer.next(); kind != TokenKind.END; kind = lexer.next()) {
            boolean closes = kind == TokenKind.RIGHT_PAREN || kind == TokenKind.RIGHT_BRACKET;
            depth -= closes ? 1 : 0;
            tokens.add(new Token(kind, lexer.keyword(), lexer.start(), lexer.end(), depth));
            depth += kind == TokenKind.LEFT_PAREN || kind == TokenKind.LEFT_BRACKET ? 1 : 0;
        }
        return tokens;
    }

    /** The first of these words that begins a clause: not a label behind AS, not a field behind a dot, not WITHIN GROUP. */
    private static int find(List<Token> tokens, int from, Set<String> words) {
        for (int i = from; i < tokens.size(); i++) {
            Token token = tokens.get(i);
            if (token.depth() == 0 && words.contains(token.word()) && isClause(tokens, i)) {
                return i;
            }
        }
        return -1;
    }

    private static boolean isClause(List<Token> tokens, int at) {
        return at == 0
                || (tokens.get(at - 1).kind() != TokenKind.DOT
                        && !tokens.get(at - 1).word().equals("as")
                        && !tokens.get(at - 1).word().equals("within"));
    }

    /** Behind ALL, DISTINCT, DISTINCT ON (...). */
    private static int listStart(List<Token> tokens, int start) {
        String word = start < tokens.size() ? tokens.get(start).word() : "";
        if (!word.equals("all") && !word.equals("distinct")) {
            return start;
        }
        int at = start + 1;
        if (word.equals("distinct")
                && at < tokens.size()
                && tokens.get(at).word().equals("on")) {
            at++;
            do {
                at++;
            } while (at < tokens.size() && tokens.get(at).depth() > 0);
            at++;
        }
        return at;
    }

    /** The FROM behind the select list; that of IS DISTINCT FROM is none. */
    private static int listEnd(List<Token> tokens, int start) {
        for (int i = start; i < tokens.size(); i++) {
            Token token = tokens.get(i);
            if (token.depth() > 0 || !isClause(tokens, i)) {
                continue;
            }
            if (token.word().equals("from") && !tokens.get(i - 1).word().equals("distinct")) {
                return i;
            }
            if (ENDS_LIST.contains(token.word())) {
                return -1;
            }
        }
        return -1;
    }

    private static int comma(List<Token> tokens, int from, int stop) {
        int at = from;
        while (at < stop
                && !(tokens.get(at).kind() == TokenKind.COMMA && tokens.get(at).depth() == 0)) {
            at++;
        }
        return at;
    }

    private static int expressionEnd(List<Token> tokens, int from, int stop) {
        for (int i = from + 1; i < stop; i++) {
            Token token = tokens.get(i);
            boolean isNullsWord = token.word().equals("nulls") && i == stop - 2;
            if (token.depth() == 0 && (ENDS_KEY.contains(token.word()) || isNullsWord) && isClause(tokens, i)) {
                return i;
            }
        }
        return stop;
    }

    private static List<SourceSpan> split(List<Token> tokens, int from, int stop) {
        List<SourceSpan> spans = new ArrayList<>();
        int at = from;
        while (at <= stop) {
            int comma = comma(tokens, at, stop);
            spans.add(span(tokens, at, comma));
            at = comma + 1;
            if (comma == stop) {
                break;
            }
        }
        return spans;
    }

    private static SourceSpan span(List<Token> tokens, int from, int stop) {
        return new SourceSpan(
                tokens.get(from).start(), tokens.get(Math.max(from, stop - 1)).end());
    }
}
