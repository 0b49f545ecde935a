package io.ostraka.tx.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * Many seeds, every invariant after every step. {@code -Dostraka.simulation.seeds=100000} runs more of them, {@code
 * -Dostraka.simulation.first=N} others. A seed that fails leaves its trace in {@code target/simulation-N.txt}.
 */
class SimulationTest {
    private static final long FIRST = Long.getLong("ostraka.simulation.first", 1);
    private static final long SEEDS = Long.getLong("ostraka.simulation.seeds", 1_000);

    @Test
    void noSeedBreaksAnInvariant() throws IOException {
        // Worlds share nothing: as many at a time as there are cores.
        List<Long> broken = LongStream.range(FIRST, FIRST + SEEDS)
                .parallel()
                .filter(seed -> Simulate.run(seed, Mutation.NONE).isPresent())
                .boxed()
                .limit(10)
                .toList();
        if (!broken.isEmpty()) {
            long seed = broken.get(0);
            List<String> trace = Simulate.trace(seed, Mutation.NONE);
            Path file = Path.of("target", "simulation-" + seed + ".txt");
            Files.write(file, trace);
            fail("seeds " + broken + " break an invariant; seed " + seed + " ends so (all of it in " + file + "):\n"
                    + String.join("\n", trace.subList(Math.max(0, trace.size() - 40), trace.size())));
        }
    }

    @Test
    void aSeedIsTheSameRunEveryTime() {
        for (long seed = 1; seed <= 5; seed++) {
            List<String> once = Simulate.trace(seed, Mutation.NONE);
            assertTrue(once.size() > 100, once.size() + " lines");
            assertEquals(once, Simulate.trace(seed, Mutation.NONE), "seed " + seed);
        }
    }

    /** Faults must not be so many that nothing is ever committed or read: then nothing would be shown. */
    @Test
    void muchIsCommittedAndReadOverShardsInSpiteOfTheFaults() {
        int committed = 0;
        int vectors = 0;
        for (long seed = 1; seed <= 20; seed++) {
            World world = new World(seed, Mutation.NONE, Optional.empty());
            world.run();
            committed += world.checker.committedOverShards();
            vectors += world.checker.vectors();
        }
        assertTrue(committed > 20 * 10, committed + " transactions over several shards");
        assertTrue(vectors > 20 * 10, vectors + " vectors");
    }
}
