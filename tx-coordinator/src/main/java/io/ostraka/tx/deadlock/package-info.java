/**
 * Cycles of waits that no single shard can see: found in two samples of all shards, broken by cancelling one statement. Pure.
 *
 * <p>Entry class: {@link io.ostraka.tx.deadlock.Deadlocks}. Confined to its owner.
 */
package io.ostraka.tx.deadlock;
