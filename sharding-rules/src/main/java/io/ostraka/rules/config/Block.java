package io.ostraka.rules.config;

import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A block whose keys the format fixes. It is read key by key and then closed, which reports the keys nobody knows; a key
 * that the format has and the reader forgets to read is our mistake and fails at once.
 */
final class Block implements AutoCloseable {
    private final Value value;
    private final ConfigBlock keys;
    private final Map<String, Value.Entry> entries;
    private final Set<String> read = new HashSet<>();

    Block(Value value, ConfigBlock keys, Map<String, Value.Entry> entries) {
        this.value = value;
        this.keys = keys;
        this.entries = entries;
    }

    Optional<Value> get(String key) {
        if (!keys.keys().contains(key)) {
            throw new IllegalArgumentException(keys.path() + " has no key " + key);
        }
        read.add(key);
        return Optional.ofNullable(entries.get(key)).map(Value.Entry::value);
    }

    /** Reports its absence. */
    Optional<Value> require(String key) {
        Optional<Value> found = get(key);
        if (found.isEmpty()) {
            value.problem("needs \"" + key + "\"");
        }
        return found;
    }

    void problem(String message) {
        value.problem(message);
    }

    @Override
    public void close() {
        if (!read.containsAll(keys.keys())) {
            throw new IllegalStateException(keys.path() + ": read " + read + " of " + keys.keys());
        }
        entries.forEach((name, entry) -> {
            if (!keys.keys().contains(name)) {
                entry.key().problem("is not a known key" + Likeness.hint(name, keys.keys()));
            }
        });
    }
}
