package io.ostraka.it.transaction;

import static io.ostraka.it.transaction.Counters.increment;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.it.harness.TestCluster;
import io.ostraka.it.harness.WireClient;
import io.ostraka.proxy.server.Main;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One moment on all shards, while transactions over both of them are being committed. */
@Timeout(300)
class BackupTest {
    private static final int ROUNDS = 20;

    @TempDir
    private Path directory;

    private final TestCluster cluster = TestCluster.of(Counters.spec(2).withProxies(0));
    private final AtomicBoolean enough = new AtomicBoolean();
    private ProxyProcess proxy;
    private Counters counters;

    @BeforeEach
    void start() throws IOException, SQLException {
        proxy = new ProxyProcess(directory, cluster, List.of("s0", "s1"));
        proxy.start("");
        try (WireClient client = WireClient.login(proxy.endpoint())) {
            counters = Counters.filled(cluster, client);
        }
    }

    @AfterEach
    void stop() {
        enough.set(true);
        proxy.close();
    }

    /** The same increment on both shards, again and again; how many were committed. */
    private CompletableFuture<Integer> load() {
        CompletableFuture<Integer> done = new CompletableFuture<>();
        new Thread(
                        () -> {
                            int count = 0;
                            try (WireClient client = WireClient.login(proxy.endpoint())) {
                                while (!enough.get()) {
                                    assertEquals(
                                            List.of("BEGIN", "UPDATE 1", "UPDATE 1", "COMMIT"),
                                            counters.run(client, "BEGIN", increment(0), increment(1), "COMMIT"));
                                    count++;
                                }
                                done.complete(count);
                            } catch (RuntimeException | AssertionError failed) {
                                done.completeExceptionally(failed);
                            }
                        },
                        "load")
                .start();
        return done;
    }

    private Map<String, String> column(Statement console, String sql, String column) throws SQLException {
        Map<String, String> byShard = new TreeMap<>();
        try (ResultSet rows = console.executeQuery(sql)) {
            while (rows.next()) {
                byShard.put(rows.getString("shard"), rows.getString(column));
            }
        }
        return byShard;
    }

    /** What each shard's counter was at the snapshot of this name. */
    private List<String> seen(Map<String, String> snapshots) throws SQLException {
        List<String> seen = new ArrayList<>();
        for (Map.Entry<String, String> shard : snapshots.entrySet()) {
            try (Connection connection = cluster.shard(shard.getKey()).connect();
                    Statement statement = connection.createStatement()) {
                statement.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
                statement.execute("SET TRANSACTION SNAPSHOT '" + shard.getValue() + "'");
                try (ResultSet rows = statement.executeQuery("SELECT sum(n) FROM counter")) {
                    rows.next();
                    seen.add(rows.getString(1));
                }
            }
        }
        return seen;
    }

    @Test
    void aSnapshotOfAllShardsHasAllOfEachTransactionOrNothing()
            throws SQLException, InterruptedException, ExecutionException {
        CompletableFuture<Integer> load = load();
        try (Connection connection = proxy.console().connect();
                Statement console = connection.createStatement()) {
            for (int round = 0; round < ROUNDS; round++) {
                List<String> seen = seen(column(console, "SNAPSHOT test", "snapshot"));
                assertEquals(2, seen.size());
                assertEquals(seen.get(0), seen.get(1), "round " + round);
            }
        }
        enough.set(true);
        assertTrue(load.get() > 0, "there was something to be cut");
    }

    @Test
    void aRestorePointHasOneNameOnAllShards() throws SQLException, InterruptedException, ExecutionException {
        CompletableFuture<Integer> load = load();
        try (Connection connection = proxy.console().connect();
                Statement console = connection.createStatement()) {
            for (int round = 0; round < ROUNDS; round++) {
                String name = "Daily's " + round;
                Map<String, String> names =
                        column(console, "RESTORE POINT '" + name.replace("'", "''") + "' IN test", "restore_point");
                assertEquals(List.of("s0", "s1"), List.copyOf(names.keySet()));
                assertEquals(names.get("s0"), names.get("s1"));
                assertTrue(names.get("s0").startsWith(name), names.get("s0"));
            }
            Map<String, String> lsns = column(console, "RESTORE POINT last IN test", "lsn");
            assertTrue(lsns.values().stream().allMatch(lsn -> lsn.matches("[0-9A-F]+/[0-9A-F]+")), lsns.toString());
            for (String wrong :
                    List.of("RESTORE POINT x", "RESTORE POINT x IN nowhere", "SNAPSHOT nowhere", "SNAPSHOT")) {
                SQLException error = assertThrows(SQLException.class, () -> console.executeQuery(wrong));
                assertEquals(wrong.endsWith("nowhere") ? "3D000" : "42601", error.getSQLState(), wrong);
            }
        }
        enough.set(true);
        assertTrue(load.get() > 0);
    }

    private String backup(int status, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "backup",
                directory.resolve("proxy.yaml").toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(status, process.waitFor(), said);
        return said;
    }

    @Test
    void theCommandTellsWhereTheRestorePointIs() throws IOException, InterruptedException {
        String manifest = backup(0, "--point", "daily");
        assertTrue(manifest.startsWith("database: 'test'\nshards:\n  s0:\n    number: '0'\n"), manifest);
        assertEquals(2, manifest.split("restore_point: 'daily'", -1).length - 1, manifest);
    }

    /** {@code pg_dump} must be of the servers' version, and is not everywhere: another program shows what it is told. */
    @Test
    void theCommandHasEveryShardDumpedAtTheSnapshot() throws IOException, InterruptedException {
        Path program = Files.createFile(
                directory.resolve("pg_dump"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.writeString(
                program,
                "#!/bin/sh\nfor a; do case $a in --file=*) f=${a#--file=};; esac; done\necho \"$@ $PGPASSWORD\" > \"$f\"\n");
        Path target = directory.resolve("dump");
        backup(0, "--dump", target.toString(), "--pg-dump", program.toString());
        String told = Files.readString(target.resolve("s1.dump"));
        assertTrue(told.contains("--snapshot=0"), told);
        assertTrue(told.contains("--port=" + cluster.shard("s1").port()), told);
        assertTrue(told.endsWith("recovery-password\n"), told);
        try (Stream<Path> files = Files.list(target)) {
            assertEquals(
                    List.of("manifest.yaml", "s0.dump", "s1.dump"),
                    files.map(file -> file.getFileName().toString()).sorted().toList());
        }
        assertTrue(backup(1, "--dump", target.toString()).contains("is not empty"));
        Path failing = directory.resolve("failed");
        assertTrue(backup(1, "--dump", failing.toString(), "--pg-dump", "false").contains("no backup"));
        assertFalse(Files.exists(failing.resolve("manifest.yaml")));
    }
}
