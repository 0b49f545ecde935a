package io.ostraka.bench;

import io.ostraka.bench.Load.Outcome;
import java.io.IOException;
import java.io.PrintStream;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Gives one load to all contestants in turns, A B C A B C, so that whatever else happens on the machine meets them alike,
 * and keeps each one's samples. Who refuses the load is out of this race, with the reason.
 */
final class Race {
    private final Measurement measurement;
    private final List<Contestant> contestants;
    private final int rounds;
    private final Duration duration;
    private final Duration warmUp;
    private final PrintStream progress;

    private final Map<Contestant, List<Sample>> samples = new LinkedHashMap<>();
    private final Map<Contestant, String> refusals = new LinkedHashMap<>();

    Race(
            Measurement measurement,
            List<Contestant> contestants,
            int rounds,
            Duration duration,
            Duration warmUp,
            PrintStream progress) {
        this.measurement = measurement;
        this.contestants = List.copyOf(contestants);
        contestants.forEach(contestant -> samples.put(contestant, new ArrayList<>()));
        this.rounds = rounds;
        this.duration = duration;
        this.warmUp = warmUp;
        this.progress = progress;
    }

    /** {@code cpuMicros}: CPU time of the process between for each operation; none when nothing is between. */
    record Sample(double perSecond, double latencyMs, OptionalDouble cpuMicros, OptionalDouble residentMib) {}

    /** Either samples, one for each round, or why there are none. */
    record Result(String contestant, List<Sample> samples, Optional<String> refusal) {
        Result {
            samples = List.copyOf(samples);
        }
    }

    Measurement measurement() {
        return measurement;
    }

    /** Checks the answers, then lets everybody run without being measured. */
    void warmUp() throws IOException {
        turn((contestant, load) -> {
            load.check(contestant.target(measurement.door()));
            load.run(contestant.target(measurement.door()), warmUp);
        });
    }

    /** All rounds; the results are in the order of the contestants. */
    List<Result> run() throws IOException {
        for (int round = 1; round <= rounds; round++) {
            String label = measurement + ": round " + round + " of " + rounds;
            turn((contestant, load) -> {
                Sample sample = sample(contestant);
                samples.get(contestant).add(sample);
                progress.printf(
                        Locale.ROOT,
                        "%s: %s: %.0f %s/s%n",
                        label,
                        contestant.name(),
                        sample.perSecond(),
                        measurement.scenario().unit());
            });
        }
        return contestants.stream()
                .map(contestant -> refusals.containsKey(contestant)
                        ? new Result(contestant.name(), List.of(), Optional.of(refusals.get(contestant)))
                        : new Result(contestant.name(), samples.get(contestant), Optional.empty()))
                .toList();
    }

    private interface Step {
        void with(Contestant contestant, Load load) throws IOException, SQLException;
    }

    /** The step for everybody who is still in the race, one after the other. */
    private void turn(Step step) throws IOException {
        for (Contestant contestant : contestants) {
            if (refusals.containsKey(contestant)) {
                continue;
            }
            try {
                step.with(contestant, measurement.load());
            } catch (SQLException refusal) {
                refusals.put(contestant, reason(refusal));
                progress.printf("%s: %s: %s%n", measurement, contestant.name(), refusal.getMessage());
            }
        }
    }

    private Sample sample(Contestant contestant) throws IOException, SQLException {
        Target target = contestant.target(measurement.door());
        if (contestant.process().isEmpty()) {
            Outcome outcome = measurement.load().run(target, duration);
            return new Sample(outcome.perSecond(), millis(outcome), OptionalDouble.empty(), OptionalDouble.empty());
        }
        ChildProcess process = contestant.process().get();
        requireAlive(process);
        Duration before = process.usage().cpu();
        Outcome outcome = measurement.load().run(target, duration);
        requireAlive(process);
        ProcessUsage after = process.usage();
        double cpuMicros = after.cpu().minus(before).toNanos() / 1e3 / Math.max(1, outcome.operations());
        return new Sample(
                outcome.perSecond(),
                millis(outcome),
                OptionalDouble.of(cpuMicros),
                OptionalDouble.of(after.residentKib() / 1024.0));
    }

    /** A server that dies is out of the race; the others go on. */
    private static void requireAlive(ChildProcess process) throws SQLException {
        try {
            process.requireAlive();
        } catch (IOException ended) {
            throw new SQLException(ended.getMessage(), ended);
        }
    }

    private static double millis(Outcome outcome) {
        return outcome.latency().toNanos() / 1e6;
    }

    /** One line, and no bar that would end the table's cell. */
    private static String reason(SQLException refusal) {
        String state = refusal.getSQLState() == null ? "" : refusal.getSQLState() + ": ";
        String message = String.valueOf(refusal.getMessage());
        return (state + message).lines().findFirst().orElse("refused").replace('|', '/');
    }
}
