/**
 * Who may come in, and how the proxy itself gets in at the shards: SCRAM-SHA-256 on both sides, users, limits on login.
 * Knows no SQL and no sockets: everything here turns one message's body into the next one's; the caller does the framing.
 *
 * <p>Entry classes: {@link io.ostraka.proxy.auth.UserDirectory} for clients, {@link io.ostraka.proxy.auth.BackendLogin} for
 * shards. What belongs to one login is confined to its event loop; what all logins share is immutable or thread-safe. The only
 * slow computation, PBKDF2, is done when the directory is built and, for shards, in a job that the caller runs elsewhere.
 */
package io.ostraka.proxy.auth;
