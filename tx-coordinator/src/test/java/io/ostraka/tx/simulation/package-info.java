/**
 * The commit protocol in a deterministic world: nodes, log, network and shards that crash, stall, lose and repeat, all
 * drawn from one seed. Nothing here runs on a thread or reads a clock.
 *
 * <p>Entry class: {@link io.ostraka.tx.simulation.World}; {@code SimulationTest} runs many seeds, {@code MutationTest}
 * breaks the protocol on purpose, {@code Simulate} runs as many as one likes and shows what happened in one of them.
 */
package io.ostraka.tx.simulation;
