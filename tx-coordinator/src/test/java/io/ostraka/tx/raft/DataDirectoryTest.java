package io.ostraka.tx.raft;

import static io.ostraka.tx.raft.TestDirectories.files;
import static io.ostraka.tx.raft.TestDirectories.shop;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.decision.ClusterNumber;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Opening directories that are not, or no longer, what this node left. */
class DataDirectoryTest {
    @TempDir
    private static Path original;

    private static ClusterNumber cluster;

    @TempDir
    private Path dataDir;

    /** Once, because a log takes a second to close. */
    @BeforeAll
    static void anEarlierLife() throws IOException {
        try (ClusterMembership membership = ClusterMembership.open(original, "n1", shop("s0", "s1"))) {
            cluster = membership.cluster();
        }
    }

    @BeforeEach
    void leftByAnEarlierLife() throws IOException {
        TestDirectories.copy(original, dataDir);
    }

    private PgError refusal(String node) {
        return assertThrows(PgErrorException.class, () -> ClusterMembership.open(dataDir, node, shop("s0")))
                .error();
    }

    private PgError damage() {
        PgError error = refusal("n1");
        assertEquals(SqlState.DATA_CORRUPTED, error.state());
        assertEquals("data directory \"" + dataDir + "\" is damaged", error.message());
        return error;
    }

    private Path log() throws IOException {
        String id = Files.readAllLines(dataDir.resolve("ostraka.node")).stream()
                .filter(line -> line.startsWith("log: "))
                .findFirst()
                .orElseThrow()
                .substring("log: ".length());
        return dataDir.resolve("raft").resolve(id);
    }

    private void marker(String from, String to) throws IOException {
        Path marker = dataDir.resolve("ostraka.node");
        String content = Files.readString(marker);
        assertTrue(content.contains(from), content);
        Files.writeString(marker, content.replace(from, to));
    }

    @Test
    void aDirectoryInUseIsRefused() throws IOException {
        try (ClusterMembership holder = ClusterMembership.open(dataDir, "n1", shop("s0"))) {
            PgError error = refusal("n1");
            assertEquals(SqlState.LOCK_FILE_EXISTS, error.state());
            assertEquals("data directory \"" + dataDir + "\" is in use by another process", error.message());
            assertEquals(
                    "It is locked by the process with id "
                            + ProcessHandle.current().pid() + ".",
                    error.detail());
            assertEquals(cluster, holder.cluster());
        }
    }

    @Test
    void aFileIsNoDirectory() throws IOException {
        Path file = Files.writeString(dataDir.resolve("file"), "x");
        PgError error = assertThrows(PgErrorException.class, () -> ClusterMembership.open(file, "n1", shop("s0")))
                .error();
        assertEquals("data directory \"" + file + "\" cannot be used", error.message());
    }

    @Test
    void anotherNodesDirectoryIsRefused() {
        PgError error = refusal("n2");
        assertEquals(SqlState.CONFIG_FILE_ERROR, error.state());
        assertEquals("data directory \"" + dataDir + "\" belongs to node \"n1\"", error.message());
    }

    @Test
    void aNewerVersionsDirectoryIsRefused() throws IOException {
        marker("format: 1", "format: 3");
        PgError error = refusal("n1");
        assertEquals("data directory \"" + dataDir + "\" was written by a newer version of Ostraka", error.message());
        assertEquals("Its format is 3, this version knows formats up to 2.", error.detail());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "format", "format: 1\n", "format: 1\nnode: n1\nlog: x\n", "\u0000\u0001\u0002"})
    void anUnreadableMarkerIsDamage(String content) throws IOException {
        Files.writeString(dataDir.resolve("ostraka.node"), content);
        assertEquals("The file \"ostraka.node\" is unreadable.", damage().detail());
    }

    @Test
    void aMissingMarkerIsDamage() throws IOException {
        Files.delete(dataDir.resolve("ostraka.node"));
        assertEquals("It has a decision log, but the file \"ostraka.node\" is missing.", damage().detail());
    }

    @Test
    void aMissingLogIsDamageAndNotANewCluster() throws IOException {
        Path log = log();
        Files.move(log, dataDir.resolve("elsewhere"));
        assertEquals("Its decision log, " + log.getFileName() + ", is missing.", damage().detail());
    }

    @Test
    void anotherClustersLogIsDamage() throws IOException {
        UUID foreign = UUID.randomUUID();
        Files.move(log(), dataDir.resolve("raft").resolve(foreign.toString()));
        assertTrue(damage().detail().contains(foreign.toString()));
    }

    @Test
    void aLogOfAnotherClusterUnderTheRightNameIsDamage() throws IOException {
        marker("cluster: " + cluster, "cluster: " + new ClusterNumber(~cluster.value()));
        assertEquals(
                "It belongs to cluster " + new ClusterNumber(~cluster.value()) + ", its decision log to cluster "
                        + cluster + ".",
                damage().detail());
    }

    @Test
    void anEmptiedLogIsDamageAndNotANewCluster() throws IOException {
        for (Path file : files(log().resolve("sm"), "snapshot")) {
            Files.delete(file);
        }
        for (Path file : files(log().resolve("current"), "log_")) {
            Files.delete(file);
        }
        assertEquals(
                "It belongs to cluster " + cluster + ", but its decision log has no entry that created it.",
                damage().detail());
    }

    @Test
    void aLogWithoutTheSnapshotThatBeginsItIsDamage() throws IOException {
        ClusterMembership.open(dataDir, "n1", shop("s0")).close();
        ClusterMembership.open(dataDir, "n1", shop("s0")).close();
        for (Path file : files(log().resolve("sm"), "snapshot")) {
            Files.delete(file);
        }
        String detail = damage().detail();
        assertTrue(detail.matches("Entries 0 to \\d+ of its decision log are in no snapshot\\."), detail);
    }

    @Test
    void aChangedByteInTheLogIsDamage() throws IOException {
        Path segment = files(log().resolve("current"), "log_").get(0);
        byte[] bytes = Files.readAllBytes(segment);
        bytes[bytes.length / 2] ^= 0x20;
        Files.write(segment, bytes);
        assertTrue(damage().detail().startsWith("Its decision log cannot be read: "));
    }

    @Test
    void garbageInsteadOfALogIsDamage() throws IOException {
        Path segment = files(log().resolve("current"), "log_").get(0);
        Files.writeString(segment, "this is not a log, and never was one");
        assertTrue(damage().detail().startsWith("Its decision log cannot be read: "));
    }

    @Test
    void aDamagedSnapshotIsDamage() throws IOException {
        List<Path> snapshots = files(log().resolve("sm"), "snapshot");
        Path snapshot = snapshots.stream()
                .filter(file -> !file.toString().endsWith(".md5"))
                .reduce((earlier, later) -> later)
                .orElseThrow();
        Files.write(snapshot, new byte[] {1, 1, 0});
        assertTrue(damage().detail().startsWith("Its decision log cannot be read: "));
    }

    @Test
    void aLastEntryThatACrashLeftHalfWrittenWasNeverAnsweredAndIsDropped() throws IOException {
        List<Path> segments = files(log().resolve("current"), "log_");
        Path last = segments.get(segments.size() - 1);
        // A frame that announces 32 bytes and has 3 of them: what an append leaves that never finished.
        Files.write(last, new byte[] {32, 1, 2, 3}, StandardOpenOption.APPEND);
        try (ClusterMembership membership = ClusterMembership.open(dataDir, "n1", shop("s0"))) {
            assertEquals(cluster, membership.cluster());
        }
    }

    @Test
    void aBirthThatACrashCutShortBeginsAgain(@TempDir Path halfMade) throws IOException {
        Files.writeString(halfMade.resolve("ostraka.node"), "format: 1\nnode: n1\nlog: " + new UUID(1, 2) + "\n");
        Path current =
                halfMade.resolve("raft").resolve(new UUID(1, 2).toString()).resolve("current");
        Files.createDirectories(current);
        Files.writeString(current.resolve("log_inprogress_0"), "half");
        try (ClusterMembership membership = ClusterMembership.open(halfMade, "n1", shop("s0"))) {
            assertFalse(membership.cluster().equals(cluster));
        }
    }
}
