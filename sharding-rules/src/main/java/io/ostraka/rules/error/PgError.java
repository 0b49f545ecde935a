package io.ostraka.rules.error;

import static java.util.Objects.requireNonNull;

/**
 * An error in PostgreSQL's form. {@code message} is lower-case, without full stop, and names the thing; {@code detail} says
 * what was seen; {@code hint} what to do; both are empty when there is nothing to say. {@code position} counts
 * characters of the statement's text from 1; 0 means that none is known.
 */
public record PgError(SqlState state, String message, String detail, String hint, int position) {
    public PgError {
        requireNonNull(state);
        requireNonNull(message);
        requireNonNull(detail);
        requireNonNull(hint);
        if (position < 0) {
            throw new IllegalArgumentException("position " + position);
        }
    }

    public PgError(SqlState state, String message, String detail, String hint) {
        this(state, message, detail, hint, 0);
    }

    public PgError(SqlState state, String message) {
        this(state, message, "", "", 0);
    }

    /** The same error, pointing at character {@code at} (from 1) of the statement. */
    public PgError at(int at) {
        return new PgError(state, message, detail, hint, at);
    }

    /** To be thrown where the error is found and caught at the session's edge. */
    public PgErrorException toException() {
        return new PgErrorException(this);
    }
}
