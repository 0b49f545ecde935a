/** The replicated log, on Apache Ratis: proposals go in, applied entries come out. */
package io.ostraka.tx.raft;
