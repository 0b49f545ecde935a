package io.ostraka.proxy.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Some real PostgreSQL servers on this machine, from the binaries Maven delivers; no PostgreSQL need be installed, and
 * root may start them. Owned by who starts it: {@link #close} stops all servers and removes what was temporary. A
 * process that ends without closing, be it by {@code kill -9}, leaves that to a {@link Watchdog}, which needs a moment
 * longer. Thread-safe.
 */
public final class EmbeddedServers implements AutoCloseable {
    private final DataDirectory directory;
    private final Watchdog watchdog;
    private final List<PostgresServer> servers;
    private boolean closed; // guarded by this

    private EmbeddedServers(DataDirectory directory, Watchdog watchdog, List<PostgresServer> servers) {
        this.directory = directory;
        this.watchdog = watchdog;
        this.servers = List.copyOf(servers);
    }

    /**
     * Servers with these names on empty data directories, gone without trace after {@link #close}. They don't wait for
     * the disk: they survive their own crash, but not that of the machine.
     */
    public static EmbeddedServers temporary(List<String> names) throws IOException {
        return temporary(names, RunAs.detect());
    }

    static EmbeddedServers temporary(List<String> names, RunAs runAs) throws IOException {
        PostgresBinaries binaries = PostgresBinaries.find(runAs.cache());
        return start(DataDirectory.temporary(), names, runAs, binaries);
    }

    /**
     * Servers whose data stays in {@code path} and is found again by the next start, which must ask for the same names.
     */
    public static EmbeddedServers kept(Path path, List<String> names) throws IOException {
        RunAs runAs = RunAs.detect();
        PostgresBinaries binaries = PostgresBinaries.find(runAs.cache());
        DataDirectory directory = DataDirectory.kept(path);
        List<String> existing = directory.serverNames();
        List<String> asked = names.stream().sorted().toList();
        if (!existing.isEmpty() && !existing.equals(asked)) {
            directory.close();
            throw new IOException(
                    "directory " + path + " holds the servers " + existing + ", but " + asked + " were asked for");
        }
        return start(directory, names, runAs, binaries);
    }

    /** Takes ownership of the directory. What takes long has been done before it was made: a kill finds the watchdog. */
    private static EmbeddedServers start(
            DataDirectory directory, List<String> names, RunAs runAs, PostgresBinaries binaries) throws IOException {
        Watchdog watchdog;
        try {
            watchdog = new Watchdog(directory);
        } catch (IOException e) {
            directory.close();
            throw e;
        }
        Map<String, String> parameters = parameters(directory.isTemporary());
        EmbeddedServers group = new EmbeddedServers(
                directory,
                watchdog,
                names.stream()
                        .map(name -> new PostgresServer(name, directory, binaries, runAs, watchdog, parameters))
                        .toList());
        try {
            group.onEach("start", PostgresServer::start);
        } catch (IOException | RuntimeException e) {
            group.close();
            throw e;
        }
        return group;
    }

    /** In the order of the names they were started with. */
    public List<PostgresServer> servers() {
        return servers;
    }

    public PostgresServer server(String name) {
        return servers.stream()
                .filter(server -> server.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no server " + name));
    }

    /** Where the servers' data lies; others may put their files beside it, to live as long. */
    public Path directory() {
        return directory.path();
    }

    /** True when an earlier start went as far as {@link #markComplete}: the data is there already. */
    public boolean isComplete() {
        return directory.isComplete();
    }

    /** Set-up is done. Before this, a kept directory is made anew by its next start. */
    public void markComplete() throws IOException {
        directory.markComplete();
    }

    @Override
    public synchronized void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try (directory;
                watchdog) {
            onEach("stop", PostgresServer::stop);
        }
    }

    /** What {@code ostraka check --connect} wants to see, and little memory. */
    private static Map<String, String> parameters(boolean temporary) {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("listen_addresses", "127.0.0.1");
        parameters.put("unix_socket_directories", "");
        parameters.put("max_connections", "200");
        parameters.put("max_prepared_transactions", "100");
        parameters.put("wal_level", "logical");
        parameters.put("shared_buffers", "32MB");
        parameters.put("timezone", "UTC");
        if (temporary) {
            parameters.put("fsync", "off");
            parameters.put("full_page_writes", "off");
        }
        return parameters;
    }

    private interface Action {
        void on(PostgresServer server) throws IOException;
    }

    /** All servers at once, since each mostly waits; the first failure is reported when all are through. */
    private void onEach(String what, Action action) throws IOException {
        ExecutorService executor = Executors.newFixedThreadPool(Math.max(1, servers.size()));
        try {
            List<Callable<Void>> calls = new ArrayList<>();
            for (PostgresServer server : servers) {
                calls.add(() -> {
                    action.on(server);
                    return null;
                });
            }
            for (Future<Void> done : executor.invokeAll(calls)) {
                done.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted during " + what + " of the servers", e);
        } catch (ExecutionException e) {
            throw new IOException(e.getCause().getMessage(), e.getCause());
        } finally {
            executor.shutdown();
        }
    }
}
