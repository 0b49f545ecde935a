package io.ostraka.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Optional;

/** What figures depend on, in one line, to stand above them. */
final class Machine {
    private Machine() {}

    static String describe(Shards shards) throws IOException, SQLException {
        StringBuilder text = new StringBuilder()
                .append(LocalDate.now(ZoneOffset.UTC))
                .append("; ")
                .append(Runtime.getRuntime().availableProcessors())
                .append(" cores of ")
                .append(processor())
                .append("; Java ")
                .append(Runtime.version())
                .append("; PostgreSQL ")
                .append(shards.version());
        for (String program : new String[] {"pgbench", "pgbouncer"}) {
            Optional<Path> path = Programs.find(program);
            text.append("; ").append(path.isPresent() ? Programs.version(path.get()) : "no " + program);
        }
        return text.toString();
    }

    private static String processor() throws IOException {
        return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse(System.getProperty("os.arch"));
    }
}
