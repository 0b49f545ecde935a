/**
 * Two-phase commit of one transaction over its shards, as a pure state machine: events come in by method calls, what to do
 * next goes out through {@link io.ostraka.tx.commit.CommitPort}. No threads, sockets or clock.
 *
 * <p>Entry class: {@link io.ostraka.tx.commit.Coordinator}, one for each life of a node. Confined to whoever calls it.
 */
package io.ostraka.tx.commit;
