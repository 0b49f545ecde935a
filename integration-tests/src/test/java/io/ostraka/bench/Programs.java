package io.ostraka.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Programs of the operating system that may or may not be installed. */
final class Programs {
    private Programs() {}

    /** On PATH, or in the directory of system programs, which an ordinary user's PATH often lacks. */
    static Optional<Path> find(String name) {
        List<String> directories =
                new ArrayList<>(List.of(System.getenv().getOrDefault("PATH", "").split(":", -1)));
        directories.add("/usr/sbin");
        return directories.stream()
                .filter(directory -> !directory.isEmpty())
                .map(directory -> Path.of(directory, name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** The first line of {@code program --version}. */
    static String version(Path program) throws IOException {
        Process process = new ProcessBuilder(program.toString(), "--version")
                .redirectErrorStream(true)
                .start();
        try (var lines = process.inputReader()) {
            return Optional.ofNullable(lines.readLine()).orElse("unknown version");
        }
    }
}
