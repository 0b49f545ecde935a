package io.ostraka.tx.raft;

import static io.ostraka.tx.raft.TestDirectories.shop;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.decision.ClusterNumber;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Real processes, really killed. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class CrashTest {
    @TempDir
    private Path dataDir;

    @Test
    void whatWasAnsweredBeforeTheKillIsThereAfterIt() throws IOException, InterruptedException {
        ClusterNumber cluster;
        try (ClusterMembership membership = ClusterMembership.open(dataDir, "n1", Map.of())) {
            cluster = membership.cluster();
        }
        Map<String, Integer> answered = new HashMap<>();
        for (int life = 1; life <= 3; life++) {
            int before = answered.size();
            killAfter(before + 100, "life" + life, answered);
            assertTrue(answered.size() >= before + 100, answered.size() + " answers");
        }
        try (ClusterMembership membership = ClusterMembership.open(dataDir, "n1", shop("new"))) {
            assertEquals(cluster, membership.cluster());
            answered.forEach((shard, number) -> assertEquals(
                    number, membership.shardNumber("shop", new ShardName(shard)).value(), shard));
            int fresh = membership.shardNumber("shop", new ShardName("new")).value();
            assertTrue(!answered.containsValue(fresh), "number " + fresh + " was given twice");
        }
        assertEquals(answered.size(), new HashSet<>(answered.values()).size(), "no number twice");
    }

    /** A limit on the size of files fails like a full disk. */
    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void aFullDiskIsAnErrorAndLosesNothingThatWasAnswered() throws IOException, InterruptedException {
        ClusterMembership.open(dataDir, "n1", Map.of()).close();
        List<String> limited = new ArrayList<>(List.of("sh", "-c", "ulimit -f 700 && exec \"$@\"", "sh"));
        limited.addAll(command("x".repeat(200)));
        Process node = new ProcessBuilder(limited)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        Map<String, Integer> answered = new HashMap<>();
        List<String> failures = new ArrayList<>();
        try (BufferedReader output = node.inputReader(StandardCharsets.UTF_8)) {
            for (String line; failures.size() < 2 && (line = output.readLine()) != null; ) {
                String[] answer = line.split(" ", 2);
                if (answer[0].equals("!")) {
                    failures.add(answer[1]);
                } else {
                    answered.put(answer[0], Integer.parseInt(answer[1]));
                }
            }
        } finally {
            node.destroyForcibly().waitFor();
        }
        assertEquals(List.of("TRANSACTION_RESOLUTION_UNKNOWN", "CANNOT_CONNECT_NOW"), failures);
        assertTrue(answered.size() > 100, answered.size() + " answers");
        try (ClusterMembership membership = ClusterMembership.open(dataDir, "n1", Map.of())) {
            answered.forEach((shard, number) -> assertEquals(
                    number, membership.shardNumber("shop", new ShardName(shard)).value(), shard));
        }
    }

    private List<String> command(String life) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                KilledNode.class.getName(),
                dataDir.toString(),
                life);
    }

    /** Runs a node until it has printed so many answers in all, kills it (SIGKILL), and reads what it printed. */
    private void killAfter(int answers, String life, Map<String, Integer> answered)
            throws IOException, InterruptedException {
        Process node = new ProcessBuilder(command(life))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader output = node.inputReader(StandardCharsets.UTF_8)) {
            for (String line; (line = output.readLine()) != null; ) {
                String[] answer = line.split(" ", 2);
                answered.put(answer[0], Integer.parseInt(answer[1]));
                if (answered.size() == answers) {
                    assertHeldBy(node.pid());
                    // Through its handle, because Process.destroyForcibly closes the pipe before we read it out.
                    assertTrue(node.toHandle().destroyForcibly(), "the node is gone already");
                }
            }
        } finally {
            node.destroyForcibly().waitFor();
        }
    }

    private void assertHeldBy(long pid) {
        PgErrorException refused =
                assertThrows(PgErrorException.class, () -> ClusterMembership.open(dataDir, "n1", Map.of()));
        assertEquals(SqlState.LOCK_FILE_EXISTS, refused.error().state());
        assertEquals(
                "It is locked by the process with id " + pid + ".",
                refused.error().detail());
    }
}
