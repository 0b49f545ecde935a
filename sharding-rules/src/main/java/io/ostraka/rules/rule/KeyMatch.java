package io.ostraka.rules.rule;

/** What became of a value on its way to a key column's type. */
public sealed interface KeyMatch {
    /** The value has no certain counterpart here: the server may know one, find none or report an error. */
    KeyMatch UNKNOWN = new Unknown();

    /** The comparison is false or null for every row, as {@code id = 1.5} is for an integer column. */
    KeyMatch NO_ROW = new NoRow();

    /** Just this key. */
    record Key(KeyValue value) implements KeyMatch {}

    record NoRow() implements KeyMatch {}

    record Unknown() implements KeyMatch {}
}
