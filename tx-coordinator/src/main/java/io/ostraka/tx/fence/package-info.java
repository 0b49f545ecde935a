/** The commit gate and the rounds that make snapshots over shards atomic. */
package io.ostraka.tx.fence;
