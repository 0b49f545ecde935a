/**
 * What the log and the shards' prepared transactions say must be done after a crash, as pure state machines.
 *
 * <p>Entry classes: {@link io.ostraka.tx.recovery.Recovery} settles what is left prepared, {@link
 * io.ostraka.tx.recovery.Leases} finds dead nodes, {@link io.ostraka.tx.recovery.Admission} lets a shard back in after a
 * failover. Confined to their owners.
 */
package io.ostraka.tx.recovery;
