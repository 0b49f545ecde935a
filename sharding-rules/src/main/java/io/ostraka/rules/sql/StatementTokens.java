package io.ostraka.rules.sql;

import java.util.ArrayList;
import java.util.List;

/**
 * A statement's tokens for a reader that looks one ahead and knows keywords: {@link #at} and {@link #take} compare with
 * the token at hand. Confined to one thread.
 */
final class StatementTokens {
    private final String sql;
    private final int end;
    private final Lexer lexer;
    private TokenKind kind;
    private String word;

    StatementTokens(String sql, int start, int end) {
        this.sql = sql;
        this.end = end;
        this.lexer = new Lexer(sql, start, end);
        advance();
    }

    void advance() {
        kind = lexer.next();
        word = lexer.keyword();
    }

    TokenKind kind() {
        return kind;
    }

    /** The token at hand as a keyword, empty when it is none. */
    String word() {
        return word;
    }

    int start() {
        return kind == TokenKind.END ? end : lexer.start();
    }

    String text() {
        return lexer.text();
    }

    /** All from there up to the token at hand. */
    String textFrom(int from) {
        return sql.substring(from, start());
    }

    boolean at(String keyword) {
        return word.equals(keyword);
    }

    boolean at(TokenKind of) {
        return kind == of;
    }

    boolean take(String keyword) {
        if (!at(keyword)) {
            return false;
        }
        advance();
        return true;
    }

    boolean take(TokenKind of) {
        if (kind != of) {
            return false;
        }
        advance();
        return true;
    }

    void expect(String keyword) {
        if (!take(keyword)) {
            throw unexpected();
        }
    }

    /** PostgreSQL's ColId: an identifier, or a keyword that may name a column. */
    String columnName() {
        return name(Keywords.Category.COLUMN_NAME);
    }

    /** PostgreSQL's NonReservedWord: any keyword but the reserved ones. */
    String nonReservedWord() {
        String found;
        int number = wordNumber();
        if (number != Keywords.NONE && Keywords.category(number) == Keywords.Category.TYPE_OR_FUNCTION) {
            found = lexer.name();
            advance();
        } else {
            found = name(Keywords.Category.COLUMN_NAME);
        }
        return found;
    }

    private int wordNumber() {
        return word.isEmpty() ? Keywords.NONE : Keywords.find(word);
    }

    private String name(Keywords.Category also) {
        int number = wordNumber();
        boolean fits = kind.isIdentifier()
                && (number == Keywords.NONE
                        || Keywords.category(number) == Keywords.Category.UNRESERVED
                        || Keywords.category(number) == also);
        if (!fits) {
            throw unexpected();
        }
        return anyName();
    }

    /** The identifier at hand, whatever it spells. */
    String anyName() {
        if (kind != TokenKind.UNICODE_IDENTIFIER) {
            String name = lexer.name();
            advance();
            return name;
        }
        String token = lexer.text();
        advance();
        return TokenText.unicodeIdentifier(token, at("uescape") ? escape() : '\\');
    }

    private char escape() {
        advance();
        if (!at(TokenKind.STRING) || lexer.text().length() != 3) {
            throw unexpected();
        }
        char escape = lexer.text().charAt(1);
        advance();
        return escape;
    }

    /** A column name with what follows its dots. */
    QualifiedName qualifiedName() {
        List<String> parts = new ArrayList<>(2);
        parts.add(columnName());
        while (take(TokenKind.DOT)) {
            if (!kind.isIdentifier()) {
                throw unexpected();
            }
            parts.add(lexer.name());
            advance();
        }
        return new QualifiedName(parts);
    }

    /** A string constant's text. */
    String string() {
        if (!kind.isText() || kind == TokenKind.NATIONAL_STRING) {
            throw unexpected();
        }
        return anyString();
    }

    String anyString() {
        String token = lexer.text();
        boolean unicode = kind == TokenKind.UNICODE_STRING;
        advance();
        return unicode && at("uescape") ? TokenText.unicodeString(token, escape()) : TokenText.string(token);
    }

    void expectEnd() {
        if (kind != TokenKind.END) {
            throw unexpected();
        }
    }

    /** Moves behind the parenthesis that closes the one at hand, and tells where that closing one stands. */
    int skipParentheses() {
        int depth = 0;
        do {
            if (kind == TokenKind.END) {
                throw unexpected();
            }
            depth += kind == TokenKind.LEFT_PAREN ? 1 : kind == TokenKind.RIGHT_PAREN ? -1 : 0;
            if (depth == 0) {
                int close = lexer.start();
                advance();
                return close;
            }
            advance();
        } while (true);
    }

    /** What stands in the parentheses at hand, cut at its commas; nothing when there are none. */
    List<ExecuteArgument> arguments() {
        List<ExecuteArgument> arguments = new ArrayList<>();
        if (!take(TokenKind.LEFT_PAREN)) {
            return arguments;
        }
        do {
            arguments.add(argument());
        } while (take(TokenKind.COMMA));
        if (!take(TokenKind.RIGHT_PAREN)) {
            throw unexpected();
        }
        return arguments;
    }

    private ExecuteArgument argument() {
        int from = start();
        int until = from;
        int tokens = 0;
        ExecuteArgument.Kind kindOfLast = ExecuteArgument.Kind.EXPRESSION;
        boolean isSigned = at(TokenKind.MINUS) || at(TokenKind.PLUS);
        for (int depth = 0; depth > 0 || !(at(TokenKind.COMMA) || at(TokenKind.RIGHT_PAREN)); advance()) {
            if (at(TokenKind.END)) {
                throw unexpected();
            }
            depth += at(TokenKind.LEFT_PAREN) || at(TokenKind.LEFT_BRACKET) ? 1 : 0;
            depth -= at(TokenKind.RIGHT_PAREN) || at(TokenKind.RIGHT_BRACKET) ? 1 : 0;
            kindOfLast = kindOfToken();
            until = lexer.end();
            tokens++;
        }
        if (tokens == 0) {
            throw unexpected();
        }
        boolean isNumber = kindOfLast == ExecuteArgument.Kind.INTEGER || kindOfLast == ExecuteArgument.Kind.NUMERIC;
        boolean isLiteral = tokens == 1 || (tokens == 2 && isSigned && isNumber);
        return new ExecuteArgument(
                isLiteral ? kindOfLast : ExecuteArgument.Kind.EXPRESSION, sql.substring(from, until));
    }

    private ExecuteArgument.Kind kindOfToken() {
        return switch (kind) {
            case STRING, ESCAPE_STRING, UNICODE_STRING, DOLLAR_STRING -> ExecuteArgument.Kind.STRING;
            case INTEGER -> ExecuteArgument.Kind.INTEGER;
            case NUMERIC -> ExecuteArgument.Kind.NUMERIC;
            case IDENTIFIER ->
                switch (word) {
                    case "true", "false" -> ExecuteArgument.Kind.BOOLEAN;
                    case "null" -> ExecuteArgument.Kind.NULL;
                    default -> ExecuteArgument.Kind.EXPRESSION;
                };
            default -> ExecuteArgument.Kind.EXPRESSION;
        };
    }

    RuntimeException unexpected() {
        int from = start();
        if (kind == TokenKind.END) {
            return Lexer.syntaxError("syntax error", sql, sql.length(), sql.length());
        }
        return Lexer.syntaxError("syntax error", sql, from, lexer.end());
    }
}
