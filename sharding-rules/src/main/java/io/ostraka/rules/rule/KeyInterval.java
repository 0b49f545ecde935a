package io.ostraka.rules.rule;

import java.util.Optional;

/** Keys between two bounds of one type, each of which may be part of the interval or not; an absent bound is open. */
public record KeyInterval(
        Optional<KeyValue> lower, boolean lowerInclusive, Optional<KeyValue> upper, boolean upperInclusive) {

    /** Whether no key can be in it: the bounds are the wrong way round, or equal and not both included. */
    boolean isEmpty() {
        if (lower.isEmpty() || upper.isEmpty()) {
            return false;
        }
        int order = lower.get().compareTo(upper.get());
        return order > 0 || (order == 0 && !(lowerInclusive && upperInclusive));
    }

    boolean endsBefore(KeyValue key) {
        if (upper.isEmpty()) {
            return false;
        }
        int order = upper.get().compareTo(key);
        return order < 0 || (order == 0 && !upperInclusive);
    }

    boolean startsAtOrAfter(KeyValue key) {
        return lower.isPresent() && lower.get().compareTo(key) >= 0;
    }
}
