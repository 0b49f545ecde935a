package io.ostraka.tx.raft;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.tx.decision.ClusterNumber;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The directory {@code data_dir}: who may use it, and whose it is.
 *
 * <pre>
 * data_dir/lock           locked while a process uses the directory; holds its process id
 * data_dir/ostraka.node   a {@link Marker}: whose it is
 * data_dir/raft/          Ratis's own: one subdirectory named as the log
 * </pre>
 *
 * <p>{@code ostraka.node} is written before the log begins and again, with the cluster's number, after the log's first
 * entry is durable. Without the number nothing was ever decided by a group of one, and a log that a crash left half made is
 * thrown away; a member of a larger group may have voted by then, so its log is kept. With the number the log must be there
 * and agree: a lost log must never be taken for a new cluster, whose epochs would begin again.
 *
 * <p>Confined to the thread that opens and closes it, but for {@link #marker}.
 */
final class DataDirectory implements AutoCloseable {
    private static final String MARKER = "ostraka.node";

    private final Path path;
    private final FileChannel lockFile;
    private volatile Marker marker;

    private DataDirectory(Path path, Marker marker, FileChannel lockFile) {
        this.path = path;
        this.marker = marker;
        this.lockFile = lockFile;
    }

    /**
     * Takes the directory for this process, making it when it is new. Refuses, as a {@code PgErrorException}, one that
     * another process uses, that belongs to another node, or whose content it does not understand.
     *
     * @param inGroup whether this node has peers
     */
    static DataDirectory claim(Path path, String node, boolean inGroup) throws IOException {
        FileChannel lockFile;
        try {
            Files.createDirectories(path);
            lockFile = lock(path);
        } catch (IOException e) {
            throw new PgError(
                            SqlState.CONFIG_FILE_ERROR,
                            "data directory \"" + path + "\" cannot be used",
                            e.getClass().getSimpleName() + ": " + e.getMessage() + ".",
                            "data_dir must be a directory that this process can write, or be able to become one.")
                    .toException();
        }
        try {
            DataDirectory directory = Files.exists(path.resolve(MARKER))
                    ? existing(path, node, inGroup, lockFile)
                    : created(path, node, inGroup, lockFile);
            directory.refuseForeignLogs();
            Marker marker = directory.marker;
            if (marker.cluster().isEmpty() && marker.member().isEmpty()) {
                deleteRecursively(directory.raft());
            } else if (marker.cluster().isPresent()
                    && !Files.isDirectory(
                            directory.raft().resolve(directory.log().toString()))) {
                throw directory.damaged("Its decision log, " + directory.log() + ", is missing.");
            }
            Files.createDirectories(directory.raft());
            return directory;
        } catch (IOException | RuntimeException e) {
            lockFile.close();
            throw e;
        }
    }

    private static FileChannel lock(Path path) throws IOException {
        FileChannel channel = FileChannel.open(
                path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            if (tryLock(channel)) {
                channel.truncate(0);
                channel.write(ByteBuffer.wrap(
                        Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
                return channel;
            }
            String holder = new String(Files.readAllBytes(path.resolve("lock")), StandardCharsets.US_ASCII);
            throw new PgError(
                            SqlState.LOCK_FILE_EXISTS,
                            "data directory \"" + path + "\" is in use by another process",
                            holder.isEmpty() ? "" : "It is locked by the process with id " + holder + ".",
                            "Stop that process, or configure another data_dir.")
                    .toException();
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static boolean tryLock(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false; // Held by this very process: two nodes in one JVM, as in tests.
        }
    }

    private static DataDirectory created(Path path, String node, boolean inGroup, FileChannel lockFile)
            throws IOException {
        try (Stream<Path> content = Files.list(path)) {
            if (content.anyMatch(file -> file.endsWith("raft"))) {
                throw damaged(path, "It has a decision log, but the file \"" + MARKER + "\" is missing.");
            }
        }
        String member = HexFormat.of().toHexDigits(new SecureRandom().nextInt());
        DataDirectory directory = new DataDirectory(
                path, inGroup ? Marker.inGroup(node, member) : Marker.alone(node, UUID.randomUUID()), lockFile);
        directory.write(directory.marker);
        return directory;
    }

    private static DataDirectory existing(Path path, String node, boolean inGroup, FileChannel lockFile)
            throws IOException {
        Marker marker;
        try {
            marker = Marker.parse(new String(Files.readAllBytes(path.resolve(MARKER)), StandardCharsets.UTF_8));
        } catch (Marker.UnreadableException e) {
            throw damaged(path, "The file \"" + MARKER + "\" is unreadable.");
        } catch (Marker.NewerException e) {
            throw new PgError(
                            SqlState.CONFIG_FILE_ERROR,
                            "data directory \"" + path + "\" was written by a newer version of Ostraka",
                            "Its format is " + e.format() + ", this version knows formats up to " + Marker.FORMAT + ".",
                            "Start the newer version.")
                    .toException();
        }
        if (!marker.node().equals(node)) {
            throw new PgError(
                            SqlState.CONFIG_FILE_ERROR,
                            "data directory \"" + path + "\" belongs to node \"" + marker.node() + "\"",
                            "The configuration says that this is node \"" + node + "\".",
                            "Give every node a data_dir of its own.")
                    .toException();
        }
        if (marker.member().isPresent() && !inGroup) {
            throw new PgError(
                            SqlState.CONFIG_FILE_ERROR,
                            "data directory \"" + path + "\" belongs to a node of a group",
                            "The configuration has no \"peers\".",
                            "Name the nodes of the group, or this one alone, with the \"peer_secret\".")
                    .toException();
        }
        return new DataDirectory(path, marker, lockFile);
    }

    private void refuseForeignLogs() throws IOException {
        if (!Files.isDirectory(raft())) {
            return;
        }
        List<String> foreign = new ArrayList<>();
        try (Stream<Path> logs = Files.list(raft())) {
            logs.map(file -> file.getFileName().toString())
                    .filter(name -> !marker.log().map(UUID::toString).equals(Optional.of(name)))
                    .forEach(foreign::add);
        }
        if (!foreign.isEmpty()) {
            throw damaged("It should hold the decision log "
                    + marker.log().map(UUID::toString).orElse("of no group yet") + ", but has " + foreign + ".");
        }
    }

    /** Where Ratis keeps its files. */
    Path raft() {
        return path.resolve("raft");
    }

    /** As it is on disk. */
    Marker marker() {
        return marker;
    }

    /** The Raft group's id: one log, one id. Known once a node of a group has found it. */
    UUID log() {
        return marker.log().orElseThrow();
    }

    /** Records which log this node takes part in, before it does. */
    void joins(UUID log, List<Member> founders) throws IOException {
        write(marker.joining(log, founders));
    }

    /** Whether Ratis has begun its files: before that this member has promised nothing to anybody. */
    boolean hasBegun() {
        return Files.exists(raft().resolve(log().toString()).resolve("current").resolve("raft-meta"));
    }

    /** Records that the log has its first entry, or checks that it is still the log it was. */
    void belongsTo(ClusterNumber number) throws IOException {
        Optional<ClusterNumber> cluster = marker.cluster();
        if (cluster.isEmpty()) {
            write(marker.in(number));
        } else if (!cluster.get().equals(number)) {
            throw damaged("It belongs to cluster " + cluster.get() + ", its decision log to cluster " + number + ".");
        }
    }

    /** The number recorded here. Empty means that this node knows of no decision. */
    Optional<ClusterNumber> cluster() {
        return marker.cluster();
    }

    private void write(Marker next) throws IOException {
        DurableFiles.replace(path.resolve(MARKER), next.text().getBytes(StandardCharsets.UTF_8));
        marker = next;
    }

    /** The error for content that cannot be trusted. */
    RuntimeException damaged(String detail) {
        return damaged(path, detail);
    }

    private static RuntimeException damaged(Path path, String detail) {
        return new PgError(
                        SqlState.DATA_CORRUPTED,
                        "data directory \"" + path + "\" is damaged",
                        detail,
                        "Restore it from a backup. An empty data_dir makes a new cluster, which knows nothing of "
                                + "transactions that the old one left prepared on the shards.")
                .toException();
    }

    private static void deleteRecursively(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        List<Path> deepestFirst;
        try (Stream<Path> files = Files.walk(directory)) {
            deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : deepestFirst) {
            Files.delete(file);
        }
    }

    /** Lets another process have the directory. */
    @Override
    public void close() throws IOException {
        lockFile.close();
    }
}
