package io.ostraka.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Point SELECTs by pgbench, which costs the machine less than a client in Java. */
final class PgbenchLoad implements Load {
    private static final Pattern DONE = Pattern.compile("number of transactions actually processed: (\\d+)");
    private static final Pattern FAILED = Pattern.compile("number of failed transactions: (\\d+)");
    private static final Pattern LATENCY = Pattern.compile("latency average = ([0-9.]+) ms");
    /** Leaves out the time of connecting. */
    private static final Pattern RATE = Pattern.compile("tps = ([0-9.]+) \\(without initial connection time\\)");

    private static final Duration CHECK = Duration.ofMillis(200);

    private final Path program;
    private final Path script;
    private final int rows;
    private final Protocol protocol;
    private final int clients;

    PgbenchLoad(Path program, Path script, int rows, Protocol protocol, int clients) {
        this.program = program;
        this.script = script;
        this.rows = rows;
        this.protocol = protocol;
        this.clients = clients;
    }

    /** Writes what pgbench is to do into {@code script}. */
    static Path write(Path script) throws IOException {
        return Files.writeString(script, "\\set id random(1, :rows)\nSELECT payload FROM accounts WHERE id = :id;\n");
    }

    @Override
    public void check(Target target) throws IOException, SQLException {
        new JdbcPointLoad(rows, protocol, 1).run(target, CHECK);
    }

    @Override
    public Outcome run(Target target, Duration duration) throws IOException, SQLException {
        int threads = Math.min(clients, Runtime.getRuntime().availableProcessors());
        ProcessBuilder builder = new ProcessBuilder(List.of(
                        program.toString(),
                        "--no-vacuum",
                        "--protocol=" + protocol.pgbenchName(),
                        "--file=" + script,
                        "--define=rows=" + rows,
                        "--client=" + clients,
                        "--jobs=" + threads,
                        "--time=" + Math.max(1, duration.toSeconds()),
                        "--host=127.0.0.1",
                        "--port=" + target.port(),
                        "--username=" + target.user(),
                        target.database()))
                .redirectErrorStream(true);
        builder.environment().put("PGPASSWORD", target.password());
        builder.environment().put("PGSSLMODE", "disable");
        Process process = builder.start();
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0 || number(FAILED, output) > 0) {
                throw new SQLException("pgbench failed: " + firstError(output));
            }
            long done = (long) number(DONE, output);
            return new Outcome(
                    done,
                    Duration.ofNanos(Math.round(done * 1e9 / number(RATE, output))),
                    Duration.ofNanos(Math.round(number(LATENCY, output) * 1e6)));
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
