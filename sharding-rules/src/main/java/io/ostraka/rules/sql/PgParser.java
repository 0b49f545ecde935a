package io.ostraka.rules.sql;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import org.apache.calcite.sql.SqlNode;

/**
 * The way into the grammar: from a statement's text to its tree. What it does not know it refuses, and what it accepts it
 * reads as PostgreSQL does. Thread-safe; each call has its own parser, takes time linear in the text and bounded stack.
 */
public final class PgParser {
    private PgParser() {}

    /** The same for a text that is one statement, without a semicolon. */
    public static SqlNode parse(String sql) {
        return parse(sql, 0, sql.length());
    }

    /** The same for one statement of a query string; positions are those in the whole string. */
    public static SqlNode parse(StatementTemplate statement) {
        return parse(statement.sql(), statement.start(), statement.end());
    }

    /**
     * Reads the characters {@code [start, end)} as SELECT, VALUES, TABLE, INSERT, UPDATE, DELETE or MERGE, with or without
     * WITH. {@link SourceSpan} tells where its nodes stand in {@code sql}.
     *
     * @return a {@link PgQuery}, {@link PgInsert}, {@link PgUpdate}, {@link PgDelete} or {@link PgMerge}
     * @throws SqlParseFailure 42601 when the grammar cannot read it, 54001 when it is nested too deep
     * @throws PgErrorException 42601 when a token is malformed, for which the server would refuse it too
     */
    public static SqlNode parse(String sql, int start, int end) {
        PgTokenSource tokens = new PgTokenSource(sql, start, end);
        PgGrammar grammar = new PgGrammar(tokens);
        try {
            return grammar.PgStatementEof();
        } catch (ParseException unreadable) {
            throw syntaxError(sql, grammar.getToken(1));
        } catch (StackOverflowError overflow) {
            // The bound on depth is meant for stacks of 16 MB; this thread has less.
            throw tokens.tooDeep(grammar.getToken(0));
        }
    }

    private static SqlParseFailure syntaxError(String sql, Token at) {
        PgError error;
        if (at.kind == PgGrammarConstants.EOF) {
            error = new PgError(SqlState.SYNTAX_ERROR, "syntax error at end of input");
        } else {
            String near = sql.substring(at.beginColumn - 1, at.endColumn);
            error = new PgError(SqlState.SYNTAX_ERROR, "syntax error at or near \"" + near + "\"");
        }
        return new SqlParseFailure(error.at(Lexer.position(sql, at.beginColumn - 1)));
    }
}
