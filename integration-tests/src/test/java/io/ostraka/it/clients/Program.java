package io.ostraka.it.clients;

import io.ostraka.it.harness.ClusterSpec;
import io.ostraka.it.harness.Endpoint;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A client that is a process: a script among the resources of this package, which finds host, port, user, password and database
 * in libpq's environment variables.
 *
 * @param name of the client; its script's too, but for the ending
 * @param interpreter of the script
 * @param ending of the script's file
 * @param ask prints the client's version, and fails when it is not installed
 * @param install how to install it
 * @param ground what it stands on
 */
record Program(
        String name, List<String> interpreter, String ending, List<String> ask, String install, ClusterSpec ground)
        implements Client {
    private static final Duration LONGEST_RUN = Duration.ofMinutes(5);
    private static final Duration LONGEST_ASK = Duration.ofSeconds(30);
    private static final String NODE_MODULES = "NODE_PATH";

    Program {
        interpreter = List.copyOf(interpreter);
        ask = List.copyOf(ask);
    }

    private Program(String name, List<String> interpreter, String ending, List<String> ask, String install) {
        this(name, interpreter, ending, ask, install, ClusterSpec.shards(1));
    }

    Program on(ClusterSpec other) {
        return new Program(name, interpreter, ending, ask, install, other);
    }

    /** A program that a shell script calls. */
    static Program shell(String name, String program, String aptPackage) {
        return new Program(name, List.of("bash"), ".sh", List.of(program, "--version"), "apt install " + aptPackage);
    }

    /** A module of Debian's Python, or of another that comes first on the path and has it. */
    static Program python(String name, String module, String aptPackage) {
        List<String> ask = List.of("-c", "import " + module + " as m; print(getattr(m, '__version__', m))");
        String python = Stream.of("python3", "/usr/bin/python3")
                .filter(candidate -> ask(prepended(candidate, ask)).isPresent())
                .findFirst()
                .orElse("python3");
        return new Program(name, List.of(python), ".py", prepended(python, ask), "apt install " + aptPackage);
    }

    /** A package of npm, installed in this module's {@code target/node}. */
    static Program node(String name, String npmPackage) {
        return new Program(
                name,
                List.of("node"),
                ".js",
                List.of("node", "-p", "require('" + npmPackage + "/package.json').version"),
                "npm install --prefix integration-tests/target/node " + npmPackage);
    }

    private static List<String> prepended(String first, List<String> rest) {
        List<String> all = new ArrayList<>();
        all.add(first);
        all.addAll(rest);
        return all;
    }

    @Override
    public Optional<String> version() {
        return ask(ask);
    }

    @Override
    public List<String> run(Endpoint endpoint) throws IOException {
        Map<String, String> environment = Map.of(
                "PGHOST", "127.0.0.1",
                "PGPORT", Integer.toString(endpoint.port()),
                "PGUSER", endpoint.user(),
                "PGPASSWORD", endpoint.password(),
                "PGDATABASE", endpoint.database(),
                "LC_ALL", "C.UTF-8",
                "TZ", "UTC");
        Finished finished =
                execute(prepended(interpreter.get(0), List.of(script().toString())), environment, LONGEST_RUN);
        List<String> lines = new ArrayList<>(finished.lines());
        lines.add("exit status " + finished.status());
        return lines;
    }

    private Path script() {
        return resource(name + ending);
    }

    private static Path resource(String file) {
        URL url = Objects.requireNonNull(Program.class.getResource(file), file);
        try {
            return Path.of(url.toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Optional<String> ask(List<String> question) {
        Finished finished;
        try {
            finished = execute(question, Map.of(), LONGEST_ASK);
        } catch (IOException e) {
            return Optional.empty(); // no such program
        }
        return finished.status() == 0 ? finished.lines().stream().findFirst() : Optional.empty();
    }

    private record Finished(int status, List<String> lines) {}

    private static Finished execute(List<String> command, Map<String, String> environment, Duration limit)
            throws IOException {
        Path output = Files.createTempFile("ostraka-client-", ".txt");
        try {
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .redirectInput(new File("/dev/null"));
            builder.environment().keySet().removeIf(variable -> variable.startsWith("PG"));
            builder.environment().putAll(environment);
            builder.environment().put(NODE_MODULES, nodeModules().toString());
            Process process = builder.start();
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
                List<String> lines = new ArrayList<>(Files.readAllLines(output));
                lines.add("did not end within " + limit.toSeconds() + " s");
                return new Finished(-1, lines);
            }
            return new Finished(process.exitValue(), Files.readAllLines(output));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while " + command.get(0) + " ran", e);
        } finally {
            Files.delete(output);
        }
    }

    private static Path nodeModules() {
        try {
            Path classes = Path.of(Program.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            return classes.resolveSibling("node").resolve("node_modules").toRealPath();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            return Path.of("node_modules"); // not there
        }
    }
}
