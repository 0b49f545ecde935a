package io.ostraka.rules.sql;

import io.ostraka.rules.error.PgErrorException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What a COPY statement says of its data: the columns that it lists, their format, and how that is spelled. Whether the options
 * go together is for the server to say. Immutable. Source: PostgreSQL manual, "COPY", the old syntax included.
 *
 * @param columns those listed; empty for all
 * @param spelled the values of {@code delimiter}, {@code null}, {@code quote} and {@code escape}, where they are given
 * @param others the names of all other options, and {@code where} if there is a condition
 */
public record CopyClause(
        List<String> columns, Format format, boolean header, List<Spelling> spelled, Set<String> others) {
    /** How rows are written. */
    public enum Format {
        TEXT,
        CSV,
        BINARY
    }

    /** One option that has a string. */
    public record Spelling(String option, String value) {}

    private static final Set<String> STRINGS = Set.of("delimiter", "null", "quote", "escape");

    public CopyClause {
        columns = List.copyOf(columns);
        spelled = List.copyOf(spelled);
        others = Set.copyOf(others);
    }

    public Optional<String> spelling(String option) {
        return spelled.stream()
                .filter(spelling -> spelling.option().equals(option))
                .map(Spelling::value)
                .findFirst();
    }

    /** Reads the COPY that is the characters {@code [start, end)}; empty when the server would find fault with it, or it is unknown. */
    public static Optional<CopyClause> of(String sql, int start, int end) {
        try {
            return Optional.of(new Reader(new StatementTokens(sql, start, end)).read());
        } catch (PgErrorException unread) {
            return Optional.empty();
        }
    }

    /** Confined to one statement. */
    private static final class Reader {
        private final StatementTokens tokens;
        private final List<String> columns = new ArrayList<>();
        private final List<Spelling> spelled = new ArrayList<>();
        private final Set<String> others = new HashSet<>();
        private Format format = Format.TEXT;
        private boolean header;

        Reader(StatementTokens tokens) {
            this.tokens = tokens;
        }

        CopyClause read() {
            tokens.expect("copy");
            if (tokens.at(TokenKind.LEFT_PAREN)) {
                tokens.skipParentheses();
            } else {
                if (tokens.take("binary")) {
                    format = Format.BINARY;
                }
                tokens.qualifiedName();
                if (tokens.take(TokenKind.LEFT_PAREN)) {
                    do {
                        columns.add(tokens.columnName());
                    } while (tokens.take(TokenKind.COMMA));
                    close();
                }
            }
            // FROM or TO, STDIN or STDOUT.
            tokens.advance();
            tokens.advance();
            if (tokens.at("using") || tokens.at("delimiters")) {
                tokens.take("using");
                tokens.expect("delimiters");
                spell("delimiter");
            }
            tokens.take("with");
            if (tokens.take(TokenKind.LEFT_PAREN)) {
                do {
                    option(tokens.anyName().toLowerCase(Locale.ROOT));
                } while (tokens.take(TokenKind.COMMA));
                close();
            } else {
                while (!tokens.at(TokenKind.END) && !tokens.at("where")) {
                    oldOption();
                }
            }
            if (tokens.at("where")) {
                others.add("where");
            } else {
                tokens.expectEnd();
            }
            return new CopyClause(columns, format, header, spelled, others);
        }

        private void close() {
            if (!tokens.take(TokenKind.RIGHT_PAREN)) {
                throw tokens.unexpected();
            }
        }

        private void spell(String option) {
            spelled.add(new Spelling(option, tokens.string()));
        }

        private void option(String name) {
            if (name.equals("format")) {
                format = formatNamed(value());
            } else if (name.equals("header")) {
                header = isAtEndOfOption() || isTrue(value());
            } else if (STRINGS.contains(name)) {
                spelled.add(new Spelling(name, value()));
            } else {
                others.add(name);
                while (!isAtEndOfOption()) {
                    if (tokens.at(TokenKind.LEFT_PAREN)) {
                        tokens.skipParentheses();
                    } else {
                        tokens.advance();
                    }
                }
            }
        }

        private boolean isAtEndOfOption() {
            return tokens.at(TokenKind.COMMA) || tokens.at(TokenKind.RIGHT_PAREN) || tokens.at(TokenKind.END);
        }

        /** A word, a string or a number. */
        private String value() {
            if (tokens.kind().isText()) {
                return tokens.string();
            }
            if (isAtEndOfOption()) {
                throw tokens.unexpected();
            }
            String text = tokens.text();
            if (tokens.kind().isIdentifier()) {
                return tokens.anyName();
            }
            tokens.advance();
            return text;
        }

        private static boolean isTrue(String value) {
            // MATCH is one more word for a header that is there.
            return switch (value.toLowerCase(Locale.ROOT)) {
                case "false", "off", "0" -> false;
                default -> true;
            };
        }

        private Format formatNamed(String name) {
            return switch (name) {
                case "text" -> Format.TEXT;
                case "csv" -> Format.CSV;
                case "binary" -> Format.BINARY;
                default -> throw tokens.unexpected();
            };
        }

        private void oldOption() {
            String word = tokens.word();
            tokens.advance();
            switch (word) {
                case "binary" -> format = Format.BINARY;
                case "csv" -> format = Format.CSV;
                case "header" -> header = true;
                case "delimiter", "null", "quote", "escape" -> {
                    tokens.take("as");
                    spell(word);
                }
                case "freeze" -> others.add(word);
                case "encoding" -> {
                    tokens.string();
                    others.add(word);
                }
                case "force" -> {
                    String kind = tokens.word();
                    others.add("force_" + (kind.equals("not") ? "not_null" : kind));
                    while (!tokens.at(TokenKind.END) && !isOldOption()) {
                        tokens.advance();
                    }
                }
                default -> throw tokens.unexpected();
            }
        }

        private boolean isOldOption() {
            return switch (tokens.word()) {
                case "binary", "csv", "header", "delimiter", "freeze", "encoding", "force", "escape", "where" -> true;
                default -> false;
            };
        }
    }
}
