package io.ostraka.rules.catalog;

/**
 * A column. {@code type} is PostgreSQL's own name without modifier ({@code int4}, {@code bpchar}, {@code timestamptz});
 * a domain shows its base type. {@code deterministicCollation} is true for types without collation.
 */
public record Column(
        String name,
        String type,
        int typeModifier,
        boolean notNull,
        boolean hasDefault,
        boolean deterministicCollation) {}
