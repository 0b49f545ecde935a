package io.ostraka.rules.sql;

/** What a token of PostgreSQL's SQL is, before any grammar. Keywords are {@link #IDENTIFIER}s to the lexer. */
public enum TokenKind {
    /** The text is used up. */
    END,
    IDENTIFIER,
    /** {@code "..."}: never a keyword. */
    QUOTED_IDENTIFIER,
    /** {@code U&"..."}; a UESCAPE clause may follow. */
    UNICODE_IDENTIFIER,
    /** {@code '...'}, continuations over newlines included. */
    STRING,
    /** {@code E'...'}. */
    ESCAPE_STRING,
    /** {@code U&'...'}; a UESCAPE clause may follow. */
    UNICODE_STRING,
    /** {@code N'...'}. */
    NATIONAL_STRING,
    /** {@code $tag$...$tag$}. */
    DOLLAR_STRING,
    /** {@code B'...'}. */
    BIT_STRING,
    /** {@code X'...'}. */
    HEX_STRING,
    /** Digits, with underscores, or 0x, 0o, 0b: of any magnitude. */
    INTEGER,
    /** With a point or an exponent. */
    NUMERIC,
    /** {@code $1}. */
    PARAMETER,
    LEFT_PAREN,
    RIGHT_PAREN,
    LEFT_BRACKET,
    RIGHT_BRACKET,
    COMMA,
    SEMICOLON,
    DOT,
    COLON,
    /** {@code ::}. */
    TYPECAST,
    /** {@code ..}. */
    DOT_DOT,
    /** {@code :=}. */
    COLON_EQUALS,
    /** {@code =>}. */
    EQUALS_GREATER,
    PLUS,
    MINUS,
    STAR,
    SLASH,
    PERCENT,
    CARET,
    LESS,
    GREATER,
    EQUALS,
    LESS_EQUALS,
    GREATER_EQUALS,
    /** {@code <>} or {@code !=}. */
    NOT_EQUALS,
    /** Any other operator. */
    OPERATOR,
    /** A character that starts no token; every grammar rejects it. */
    STRAY;

    /** Whether the token is a string constant of one of the forms that hold text. */
    public boolean isText() {
        return switch (this) {
            case STRING, ESCAPE_STRING, UNICODE_STRING, NATIONAL_STRING, DOLLAR_STRING -> true;
            default -> false;
        };
    }

    /** Whether the token is an identifier, quoted or not (an unquoted one may be a keyword). */
    public boolean isIdentifier() {
        return this == IDENTIFIER || this == QUOTED_IDENTIFIER || this == UNICODE_IDENTIFIER;
    }
}
