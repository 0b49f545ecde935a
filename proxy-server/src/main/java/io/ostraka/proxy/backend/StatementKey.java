package io.ostraka.proxy.backend;

import java.util.List;

/** A prepared statement by content: what a shard has prepared once serves every session with the same text and types. */
public final class StatementKey {
    private final String sql;
    private final List<Integer> parameterOids;
    private final int hash;

    public StatementKey(String sql, List<Integer> parameterOids) {
        this.sql = sql;
        this.parameterOids = List.copyOf(parameterOids);
        this.hash = 31 * sql.hashCode() + this.parameterOids.hashCode();
    }

    public String sql() {
        return sql;
    }

    public List<Integer> parameterOids() {
        return parameterOids;
    }

    @Override
    public boolean equals(Object other) {
        if (this == other) {
            return true;
        }
        return other instanceof StatementKey key
                && hash == key.hash
                && sql.equals(key.sql)
                && parameterOids.equals(key.parameterOids);
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
