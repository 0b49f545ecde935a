package io.ostraka.rules.catalog;

/**
 * A column. {@code type} is PostgreSQL's own name without modifier ({@code int4}, {@code bpchar}, {@code timestamptz});
 * a domain shows its base type. {@code deterministicCollation} is true for types without collation; {@code
 * bytewiseCollation} is true where texts are known to be ordered by their bytes; {@code onDefault} is what its default or
 * identity reaches when no value is given, {@code defaultText} its expression, empty where there is none or it is not known.
 */
public record Column(
        String name,
        String type,
        int typeModifier,
        boolean notNull,
        boolean hasDefault,
        boolean deterministicCollation,
        boolean bytewiseCollation,
        HiddenAccess onDefault,
        String defaultText) {

    /** One whose default, if it has one, reaches nothing, and whose texts are in an order that only the server knows. */
    public Column(
            String name,
            String type,
            int typeModifier,
            boolean notNull,
            boolean hasDefault,
            boolean deterministicCollation) {
        this(name, type, typeModifier, notNull, hasDefault, deterministicCollation, false, HiddenAccess.NONE);
    }

    /** One whose default, if it has one, is known by what it reaches only. */
    public Column(
            String name,
            String type,
            int typeModifier,
            boolean notNull,
            boolean hasDefault,
            boolean deterministicCollation,
            boolean bytewiseCollation,
            HiddenAccess onDefault) {
        this(name, type, typeModifier, notNull, hasDefault, deterministicCollation, bytewiseCollation, onDefault, "");
    }
}
