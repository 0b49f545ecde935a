package io.ostraka.tx.deadlock;

/**
 * A transaction over shards, as its node knows it.
 *
 * @param name its gtid, or what stands for it before it has one; the same on every shard
 * @param began when, by its node's clock: of a cycle the youngest is ended
 */
public record Waiter(String name, long began) implements Comparable<Waiter> {
    @Override
    public int compareTo(Waiter other) {
        return began != other.began ? Long.compare(began, other.began) : name.compareTo(other.name);
    }
}
