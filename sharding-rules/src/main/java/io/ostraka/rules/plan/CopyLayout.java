package io.ostraka.rules.plan;

import io.ostraka.rules.sql.CopyClause;

/**
 * How the rows of a COPY are written. The texts are those that the statement gives, or PostgreSQL's own. Immutable.
 *
 * @param hasHeader whether the first row is none
 */
public record CopyLayout(
        Format format, boolean hasHeader, String delimiter, String quote, String escape, String nullText) {
    /** What the bytes of a row are. */
    public enum Format {
        TEXT,
        CSV,
        BINARY
    }

    static CopyLayout of(CopyClause clause) {
        Format format =
                switch (clause.format()) {
                    case TEXT -> Format.TEXT;
                    case CSV -> Format.CSV;
                    case BINARY -> Format.BINARY;
                };
        boolean isCsv = format == Format.CSV;
        String quote = clause.spelling("quote").orElse("\"");
        return new CopyLayout(
                format,
                clause.header(),
                clause.spelling("delimiter").orElse(isCsv ? "," : "\t"),
                quote,
                clause.spelling("escape").orElse(quote),
                clause.spelling("null").orElse(isCsv ? "" : "\\N"));
    }
}
