package io.ostraka.it.clients;

import io.ostraka.it.harness.Endpoint;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Runs the unpacked and compiled suite against one endpoint, in processes of its own: one, and another for the rest whenever a
 * test hangs. Used by one thread.
 */
final class SuiteRun {
    private static final Pattern SEGMENT = Pattern.compile("\\[([a-z-]+):((?:[^\\[\\]]|\\[])*)]");
    private static final int MOST_HANGS = 15;

    /** What became of one test. */
    record Outcome(String test, String className, String status, long ms, String message) {
        boolean passed() {
            return status.equals("SUCCESSFUL");
        }

        boolean failed() {
            return status.equals("FAILED") || status.equals("HUNG");
        }
    }

    private final Path suite;
    private final Path output;
    private final Endpoint endpoint;
    private final String superuserPassword;

    /** {@code suite}: where it was unpacked and compiled. {@code output}: a directory for logs and results, made if missing. */
    SuiteRun(Path suite, Path output, Endpoint endpoint, String superuserPassword) {
        this.suite = suite;
        this.output = output;
        this.endpoint = endpoint;
        this.superuserPassword = superuserPassword;
    }

    /** Classes whose full name matches the pattern; outcomes by the test's name, in the order they ended. */
    Map<String, Outcome> run(String name, String classPattern) throws IOException {
        Files.createDirectories(output);
        Path results = output.resolve(name + ".tsv");
        Path log = output.resolve(name + ".log");
        Files.deleteIfExists(results);
        Files.deleteIfExists(log);
        for (int hangs = 0; ; hangs++) {
            int status = process(results, log, classPattern);
            Map<String, Outcome> outcomes = read(results);
            if (status == 0) {
                return outcomes;
            }
            if (status != SuiteProcess.HUNG_STATUS || hangs == MOST_HANGS) {
                throw new IOException("the suite ended with status " + status + ", see " + log);
            }
        }
    }

    private int process(Path results, Path log, String classPattern) throws IOException {
        String classPath = String.join(
                File.pathSeparator,
                suite.resolve("target/test-classes").toString(),
                suite.resolve("target/classes").toString(),
                Files.readString(suite.resolve("target/test.classpath")).strip(),
                // Last, for SuiteProcess.
                Path.of(SuiteProcess.class
                                .getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .getPath())
                        .toString());
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-XX:+UseSerialGC",
                "-Duser.timezone=UTC",
                "-Dbuild.properties.relative.path=.",
                "-Dtest.url.PGHOST=127.0.0.1",
                "-Dtest.url.PGPORT=" + endpoint.port(),
                "-Dtest.url.PGDBNAME=" + endpoint.database(),
                "-Duser=" + endpoint.user(),
                "-Dpassword=" + endpoint.password(),
                "-DprivilegedUser=postgres",
                "-DprivilegedPassword=" + superuserPassword,
                "-cp",
                classPath,
                SuiteProcess.class.getName(),
                results.toAbsolutePath().toString(),
                suite.resolve("target/test-classes").toAbsolutePath().toString(),
                classPattern);
        Process process = new ProcessBuilder(command)
                .directory(suite.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .redirectInput(new File("/dev/null"))
                .start();
        Thread hook = new Thread(process::destroyForcibly, "stop-suite");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the suite ran", e);
        } finally {
            process.destroyForcibly();
            Runtime.getRuntime().removeShutdownHook(hook);
        }
    }

    /** Outcomes by name, from a file that {@link SuiteProcess} wrote. */
    static Map<String, Outcome> read(Path results) throws IOException {
        Map<String, Outcome> outcomes = new LinkedHashMap<>();
        if (Files.exists(results)) {
            for (String line : Files.readAllLines(results)) {
                String[] fields = line.split("\t", 5);
                String test = name(fields[3]);
                outcomes.put(test, new Outcome(test, fields[2], fields[0], Long.parseLong(fields[1]), fields[4]));
            }
        }
        return outcomes;
    }

    /** From JUnit's unique id, {@code jdbc2.ArrayTest[1]#write()[2]}: invocations of parameters in brackets. */
    static String name(String uniqueId) {
        StringBuilder name = new StringBuilder();
        Matcher segments = SEGMENT.matcher(uniqueId);
        while (segments.find()) {
            String value = segments.group(2);
            switch (segments.group(1)) {
                case "engine" -> {}
                case "class", "class-template", "runner" ->
                    name.append(value.replaceFirst("^org\\.postgresql\\.(test\\.)?", ""));
                case "nested-class", "nested-class-template" -> name.append('$').append(value);
                case "method", "test-template", "test-factory", "test" ->
                    name.append('#').append(value);
                default -> name.append('[').append(value.replace("#", "")).append(']');
            }
        }
        return name.toString();
    }
}
