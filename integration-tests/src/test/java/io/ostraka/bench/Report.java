package io.ostraka.bench;

import io.ostraka.bench.Race.Result;
import io.ostraka.bench.Race.Sample;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/** Medians as a Markdown table, with ratios to the contestants that serve as measures. */
final class Report {
    /** Whom the others are compared with, in the order of the columns. */
    private static final List<String> MEASURES = List.of("pgbouncer", "relay");

    private static final String UNKNOWN = "–";

    private final StringBuilder text = new StringBuilder();

    private Optional<Scenario> table = Optional.empty();

    /** A scenario's lines stand in one table: its measurements come one after the other. */
    void add(Measurement measurement, List<Result> results) {
        if (!table.equals(Optional.of(measurement.scenario()))) {
            table = Optional.of(measurement.scenario());
            begin(measurement.scenario());
        }
        for (Result result : results) {
            line(measurement, result, results);
        }
    }

    private void begin(Scenario scenario) {
        text.append("\n### ").append(scenario.label()).append("\n\n");
        text.append("| protocol | clients | server | ")
                .append(scenario.unit())
                .append("/s | spread | latency ms | CPU µs each | RSS MiB |");
        for (String measure : MEASURES) {
            text.append(" rate / ")
                    .append(measure)
                    .append(" | CPU / ")
                    .append(measure)
                    .append(" |");
        }
        text.append(" added / relay |");
        text.append("\n| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    }

    private void line(Measurement measurement, Result result, List<Result> all) {
        text.append("| ")
                .append(measurement.protocol().pgbenchName())
                .append(" | ")
                .append(measurement.clients())
                .append(" | ")
                .append(result.contestant())
                .append(" | ");
        if (result.refusal().isPresent()) {
            text.append("refused: ")
                    .append(result.refusal().get())
                    .append(" |".repeat(10))
                    .append("\n");
        } else {
            text.append(String.join(" | ", cells(result, all))).append(" |\n");
        }
    }

    private static List<String> cells(Result result, List<Result> all) {
        OptionalDouble rate = median(result, sample -> OptionalDouble.of(sample.perSecond()));
        OptionalDouble cpu = median(result, Sample::cpuMicros);
        List<String> cells = new ArrayList<>();
        cells.add(number("%.0f", rate));
        cells.add(number("%.0f %%", spread(result)));
        cells.add(number("%.3f", median(result, sample -> OptionalDouble.of(sample.latencyMs()))));
        cells.add(number("%.2f", cpu));
        cells.add(number("%.0f", median(result, Sample::residentMib)));
        for (String measure : MEASURES) {
            cells.add(ratio(rate, median(of(measure, all), sample -> OptionalDouble.of(sample.perSecond()))));
            cells.add(ratio(cpu, median(of(measure, all), Sample::cpuMicros)));
        }
        cells.add(ratio(added(result, all), added(of("relay", all), all)));
        return cells;
    }

    /** What a statement takes longer than on a direct connection. */
    private static OptionalDouble added(Result result, List<Result> all) {
        OptionalDouble time = median(result, sample -> OptionalDouble.of(sample.latencyMs()));
        OptionalDouble direct = median(of("direct", all), sample -> OptionalDouble.of(sample.latencyMs()));
        return time.isPresent() && direct.isPresent()
                ? OptionalDouble.of(time.getAsDouble() - direct.getAsDouble())
                : OptionalDouble.empty();
    }

    private static Result of(String contestant, List<Result> all) {
        return all.stream()
                .filter(result -> result.contestant().equals(contestant))
                .findFirst()
                .orElse(new Result(contestant, List.of(), Optional.empty()));
    }

    /** Of the values there are; of an even number of them the mean of the two in the middle. */
    static OptionalDouble median(Result result, Function<Sample, OptionalDouble> value) {
        double[] sorted = result.samples().stream()
                .map(value)
                .flatMapToDouble(OptionalDouble::stream)
                .sorted()
                .toArray();
        if (sorted.length == 0) {
            return OptionalDouble.empty();
        }
        return OptionalDouble.of((sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2);
    }

    /** Between the slowest and the fastest round, in percent of the median. */
    private static OptionalDouble spread(Result result) {
        var rates = result.samples().stream().mapToDouble(Sample::perSecond).summaryStatistics();
        OptionalDouble median = median(result, sample -> OptionalDouble.of(sample.perSecond()));
        return median.isPresent()
                ? OptionalDouble.of((rates.getMax() - rates.getMin()) / median.getAsDouble() * 100)
                : median;
    }

    private static String ratio(OptionalDouble value, OptionalDouble measure) {
        return value.isPresent() && measure.isPresent() && measure.getAsDouble() > 0
                ? String.format(Locale.ROOT, "%.2f", value.getAsDouble() / measure.getAsDouble())
                : UNKNOWN;
    }

    private static String number(String format, OptionalDouble value) {
        return value.isPresent() ? String.format(Locale.ROOT, format, value.getAsDouble()) : UNKNOWN;
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
