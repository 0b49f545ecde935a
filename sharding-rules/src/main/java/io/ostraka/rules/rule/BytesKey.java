package io.ostraka.rules.rule;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * A key that is a string of bytes: text in UTF-8 (blank-padded text without its trailing blanks), uuid, bytea. Shares the
 * array it was made of, which nobody may change afterwards.
 */
final class BytesKey implements KeyValue {
    private final KeyType type;
    private final byte[] value;

    BytesKey(KeyType type, byte[] value) {
        this.type = type;
        this.value = value;
    }

    @Override
    public KeyType type() {
        return type;
    }

    /** The array itself, not to be changed. */
    byte[] value() {
        return value;
    }

    @Override
    public long partitionHash() {
        return PgHash.bytes(value);
    }

    @Override
    public int compareTo(KeyValue other) {
        type.requireSameFamily(other.type());
        return Arrays.compareUnsigned(value, ((BytesKey) other).value);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof BytesKey that
                && type.family() == that.type.family()
                && Arrays.equals(value, that.value);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(value);
    }

    @Override
    public String toString() {
        return switch (type) {
            case TEXT, VARCHAR, BPCHAR -> new String(value, StandardCharsets.UTF_8);
            default -> "\\x" + HexFormat.of().formatHex(value);
        };
    }
}
