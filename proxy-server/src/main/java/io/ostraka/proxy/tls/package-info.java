/**
 * TLS on both sides of the proxy: certificates and keys from PEM files, and the handlers that encrypt a connection. Knows
 * nothing of PostgreSQL but the name under which ALPN asks for it.
 *
 * <p>Entry classes: {@link io.ostraka.proxy.tls.ServerTls} towards clients, {@link io.ostraka.proxy.tls.ShardTls} towards
 * shards. Both are made at the start, from files, and immutable; the handlers they make belong to one connection.
 */
package io.ostraka.proxy.tls;
