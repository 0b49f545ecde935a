package io.ostraka.rules.config;

/** A shard's name in the YAML file, unique within its database. */
public record ShardName(String value) implements Comparable<ShardName> {
    public ShardName {
        if (value.isEmpty()) {
            throw new IllegalArgumentException("a shard's name is empty");
        }
    }

    @Override
    public int compareTo(ShardName other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
