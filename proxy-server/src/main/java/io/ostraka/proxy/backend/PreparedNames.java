package io.ostraka.proxy.backend;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What one backend has prepared: statement content to the name it has there, least recently used first. Confined to the
 * backend's event loop.
 */
final class PreparedNames {
    /** Plans cost memory on the server, a few ten KB each; drivers use some hundred statements. */
    private static final int MAX_STATEMENTS = 500;

    /** What names on servers begin with. */
    static final String PREFIX = "ostraka_";

    private final Map<StatementKey, byte[]> names = new LinkedHashMap<>(64, 0.75f, true);
    private long created;

    Optional<byte[]> find(StatementKey key) {
        return Optional.ofNullable(names.get(key));
    }

    /** For the rare case that a server speaks of one. */
    Optional<StatementKey> named(String name) {
        byte[] wanted = name.getBytes(StandardCharsets.US_ASCII);
        return names.entrySet().stream()
                .filter(known -> Arrays.equals(known.getValue(), wanted))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    byte[] create(StatementKey key) {
        byte[] name = (PREFIX + Long.toString(++created, Character.MAX_RADIX)).getBytes(StandardCharsets.US_ASCII);
        names.put(key, name);
        return name;
    }

    void forget(StatementKey key) {
        names.remove(key);
    }

    void clear() {
        names.clear();
    }

    /** The name to be closed before another is created, when the bound is reached. */
    Optional<byte[]> evict() {
        if (names.size() < MAX_STATEMENTS) {
            return Optional.empty();
        }
        var eldest = names.entrySet().iterator();
        byte[] name = eldest.next().getValue();
        eldest.remove();
        return Optional.of(name);
    }
}
