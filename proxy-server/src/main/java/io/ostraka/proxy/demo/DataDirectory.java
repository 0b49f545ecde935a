package io.ostraka.proxy.demo;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * The directory embedded servers live in: temporary, and removed with all its content by {@link #close}, or kept for the
 * next start. Locked while open, so that two processes never run the same servers. Thread-safe: its fields are final.
 *
 * <pre>
 * lock                  locked by the process that runs the servers
 * superuser-password    drawn by lot when the directory was made; also its mark: we made this directory
 * complete              set-up went to its end; without it the next start begins anew
 * s0/data, s0/server.log, s1/...
 * </pre>
 */
final class DataDirectory implements AutoCloseable {
    private static final String PASSWORD_FILE = "superuser-password";
    private static final String COMPLETE_FILE = "complete";
    private static final String LOCK_FILE = "lock";

    private final Path path;
    private final boolean temporary;
    private final FileChannel lockChannel;
    private final String superuserPassword;

    private DataDirectory(Path path, boolean temporary, FileChannel lockChannel) throws IOException {
        this.path = path;
        this.temporary = temporary;
        this.lockChannel = lockChannel;
        Path password = path.resolve(PASSWORD_FILE);
        if (Files.exists(password)) {
            this.superuserPassword = Files.readString(password).strip();
        } else {
            byte[] random = new byte[16];
            new SecureRandom().nextBytes(random);
            this.superuserPassword = HexFormat.of().formatHex(random);
            Files.createFile(
                    password, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(password, superuserPassword);
        }
    }

    static DataDirectory temporary() throws IOException {
        Path path = Files.createTempDirectory("ostraka-").toRealPath();
        return new DataDirectory(path, true, lock(path));
    }

    /**
     * Opens {@code path}, creating it where needed. What an earlier start left unfinished is removed; anything else that
     * we did not make is refused.
     */
    static DataDirectory kept(Path path) throws IOException {
        Files.createDirectories(path);
        Path real = path.toRealPath();
        if (!Files.exists(real.resolve(PASSWORD_FILE)) && !isEmpty(real)) {
            throw new IOException("directory " + path + " is not empty and holds no Ostraka demo");
        }
        FileChannel channel = lock(real);
        if (!Files.exists(real.resolve(COMPLETE_FILE))) {
            for (Path child : children(real)) {
                if (!child.endsWith(LOCK_FILE)) {
                    delete(child);
                }
            }
        }
        return new DataDirectory(real, false, channel);
    }

    Path path() {
        return path;
    }

    boolean isTemporary() {
        return temporary;
    }

    String superuserPassword() {
        return superuserPassword;
    }

    Path superuserPasswordFile() {
        return path.resolve(PASSWORD_FILE);
    }

    /** True when an earlier start went through its whole set-up. */
    boolean isComplete() {
        return Files.exists(path.resolve(COMPLETE_FILE));
    }

    void markComplete() throws IOException {
        Files.writeString(path.resolve(COMPLETE_FILE), "");
    }

    /** The servers of an earlier start, by name. */
    List<String> serverNames() throws IOException {
        return children(path).stream()
                .filter(child -> Files.isDirectory(child.resolve("data")))
                .map(child -> child.getFileName().toString())
                .sorted()
                .toList();
    }

    /** Gives up the lock and, when the directory is temporary, removes it. */
    @Override
    public void close() throws IOException {
        try (lockChannel) {
            if (temporary) {
                delete(path);
            }
        }
    }

    /** Removes {@code path} with everything below it; nothing happens when there is no such path. */
    static void delete(Path path) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        try (Stream<Path> tree = Files.walk(path)) {
            for (Path each : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        }
    }

    private static FileChannel lock(Path directory) throws IOException {
        FileChannel channel =
                FileChannel.open(directory.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return channel;
            }
        } catch (OverlappingFileLockException e) {
            // Another demo of this very process; the answer is the same.
        }
        channel.close();
        throw new IOException("directory " + directory + " is in use by another process");
    }

    private static boolean isEmpty(Path directory) throws IOException {
        return children(directory).isEmpty();
    }

    private static List<Path> children(Path directory) throws IOException {
        try (Stream<Path> children = Files.list(directory)) {
            return children.toList();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }
}
