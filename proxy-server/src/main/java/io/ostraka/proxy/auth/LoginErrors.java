package io.ostraka.proxy.auth;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;

/** The answers to a client that may not come in. They say no more to a stranger than PostgreSQL's do. */
public final class LoginErrors {
    private LoginErrors() {}

    /** For a wrong password and for a user who does not exist, alike. */
    public static PgError wrongPassword(String user) {
        return new PgError(SqlState.INVALID_PASSWORD, "password authentication failed for user \"" + user + "\"");
    }

    /** Where no password is asked ({@code auth: trust}), a name that is not in the directory. */
    public static PgError unknownUser(String user) {
        return new PgError(SqlState.INVALID_AUTHORIZATION_SPECIFICATION, "role \"" + user + "\" does not exist");
    }

    /** For a client without TLS where it must have it. */
    public static PgError noEncryption(String user, String database, boolean demandsCertificate) {
        return new PgError(
                SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
                "connection without TLS as user \"" + user + "\" to database \"" + database + "\" is not allowed",
                "",
                demandsCertificate
                        ? "Connect with sslmode=verify-full, sslcert and sslkey: clients must show a certificate."
                        : "Connect with sslmode=verify-full, or sslmode=require.");
    }

    /** In PostgreSQL's words. */
    public static PgError tooManyClients() {
        return new PgError(SqlState.TOO_MANY_CONNECTIONS, "sorry, too many clients already");
    }

    /** In PostgreSQL's words. */
    public static PgError tooManyOf(String user) {
        return new PgError(SqlState.TOO_MANY_CONNECTIONS, "too many connections for role \"" + user + "\"");
    }

    /** For a login beyond what {@link LoginRate} lets in. */
    public static PgError tooManyLogins() {
        return new PgError(
                SqlState.TOO_MANY_CONNECTIONS,
                "too many logins at once",
                "",
                "Keep connections open, or raise limits.logins_per_second.");
    }

    /** For an address that {@link LoginThrottle} holds back; said before anything else is looked at. */
    public static PgError tooManyFailures() {
        return new PgError(
                SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
                "too many failed logins from this address",
                "",
                "Correct the password and try again in some seconds.");
    }
}
