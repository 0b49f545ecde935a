package io.ostraka.rules.plan;

import io.ostraka.rules.rule.KeyValue;

/** What a server said that an expression comes to. Immutable. */
public sealed interface Computed {
    Computed NULL = new Null();
    Computed UNKNOWN = new Unknown();

    record Known(KeyValue value) implements Computed {}

    record Null() implements Computed {}

    /** Nobody was asked, or the value is of a type that no key has. */
    record Unknown() implements Computed {}
}
