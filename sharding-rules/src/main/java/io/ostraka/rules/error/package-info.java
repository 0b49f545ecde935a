/**
 * Errors as PostgreSQL words them: SQLSTATE, message, detail, hint, position.
 *
 * <p>Entry class: {@link io.ostraka.rules.error.PgError}. Immutable.
 */
package io.ostraka.rules.error;
