package io.ostraka.rules.catalog;

/** An operator by its schema and symbol, without the types of its operands. */
public record OperatorName(String schema, String symbol) {}
