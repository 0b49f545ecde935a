package io.ostraka.tx.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The simulation must see what is wrong with a protocol that is wrong: that is what its silence is worth. */
class MutationTest {
    /** Enough for nearly all: the rarest shows in one seed of some thirty thousand, and is found by its likely one. */
    private static final long SEEDS_AT_MOST = 5_000;

    @ParameterizedTest(name = "{0}")
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void aBrokenProtocolIsNoticed(Mutation mutation) {
        Optional<Long> noticed = LongStream.concat(
                        LongStream.of(mutation.likelySeed), LongStream.rangeClosed(1, SEEDS_AT_MOST))
                .filter(seed -> Simulate.run(seed, mutation).isPresent())
                .boxed()
                .findFirst();
        assertTrue(noticed.isPresent(), "nobody noticed in " + SEEDS_AT_MOST + " seeds");
        assertEquals(
                Optional.empty(),
                Simulate.run(noticed.get(), Mutation.NONE),
                "the same seed holds when the protocol is right");
    }
}
