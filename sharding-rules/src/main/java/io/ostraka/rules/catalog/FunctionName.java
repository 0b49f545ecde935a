package io.ostraka.rules.catalog;

/** A function's schema and name as the catalog has them: folded already, without quotes. Overloads share it. */
public record FunctionName(String schema, String name) {
    @Override
    public String toString() {
        return schema + "." + name;
    }
}
