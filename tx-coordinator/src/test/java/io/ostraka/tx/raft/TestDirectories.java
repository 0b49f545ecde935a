package io.ostraka.tx.raft;

import io.ostraka.rules.config.ShardName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;

/** What the tests of this package write and look for in data directories. */
final class TestDirectories {
    private TestDirectories() {}

    /** Shards of database "shop" without numbers, in this order. */
    static Map<String, Map<ShardName, OptionalInt>> shop(String... shards) {
        Map<ShardName, OptionalInt> byName = new LinkedHashMap<>();
        for (String shard : shards) {
            byName.put(new ShardName(shard), OptionalInt.empty());
        }
        return Map.of("shop", byName);
    }

    /** One shard of database "shop" with the number that the file gives. */
    static Map<String, Map<ShardName, OptionalInt>> shop(String shard, int number) {
        return Map.of("shop", Map.of(new ShardName(shard), OptionalInt.of(number)));
    }

    /** A directory that nobody has open, with all that is in it, into an empty one. */
    static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path source : all.filter(path -> !path.equals(from)).toList()) {
                Files.copy(source, to.resolve(from.relativize(source)));
            }
        }
    }

    /** Files below the directory whose names start so, oldest name first; at least one. */
    static List<Path> files(Path directory, String prefix) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            List<Path> found = all.filter(Files::isRegularFile)
                    .filter(file -> file.getFileName().toString().startsWith(prefix))
                    .sorted()
                    .toList();
            if (found.isEmpty()) {
                throw new AssertionError("no file " + prefix + "* in " + directory);
            }
            return found;
        }
    }
}
