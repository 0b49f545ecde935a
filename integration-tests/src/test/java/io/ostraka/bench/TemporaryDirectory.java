package io.ostraka.bench;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.stream.Stream;

/** Configuration files and logs of one run; removed at its end, and by a shutdown hook when it is interrupted. */
final class TemporaryDirectory implements AutoCloseable {
    private final Path path;
    private final Thread hook;

    TemporaryDirectory() throws IOException {
        path = Files.createTempDirectory("ostraka-bench-");
        // PgBouncer reads its file of users as another user; the names in here are not to be listed, though.
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwx--x--x"));
        hook = new Thread(this::delete, "remove-" + path.getFileName());
        Runtime.getRuntime().addShutdownHook(hook);
    }

    Path path() {
        return path;
    }

    private void delete() {
        try (Stream<Path> files = Files.walk(path)) {
            // A file that a dying process still writes may stay; the next restart of the machine takes it.
            files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove " + path, e);
        }
    }

    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(hook);
        delete();
    }
}
