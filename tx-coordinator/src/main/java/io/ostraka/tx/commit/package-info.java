/** Two-phase commit of one transaction over its shards. */
package io.ostraka.tx.commit;
