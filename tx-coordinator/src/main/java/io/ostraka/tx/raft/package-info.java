/**
 * The replicated log, on Apache Ratis: proposals go in, applied entries come out.
 *
 * <p>Entry class: {@link io.ostraka.tx.raft.ClusterMembership}. Thread-safe; Ratis brings its own threads, and opening blocks.
 */
package io.ostraka.tx.raft;
