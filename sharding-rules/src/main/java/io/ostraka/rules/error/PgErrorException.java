package io.ostraka.rules.error;

/** Carries a {@link PgError} to the session's edge. Has no stack trace: it is an answer for the client, not a defect. */
public final class PgErrorException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient PgError error;

    public PgErrorException(PgError error) {
        super(error.state().code() + ": " + error.message(), null, false, false);
        this.error = error;
    }

    public PgError error() {
        return error;
    }
}
