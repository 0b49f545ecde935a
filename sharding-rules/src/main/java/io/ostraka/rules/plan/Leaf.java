package io.ostraka.rules.plan;

import java.util.List;

/**
 * One source of rows in one FROM: an occurrence of a table, a subquery, a function. Compared by identity, because two
 * occurrences of a table are two leaves. {@code types} are the catalog's names, empty where unknown; an {@code open}
 * leaf may have more columns than are listed.
 */
final class Leaf {
    private final String name;
    private final List<String> columns;
    private final List<String> types;
    private final boolean open;

    Leaf(String name, List<String> columns, List<String> types, boolean open) {
        this.name = name;
        this.columns = List.copyOf(columns);
        this.types = List.copyOf(types);
        this.open = open;
        if (columns.size() != types.size()) {
            throw new IllegalArgumentException(columns.size() + " columns, " + types.size() + " types");
        }
    }

    List<String> columns() {
        return columns;
    }

    boolean open() {
        return open;
    }

    Variable variable(int column) {
        return new Variable(this, column);
    }

    String type(int column) {
        return types.get(column);
    }

    @Override
    public String toString() {
        return name;
    }
}
