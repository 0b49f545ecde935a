/**
 * Real shards, real proxies, real sockets, in one call and on free ports.
 *
 * <p>Entry classes: {@link io.ostraka.it.harness.TestCluster} starts, {@link io.ostraka.it.harness.Differential} compares with
 * one plain PostgreSQL, {@link io.ostraka.it.harness.WireClient} speaks the protocol byte by byte. Used by a test's thread.
 */
package io.ostraka.it.harness;
