package io.ostraka.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Point SELECTs or TPC-B by pgbench, which costs the machine less than a client in Java. */
final class PgbenchLoad implements Load {
    private static final Pattern DONE = Pattern.compile("number of transactions actually processed: (\\d+)");
    private static final Pattern FAILED = Pattern.compile("number of failed transactions: (\\d+)");
    private static final Pattern LATENCY = Pattern.compile("latency average = ([0-9.]+) ms");
    /** Leaves out the time of connecting. */
    private static final Pattern RATE = Pattern.compile("tps = ([0-9.]+) \\(without initial connection time\\)");

    /** Of its tables, 100,000 accounts each: enough branches for the clients not to wait for each other all the time. */
    private static final int SCALE = 10;

    private static final Duration CHECK = Duration.ofMillis(200);

    private final Path program;
    private final List<String> work;
    private final Protocol protocol;
    private final int clients;
    private final Optional<Load> check;

    private PgbenchLoad(Path program, List<String> work, Protocol protocol, int clients, Optional<Load> check) {
        this.program = program;
        this.work = List.copyOf(work);
        this.protocol = protocol;
        this.clients = clients;
        this.check = check;
    }

    /** What {@link #write} has put into {@code script}. */
    static Load point(Path program, Path script, int rows, Protocol protocol, int clients) {
        return new PgbenchLoad(
                program,
                List.of("--file=" + script, "--define=rows=" + rows),
                protocol,
                clients,
                Optional.of(new JdbcPointLoad(rows, protocol, 1)));
    }

    /** pgbench's own TPC-B-like transaction, on the tables that {@link #makeTables} has made. */
    static Load tpcb(Path program, Protocol protocol, int clients) {
        return new PgbenchLoad(
                program, List.of("--builtin=tpcb-like", "--scale=" + SCALE), protocol, clients, Optional.empty());
    }

    static void makeTables(Path program, Target server) throws IOException, SQLException {
        call(program, server, List.of("--initialize", "--quiet", "--scale=" + SCALE));
    }

    /** Writes what pgbench is to do into {@code script}. */
    static Path write(Path script) throws IOException {
        return Files.writeString(script, "\\set id random(1, :rows)\nSELECT payload FROM accounts WHERE id = :id;\n");
    }

    @Override
    public void check(Target target) throws IOException, SQLException {
        if (check.isPresent()) {
            check.get().run(target, CHECK);
        }
    }

    @Override
    public Outcome run(Target target, Duration duration) throws IOException, SQLException {
        int threads = Math.min(clients, Runtime.getRuntime().availableProcessors());
        List<String> arguments = new ArrayList<>(work);
        arguments.addAll(List.of(
                "--no-vacuum",
                "--protocol=" + protocol.pgbenchName(),
                "--client=" + clients,
                "--jobs=" + threads,
                "--time=" + Math.max(1, duration.toSeconds())));
        String output = call(program, target, arguments);
        if (number(FAILED, output) > 0) {
            throw new SQLException("pgbench failed: " + firstError(output));
        }
        long done = (long) number(DONE, output);
        return new Outcome(
                done,
                Duration.ofNanos(Math.round(done * 1e9 / number(RATE, output))),
                Duration.ofNanos(Math.round(number(LATENCY, output) * 1e6)));
    }

    /** What it has printed. */
    private static String call(Path program, Target target, List<String> arguments) throws IOException, SQLException {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(arguments);
        command.addAll(List.of(
                "--host=127.0.0.1", "--port=" + target.port(), "--username=" + target.user(), target.database()));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("PGPASSWORD", target.password());
        builder.environment().put("PGSSLMODE", "disable");
        Process process = builder.start();
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new SQLException("pgbench failed: " + firstError(output));
            }
            return output;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while pgbench ran", e);
        } finally {
            process.destroy();
        }
    }

    private static double number(Pattern pattern, String output) throws SQLException {
        Matcher matcher = pattern.matcher(output);
        if (!matcher.find()) {
            throw new SQLException("pgbench failed: " + firstError(output));
        }
        return Double.parseDouble(matcher.group(1));
    }

    private static String firstError(String output) {
        return output.lines()
                .filter(line -> line.contains("ERROR") || line.contains("error:") || line.contains("FATAL"))
                .findFirst()
                .orElse(output.strip());
    }
}
