package io.ostraka.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.bench.Race.Result;
import io.ostraka.bench.Race.Sample;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

/** That the benchmark works, not what it measures. */
class OstrakaBenchTest {
    private static final List<String> SERVERS = List.of("relay", "ostraka");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream progress = new ByteArrayOutputStream();

    private int bench(String... arguments) {
        return OstrakaBench.commandLine(
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(progress, true, StandardCharsets.UTF_8))
                .execute(arguments);
    }

    @Test
    void pointQueriesRunInAllProtocols() {
        int status = bench(
                "point",
                "--servers=" + String.join(",", SERVERS),
                "--client=jdbc",
                "--clients=2",
                "--rows=1000",
                "--seconds=1",
                "--rounds=1",
                "--warm-up=0");

        String printed = out.toString(StandardCharsets.UTF_8);
        assertEquals(0, status, () -> printed + progress.toString(StandardCharsets.UTF_8));
        for (String protocol : List.of("simple", "extended", "prepared")) {
            for (String server : SERVERS) {
                String row = printed.lines()
                        .filter(line -> line.startsWith("| " + protocol + " | 2 | " + server + " | "))
                        .findFirst()
                        .orElseThrow(() -> new AssertionError(protocol + ", " + server + " is not in\n" + printed));
                double rate = Double.parseDouble(row.split("\\|", -1)[4].strip());
                assertTrue(rate > 0, row);
            }
        }
    }

    @Test
    void mediansAndRatiosAreThoseOfTheSamples() {
        List<Result> results = List.of(
                result("pgbouncer", 100, 300, 200), result("relay", 50, 50), result("ostraka", 90, 110, 100, 500));
        Report report = new Report();
        report.add(
                new Measurement(Scenario.SCAN, Door.SHARDED, Protocol.EXTENDED, 1, (target, duration) -> null),
                results);
        // Rates 200, 50 and 105; CPU is one hundredth of the rate.
        assertEquals("""

                ### scan

                | protocol | clients | server | rows/s | spread | latency ms | CPU µs each | RSS MiB |\
                 rate / pgbouncer | CPU / pgbouncer | rate / relay | CPU / relay | added / relay |
                | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
                | extended | 1 | pgbouncer | 200 | 100 % | 1.000 | 2.00 | 64 | 1.00 | 1.00 | 4.00 | 4.00 | – |
                | extended | 1 | relay | 50 | 0 % | 1.000 | 0.50 | 64 | 0.25 | 0.25 | 1.00 | 1.00 | – |
                | extended | 1 | ostraka | 105 | 390 % | 1.000 | 1.05 | 64 | 0.53 | 0.53 | 2.10 | 2.10 | – |
                """, report.toString());
    }

    private static Result result(String name, double... rates) {
        List<Sample> samples = new ArrayList<>();
        DoubleStream.of(rates)
                .forEach(
                        rate -> samples.add(new Sample(rate, 1, OptionalDouble.of(rate / 100), OptionalDouble.of(64))));
        return new Result(name, samples, Optional.empty());
    }

    @Test
    void whoRefusesIsNamedWithTheReason() {
        Report report = new Report();
        report.add(
                new Measurement(Scenario.COPY, Door.SHARDED, Protocol.SIMPLE, 1, (target, duration) -> null),
                List.of(new Result("ostraka", List.of(), Optional.of("0A000: not yet"))));
        assertTrue(
                report.toString().contains("\n| simple | 1 | ostraka | refused: 0A000: not yet |"), report::toString);
    }

    @Test
    void wrongOptionsAreExplained() {
        assertEquals(2, bench("--servers=mysql"));
        assertEquals(2, bench("--clients=0"));
        assertEquals(2, bench("--rounds=0"));
        assertEquals(2, bench("everything"));
        String explained = progress.toString(StandardCharsets.UTF_8);
        assertTrue(
                explained.contains("--servers knows [direct, pgbouncer, relay, ostraka, together], not mysql"),
                explained);
        assertTrue(explained.contains("everything"), explained);
        assertFalse(explained.contains("starting"), explained);
        assertEquals(0, out.size());
    }
}
