package io.ostraka.rules.error;

import static java.util.Objects.requireNonNull;

/**
 * An error in PostgreSQL's form. {@code message} is lower-case, without full stop, and names the thing; {@code detail} says
 * what was seen; {@code hint} what to do; both are empty when there is nothing to say. {@code position} counts
 * characters of the statement's text from 1; 0 means that none is known. {@code routine} is empty but where drivers tell an
 * error of PostgreSQL's by the routine that raises it.
 */
public record PgError(SqlState state, String message, String detail, String hint, int position, String routine) {
    public PgError {
        requireNonNull(state);
        requireNonNull(message);
        requireNonNull(detail);
        requireNonNull(hint);
        requireNonNull(routine);
        if (position < 0) {
            throw new IllegalArgumentException("position " + position);
        }
    }

    public PgError(SqlState state, String message, String detail, String hint, int position) {
        this(state, message, detail, hint, position, "");
    }

    public PgError(SqlState state, String message, String detail, String hint) {
        this(state, message, detail, hint, 0, "");
    }

    public PgError(SqlState state, String message) {
        this(state, message, "", "", 0, "");
    }

    /** The same error, pointing at character {@code at} (from 1) of the statement. */
    public PgError at(int at) {
        return new PgError(state, message, detail, hint, at, routine);
    }

    /** The same error, as raised by a routine of PostgreSQL's. */
    public PgError from(String raisedBy) {
        return new PgError(state, message, detail, hint, position, raisedBy);
    }

    /** To be thrown where the error is found and caught at the session's edge. */
    public PgErrorException toException() {
        return new PgErrorException(this);
    }
}
