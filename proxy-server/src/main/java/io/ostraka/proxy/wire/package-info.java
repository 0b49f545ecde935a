/** PostgreSQL v3 messages, both directions: decode, encode, limits of framing. Decides nothing. */
package io.ostraka.proxy.wire;
