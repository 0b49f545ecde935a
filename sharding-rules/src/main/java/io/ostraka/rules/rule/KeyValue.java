package io.ostraka.rules.rule;

import io.ostraka.rules.rule.KeyType.Family;

/**
 * A shard key's value as the server would store it: parsed, canonical, never null. Values of one {@link Family} compare
 * and equal each other as PostgreSQL's do, whatever their exact types ({@code int4} 7 is {@code int8} 7); text compares
 * by its UTF-8 bytes, which is the order of the "C" collation and of no other. Immutable.
 *
 * <p>A value is a client's data: it belongs in answers to that client, not in logs.
 */
public sealed interface KeyValue extends Comparable<KeyValue> permits IntegerKey, BytesKey, NumericKey {

    KeyType type();

    /** The type's extended hash with the seed of partitioning; equal values of a family have equal hashes. */
    long partitionHash();

    /**
     * The order of PostgreSQL's btree, for values of one family only.
     *
     * @throws IllegalArgumentException for a value of another family
     */
    @Override
    int compareTo(KeyValue other);
}
