package io.ostraka.bench;

import io.ostraka.bench.CommitClient.ByHand;
import io.ostraka.bench.CommitClient.Ending;
import io.ostraka.bench.CommitClient.OfOne;
import io.ostraka.bench.CommitClient.Reading;
import io.ostraka.bench.CommitClient.ReadingByHand;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.WireClient;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.function.IntFunction;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bin/ostraka-bench commit}: what it costs to commit on two shards, and to those who do not. */
@Command(
        name = "ostraka-bench commit",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Measures transactions over two shards beside clients that commit by hand on direct connections, those on one"
                        + " shard, and reads at one point in time; in turns. Prints Markdown tables of transactions or reads in a second.")
final class CommitBench implements Callable<Integer> {
    private static final double NANOS = 1e9;

    @Option(
            names = "--seconds",
            defaultValue = "5",
            description = "How long each measurement takes (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(
            names = "--rounds",
            defaultValue = "5",
            description = "How many turns each has; the median counts (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--warm-up",
            defaultValue = "5",
            description = "Seconds each gets with each number of clients before (default: ${DEFAULT-VALUE}).")
    private int warmUpSeconds;

    @Option(
            names = "--clients",
            split = ",",
            defaultValue = "1,8",
            description = "How many at once (default: ${DEFAULT-VALUE}).")
    private List<Integer> clients = List.of();

    @Option(names = "--workers", description = "Event loops of each proxy (default: one for each core).")
    private int workers = Runtime.getRuntime().availableProcessors();

    @Option(names = "--rows", defaultValue = "100000", description = "Rows of the table (default: ${DEFAULT-VALUE}).")
    private int rows;

    private final PrintStream out;
    private final PrintStream progress;
    private List<Long> onFirst = List.of();
    private List<Long> onSecond = List.of();
    /** What must have been added to the shards by then. */
    private long ofFirst;

    private long ofSecond;

    private CommitBench(PrintStream out, PrintStream progress) {
        this.out = out;
        this.progress = progress;
    }

    public static void main(String[] arguments) {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        System.exit(commandLine(out, System.err).execute(arguments));
    }

    static CommandLine commandLine(PrintStream out, PrintStream progress) {
        return new CommandLine(new CommitBench(out, progress));
    }

    /** What one transaction adds to the counters. */
    private enum Adds {
        TO_BOTH,
        TO_FIRST,
        NOTHING
    }

    /** Who is measured; {@code clients}: by number. */
    private record Entrant(String name, IntFunction<CommitClient> clients) {}

    /** Who is compared with whom: the one at {@code limit}, from 0. */
    private record Table(String title, Adds adds, int limit, List<Entrant> entrants) {}

    @Override
    public Integer call() throws IOException, SQLException {
        progress.println("starting two PostgreSQL servers, four proxies and a relay");
        try (TwoShards shards = TwoShards.start(rows, workers);
                DecisionFile decisions = new DecisionFile(shards.directory().resolve("decisions"))) {
            onFirst = shards.ids("s0");
            onSecond = shards.ids("s1");
            for (Table table : List.of(overTwoShards(shards, decisions), onOneShard(shards), reads(shards))) {
                run(table);
                check(shards);
            }
        }
        return 0;
    }

    private static Table overTwoShards(TwoShards shards, DecisionFile decisions) {
        return new Table(
                "a row on each of two shards, transactions/s",
                Adds.TO_BOTH,
                2,
                List.of(
                        byHand("by hand, COMMIT on both", Ending.ONE_PHASE, shards::shard, decisions),
                        byHand("by hand, PREPARE and COMMIT PREPARED", Ending.TWO_PHASES, shards::shard, decisions),
                        byHand("the same, decisions on disk between", Ending.DECIDED, shards::shard, decisions),
                        byHand("that through a relay", Ending.DECIDED, shards::relayed, decisions),
                        new Entrant(
                                "ostraka", number -> new OfOne(WireClient.login(shards.proxy(TwoShards.ATOMIC)), true)),
                        new Entrant(
                                "ostraka, a group of three",
                                number -> new OfOne(WireClient.login(shards.group(number)), true))));
    }

    private static Entrant byHand(
            String name, Ending ending, Function<String, Endpoint> shards, DecisionFile decisions) {
        return new Entrant(
                name,
                number -> new ByHand(
                        shards.apply("s0"),
                        shards.apply("s1"),
                        ending,
                        decisions,
                        ending + "_" + number + "_" + System.nanoTime()));
    }

    private static Table onOneShard(TwoShards shards) {
        return new Table(
                "a row on one shard, transactions/s",
                Adds.TO_FIRST,
                1,
                List.of(
                        new Entrant("directly", number -> new OfOne(WireClient.login(shards.shard("s0")), false)),
                        new Entrant(
                                "ostraka, a database of one shard",
                                number -> new OfOne(WireClient.login(shards.proxy(TwoShards.ALONE)), false)),
                        new Entrant(
                                "ostraka, one of two shards",
                                number -> new OfOne(WireClient.login(shards.proxy(TwoShards.ATOMIC)), false)),
                        new Entrant(
                                "ostraka, a group of three",
                                number -> new OfOne(WireClient.login(shards.group(number)), false))));
    }

    private static Table reads(TwoShards shards) {
        return new Table(
                "a row of each of two shards, reads/s",
                Adds.NOTHING,
                1,
                List.of(
                        new Entrant(
                                "by hand, from both at once",
                                number -> new ReadingByHand(
                                        WireClient.login(shards.shard("s0")), WireClient.login(shards.shard("s1")))),
                        new Entrant(
                                "ostraka, `consistency: shard`",
                                number -> new Reading(WireClient.login(shards.proxy(TwoShards.UNFENCED)))),
                        new Entrant(
                                "ostraka, `consistency: atomic`",
                                number -> new Reading(WireClient.login(shards.proxy(TwoShards.ATOMIC)))),
                        new Entrant(
                                "ostraka, `consistency: atomic`, a group of three",
                                number -> new Reading(WireClient.login(shards.group(number))))));
    }

    private void run(Table table) {
        List<List<Double>> medians = new ArrayList<>();
        for (int count : clients) {
            for (Entrant entrant : table.entrants()) {
                measure(table, entrant, count, Duration.ofSeconds(warmUpSeconds));
            }
            List<List<Double>> samples = new ArrayList<>();
            table.entrants().forEach(entrant -> samples.add(new ArrayList<>()));
            for (int round = 1; round <= rounds; round++) {
                for (int i = 0; i < samples.size(); i++) {
                    Entrant entrant = table.entrants().get(i);
                    double rate = measure(table, entrant, count, Duration.ofSeconds(seconds));
                    samples.get(i).add(rate);
                    progress.printf(
                            Locale.ROOT,
                            "%s, %d clients: round %d of %d: %s: %.0f%n",
                            table.title(),
                            count,
                            round,
                            rounds,
                            entrant.name(),
                            rate);
                }
            }
            medians.add(samples.stream().map(CommitBench::median).toList());
        }
        print(table, medians);
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    private void print(Table table, List<List<Double>> medians) {
        StringBuilder head = new StringBuilder("| " + table.title() + " |");
        for (int count : clients) {
            head.append(" " + count + (count == 1 ? " client" : " clients") + " | ratio |");
        }
        out.println(head);
        out.println("| --- |" + " ---: | ---: |".repeat(clients.size()));
        for (int i = 0; i < table.entrants().size(); i++) {
            StringBuilder line =
                    new StringBuilder("| " + table.entrants().get(i).name() + " |");
            for (List<Double> ofAll : medians) {
                double limit = ofAll.get(table.limit());
                line.append(String.format(Locale.ROOT, " %.0f | %.2f |", ofAll.get(i), ofAll.get(i) / limit));
            }
            out.println(line);
        }
        out.println();
    }

    /** In a second. Connections are made before the clock starts. */
    private double measure(Table table, Entrant entrant, int count, Duration duration) {
        List<CommitClient> all = Collections.synchronizedList(new ArrayList<>());
        ExecutorService threads = Executors.newFixedThreadPool(count);
        try {
            for (int number = 0; number < count; number++) {
                all.add(entrant.clients().apply(number));
            }
            long begin = System.nanoTime();
            List<CompletableFuture<Long>> running = all.stream()
                    .map(client ->
                            CompletableFuture.supplyAsync(() -> transact(client, begin + duration.toNanos()), threads))
                    .toList();
            long done = running.stream().mapToLong(CompletableFuture::join).sum();
            double elapsed = (System.nanoTime() - begin) / NANOS;
            ofFirst += table.adds() == Adds.NOTHING ? 0 : done;
            ofSecond += table.adds() == Adds.TO_BOTH ? done : 0;
            return done / elapsed;
        } finally {
            threads.shutdown();
            all.forEach(CommitClient::close);
        }
    }

    private long transact(CommitClient client, long end) {
        Random random = new Random();
        long done = 0;
        while (System.nanoTime() - end < 0) {
            client.transact(onFirst.get(random.nextInt(onFirst.size())), onSecond.get(random.nextInt(onSecond.size())));
            done++;
        }
        return done;
    }

    /** Lest a commit that is none be a fast one. */
    private void check(TwoShards shards) throws SQLException {
        long first = shards.sum("s0");
        long second = shards.sum("s1");
        if (first != ofFirst || second != ofSecond) {
            throw new SQLException("the shards' counters add up to " + first + " and " + second + " after " + ofFirst
                    + " and " + ofSecond + " transactions");
        }
    }
}
