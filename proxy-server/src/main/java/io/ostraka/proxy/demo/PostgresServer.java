package io.ostraka.proxy.demo;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * One embedded PostgreSQL server: a data directory and, while it runs, a process. It listens on 127.0.0.1 only, on the
 * same port for all its life, and asks everybody for a password (SCRAM-SHA-256). Thread-safe; {@link #start},
 * {@link #stop} and {@link #kill} block, one at a time.
 *
 * <p>A child of this process rather than {@code pg_ctl}'s: so its end is seen at once, and no zombie is left where process 1
 * does not care for orphans, as in many containers.
 */
public final class PostgresServer {
    /** The user that {@link #connect} logs in as. */
    public static final String SUPERUSER = "postgres";

    private static final Duration START_DEADLINE = Duration.ofSeconds(60);
    private static final Duration STOP_DEADLINE = Duration.ofSeconds(20);
    private static final Duration POLL = Duration.ofMillis(20);
    /** Line of {@code postmaster.pid} that says whether the server takes connections (miscadmin.h, LOCK_FILE_LINE_PM_STATUS). */
    private static final int STATUS_LINE = 7;

    /** A standby takes connections, too. */
    private static final Set<String> READY = Set.of("ready", "standby");

    private static final int PORT_TRIES = 5;

    private final String name;
    private final Path home;
    private final DataDirectory directory;
    private final PostgresBinaries binaries;
    private final RunAs runAs;
    private final Watchdog watchdog;
    private final Map<String, String> parameters;
    private int port; // guarded by this; set by the first start
    private Optional<Process> process = Optional.empty(); // guarded by this

    PostgresServer(
            String name,
            DataDirectory directory,
            PostgresBinaries binaries,
            RunAs runAs,
            Watchdog watchdog,
            Map<String, String> parameters) {
        this.name = name;
        this.home = directory.path().resolve(name);
        this.directory = directory;
        this.binaries = binaries;
        this.runAs = runAs;
        this.watchdog = watchdog;
        this.parameters = Map.copyOf(parameters);
    }

    public String name() {
        return name;
    }

    /** The port on 127.0.0.1. */
    public synchronized int port() {
        return port;
    }

    /** The server's log file; it goes on over restarts. */
    public Path log() {
        return home.resolve("server.log");
    }

    public String superuserPassword() {
        return directory.superuserPassword();
    }

    /** {@code jdbc:postgresql:} URL of one of its databases. */
    public String url(String database) {
        return "jdbc:postgresql://127.0.0.1:" + port() + "/" + database;
    }

    /** A new connection as superuser; the caller closes it. */
    public Connection connect(String database) throws SQLException {
        return connect(database, SUPERUSER, superuserPassword());
    }

    /** A new connection; the caller closes it. */
    public Connection connect(String database, String user, String password) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", password);
        return new org.postgresql.Driver().connect(url(database), properties);
    }

    public synchronized boolean isRunning() {
        return process.isPresent() && process.get().isAlive();
    }

    /**
     * Starts the server, on the port and the data it had before, and returns when it takes connections. The first start
     * creates the data directory, unless an earlier process left one, and picks a free port.
     */
    public synchronized void start() throws IOException {
        if (isRunning()) {
            return;
        }
        if (port != 0) {
            relaunch();
            return;
        }
        prepare();
        for (int tries = 1; ; tries++) {
            port = freePort();
            try {
                launch();
                return;
            } catch (IOException e) {
                // Between our look and the server's bind another program may have taken the port.
                if (tries == PORT_TRIES || !String.valueOf(e.getMessage()).contains("Address already in use")) {
                    port = 0;
                    throw e;
                }
            }
        }
    }

    /** After {@link #kill} some of the old processes may take a moment to be gone, and PostgreSQL does not start beside them. */
    private void relaunch() throws IOException {
        long deadline = System.nanoTime() + STOP_DEADLINE.toNanos();
        while (true) {
            try {
                launch();
                return;
            } catch (IOException e) {
                if (System.nanoTime() > deadline
                        || !String.valueOf(e.getMessage()).contains("pre-existing shared memory block")) {
                    throw e;
                }
                pause();
            }
        }
    }

    /** Stops the server in PostgreSQL's fast mode: sessions end, the data directory is clean. */
    public synchronized void stop() throws IOException {
        if (process.isEmpty()) {
            return;
        }
        Process running = process.get();
        signal("INT", running.pid());
        if (!ended(running, STOP_DEADLINE)) {
            kill();
        }
        process = Optional.empty();
    }

    /** The server's sudden death, as by {@code kill -9} of all its processes; the data stays as the crash leaves it. */
    public synchronized void kill() throws IOException {
        if (process.isEmpty()) {
            return;
        }
        Process postmaster = process.get();
        List<ProcessHandle> all = new ArrayList<>(postmaster.descendants().toList());
        postmaster.destroyForcibly();
        all.forEach(ProcessHandle::destroyForcibly);
        if (!ended(postmaster, STOP_DEADLINE)) {
            throw new IOException("server " + name + " survived its kill");
        }
        process = Optional.empty();
    }

    private void prepare() throws IOException {
        Path data = home.resolve("data");
        if (Files.exists(data)) {
            return;
        }
        Files.createDirectories(home);
        runAs.own(directory.path());
        runAs.own(home);
        runAs.own(directory.superuserPasswordFile());
        // Renamed when it is whole: a crash in the middle leaves no data directory.
        Path fresh = home.resolve("data.new");
        DataDirectory.delete(fresh);
        List<String> initdb = new ArrayList<>(List.of(
                binaries.program("initdb").toString(),
                "--pgdata=" + fresh,
                "--username=" + SUPERUSER,
                "--pwfile=" + directory.superuserPasswordFile(),
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--no-instructions"));
        initdb.addAll(binaries.localeOptions());
        if (directory.isTemporary()) {
            initdb.add("--no-sync");
        }
        Process running = run(initdb);
        if (!ended(running, START_DEADLINE) || running.exitValue() != 0) {
            running.destroyForcibly();
            throw new IOException("server " + name + ": initdb failed\n" + logTail());
        }
        Files.writeString(fresh.resolve("postgresql.conf"), "include 'ostraka.conf'\n", StandardOpenOption.APPEND);
        Files.move(fresh, data);
    }

    private void launch() throws IOException {
        Path data = home.resolve("data");
        writeParameters(data.resolve("ostraka.conf"));
        removeTracesOfAnEarlierLife(data);
        long logStart = Files.exists(log()) ? Files.size(log()) : 0;
        Process postmaster = run(List.of(binaries.program("postgres").toString(), "-D", data.toString()));
        process = Optional.of(postmaster);
        long deadline = System.nanoTime() + START_DEADLINE.toNanos();
        while (!isReady(data, postmaster.pid())) {
            if (!postmaster.isAlive() || System.nanoTime() > deadline) {
                kill();
                throw new IOException("server " + name + " on port " + port + " does not start\n" + logFrom(logStart));
            }
            pause();
        }
    }

    /** Written at each start, read by {@code postgresql.conf}: command lines need no quoting, psql's SHOW tells the source. */
    private void writeParameters(Path file) throws IOException {
        StringBuilder text = new StringBuilder();
        text.append("port = ").append(port).append('\n');
        parameters.forEach((parameter, value) -> text.append(parameter)
                .append(" = '")
                .append(value.replace("'", "''"))
                .append("'\n"));
        Files.writeString(file, text);
        runAs.own(file);
    }

    /**
     * A server that outlived the process it belonged to is stopped: we hold the directory's lock, so nobody else wants
     * it. A stale {@code postmaster.pid} is removed when its process id now belongs to another program; PostgreSQL would
     * take that for a running server. Otherwise its own checks are the better ones.
     */
    private void removeTracesOfAnEarlierLife(Path data) throws IOException {
        Path pidFile = data.resolve("postmaster.pid");
        if (!Files.exists(pidFile)) {
            return;
        }
        Optional<ProcessHandle> holder = Files.readAllLines(pidFile).stream()
                .findFirst()
                .map(line -> Long.parseLong(line.strip()))
                .flatMap(ProcessHandle::of);
        if (holder.isEmpty()) {
            return;
        }
        ProcessHandle handle = holder.get();
        if (!handle.info().commandLine().orElse("").contains(data.toString())) {
            Files.delete(pidFile);
            return;
        }
        signal("INT", handle.pid());
        long deadline = System.nanoTime() + STOP_DEADLINE.toNanos();
        while (handle.isAlive()) {
            if (System.nanoTime() > deadline) {
                throw new IOException("server " + name + ": an earlier process " + handle.pid() + " does not stop");
            }
            pause();
        }
    }

    private boolean isReady(Path data, long pid) throws IOException {
        Path pidFile = data.resolve("postmaster.pid");
        if (!Files.exists(pidFile)) {
            return false;
        }
        List<String> lines = Files.readAllLines(pidFile);
        return lines.size() > STATUS_LINE
                && lines.get(0).strip().equals(Long.toString(pid))
                && READY.contains(lines.get(STATUS_LINE).strip());
    }

    private Process run(List<String> program) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(runAs.command(program));
        builder.directory(home.toFile());
        builder.environment().keySet().removeIf(variable -> variable.startsWith("PG"));
        builder.environment().put("LC_ALL", "C");
        builder.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()));
        Process started = builder.start();
        watchdog.watch(started);
        return started;
    }

    private String logTail() throws IOException {
        return logFrom(Math.max(0, Files.size(log()) - 2_000));
    }

    private String logFrom(long start) throws IOException {
        byte[] all = Files.readAllBytes(log());
        return new String(all, (int) start, all.length - (int) start, StandardCharsets.UTF_8).strip();
    }

    private static boolean ended(Process process, Duration deadline) throws IOException {
        try {
            return process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for a server", e);
        }
    }

    /** Java itself can only send SIGTERM, which is PostgreSQL's slow way to stop, and SIGKILL. */
    private static void signal(String signal, long pid) throws IOException {
        ended(
                new ProcessBuilder("/bin/sh", "-c", "kill -" + signal + " " + pid)
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start(),
                STOP_DEADLINE);
    }

    private static void pause() throws IOException {
        try {
            Thread.sleep(POLL.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for a server", e);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            return socket.getLocalPort();
        }
    }
}
