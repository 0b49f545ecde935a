/** Cycles of waits that no single shard can see. */
package io.ostraka.tx.deadlock;
