package io.ostraka.rules.rule;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.List;

/**
 * The hash functions of PostgreSQL's hash partitioning, so that the proxy and a shard's SQL name the same slot. Every
 * function is the type's <i>extended</i> one, called with the seed of partitioning. Pure.
 *
 * <p>Source: {@code hashfn.c} (Bob Jenkins' lookup3 of 2006), {@code hashfunc.c}, {@code hash_numeric_extended},
 * {@code compute_partition_hash_value}. A server on a big-endian machine hashes otherwise; Ostraka's shards are
 * little-endian.
 */
public final class PgHash {
    /** {@code HASH_PARTITION_SEED} of {@code partition.h}. */
    public static final long PARTITION_SEED = 0x7A5B22367996DCFDL;

    private static final int INITIAL = 0x9e3779b9 + 3923095;
    private static final long COMBINE = 0x49a0f4dd15e5a8e3L;
    private static final VarHandle INT_AT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    /** The state after the seed, for all keys of four bytes. */
    private static final State SEEDED_FOR_INT = State.seeded(Integer.BYTES);

    private PgHash() {}

    /** {@code hashint2extended}, {@code hashint4extended}, {@code hashdateextended}, {@code hashboolextended}. */
    public static long int4(int value) {
        return finish(SEEDED_FOR_INT.a + value, SEEDED_FOR_INT.b, SEEDED_FOR_INT.c);
    }

    /** {@code hashint8extended}, {@code timestamp_hash_extended}: equal to {@link #int4} where the value fits one. */
    public static long int8(long value) {
        int high = (int) (value >>> 32);
        return int4((int) value ^ (value >= 0 ? high : ~high));
    }

    /** {@code hash_any_extended} of the whole array: text and its kin, uuid, bytea. */
    public static long bytes(byte[] key) {
        State state = State.seeded(key.length);
        int at = 0;
        int left = key.length;
        for (; left >= 12; at += 12, left -= 12) {
            state.a += (int) INT_AT.get(key, at);
            state.b += (int) INT_AT.get(key, at + 4);
            state.c += (int) INT_AT.get(key, at + 8);
            state.mix();
        }
        // The lowest byte of c is the length's.
        return finish(
                state.a + littleEndian(key, at, Math.min(left, 4)),
                state.b + littleEndian(key, at + 4, Math.min(left - 4, 4)),
                state.c + (littleEndian(key, at + 8, left - 8) << 8));
    }

    /** {@code hash_combine64}: folds the hash of the next key column into that of the columns before it. */
    public static long combine(long before, long next) {
        return before ^ (next + COMBINE + (before << 54) + (before >>> 7));
    }

    /** The hash of a whole key, one value per column in the rule's order: what partitioning takes the remainder of. */
    public static long row(List<KeyValue> key) {
        long hash = 0;
        for (int i = 0; i < key.size(); i++) {
            hash = combine(hash, key.get(i).partitionHash());
        }
        return hash;
    }

    /** The remainder that {@code satisfies_hash_partition(..., slots, slot, key)} tests; {@code slots} is a power of two. */
    public static int slot(List<KeyValue> key, int slots) {
        return (int) row(key) & (slots - 1);
    }

    private static int littleEndian(byte[] key, int at, int count) {
        int word = 0;
        for (int i = 0; i < count; i++) {
            word |= (key[at + i] & 0xff) << (8 * i);
        }
        return word;
    }

    private static long finish(int a0, int b0, int c0) {
        int c = (c0 ^ b0) - Integer.rotateLeft(b0, 14);
        int a = (a0 ^ c) - Integer.rotateLeft(c, 11);
        int b = (b0 ^ a) - Integer.rotateLeft(a, 25);
        c = (c ^ b) - Integer.rotateLeft(b, 16);
        a = (a ^ c) - Integer.rotateLeft(c, 4);
        b = (b ^ a) - Integer.rotateLeft(a, 14);
        c = (c ^ b) - Integer.rotateLeft(b, 24);
        return ((long) b << 32) | (c & 0xffffffffL);
    }

    /** The three words between chunks. Never leaves this class, so that the compiler keeps it in registers. */
    private static final class State {
        private int a;
        private int b;
        private int c;

        /** The seed counts as the first chunk of twelve bytes, the last four of them zero. */
        static State seeded(int length) {
            State state = new State();
            state.c = INITIAL + length;
            state.a = state.c + (int) (PARTITION_SEED >>> 32);
            state.b = state.c + (int) PARTITION_SEED;
            state.mix();
            return state;
        }

        void mix() {
            a = (a - c) ^ Integer.rotateLeft(c, 4);
            c += b;
            b = (b - a) ^ Integer.rotateLeft(a, 6);
            a += c;
            c = (c - b) ^ Integer.rotateLeft(b, 8);
            b += a;
            a = (a - c) ^ Integer.rotateLeft(c, 16);
            c += b;
            b = (b - a) ^ Integer.rotateLeft(a, 19);
            a += c;
            c = (c - b) ^ Integer.rotateLeft(b, 4);
            b += a;
        }
    }
}
