package io.ostraka.rules.sql;

import java.util.Optional;
import java.util.Set;

/**
 * A statement that makes a table of a query's rows, CREATE TABLE ... AS or SELECT ... INTO, taken apart by its tokens. Offsets count chars
 * of the statement's own text, as it starts at 0. Source: PostgreSQL manual, "CREATE TABLE AS" and "SELECT INTO". Immutable.
 *
 * @param temporary whether TEMP or TEMPORARY is said
 * @param ifNotExists whether IF NOT EXISTS is said
 * @param withData whether the table gets the rows
 * @param executes whether the rows are those of a prepared statement
 * @param query the query at its own place, with blanks in the place of all else
 * @param head what stands in front of the name when it is CREATE TABLE
 * @param tail what follows the name, up to the query; ends in AS
 * @param tailStart where that tail stands in the statement; in front of it for SELECT INTO
 * @param isLast whether it is CREATE TABLE AS, and nothing follows the query
 */
public record TableCreation(
        QualifiedName name,
        boolean temporary,
        boolean ifNotExists,
        boolean withData,
        boolean executes,
        String query,
        String head,
        String tail,
        int tailStart,
        boolean isLast) {
    private static final Set<String> MODIFIERS = Set.of("global", "local", "unlogged", "temp", "temporary");
    private static final Set<String> TEMPORARY = Set.of("temp", "temporary");

    /** A statement that makes the table, under this name, and where the client's text is in it. */
    public record Text(String sql, int moved) {}

    /** Empty when it is no CREATE TABLE with a query. */
    public static Optional<TableCreation> ofCreate(String sql) {
        StatementTokens tokens = new StatementTokens(sql, 0, sql.length());
        tokens.expect("create");
        boolean temporary = false;
        while (MODIFIERS.contains(tokens.word())) {
            temporary |= TEMPORARY.contains(tokens.word());
            tokens.advance();
        }
        if (!tokens.take("table")) {
            return Optional.empty();
        }
        boolean ifNotExists = tokens.take("if");
        if (ifNotExists) {
            tokens.expect("not");
            tokens.expect("exists");
        }
        int nameStart = tokens.start();
        QualifiedName name = tokens.qualifiedName();
        int nameEnd = tokens.start();
        while (!tokens.at("as")) {
            if (tokens.at(TokenKind.END)) {
                return Optional.empty();
            } else if (tokens.at(TokenKind.LEFT_PAREN)) {
                tokens.skipParentheses();
            } else {
                tokens.advance();
            }
        }
        tokens.advance();
        int start = tokens.start();
        boolean executes = tokens.at("execute");
        End end = end(tokens, sql.length());
        return Optional.of(new TableCreation(
                name,
                temporary,
                ifNotExists,
                end.withData(),
                executes,
                " ".repeat(start) + sql.substring(start, end.query()),
                sql.substring(0, nameStart),
                " " + sql.substring(nameEnd, start),
                nameEnd - 1,
                end.query() == sql.length()));
    }

    /** Where the query ends, and whether what follows lets the table have its rows. */
    private record End(int query, boolean withData) {}

    private static End end(StatementTokens tokens, int length) {
        int with = length;
        String state = "";
        while (!tokens.at(TokenKind.END)) {
            String word = tokens.word();
            if (word.equals("with")) {
                with = tokens.start();
                state = "with";
            } else if ((state.equals("with") && (word.equals("no") || word.equals("data")))
                    || (state.equals("with no") && word.equals("data"))) {
                state += " " + word;
            } else {
                state = "";
            }
            tokens.advance();
        }
        return switch (state) {
            case "with data" -> new End(with, true);
            case "with no data" -> new End(with, false);
            default -> new End(length, true);
        };
    }

    /** Empty when it has no INTO of its own. */
    public static Optional<TableCreation> ofSelectInto(String sql) {
        StatementTokens tokens = new StatementTokens(sql, 0, sql.length());
        String before = "";
        while (!tokens.at("into") || before.equals("insert") || before.equals("merge")) {
            if (tokens.at(TokenKind.END)) {
                return Optional.empty();
            } else if (tokens.at(TokenKind.LEFT_PAREN)) {
                tokens.skipParentheses();
                before = "";
            } else {
                before = tokens.word();
                tokens.advance();
            }
        }
        int into = tokens.start();
        tokens.advance();
        boolean temporary = false;
        boolean unlogged = false;
        while (MODIFIERS.contains(tokens.word())) {
            temporary |= TEMPORARY.contains(tokens.word());
            unlogged |= tokens.at("unlogged");
            tokens.advance();
        }
        tokens.take("table");
        QualifiedName name = tokens.qualifiedName();
        int end = tokens.start();
        return Optional.of(new TableCreation(
                name,
                temporary,
                false,
                true,
                false,
                sql.substring(0, into) + " ".repeat(end - into) + sql.substring(end),
                unlogged ? "CREATE UNLOGGED TABLE " : "CREATE TABLE ",
                " AS ",
                -" AS ".length(),
                false));
    }

    /** Where the query starts. */
    public int queryStart() {
        return tailStart + tail.length();
    }

    /**
     * The statement under another name, with or without the rows. The parentheses are for a query that ends in {@code IS JSON}, which takes
     * WITH for its own; where there is no blank for the first one, they are left out.
     */
    public Text text(String newName, boolean rows) {
        String only = query.substring(queryStart());
        String before = head + newName;
        int moved = before.codePointCount(0, before.length()) - tailStart;
        boolean isEnclosed = !rows && Character.isWhitespace(tail.charAt(tail.length() - 1));
        String text = before
                + (isEnclosed ? tail.substring(0, tail.length() - 1) + "(" : tail)
                + only
                + (isEnclosed ? "\n)" : "")
                + (rows ? "" : "\nWITH NO DATA");
        return new Text(text, moved);
    }
}
