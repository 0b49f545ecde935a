package io.ostraka.rules.sql;

import java.util.List;

/** A name of one to three parts, folded as PostgreSQL folds it: {@code table}, {@code schema.table}. */
public record QualifiedName(List<String> parts) {
    public QualifiedName {
        parts = List.copyOf(parts);
    }

    public String last() {
        return parts.get(parts.size() - 1);
    }

    @Override
    public String toString() {
        return String.join(".", parts);
    }
}
