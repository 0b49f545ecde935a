package io.ostraka.proxy.admin;

import java.util.List;
import java.util.Optional;

/** What a view answers: its rows, and what the reader must know of what is not in them. */
record Rows(List<List<Optional<Cell>>> all, List<String> warnings) {
    static final Rows NONE = new Rows(List.of());

    Rows {
        all = List.copyOf(all);
        warnings = List.copyOf(warnings);
    }

    Rows(List<List<Optional<Cell>>> all) {
        this(all, List.of());
    }

    static Optional<Cell> text(String value) {
        return Optional.of(new Cell.Text(value));
    }

    static Optional<Cell> text(Optional<String> value) {
        return value.map(Cell.Text::new);
    }

    static Optional<Cell> number(long value) {
        return Optional.of(new Cell.Bigint(value));
    }

    static Optional<Cell> flag(boolean value) {
        return Optional.of(new Cell.Flag(value));
    }
}
