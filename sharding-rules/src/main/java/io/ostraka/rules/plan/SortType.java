package io.ostraka.rules.plan;

import java.util.Optional;

/** The types whose order is known here to the last bit, from their values in binary. The OIDs are those of pg_type.dat. */
public enum SortType {
    BOOL("bool", 16),
    BYTEA("bytea", 17),
    /** {@code "char"}, one byte. */
    CHAR("char", 18),
    /** Always in collation C. */
    NAME("name", 19),
    INT8("int8", 20),
    INT2("int2", 21),
    INT4("int4", 23),
    TEXT("text", 25),
    OID("oid", 26),
    FLOAT4("float4", 700),
    FLOAT8("float8", 701),
    MACADDR8("macaddr8", 774),
    MONEY("money", 790),
    MACADDR("macaddr", 829),
    BPCHAR("bpchar", 1042),
    VARCHAR("varchar", 1043),
    DATE("date", 1082),
    TIME("time", 1083),
    TIMESTAMP("timestamp", 1114),
    TIMESTAMPTZ("timestamptz", 1184),
    INTERVAL("interval", 1186),
    TIMETZ("timetz", 1266),
    NUMERIC("numeric", 1700),
    UUID("uuid", 2950),
    PG_LSN("pg_lsn", 3220);

    private static final SortType[] ALL = values();

    private final String typeName;
    private final int oid;

    SortType(String typeName, int oid) {
        this.typeName = typeName;
        this.oid = oid;
    }

    public static Optional<SortType> ofOid(int oid) {
        for (SortType type : ALL) {
            if (type.oid == oid) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /** By PostgreSQL's own name. */
    public static Optional<SortType> named(String name) {
        for (SortType type : ALL) {
            if (type.typeName.equals(name)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /** Whether its order depends on a collation. */
    public boolean isText() {
        return this == TEXT || this == VARCHAR || this == BPCHAR;
    }

    @Override
    public String toString() {
        return typeName;
    }
}
