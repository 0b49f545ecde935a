package io.ostraka.rules.sql;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.Arrays;

/**
 * Feeds the generated parser with the {@link Lexer}'s tokens in place of those of Calcite's own lexer, which reads
 * PostgreSQL's texts otherwise than PostgreSQL does. A token's image is what it stands for: a name folded or unquoted, a
 * string without its quotes, a number as written; its columns are offsets. Knows how deep the parser is.
 */
final class PgTokenSource extends PgGrammarTokenManager {
    /**
     * How deep a statement may go. Each production that recurses counts as many levels as it takes of the stack: a
     * parenthesis takes one to four, an operator in a chain two, a subquery up to seven. The bound is above what a
     * PostgreSQL server reads, and a stack of 16 MB is enough for it; on less the stack may end before.
     */
    static final int MAX_DEPTH = 20_000;

    private static final int[] KIND_OF_KEYWORD = new int[Keywords.count()];
    private static final int[] KEYWORD_OF_KIND = new int[PgGrammarConstants.tokenImage.length];

    static {
        Arrays.fill(KEYWORD_OF_KIND, Keywords.NONE);
        for (int kind = 0; kind < PgGrammarConstants.tokenImage.length; kind++) {
            String image = PgGrammarConstants.tokenImage[kind];
            int keyword = image.length() < 3 ? Keywords.NONE : Keywords.find(image, 1, image.length() - 1);
            if (image.startsWith("\"") && keyword != Keywords.NONE) {
                KIND_OF_KEYWORD[keyword] = kind;
                KEYWORD_OF_KIND[kind] = keyword;
            }
        }
        for (int keyword = 0; keyword < KIND_OF_KEYWORD.length; keyword++) {
            if (KIND_OF_KEYWORD[keyword] == 0) {
                throw new IllegalStateException("the grammar has no token for " + Keywords.word(keyword));
            }
        }
    }

    private final String sql;
    private final Lexer lexer;
    private Token pending;
    private int depth;

    PgTokenSource(String sql, int start, int end) {
        super((SimpleCharStream) null);
        this.sql = sql;
        this.lexer = new Lexer(sql, start, end);
    }

    @Override
    public Token getNextToken() {
        Token token = pending == null ? read() : pending;
        pending = null;
        // The kind is that of the token read last, which is the pending one if there was one.
        boolean unicode = lexer.kind() == TokenKind.UNICODE_STRING || lexer.kind() == TokenKind.UNICODE_IDENTIFIER;
        return unicode ? withEscape(token) : token;
    }

    private Token read() {
        TokenKind kind = lexer.next();
        Token token = Token.newToken(0);
        token.beginLine = 1;
        token.endLine = 1;
        token.beginColumn = lexer.start() + 1;
        token.endColumn = lexer.end();
        switch (kind) {
            case IDENTIFIER -> identifier(token);
            case QUOTED_IDENTIFIER -> set(token, PgGrammarConstants.QUOTED_IDENTIFIER, lexer.name());
            case UNICODE_IDENTIFIER -> set(token, PgGrammarConstants.QUOTED_IDENTIFIER, lexer.text());
            case STRING, ESCAPE_STRING, DOLLAR_STRING ->
                set(token, PgGrammarConstants.QUOTED_STRING, TokenText.string(lexer.text()));
            case UNICODE_STRING -> set(token, PgGrammarConstants.QUOTED_STRING, lexer.text());
            case NATIONAL_STRING -> set(token, PgGrammarConstants.PG_NATIONAL_STRING, TokenText.string(lexer.text()));
            case BIT_STRING -> set(token, PgGrammarConstants.PG_BIT_STRING, lexer.text());
            case HEX_STRING -> set(token, PgGrammarConstants.PG_BIT_STRING, lexer.text());
            default -> set(token, symbolKind(kind), lexer.text());
        }
        return token;
    }

    private static void set(Token token, int kind, String image) {
        token.kind = kind;
        token.image = image;
    }

    private void identifier(Token token) {
        int keyword = Keywords.find(sql, lexer.start(), lexer.end());
        if (keyword == Keywords.NONE) {
            set(token, PgGrammarConstants.IDENTIFIER, lexer.name());
        } else {
            set(token, KIND_OF_KEYWORD[keyword], Keywords.word(keyword));
        }
    }

    private static int symbolKind(TokenKind kind) {
        return switch (kind) {
            case END -> PgGrammarConstants.EOF;
            case INTEGER -> PgGrammarConstants.UNSIGNED_INTEGER_LITERAL;
            case NUMERIC -> PgGrammarConstants.DECIMAL_NUMERIC_LITERAL;
            case PARAMETER -> PgGrammarConstants.PG_PARAMETER;
            case LEFT_PAREN -> PgGrammarConstants.LPAREN;
            case RIGHT_PAREN -> PgGrammarConstants.RPAREN;
            case LEFT_BRACKET -> PgGrammarConstants.LBRACKET;
            case RIGHT_BRACKET -> PgGrammarConstants.RBRACKET;
            case COMMA -> PgGrammarConstants.COMMA;
            case SEMICOLON -> PgGrammarConstants.SEMICOLON;
            case DOT -> PgGrammarConstants.DOT;
            case COLON -> PgGrammarConstants.COLON;
            case TYPECAST -> PgGrammarConstants.PG_TYPECAST;
            case DOT_DOT -> PgGrammarConstants.DOUBLE_PERIOD;
            case COLON_EQUALS -> PgGrammarConstants.PG_COLON_EQUALS;
            case EQUALS_GREATER -> PgGrammarConstants.NAMED_ARGUMENT_ASSIGNMENT;
            case PLUS -> PgGrammarConstants.PLUS;
            case MINUS -> PgGrammarConstants.MINUS;
            case STAR -> PgGrammarConstants.STAR;
            case SLASH -> PgGrammarConstants.SLASH;
            case PERCENT -> PgGrammarConstants.PERCENT_REMAINDER;
            case CARET -> PgGrammarConstants.CARET;
            case LESS -> PgGrammarConstants.LT;
            case GREATER -> PgGrammarConstants.GT;
            case EQUALS -> PgGrammarConstants.EQ;
            case LESS_EQUALS -> PgGrammarConstants.LE;
            case GREATER_EQUALS -> PgGrammarConstants.GE;
            case NOT_EQUALS -> PgGrammarConstants.NE;
            case OPERATOR -> PgGrammarConstants.PG_OPERATOR;
            default -> PgGrammarConstants.PG_STRAY;
        };
    }

    /** Decodes {@code U&} tokens, whose UESCAPE clause, if there is one, becomes a part of them. */
    private Token withEscape(Token token) {
        char character = '\\';
        Token next = read();
        if (next.kind == PgGrammarConstants.UESCAPE) {
            Token escape = read();
            boolean valid = escape.kind == PgGrammarConstants.QUOTED_STRING
                    && escape.image.length() == 1
                    && isEscape(escape.image.charAt(0));
            if (!valid) {
                throw Lexer.syntaxError("invalid Unicode escape character", sql, lexer.start(), lexer.end());
            }
            character = escape.image.charAt(0);
            token.endColumn = escape.endColumn;
        } else {
            pending = next;
        }
        token.image = token.kind == PgGrammarConstants.QUOTED_STRING
                ? TokenText.unicodeString(token.image, character)
                : TokenText.unicodeIdentifier(token.image, character);
        return token;
    }

    private static boolean isEscape(char c) {
        return !Lexer.isSpace(c) && c < 128 && Character.digit(c, 16) < 0 && c != '+' && c != '\'' && c != '"';
    }

    /** Some levels deeper, until {@link #leave} is called with the same number. */
    void enter(Token at, int levels) {
        depth += levels;
        if (depth > MAX_DEPTH) {
            throw tooDeep(at);
        }
    }

    void leave(int levels) {
        depth -= levels;
    }

    SqlParseFailure tooDeep(Token at) {
        return new SqlParseFailure(new PgError(
                        SqlState.STATEMENT_TOO_COMPLEX,
                        "statement is too complex",
                        "Its expressions or queries are nested too deep.",
                        "")
                .at(Lexer.position(sql, at.beginColumn - 1)));
    }

    static Keywords.Category category(Token token) {
        return Keywords.category(KEYWORD_OF_KIND[token.kind]);
    }

    static boolean isKeyword(Token token) {
        return KEYWORD_OF_KIND[token.kind] != Keywords.NONE;
    }

    private static boolean isPlainName(Token token) {
        return token.kind == PgGrammarConstants.IDENTIFIER || token.kind == PgGrammarConstants.QUOTED_IDENTIFIER;
    }

    /** ColId: may name a column, a table, an alias. */
    static boolean isColumnName(Token token) {
        return isPlainName(token)
                || (isKeyword(token)
                        && (category(token) == Keywords.Category.UNRESERVED
                                || category(token) == Keywords.Category.COLUMN_NAME));
    }

    /** type_function_name: may name a function or type. */
    static boolean isFunctionName(Token token) {
        return isPlainName(token)
                || (isKeyword(token)
                        && (category(token) == Keywords.Category.UNRESERVED
                                || category(token) == Keywords.Category.TYPE_OR_FUNCTION));
    }

    /** ColLabel: any word. */
    static boolean isLabel(Token token) {
        return isPlainName(token) || isKeyword(token);
    }

    /** BareColLabel: may label a select item without AS. */
    static boolean isBareLabel(Token token) {
        return isPlainName(token) || (isKeyword(token) && Keywords.isBareLabel(KEYWORD_OF_KIND[token.kind]));
    }
}
