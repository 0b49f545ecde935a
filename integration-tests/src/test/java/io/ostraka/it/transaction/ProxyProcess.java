package io.ostraka.it.transaction;

import io.ostraka.it.harness.Await;
import io.ostraka.it.harness.Endpoint;
import io.ostraka.it.harness.FreePorts;
import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import io.ostraka.proxy.server.Main;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** A proxy in a process of its own, before the shards of a cluster without one: to be killed, and started again. */
final class ProxyProcess implements AutoCloseable {
    private final Path directory;
    private final Endpoint endpoint;
    private Process process;

    ProxyProcess(Path directory, TestCluster cluster, List<String> shards) throws IOException {
        this(directory, cluster, shards, "", "");
    }

    /**
     * @param more lines at the top of the file
     * @param ofDatabase lines of the database's block
     */
    ProxyProcess(Path directory, TestCluster cluster, List<String> shards, String more, String ofDatabase)
            throws IOException {
        this(directory, shards.stream().collect(Collectors.toMap(shard -> shard, cluster::shard)), more, ofDatabase);
    }

    /** Shards by name, where the proxy is to look for them. */
    ProxyProcess(Path directory, Map<String, Endpoint> shards, String more, String ofDatabase) throws IOException {
        this(directory, shards, Map.of(), more, ofDatabase);
    }

    /** The same; some of the shards have a standby. */
    ProxyProcess(
            Path directory,
            Map<String, Endpoint> shards,
            Map<String, Endpoint> standbys,
            String more,
            String ofDatabase)
            throws IOException {
        this.directory = directory;
        Endpoint first = shards.get("s0");
        endpoint = new Endpoint(FreePorts.reserve(), "test", first.user(), first.password());
        String lines = new TreeMap<>(shards)
                .entrySet().stream()
                        .map(shard -> "      %s: { primary: \"127.0.0.1:%d/%s\"%s }\n"
                                .formatted(
                                        shard.getKey(),
                                        shard.getValue().port(),
                                        shard.getValue().database(),
                                        standbys.containsKey(shard.getKey())
                                                ? ", replicas: [\"127.0.0.1:%d\"]"
                                                        .formatted(standbys.get(shard.getKey())
                                                                .port())
                                                : ""))
                        .collect(Collectors.joining());
        Files.writeString(
                directory.resolve("proxy.yaml"),
                more
                        + """
                listen: 127.0.0.1:%d
                data_dir: %s
                users:
                  %s: { password: %s }
                  ostraka: { password: recovery-password, console: true }
                databases:
                  test:
                    shards:
                %s    default_shard: s0
                    recovery_user: ostraka
                %s    tables:
                %s
                """.formatted(
                                        endpoint.port(),
                                        directory.resolve("data"),
                                        first.user(),
                                        first.password(),
                                        lines,
                                        ofDatabase.indent(4),
                                        Counters.TABLES.indent(6)));
    }

    Endpoint endpoint() {
        return endpoint;
    }

    /** Its console. */
    Endpoint console() {
        return new Endpoint(endpoint.port(), "ostraka", "ostraka", "recovery-password");
    }

    /** Its file is another one from the next start on. */
    void change(UnaryOperator<String> file) throws IOException {
        Path path = directory.resolve("proxy.yaml");
        Files.writeString(path, file.apply(Files.readString(path)));
    }

    /** Starts it; {@code failpoint} as in {@code -Dostraka.failpoint}, empty for none. Returns when it takes connections. */
    void start(String failpoint) throws IOException {
        launch(failpoint);
        Await.until("the proxy takes connections", () -> {
            if (!process.isAlive()) {
                throw new AssertionError(Files.readString(directory.resolve("proxy.log")));
            }
            WireClient.login(endpoint).close();
            return true;
        });
    }

    /** The same; returns at once. */
    void launch(String failpoint) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx256m",
                        "-Dostraka.failpoint=" + failpoint,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "serve",
                        directory.resolve("proxy.yaml").toString())
                .redirectError(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("proxy.log").toFile()));
        process = builder.start();
    }

    /** What it and those before it in this directory have said. */
    String log() throws IOException {
        return Files.readString(directory.resolve("proxy.log"));
    }

    boolean isRunning() {
        return process != null && process.isAlive();
    }

    /** As {@code kill -STOP}: it does nothing any more, and its connections stay open. */
    void pause() throws IOException {
        signal("STOP");
    }

    /** It goes on as if nothing had been. */
    void resume() throws IOException {
        signal("CONT");
    }

    private void signal(String name) throws IOException {
        try {
            int status = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                    .start()
                    .waitFor();
            if (status != 0) {
                throw new IOException("kill -" + name + " failed");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** As {@code kill -9}. */
    void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    void awaitEnd() {
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns when it has stopped there. */
    void awaitFailpoint() {
        try {
            BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                if (line.startsWith("failpoint ")) {
                    return;
                }
            }
            throw new AssertionError("it ended before it reached the failpoint");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void goOn() throws IOException {
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
    }

    @Override
    public void close() {
        if (process != null) {
            kill();
        }
    }
}
