package io.ostraka.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** That the benchmark of commits works, not what it measures. */
class CommitBenchTest {
    @Test
    void commitsAreMeasuredBesideThoseByHand() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream progress = new ByteArrayOutputStream();
        int status = CommitBench.commandLine(
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(progress, true, StandardCharsets.UTF_8))
                .execute("--rows=1000", "--rounds=1", "--seconds=1", "--warm-up=0", "--clients=2");
        String printed = out.toString(StandardCharsets.UTF_8);
        assertEquals(0, status, () -> printed + progress.toString(StandardCharsets.UTF_8));
        assertEquals(
                14,
                Arrays.stream(printed.split("\n", -1))
                        .filter(line -> line.matches("\\| [a-z].* \\| [1-9][0-9]* \\| [0-9.]+ \\|"))
                        .count(),
                printed);
    }
}
