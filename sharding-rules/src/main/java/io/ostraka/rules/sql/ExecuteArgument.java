package io.ostraka.rules.sql;

/** One argument of EXECUTE as it stands in the text. Immutable. */
public record ExecuteArgument(Kind kind, String text) {

    /** What its first token tells. */
    public enum Kind {
        /** A string constant in one of PostgreSQL's ways to write it, but for UESCAPE. */
        STRING,
        /** With its sign. */
        INTEGER,
        /** The same with a point or an exponent. */
        NUMERIC,
        /** TRUE or FALSE. */
        BOOLEAN,
        NULL,
        /** Whatever else: an expression that has to be computed. */
        EXPRESSION
    }
}
