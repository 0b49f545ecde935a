package io.ostraka.proxy.backend;

import java.util.List;

/**
 * A prepared statement by content: what a shard has prepared once serves every session with the same text and types, that
 * parsed it under the same search path before or after the same changes of the schema. A server refuses to go on with a
 * statement whose result has changed since it was prepared: rightly so for a client that knows the old result, but not for
 * one that parsed it anew.
 */
public final class StatementKey {
    private final String sql;
    private final List<Integer> parameterOids;
    private final List<String> searchPath;
    private final long schemaAge;
    private final int hash;

    /** {@code schemaAge} counts the changes of the schema before the client's Parse. */
    public StatementKey(String sql, List<Integer> parameterOids, List<String> searchPath, long schemaAge) {
        this.sql = sql;
        this.parameterOids = List.copyOf(parameterOids);
        this.searchPath = List.copyOf(searchPath);
        this.schemaAge = schemaAge;
        this.hash = 31 * sql.hashCode() + this.parameterOids.hashCode();
    }

    /** The same with another text and parameters of its own. */
    public StatementKey with(String text, List<Integer> oids) {
        return new StatementKey(text, oids, searchPath, schemaAge);
    }

    /** What was parsed with another text. */
    public StatementKey withSql(String text) {
        return new StatementKey(text, parameterOids, searchPath, schemaAge);
    }

    /** Another statement, without parameters. */
    public StatementKey withoutParameters(String text) {
        return new StatementKey(text, List.of(), searchPath, schemaAge);
    }

    public String sql() {
        return sql;
    }

    public List<Integer> parameterOids() {
        return parameterOids;
    }

    /** Under which the client has parsed it. */
    public List<String> searchPath() {
        return searchPath;
    }

    public long schemaAge() {
        return schemaAge;
    }

    @Override
    public boolean equals(Object other) {
        if (this == other) {
            return true;
        }
        return other instanceof StatementKey key
                && hash == key.hash
                && schemaAge == key.schemaAge
                && sql.equals(key.sql)
                && parameterOids.equals(key.parameterOids)
                && searchPath.equals(key.searchPath);
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
