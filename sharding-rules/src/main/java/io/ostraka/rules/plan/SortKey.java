package io.ostraka.rules.plan;

/**
 * One key of an ORDER BY. {@code bytewise} when it is known that a text there is ordered by its bytes; the key's type is what
 * the shards say it is.
 */
public record SortKey(boolean descending, boolean nullsFirst, boolean bytewise) {}
