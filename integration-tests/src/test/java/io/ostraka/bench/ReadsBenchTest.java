package io.ostraka.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** That the benchmarks of reads work, not what they measure; and that memory is bounded, which the small heap sees to. */
class ReadsBenchTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream progress = new ByteArrayOutputStream();

    /** The lines that it prints when it succeeds. */
    private String[] bench(String... arguments) {
        int status = ReadsBench.commandLine(
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(progress, true, StandardCharsets.UTF_8))
                .execute(arguments);
        String printed = out.toString(StandardCharsets.UTF_8);
        assertEquals(0, status, () -> printed + progress.toString(StandardCharsets.UTF_8));
        return printed.split("\n", -1);
    }

    @Test
    void readsAreMeasuredBesideTheirShards() {
        String[] lines = bench("reads", "--rows=2000", "--rounds=1");
        assertEquals(
                4L,
                Arrays.stream(lines)
                        .filter(line -> line.startsWith("| `SELECT"))
                        .filter(line -> line.split(" \\| ", -1).length == 6)
                        .count());
    }

    @Test
    void allQueriesOfTpchAreMeasuredWithTheKindsOfTheirPlans() {
        String[] lines = bench("tpch", "--scale=1", "--rounds=1");
        assertEquals(
                22,
                Arrays.stream(lines)
                        .filter(line -> line.matches("\\| \\d+ \\| (Combine|Scatter|one shard).*"))
                        .count());
    }

    /** 150 MB of rows through a heap of 64 MB, while the client does not read at first. */
    @Test
    void rowsInOrderTakeNoMoreMemoryThanTheHeap() {
        String[] lines = bench("memory", "--rows=150000", "--width=32", "--heap=64m", "--stall=2");
        assertEquals("| 150000 | 64m", lines[2].substring(0, 14));
    }
}
