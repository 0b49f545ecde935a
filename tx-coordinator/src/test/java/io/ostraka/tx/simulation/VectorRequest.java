package io.ostraka.tx.simulation;

import java.util.BitSet;

/** Somebody wants to read over shards. {@code told} is what clients had been told to be committed when he asked. */
record VectorRequest(Life life, BitSet told) {}
