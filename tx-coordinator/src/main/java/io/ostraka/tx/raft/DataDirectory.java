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
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The directory {@code data_dir}: who may use it, and whose it is.
 *
 * <pre>
 * data_dir/lock           locked while a process uses the directory; holds its process id
 * data_dir/ostraka.node   format, node, log (the Raft group's id), and cluster once there is one
 * data_dir/raft/          Ratis's own: one subdirectory named as the log
 * </pre>
 *
 * <p>{@code ostraka.node} is written before the log begins and again, with the cluster's number, after the log's first
 * entry is durable. Without the number nothing was ever decided here, and a log that a crash left half made is thrown
 * away. With it the log must be there and agree: a lost log must never be taken for a new cluster, whose epochs
 * would begin again.
 *
 * <p>Confined to the thread that opens and closes it.
 */
final class DataDirectory implements AutoCloseable {
    /** Of the directory as a whole; grows when an older version must not touch what a newer one wrote. */
    static final int FORMAT = 1;

    private static final String MARKER = "ostraka.node";

    private final Path path;
    private final String node;
    private final UUID log;
    private final FileChannel lockFile;
    private Optional<ClusterNumber> cluster;

    private DataDirectory(Path path, String node, UUID log, Optional<ClusterNumber> cluster, FileChannel lockFile) {
        this.path = path;
        this.node = node;
        this.log = log;
        this.cluster = cluster;
        this.lockFile = lockFile;
    }

    /**
     * Takes the directory for this process, making it when it is new. Refuses, as a {@code PgErrorException}, one that
     * another process uses, that belongs to another node, or whose content it does not understand.
     */
    static DataDirectory claim(Path path, String node) throws IOException {
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
            DataDirectory directory =
                    Files.exists(path.resolve(MARKER)) ? existing(path, node, lockFile) : created(path, node, lockFile);
            directory.refuseForeignLogs();
            if (directory.cluster.isEmpty()) {
                deleteRecursively(directory.raft());
            } else if (!Files.isDirectory(directory.raft().resolve(directory.log.toString()))) {
                throw directory.damaged("Its decision log, " + directory.log + ", is missing.");
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

    private static DataDirectory created(Path path, String node, FileChannel lockFile) throws IOException {
        try (Stream<Path> content = Files.list(path)) {
            if (content.anyMatch(file -> file.endsWith("raft"))) {
                throw damaged(path, "It has a decision log, but the file \"" + MARKER + "\" is missing.");
            }
        }
        DataDirectory directory = new DataDirectory(path, node, UUID.randomUUID(), Optional.empty(), lockFile);
        directory.writeMarker();
        return directory;
    }

    private static DataDirectory existing(Path path, String node, FileChannel lockFile) throws IOException {
        Map<String, String> fields = new LinkedHashMap<>();
        for (String line : new String(Files.readAllBytes(path.resolve(MARKER)), StandardCharsets.UTF_8)
                .lines()
                .toList()) {
            String[] field = line.split(": ", 2);
            if (field.length != 2) {
                throw damaged(path, "The file \"" + MARKER + "\" is unreadable.");
            }
            fields.put(field[0], field[1]);
        }
        try {
            int format = Integer.parseInt(fields.getOrDefault("format", ""));
            if (format > FORMAT) {
                throw new PgError(
                                SqlState.CONFIG_FILE_ERROR,
                                "data directory \"" + path + "\" was written by a newer version of Ostraka",
                                "Its format is " + format + ", this version knows formats up to " + FORMAT + ".",
                                "Start the newer version.")
                        .toException();
            }
            UUID log = UUID.fromString(fields.getOrDefault("log", ""));
            Optional<ClusterNumber> cluster =
                    Optional.ofNullable(fields.get("cluster")).map(ClusterNumber::parse);
            String owner = fields.getOrDefault("node", "");
            if (!owner.equals(node)) {
                throw new PgError(
                                SqlState.CONFIG_FILE_ERROR,
                                "data directory \"" + path + "\" belongs to node \"" + owner + "\"",
                                "The configuration says that this is node \"" + node + "\".",
                                "Give every node a data_dir of its own.")
                        .toException();
            }
            return new DataDirectory(path, node, log, cluster, lockFile);
        } catch (IllegalArgumentException e) {
            throw damaged(path, "The file \"" + MARKER + "\" is unreadable.");
        }
    }

    private void refuseForeignLogs() throws IOException {
        if (!Files.isDirectory(raft())) {
            return;
        }
        List<String> foreign = new ArrayList<>();
        try (Stream<Path> logs = Files.list(raft())) {
            logs.map(file -> file.getFileName().toString())
                    .filter(name -> !name.equals(log.toString()))
                    .forEach(foreign::add);
        }
        if (!foreign.isEmpty()) {
            throw damaged("It should hold the decision log " + log + ", but has " + foreign + ".");
        }
    }

    /** Where Ratis keeps its files. */
    Path raft() {
        return path.resolve("raft");
    }

    String node() {
        return node;
    }

    /** The Raft group's id: one log, one id. */
    UUID log() {
        return log;
    }

    /** Records that the log has its first entry, or checks that it is still the log it was. */
    void belongsTo(ClusterNumber number) throws IOException {
        if (cluster.isEmpty()) {
            cluster = Optional.of(number);
            writeMarker();
        } else if (!cluster.get().equals(number)) {
            throw damaged("It belongs to cluster " + cluster.get() + ", its decision log to cluster " + number + ".");
        }
    }

    /** The number recorded here. Empty means that nothing was ever decided in this directory. */
    Optional<ClusterNumber> cluster() {
        return cluster;
    }

    private void writeMarker() throws IOException {
        String content = "format: " + FORMAT + "\nnode: " + node + "\nlog: " + log + "\n"
                + cluster.map(number -> "cluster: " + number + "\n").orElse("");
        DurableFiles.replace(path.resolve(MARKER), content.getBytes(StandardCharsets.UTF_8));
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
