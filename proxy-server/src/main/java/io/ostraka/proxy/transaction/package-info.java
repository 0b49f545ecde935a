/** The session's side of a transaction over shards: lazy BEGIN, savepoints, participants. Stores no decision. */
package io.ostraka.proxy.transaction;
