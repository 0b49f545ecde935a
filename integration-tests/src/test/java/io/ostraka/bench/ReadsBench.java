package io.ostraka.bench;

import io.ostraka.it.harness.BackendMessage;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.FrontendMessages;
import io.ostraka.it.harness.WireClient;
import io.ostraka.it.read.Tpch;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bin/ostraka-bench reads}, {@code tpch} and {@code memory}: reads over four shards. */
@Command(
        name = "ostraka-bench",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measures reads over four shards beside the shards' own times and one PostgreSQL with all rows."
                + " Prints a Markdown table.")
final class ReadsBench implements Callable<Integer> {
    /** What is measured. */
    private enum What {
        READS,
        TPCH,
        MEMORY
    }

    private static final String EVENTS =
            "CREATE TABLE events (id bigint PRIMARY KEY, kind int, amount numeric(10, 2), payload text)";

    private static final String RULE = "events: { hash: id }\n";
    /** Of each statement on each connection, not counted. */
    private static final int WARM_UPS = 1;

    private static final int SMALL_READS = 200;
    private static final int FETCH_SIZE = 10_000;
    private static final int SAMPLE_ROWS = 50_000;
    private static final double NANOS = 1e9;
    private static final double KIB = 1024;

    @Parameters(
            paramLabel = "WHAT",
            description = {
                "reads: count(*), GROUP BY, top 10, ordered scan, and what one point in time costs;",
                "tpch: the 22 queries, with the kind of each plan;",
                "memory: all rows in order through a proxy with a small heap.",
                "Several are measured on the same servers, one after the other."
            })
    private List<What> whats = List.of(What.READS);

    @Option(names = "--rows", description = "Rows of the table (default: 1000000; 10000000 for memory).")
    private int rows;

    @Option(
            names = "--rounds",
            defaultValue = "5",
            description = "The median of so many counts (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--scale",
            defaultValue = "20",
            description = "For tpch: multiples of " + Tpch.ORDERS + " orders (default: ${DEFAULT-VALUE}).")
    private int scale;

    @Option(names = "--heap", defaultValue = "256m", description = "For memory: -Xmx (default: ${DEFAULT-VALUE}).")
    private String heap = "";

    @Option(
            names = "--width",
            defaultValue = "2",
            description = "Of a row's text, in units of 32 bytes, for reads and memory (default: ${DEFAULT-VALUE}).")
    private int width;

    @Option(
            names = "--stall",
            defaultValue = "5",
            description =
                    "For memory: seconds for which the client reads nothing behind the first row (default: ${DEFAULT-VALUE}).")
    private int stallSeconds;

    private final PrintStream out;
    private final PrintStream progress;

    private ReadsBench(PrintStream out, PrintStream progress) {
        this.out = out;
        this.progress = progress;
    }

    public static void main(String[] arguments) {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        System.exit(commandLine(out, System.err).execute(arguments));
    }

    static CommandLine commandLine(PrintStream out, PrintStream progress) {
        return new CommandLine(new ReadsBench(out, progress)).setCaseInsensitiveEnumValuesAllowed(true);
    }

    @Override
    public Integer call() throws IOException, SQLException {
        boolean isTpch = whats.contains(What.TPCH);
        boolean isMemory = whats.contains(What.MEMORY);
        int count = rows > 0 ? rows : isMemory ? 10_000_000 : 1_000_000;
        try (FourShards shards = FourShards.start(EVENTS + ";" + Tpch.DDL)) {
            if (isMemory || whats.contains(What.READS)) {
                fill(shards, count);
            }
            shards.startProxy(RULE + Tpch.RULES, isMemory ? List.of("-Xmx" + heap) : List.of());
            if (isTpch) {
                fillTpch(shards);
            }
            shards.settle();
            for (What what : whats) {
                switch (what) {
                    case READS -> reads(shards, count);
                    case TPCH -> tpch(shards);
                    case MEMORY -> memory(shards, count);
                }
            }
        }
        return 0;
    }

    // ---- reads ---------------------------------------------------------------------------------------------------

    private void reads(FourShards shards, int count) throws SQLException {
        out.println("| " + count
                + " rows, ms | one PostgreSQL | ostraka | shards, sum | shards, slowest | ostraka / sum |");
        out.println("| --- | ---: | ---: | ---: | ---: | ---: |");
        for (String sql : List.of(
                "SELECT count(*) FROM events",
                "SELECT kind, count(*), sum(amount) FROM events GROUP BY kind",
                "SELECT id, amount FROM events ORDER BY amount DESC, id LIMIT 10",
                "SELECT kind, avg(amount), max(id) FROM events WHERE amount > 900 GROUP BY kind ORDER BY 2 DESC LIMIT 10")) {
            compare(shards, sql);
        }
        scan(shards, count);
        fence(shards);
    }

    private void fill(FourShards shards, int count) throws SQLException {
        List<String> servers = new ArrayList<>(FourShards.SHARDS);
        if (whats.contains(What.READS)) {
            servers.add(FourShards.WHOLE);
        }
        for (String server : servers) {
            progress.println("filling " + server);
            shards.execute(
                    server,
                    "INSERT INTO events SELECT id, id % 1000, (id * 7919 % 100000)::numeric / 100,"
                            + " 'payload ' || repeat(md5(id::text), " + width + ") FROM generate_series(1, " + count
                            + "::bigint) id WHERE " + FourShards.owns(server, "id"));
        }
    }

    private void compare(FourShards shards, String sql) throws SQLException {
        double sum = 0;
        double slowest = 0;
        for (String shard : FourShards.SHARDS) {
            double millis = timed(shards.server(shard), sql).millis();
            sum += millis;
            slowest = Math.max(slowest, millis);
        }
        Timed proxy = timed(shards.proxy(), sql);
        Timed one = timed(shards.server(FourShards.WHOLE), sql);
        proxy.requireRowsOf(one, sql);
        out.printf(
                Locale.ROOT,
                "| `%s` | %.1f | %.1f | %.1f | %.1f | %.2f |%n",
                sql,
                one.millis(),
                proxy.millis(),
                sum,
                slowest,
                proxy.millis() / sum);
    }

    /** The median, and how many rows there were the last time. */
    private record Timed(double millis, long rows) {
        /** Lest a wrong answer be a fast one. */
        void requireRowsOf(Timed reference, String sql) throws SQLException {
            if (rows != reference.rows) {
                throw new SQLException("wrong answer: " + rows + " rows instead of " + reference.rows + " for " + sql);
            }
        }
    }

    private Timed timed(Target target, String sql) throws SQLException {
        List<Double> times = new ArrayList<>();
        long read = 0;
        try (Connection connection = target.connect();
                Statement statement = connection.createStatement()) {
            for (int i = 0; i < WARM_UPS + rounds; i++) {
                long begin = System.nanoTime();
                read = rowsOf(statement, sql);
                times.add((System.nanoTime() - begin) / NANOS * 1e3);
            }
        }
        return new Timed(median(times.subList(WARM_UPS, times.size())), read);
    }

    private static long rowsOf(Statement statement, String sql) throws SQLException {
        long count = 0;
        try (ResultSet result = statement.executeQuery(sql)) {
            while (result.next()) {
                count++;
            }
        }
        return count;
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    /** In portions, so that the client does not hold all of it. */
    private void scan(FourShards shards, int count) throws SQLException {
        out.println("\n| `SELECT id, payload FROM events ORDER BY id` | rows/s |\n| --- | ---: |");
        String sql = "SELECT id, payload FROM events ORDER BY id";
        out.printf(Locale.ROOT, "| one shard, directly | %.0f |%n", perSecond(shards.server("s0"), sql));
        out.printf(
                Locale.ROOT,
                "| one PostgreSQL with all rows | %.0f |%n",
                perSecond(shards.server(FourShards.WHOLE), sql));
        out.printf(Locale.ROOT, "| ostraka, %d rows of four shards | %.0f |%n", count, perSecond(shards.proxy(), sql));
    }

    private double perSecond(Target target, String sql) throws SQLException {
        List<Double> rates = new ArrayList<>();
        try (Connection connection = target.connect();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.setFetchSize(FETCH_SIZE);
            for (int i = 0; i < rounds; i++) {
                long begin = System.nanoTime();
                long read = rowsOf(statement, sql);
                rates.add(read / ((System.nanoTime() - begin) / NANOS));
                connection.commit();
            }
        }
        return median(rates);
    }

    /** A small read over all shards, at one point in time and without. */
    private void fence(FourShards shards) throws SQLException {
        String sql = "SELECT id FROM events WHERE id IN (1, 2, 3, 4, 5, 6, 7, 8)";
        out.println("\n| `" + sql + "` | ms, median of " + SMALL_READS + " |\n| --- | ---: |");
        out.printf(Locale.ROOT, "| `consistency: atomic` | %.2f |%n", small(shards.proxy(), sql));
        out.printf(Locale.ROOT, "| `consistency: shard` | %.2f |%n", small(shards.unfenced(), sql));
    }

    private static double small(Target target, String sql) throws SQLException {
        List<Double> times = new ArrayList<>();
        try (Connection connection = target.connect();
                Statement statement = connection.createStatement()) {
            for (int i = 0; i < 2 * SMALL_READS; i++) {
                long begin = System.nanoTime();
                rowsOf(statement, sql);
                times.add((System.nanoTime() - begin) / NANOS * 1e3);
            }
        }
        return median(times.subList(SMALL_READS, times.size()));
    }

    // ---- TPC-H ---------------------------------------------------------------------------------------------------

    private void fillTpch(FourShards shards) throws SQLException {
        Tpch data = new Tpch(scale);
        progress.println("filling one PostgreSQL");
        try (Connection whole = shards.server(FourShards.WHOLE).connect()) {
            data.fill(whole);
            for (String shard : FourShards.SHARDS) {
                try (Connection there = shards.server(shard).connect()) {
                    data.copyReferences(whole, there);
                }
            }
            progress.println("copying its rows to the shards, through the proxy");
            try (Connection proxy = shards.proxy().connect()) {
                data.copySharded(whole, proxy);
            }
        }
    }

    private void tpch(FourShards shards) throws SQLException {
        out.println(
                "| query | plan | one PostgreSQL, ms | ostraka, ms | ostraka / one |\n| ---: | --- | ---: | ---: | ---: |");
        List<String> queries = Tpch.queries();
        for (int i = 0; i < queries.size(); i++) {
            Timed one = timed(shards.server(FourShards.WHOLE), queries.get(i));
            Timed proxy = timed(shards.proxy(), queries.get(i));
            proxy.requireRowsOf(one, queries.get(i));
            out.printf(
                    Locale.ROOT,
                    "| %d | %s | %.1f | %.1f | %.2f |%n",
                    i + 1,
                    plan(shards.proxy(), queries.get(i)),
                    one.millis(),
                    proxy.millis(),
                    proxy.millis() / one.millis());
        }
    }

    /** The first line of EXPLAIN, and how many fragments there are. */
    private static String plan(Target proxy, String sql) throws SQLException {
        try (Connection connection = proxy.connect("preferQueryMode=simple");
                Statement statement = connection.createStatement();
                ResultSet lines = statement.executeQuery("EXPLAIN " + sql)) {
            String first = "";
            int fragments = 0;
            while (lines.next()) {
                String line = lines.getString(1);
                first = first.isEmpty() ? line : first;
                fragments += line.contains("->  Fragment") ? 1 : 0;
            }
            String kind = first.startsWith("Ostraka ") ? first.split(" ", -1)[1] : "one shard";
            return fragments == 0 ? kind : kind + ", " + fragments + (fragments == 1 ? " fragment" : " fragments");
        }
    }

    // ---- memory --------------------------------------------------------------------------------------------------

    private void memory(FourShards shards, int count) throws IOException, SQLException {
        progress.println("reading " + count + " rows in order through a proxy with -Xmx" + heap);
        Target target = shards.proxy();
        long begin = System.nanoTime();
        double peak = 0;
        long read = 0;
        try (WireClient client =
                WireClient.login(new Endpoint(target.port(), target.database(), target.user(), target.password()))) {
            client.send(FrontendMessages.query("SELECT id, payload FROM events ORDER BY id"));
            BackendMessage message = client.read();
            while (message.type() != 'Z') {
                if (message.type() == 'E') {
                    throw new SQLException("after " + read + " rows: " + message + "\n"
                            + shards.proxyProcess().lastLines());
                }
                if (message.type() == 'D') {
                    read++;
                    String id = new String(message.values().get(0).orElseThrow(), StandardCharsets.UTF_8);
                    if (!id.equals(Long.toString(read))) {
                        throw new SQLException("row " + read + " is that of " + id);
                    }
                    if (read == 1) {
                        Waiting.pause(Duration.ofSeconds(stallSeconds));
                    }
                    if (read % SAMPLE_ROWS == 0 || read == count) {
                        peak = Math.max(peak, shards.proxyProcess().usage().residentKib() / KIB);
                    }
                }
                message = client.read();
            }
        }
        if (read != count) {
            throw new SQLException("wrong answer: " + read + " rows instead of " + count);
        }
        double seconds = (System.nanoTime() - begin) / NANOS;
        out.println("| rows in order | heap | s | rows/s | largest RSS, MiB |\n| ---: | ---: | ---: | ---: | ---: |");
        out.printf(Locale.ROOT, "| %d | %s | %.1f | %.0f | %.0f |%n", read, heap, seconds, read / seconds, peak);
    }
}
