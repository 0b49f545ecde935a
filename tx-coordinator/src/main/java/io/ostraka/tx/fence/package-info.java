/**
 * The commit gate and the rounds that make snapshots over shards atomic, as pure state machines.
 *
 * <p>Entry classes: {@link io.ostraka.tx.fence.Gate}, one on every node; {@link io.ostraka.tx.fence.Rounds}, used on the
 * leader. Confined to their owners.
 */
package io.ostraka.tx.fence;
