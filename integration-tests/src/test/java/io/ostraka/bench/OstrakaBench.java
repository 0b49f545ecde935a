package io.ostraka.bench;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bin/ostraka-bench}: starts everything, measures in turns, prints a table, leaves nothing behind. */
@Command(
        name = "ostraka-bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Compares Ostraka with a direct connection, PgBouncer and a proxy that only copies bytes, in turns"
                        + " on this machine. Prints a Markdown table on standard output and the progress on standard error.",
        footer =
                "Exit status: 0 measured, 1 a server that is installed could not be started or refused its load, 2 used wrongly.")
final class OstrakaBench implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "SCENARIO",
            description = {
                "What to measure (default: point):",
                "point: one row by key, from a sharded table;",
                "one: the same by one client, to see what is added to its time;",
                "tpcb: pgbench's TPC-B on one shard, 8 clients;",
                "active: point queries of 500 clients on 20 connections to each shard, with fair shares;",
                "bulk: one result of 1 GB;",
                "scan: a whole sharded table; copy: COPY in."
            })
    private List<Scenario> scenarios = new ArrayList<>();

    @Option(
            names = "--seconds",
            defaultValue = "5",
            description = "How long each measurement takes (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(
            names = "--clients",
            split = ",",
            defaultValue = "1,32",
            description = "How many clients at once, for point (default: ${DEFAULT-VALUE}).")
    private List<Integer> clients = List.of();

    @Option(
            names = "--protocols",
            split = ",",
            defaultValue = "simple,extended,prepared",
            description = "How queries are sent, for point (default: ${DEFAULT-VALUE}).")
    private List<Protocol> protocols = List.of();

    @Option(
            names = "--servers",
            split = ",",
            defaultValue = "direct,pgbouncer,relay,ostraka,together",
            description = "Who takes part (default: ${DEFAULT-VALUE}).")
    private List<String> servers = List.of();

    @Option(
            names = "--rounds",
            defaultValue = "5",
            description = "How many turns each server has; the median counts (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--warm-up",
            defaultValue = "10",
            description =
                    "Seconds each server gets with each load before the rounds begin (default: ${DEFAULT-VALUE}).")
    private int warmUpSeconds;

    @Option(
            names = "--client",
            defaultValue = "pgbench",
            description =
                    "Who sends the point queries: pgbench, or jdbc, which is used too where pgbench is not installed,"
                            + " needs more of the machine and checks every answer (default: ${DEFAULT-VALUE}).")
    private Client client = Client.PGBENCH;

    @Option(names = "--workers", description = "Event loops of each proxy but PgBouncer (default: one for each core).")
    private int workers = Runtime.getRuntime().availableProcessors();

    @Option(names = "--rows", defaultValue = "100000", description = "Rows of the table (default: ${DEFAULT-VALUE}).")
    private int rows;

    /** The values of {@code --client}. */
    private enum Client {
        PGBENCH,
        JDBC
    }

    private final PrintStream out;
    private final PrintStream progress;

    OstrakaBench(PrintStream out, PrintStream progress) {
        this.out = out;
        this.progress = progress;
    }

    public static void main(String[] arguments) {
        // The table has a µ in it, whatever the locale.
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        System.exit(commandLine(out, System.err).execute(arguments));
    }

    static CommandLine commandLine(PrintStream out, PrintStream progress) {
        return new CommandLine(new OstrakaBench(out, progress))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOut(new PrintWriter(out, true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(progress, true, StandardCharsets.UTF_8))
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    progress.println("ostraka-bench: " + failure.getMessage());
                    return 1;
                });
    }

    @Override
    public Integer call() throws IOException, SQLException {
        checkOptions();
        if (scenarios.isEmpty()) {
            scenarios = List.of(Scenario.POINT);
        }
        progress.println("starting PostgreSQL servers with " + rows + " rows");
        List<Contestant> contestants = new ArrayList<>();
        try (TemporaryDirectory directory = new TemporaryDirectory();
                Shards shards = Shards.start(rows)) {
            try {
                boolean complete = startAll(shards, directory.path(), contestants);
                return measure(shards, directory.path(), contestants) && complete ? 0 : 1;
            } finally {
                contestants.forEach(Contestant::close);
            }
        }
    }

    private void checkOptions() {
        for (String server : servers) {
            require(Contestants.NAMES.contains(server), "--servers knows " + Contestants.NAMES + ", not " + server);
        }
        require(clients.stream().allMatch(count -> count >= 1 && count <= 100), "--clients must be from 1 to 100");
        require(seconds >= 1 && warmUpSeconds >= 0, "--seconds must be at least 1 and --warm-up at least 0");
        require(rounds >= 1 && rows >= 1, "--rounds and --rows must be at least 1");
        require(Files.isDirectory(Path.of("/proc/self")), "the benchmark reads /proc, which this system has not");
    }

    private void require(boolean condition, String message) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    /** Adds those that take part; false if one failed to start. A program that is not installed is no failure. */
    private boolean startAll(Shards shards, Path directory, List<Contestant> contestants) {
        int most = clients.stream().mapToInt(Integer::intValue).max().orElse(1);
        Contestants starter = new Contestants(shards, directory, most, workers);
        boolean complete = true;
        for (String name : Contestants.NAMES) {
            if (!servers.contains(name)) {
                continue;
            }
            try {
                Optional<Contestant> contestant = starter.start(name);
                contestant.ifPresent(contestants::add);
                progress.println(name + (contestant.isPresent() ? ": ready" : ": skipped, it is not installed"));
            } catch (IOException e) {
                progress.println(name + ": skipped, it did not start: " + e.getMessage());
                complete = false;
            }
        }
        return complete;
    }

    /** Returns whether every server did everything. */
    private boolean measure(Shards shards, Path directory, List<Contestant> contestants)
            throws IOException, SQLException {
        Scenario.Clients programs = programs(shards, directory);
        List<Race> races = new ArrayList<>();
        for (Scenario scenario : scenarios) {
            for (Measurement measurement : scenario.measurements(shards, programs, protocols, clients)) {
                races.add(new Race(
                        measurement,
                        contestants.stream()
                                .filter(one -> scenario.contestants().contains(one.name()))
                                .toList(),
                        rounds,
                        Duration.ofSeconds(seconds),
                        Duration.ofSeconds(warmUpSeconds),
                        progress));
            }
        }
        progress.println("measuring for about " + minutes(races.size() * contestants.size()) + ", warming up first");
        // All of it before any round: the first loads of a JVM are not worth more than the last ones.
        for (Race race : races) {
            race.warmUp();
        }
        Report report = new Report();
        boolean complete = true;
        for (Race race : races) {
            List<Race.Result> results = race.run();
            report.add(race.measurement(), results);
            complete &= results.stream().allMatch(result -> result.refusal().isEmpty());
        }
        out.println(Machine.describe(shards));
        out.print(report);
        out.flush();
        return complete;
    }

    private Scenario.Clients programs(Shards shards, Path directory) throws IOException {
        Optional<Path> pgbench = Programs.find("pgbench");
        Path script = PgbenchLoad.write(directory.resolve("point.sql"));
        return new Scenario.Clients() {
            @Override
            public Load point(int rows, Protocol protocol, int count) {
                return pgbench.isPresent() && client == Client.PGBENCH
                        ? PgbenchLoad.point(pgbench.get(), script, rows, protocol, count)
                        : new JdbcPointLoad(rows, protocol, count);
            }

            @Override
            public Load tpcb(Protocol protocol, int count) throws IOException, SQLException {
                Path program = pgbench.orElseThrow(() -> new IOException("tpcb needs pgbench, which is not installed"));
                PgbenchLoad.makeTables(program, shards.whole());
                return PgbenchLoad.tpcb(program, protocol, count);
            }
        };
    }

    private String minutes(int series) {
        long total = (long) series * (warmUpSeconds + (long) rounds * seconds);
        return total < 120 ? total + " seconds" : (total + 59) / 60 + " minutes";
    }
}
