/** What the log and the shards' prepared transactions say must be done after a crash. */
package io.ostraka.tx.recovery;
