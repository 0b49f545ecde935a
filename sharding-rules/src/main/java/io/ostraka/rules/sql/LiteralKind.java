package io.ostraka.rules.sql;

/** The type PostgreSQL gives a lifted literal before anything else is known of it. */
public enum LiteralKind {
    /** An integer constant within int4. */
    INT4('\u0001'),
    /** An integer constant beyond int4 and within int8. */
    INT8('\u0002'),
    /** A larger integer constant, or one with a point or an exponent. */
    NUMERIC('\u0003'),
    /** A string constant ('', E'' or dollar-quoted), of type unknown until its surroundings decide. */
    TEXT('\u0004');

    private final char placeholder;

    LiteralKind(char placeholder) {
        this.placeholder = placeholder;
    }

    /** Stands for the literal in a template's key. A control character starts no token, so no text can forge it. */
    char placeholder() {
        return placeholder;
    }

    static LiteralKind of(int placeholder) {
        return switch (placeholder) {
            case 1 -> INT4;
            case 2 -> INT8;
            case 3 -> NUMERIC;
            case 4 -> TEXT;
            default -> throw new IllegalArgumentException("no literal kind has placeholder " + placeholder);
        };
    }
}
