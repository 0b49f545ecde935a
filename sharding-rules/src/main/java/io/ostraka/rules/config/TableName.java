package io.ostraka.rules.config;

/** A table's schema and name as the catalog has them: folded already, without quotes. */
public record TableName(String schema, String name) implements Comparable<TableName> {
    @Override
    public int compareTo(TableName other) {
        int bySchema = schema.compareTo(other.schema);
        return bySchema != 0 ? bySchema : name.compareTo(other.name);
    }

    @Override
    public String toString() {
        return schema + "." + name;
    }
}
