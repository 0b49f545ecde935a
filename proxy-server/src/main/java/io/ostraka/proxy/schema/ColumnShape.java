package io.ostraka.proxy.schema;

/**
 * A column as people compare it. {@code type} is worded as in {@code CREATE TABLE}; {@code collation} is empty for types
 * without one; {@code value} is the default, generation or identity clause, empty when there is none.
 */
record ColumnShape(String name, String type, boolean notNull, String collation, String value) {}
