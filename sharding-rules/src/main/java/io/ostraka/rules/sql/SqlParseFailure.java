package io.ostraka.rules.sql;

import io.ostraka.rules.error.PgError;

/**
 * The grammar cannot read a statement: it may be no SQL, or more of it than the grammar knows. Says so in PostgreSQL's
 * words, with the position of the token that could not be read. Has no stack trace, so that it costs nothing to send many.
 */
public final class SqlParseFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient PgError error;

    SqlParseFailure(PgError error) {
        super(error.state().code() + ": " + error.message(), null, false, false);
        this.error = error;
    }

    public PgError error() {
        return error;
    }
}
