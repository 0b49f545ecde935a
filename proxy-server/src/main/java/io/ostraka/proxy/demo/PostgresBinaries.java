package io.ostraka.proxy.demo;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * The PostgreSQL programs that Maven delivers as an archive on the class path, unpacked once for each archive and user
 * and found again at every later start; or those installed where the system property {@value #INSTALLED} says. Immutable.
 *
 * <p>Unpacking happens beside the final directory, which appears by one rename: a second process that unpacks at the
 * same time, or a crash in the middle, never leaves half a PostgreSQL under the final name.
 */
final class PostgresBinaries {
    private static final String INSTALLED = "ostraka.postgresql";
    /** The first version whose own C.UTF-8 needs no library of the system. */
    private static final int BUILTIN_LOCALES = 17;

    private static final Pattern MAJOR = Pattern.compile("\\(PostgreSQL\\) (\\d+)");

    private final Path home;

    private PostgresBinaries(Path home) {
        this.home = home;
    }

    /** Blocks while it unpacks, at the first start only. */
    static PostgresBinaries find(Path cache) throws IOException {
        String installed = System.getProperty(INSTALLED, "");
        return installed.isEmpty() ? unpack(cache) : new PostgresBinaries(Path.of(installed));
    }

    /** What makes {@code initdb} order texts by their bytes. */
    List<String> localeOptions() throws IOException {
        return major() < BUILTIN_LOCALES
                ? List.of("--no-locale")
                : List.of("--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8");
    }

    private int major() throws IOException {
        Process asked = new ProcessBuilder(program("postgres").toString(), "--version")
                .redirectErrorStream(true)
                .start();
        String answer = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        Matcher major = MAJOR.matcher(answer);
        if (!major.find()) {
            throw new IOException("not a version of PostgreSQL: " + answer.strip());
        }
        return Integer.parseInt(major.group(1));
    }

    private static PostgresBinaries unpack(Path cache) throws IOException {
        String resource = "/postgres-" + platform() + ".txz";
        Path home = cache.resolve("postgresql-" + digest(resource));
        if (!Files.isDirectory(home)) {
            Files.createDirectories(cache);
            Path fresh = Files.createTempDirectory(cache, "unpacking-");
            try (InputStream in = open(resource)) {
                untar(new XZInputStream(in), fresh);
                // Created private by createTempDirectory; the server may run as another user.
                Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rwxr-xr-x"));
                Files.move(fresh, home);
            } catch (FileSystemException e) {
                // Losing the race against another process that unpacked the same archive is as good as winning it.
                if (!Files.isDirectory(home)) {
                    throw e;
                }
            } finally {
                DataDirectory.delete(fresh);
            }
        }
        return new PostgresBinaries(home);
    }

    Path program(String name) {
        return home.resolve("bin").resolve(name);
    }

    /** The archive's part of the name, as the publisher of the binaries spells platforms. */
    private static String platform() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        return (os.startsWith("mac") ? "darwin" : os)
                + switch (arch) {
                    case "amd64", "x86_64" -> "-x86_64";
                    case "aarch64", "arm64" -> "-arm_64";
                    default -> "-" + arch;
                };
    }

    private static InputStream open(String resource) throws IOException {
        InputStream in = PostgresBinaries.class.getResourceAsStream(resource);
        if (in == null) {
            throw new IOException("no embedded PostgreSQL for this platform: " + resource.substring(1)
                    + " is not on the class path (Linux and macOS on x86-64 and ARM have one)");
        }
        return new BufferedInputStream(in, 1 << 16);
    }

    private static String digest(String resource) throws IOException {
        try (InputStream in = open(resource)) {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            byte[] chunk = new byte[1 << 16];
            for (int length = in.read(chunk); length >= 0; length = in.read(chunk)) {
                sha256.update(chunk, 0, length);
            }
            return HexFormat.of().formatHex(sha256.digest(), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static void untar(InputStream compressed, Path target) throws IOException {
        try (TarArchiveInputStream tar = new TarArchiveInputStream(compressed)) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                Path path = target.resolve(entry.getName()).normalize();
                if (!path.startsWith(target)) {
                    throw new IOException("archive entry " + entry.getName() + " leaves the archive");
                }
                if (entry.isDirectory()) {
                    Files.createDirectories(path);
                    continue;
                }
                Files.createDirectories(path.getParent());
                if (entry.isSymbolicLink()) {
                    Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
                } else {
                    Files.copy(tar, path);
                    boolean executable = (entry.getMode() & 0100) != 0;
                    Files.setPosixFilePermissions(
                            path, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
                }
            }
        }
    }
}
