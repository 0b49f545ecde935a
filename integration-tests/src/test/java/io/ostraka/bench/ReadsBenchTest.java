package io.ostraka.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** That the benchmarks of reads work, not what they measure; and that memory is bounded, which the small heap sees to. */
class ReadsBenchTest {
    /** Of 100 MB through a heap of 64 MB, while the client does not read at first. On one set of servers: most of the time is theirs to start. */
    @Test
    void readsAreMeasuredWithTheirPlansAndInLittleMemory() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream progress = new ByteArrayOutputStream();
        int status = ReadsBench.commandLine(
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(progress, true, StandardCharsets.UTF_8))
                .execute(
                        "reads",
                        "tpch",
                        "memory",
                        "--rows=100000",
                        "--width=32",
                        "--heap=64m",
                        "--stall=2",
                        "--scale=1",
                        "--rounds=1");
        String printed = out.toString(StandardCharsets.UTF_8);
        assertEquals(0, status, () -> printed + progress.toString(StandardCharsets.UTF_8));
        List<String> lines = printed.lines().toList();
        assertEquals(
                4L,
                lines.stream()
                        .filter(line -> line.startsWith("| `SELECT"))
                        .filter(line -> line.split(" \\| ", -1).length == 6)
                        .count(),
                printed);
        assertEquals(
                22L,
                lines.stream()
                        .filter(line -> line.matches("\\| \\d+ \\| (Combine|Scatter|one shard).*"))
                        .count(),
                printed);
        assertEquals(
                1L,
                lines.stream()
                        .filter(line -> line.startsWith("| 100000 | 64m |"))
                        .count(),
                printed);
    }
}
