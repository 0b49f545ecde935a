package io.ostraka.bench;

import io.ostraka.it.harness.FreePorts;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code bin/ostraka-bench start}: what a proxy needs before it is warm, and while it does nothing. It is started by {@code
 * bin/ostraka}, as users start it, so that the archive of classes and the flags are theirs.
 */
@Command(
        name = "ostraka-bench start",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measures the time to the first answer, memory without work, memory for each idle client, and the"
                + " rate in the first minute beside the warm one. Prints a Markdown table.")
final class StartBench implements Callable<Integer> {
    private static final Duration DEADLINE = Duration.ofMinutes(5);
    private static final Duration POLL = Duration.ofMillis(5);
    /** Until what a start leaves to later is done: the memory of a proxy that nobody uses. */
    private static final Duration SETTLE = Duration.ofSeconds(10);

    private static final int POOL = 20;
    private static final int LOAD_CLIENTS = 32;
    private static final Duration WINDOW = Duration.ofSeconds(10);
    private static final double KIB = 1024;

    @Option(
            names = "--starts",
            defaultValue = "5",
            description = "How many are timed; the median counts (default: ${DEFAULT-VALUE}).")
    private int starts;

    @Option(
            names = "--idle-clients",
            defaultValue = "2000",
            description = "How many log in and do nothing (default: ${DEFAULT-VALUE}).")
    private int idleClients;

    @Option(
            names = "--minutes",
            defaultValue = "3",
            description = "Under load, of which the first is compared with the last (default: ${DEFAULT-VALUE}).")
    private int minutes;

    private final PrintStream out;
    private final PrintStream progress;
    private final Path program = Path.of(System.getProperty("ostraka.home"), "bin", "ostraka");

    private StartBench(PrintStream out, PrintStream progress) {
        this.out = out;
        this.progress = progress;
    }

    public static void main(String[] arguments) {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        System.exit(new CommandLine(new StartBench(out, System.err)).execute(arguments));
    }

    /** A proxy with one client, which is answered. */
    private record Started(ChildProcess process, Target target, Duration tookToAnswer) implements AutoCloseable {
        @Override
        public void close() {
            process.close();
        }
    }

    @Override
    public Integer call() throws IOException, SQLException {
        try (TemporaryDirectory directory = new TemporaryDirectory();
                Shards shards = Shards.start(100_000)) {
            progress.println("a start that is not counted: it may build, and archive classes");
            start(shards, directory.path()).close();
            out.println(Machine.describe(shards) + "\n\n| | median | each |\n| --- | ---: | --- |");
            starts(shards, directory.path());
            idle(shards, directory.path());
            load(shards, directory.path());
        }
        return 0;
    }

    private Started start(Shards shards, Path directory) throws IOException {
        int port = FreePorts.reserve();
        Path file = new Contestants(
                        shards, directory, POOL, Runtime.getRuntime().availableProcessors())
                .configuration(port);
        Target target = new Target(port, Shards.DATABASE, Shards.USER, shards.password());
        long begin = System.nanoTime();
        ChildProcess process =
                ChildProcess.start("ostraka", directory, List.of(program.toString(), "serve", file.toString()));
        try {
            while (true) {
                process.requireAlive();
                try (Connection connection = target.connect();
                        Statement statement = connection.createStatement()) {
                    statement
                            .executeQuery("SELECT payload FROM accounts WHERE id = 1")
                            .close();
                    return new Started(process, target, Duration.ofNanos(System.nanoTime() - begin));
                } catch (SQLException notYet) {
                    if (System.nanoTime() - begin > DEADLINE.toNanos()) {
                        throw new IOException(process.lastLines(), notYet);
                    }
                    Waiting.pause(POLL);
                }
            }
        } catch (IOException | RuntimeException e) {
            process.close();
            throw e;
        }
    }

    private void starts(Shards shards, Path directory) throws IOException {
        List<Double> seconds = new ArrayList<>();
        List<Double> resident = new ArrayList<>();
        for (int i = 0; i < starts; i++) {
            progress.println("start " + (i + 1));
            try (Started started = start(shards, directory)) {
                seconds.add(started.tookToAnswer().toMillis() / 1e3);
                Waiting.pause(SETTLE);
                resident.add(started.process().usage().residentKib() / KIB);
            }
        }
        line("process start to the first answer, s", "%.2f", seconds);
        line("RSS of an idle proxy, MiB", "%.0f", resident);
    }

    private void idle(Shards shards, Path directory) throws IOException, SQLException {
        progress.println(idleClients + " idle clients");
        List<Connection> clients = new ArrayList<>();
        try (Started started = start(shards, directory)) {
            // The first ones make what all share.
            for (int i = 0; i < POOL; i++) {
                clients.add(idle(started.target()));
            }
            long before = liveBytes(started.process().pid());
            for (int i = 0; i < idleClients; i++) {
                clients.add(idle(started.target()));
            }
            double each = (liveBytes(started.process().pid()) - before) / KIB / idleClients;
            line("heap for each of " + idleClients + " idle clients, KiB", "%.2f", List.of(each));
            line("RSS with them, MiB", "%.0f", List.of(started.process().usage().residentKib() / KIB));
        } finally {
            for (Connection client : clients) {
                client.close();
            }
        }
    }

    private static Connection idle(Target target) throws SQLException {
        Connection connection = target.connect();
        connection.isValid(5);
        return connection;
    }

    /** Of objects that are reachable, after a full collection. */
    private static long liveBytes(long pid) throws IOException {
        Process jcmd = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                        Long.toString(pid),
                        "GC.class_histogram")
                .redirectErrorStream(true)
                .start();
        String output = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String total = output.lines()
                .filter(line -> line.startsWith("Total"))
                .findFirst()
                .orElseThrow(() -> new IOException("jcmd said: " + output));
        return Long.parseLong(total.strip().split(" +", -1)[2]);
    }

    private void load(Shards shards, Path directory) throws IOException, SQLException {
        Path pgbench = Programs.find("pgbench")
                .orElseThrow(() -> new IOException("the load needs pgbench, which is not installed"));
        progress.println(minutes + " minutes of load");
        Load load = PgbenchLoad.point(
                pgbench,
                PgbenchLoad.write(directory.resolve("point.sql")),
                shards.rows(),
                Protocol.PREPARED,
                LOAD_CLIENTS);
        List<Double> rates = new ArrayList<>();
        int windows = Math.toIntExact(Duration.ofMinutes(1).dividedBy(WINDOW));
        try (Started started = start(shards, directory)) {
            for (int i = 0; i < minutes * windows; i++) {
                rates.add(load.run(started.target(), WINDOW).perSecond());
            }
        }
        List<Double> last = rates.subList(rates.size() - windows, rates.size());
        line("queries/s, 10 s each, first minute", "%.0f", rates.subList(0, windows));
        line("queries/s, 10 s each, last minute", "%.0f", last);
        line("rate at the end of the first minute / warm", "%.2f", List.of(rates.get(windows - 1) / median(last)));
    }

    private void line(String what, String format, List<Double> values) {
        List<String> each = values.stream()
                .map(value -> String.format(Locale.ROOT, format, value))
                .toList();
        out.println("| " + what + " | " + String.format(Locale.ROOT, format, median(values)) + " | "
                + (each.size() > 1 ? String.join(" ", each) : "") + " |");
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted(Comparator.naturalOrder()).toList();
        return (sorted.get((sorted.size() - 1) / 2) + sorted.get(sorted.size() / 2)) / 2;
    }
}
