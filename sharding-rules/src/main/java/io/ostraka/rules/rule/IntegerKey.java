package io.ostraka.rules.rule;

/**
 * A key that is a number of at most 64 bits: integers; {@code false} and {@code true} as 0 and 1; dates as days, and
 * timestamps as microseconds, since 2000-01-01, with PostgreSQL's own values for the infinities.
 */
record IntegerKey(KeyType type, long value) implements KeyValue {

    @Override
    public long partitionHash() {
        return switch (type.family()) {
            case BOOL, DATE -> PgHash.int4((int) value);
            default -> PgHash.int8(value);
        };
    }

    @Override
    public int compareTo(KeyValue other) {
        type.requireSameFamily(other.type());
        return Long.compare(value, ((IntegerKey) other).value);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof IntegerKey that && value == that.value && type.family() == that.type.family();
    }

    @Override
    public int hashCode() {
        return Long.hashCode(value);
    }

    /** As the server would write it under {@code DateStyle = ISO}, timestamps in UTC. */
    @Override
    public String toString() {
        return switch (type.family()) {
            case BOOL -> value == 0 ? "false" : "true";
            case DATE -> DateTimeText.formatDate(value);
            case TIMESTAMP -> DateTimeText.formatTimestamp(value);
            case TIMESTAMPTZ -> DateTimeText.formatTimestamp(value) + "+00";
            default -> Long.toString(value);
        };
    }
}
