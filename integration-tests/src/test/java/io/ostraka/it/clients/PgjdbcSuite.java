package io.ostraka.it.clients;

import io.ostraka.it.clients.SuiteRun.Outcome;
import io.ostraka.it.harness.Endpoint;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code bin/ostraka-pgjdbc-suite}: the PostgreSQL JDBC driver's own tests, directly and through Ostraka. Tests that pass
 * directly and fail through it are run once more on both ways, since some of the suite's tests depend on the clock.
 */
@Command(
        name = "ostraka-pgjdbc-suite",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Runs the PostgreSQL JDBC driver's own test suite against a PostgreSQL server and against Ostraka in"
                        + " front of it, and prints the tests that pass directly but fail through Ostraka.",
        footer = "Exit status: 0 no such test but those that docs/compatibility.md lists, 1 otherwise, 2 used wrongly.")
final class PgjdbcSuite implements Callable<Integer> {
    private static final String DIRECT = "direct";
    /** The database that the driver's RequireAuthTest creates and drops: a proxy serves those of its file. */
    private static final String AUTHENTICATION_TEST = "authtest";

    /** In docs/compatibility.md: {@code - `jdbc2.CopyTest#x()` (transaction): why}. */
    private static final Pattern KNOWN = Pattern.compile("^- `([^`]+)` \\(([a-z, ]+)\\)");

    @Option(names = "--suite", required = true, hidden = true, description = "Where it was unpacked and compiled.")
    private Path suite = Path.of("");

    @Option(names = "--known", required = true, hidden = true, description = "The document with the known differences.")
    private Path known = Path.of("");

    @Option(
            names = "--modes",
            split = ",",
            defaultValue = "transaction,session",
            description = "Pool modes to run through (default: ${DEFAULT-VALUE}).")
    private List<String> modes = List.of();

    @Option(
            names = "--classes",
            defaultValue = ".*",
            description = "Only classes whose full name matches this regular expression.")
    private String classes = ".*";

    @Option(
            names = "--reuse-direct",
            description = "Take what passes directly from the run before, which saves a third of the time.")
    private boolean reuseDirect;

    private final PrintStream out;

    PgjdbcSuite(PrintStream out) {
        this.out = out;
    }

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new PgjdbcSuite(System.out))
                .setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8))
                .execute(arguments));
    }

    @Override
    public Integer call() throws IOException, SQLException {
        boolean clean = true;
        Path output = suite.resolveSibling(suite.getFileName() + "-results");
        try (OneShard shard = OneShard.start(List.of("hstore", "citext"))) {
            Map<String, Outcome> direct = reuseDirect ? before(output) : run(shard, DIRECT, DIRECT, classes, output);
            report(DIRECT, direct);
            for (String mode : modes) {
                Map<String, Outcome> through = run(shard, mode, mode, classes, output);
                report(mode, through);
                clean &= compare(shard, mode, direct, through, output);
            }
        }
        out.println("Results and logs: " + output);
        return clean ? 0 : 1;
    }

    private Map<String, Outcome> before(Path output) throws IOException {
        Pattern wanted = Pattern.compile(classes);
        Map<String, Outcome> outcomes = SuiteRun.read(output.resolve(DIRECT + ".tsv"));
        outcomes.values()
                .removeIf(outcome -> !wanted.matcher(outcome.className()).matches());
        return outcomes;
    }

    private Map<String, Outcome> run(OneShard shard, String mode, String name, String pattern, Path output)
            throws IOException, SQLException {
        shard.renew();
        if (mode.equals(DIRECT)) {
            return run(shard, shard.direct(), name, pattern, output);
        }
        try (OneShard.Proxied proxied =
                shard.proxied(mode, Map.of(AUTHENTICATION_TEST, shard.direct().port()))) {
            return run(shard, proxied.endpoint(), name, pattern, output);
        }
    }

    private Map<String, Outcome> run(OneShard shard, Endpoint endpoint, String name, String pattern, Path output)
            throws IOException {
        return new SuiteRun(suite, output, endpoint, shard.superuserPassword()).run(name, pattern);
    }

    private void report(String mode, Map<String, Outcome> outcomes) {
        Map<String, Long> counts = outcomes.values().stream()
                .collect(Collectors.groupingBy(Outcome::status, java.util.TreeMap::new, Collectors.counting()));
        long ms = outcomes.values().stream().mapToLong(Outcome::ms).sum();
        out.println(mode + ": " + outcomes.size() + " tests, " + counts + ", " + ms / 1000 + " s in tests");
    }

    /** Whether nothing but known differences is there. */
    private boolean compare(
            OneShard shard, String mode, Map<String, Outcome> direct, Map<String, Outcome> through, Path output)
            throws IOException, SQLException {
        Map<String, Outcome> suspects = differences(direct, through);
        if (suspects.isEmpty()) {
            out.println(mode + ": no difference");
            return true;
        }
        Set<String> suspectClasses =
                suspects.values().stream().map(Outcome::className).collect(Collectors.toCollection(TreeSet::new));
        String again = suspectClasses.stream().map(Pattern::quote).collect(Collectors.joining("|"));
        Map<String, Outcome> directAgain = run(shard, DIRECT, DIRECT + "-again-" + mode, again, output);
        Map<String, Outcome> throughAgain = run(shard, mode, mode + "-again", again, output);
        Map<String, Outcome> confirmed = differences(directAgain, throughAgain);
        Set<String> expected = known(mode);
        List<String> lines = new ArrayList<>();
        boolean clean = true;
        for (Outcome suspect : suspects.values()) {
            String kind;
            if (expected.contains(suspect.test())) {
                kind = "known";
            } else if (confirmed.containsKey(suspect.test())) {
                kind = "DIFFERS";
                clean = false;
            } else {
                kind = "once of two runs";
                clean = false;
            }
            lines.add("  " + kind + ": " + suspect.test() + "\n      " + suspect.status() + " "
                    + abridged(suspect.message()));
        }
        out.println(mode + ": " + suspects.size() + " pass directly and not through Ostraka");
        lines.stream().sorted().forEach(out::println);
        return clean;
    }

    private static String abridged(String message) {
        return message.length() <= 400 ? message : message.substring(0, 400) + " ...";
    }

    /** Tests that pass directly and do not through; those that are not run at all there count too. */
    private static Map<String, Outcome> differences(Map<String, Outcome> direct, Map<String, Outcome> through) {
        Map<String, Outcome> differences = new LinkedHashMap<>();
        for (Outcome expected : direct.values()) {
            Outcome actual = through.get(expected.test());
            if (!expected.passed() || (actual != null && actual.passed())) {
                continue;
            }
            differences.put(
                    expected.test(),
                    actual != null ? actual : new Outcome(expected.test(), expected.className(), "NOT RUN", 0, ""));
        }
        return differences;
    }

    private Set<String> known(String mode) throws IOException {
        Set<String> tests = new TreeSet<>();
        for (String line : Files.readAllLines(known)) {
            Matcher matcher = KNOWN.matcher(line);
            if (matcher.find() && List.of(matcher.group(2).split(", *")).contains(mode)) {
                tests.add(matcher.group(1));
            }
        }
        return tests;
    }
}
