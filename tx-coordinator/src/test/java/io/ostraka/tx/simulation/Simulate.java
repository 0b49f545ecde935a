package io.ostraka.tx.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Runs a seed, and again with a trace if somebody wants to know what happened in it. */
final class Simulate {
    private Simulate() {}

    /** How a seed ended: empty when every invariant held. */
    static Optional<RuntimeException> run(long seed, Mutation mutation) {
        return run(seed, mutation, Optional.empty());
    }

    /** What happened in it, line by line, and how it ended. */
    static List<String> trace(long seed, Mutation mutation) {
        List<String> lines = new ArrayList<>();
        Optional<RuntimeException> failure = run(seed, mutation, Optional.of(lines));
        lines.add(failure.map(e -> "BROKEN " + e.getMessage()).orElse("every invariant held"));
        return lines;
    }

    private static Optional<RuntimeException> run(long seed, Mutation mutation, Optional<List<String>> trace) {
        try {
            new World(seed, mutation, trace).run();
            return Optional.empty();
        } catch (RuntimeException e) {
            // Broken, or an IllegalStateException of the protocol itself: both are findings.
            return Optional.of(e);
        }
    }
}
