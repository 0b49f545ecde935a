package io.ostraka.rules.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The names that expressions of one query level see: columns and range variables of its FROM, then those of the
 * levels around. Source: PostgreSQL's {@code colNameToVar} and {@code refnameNamespaceItem}. It never answers with a
 * column that the server would not choose; where it cannot be sure it says {@link Unknown}. Immutable.
 */
record Scope(Optional<Scope> outer, List<Visible> columns, List<Range> ranges, boolean open) {
    static final Scope NOTHING = new Scope(Optional.empty(), List.of(), List.of(), false);

    /** Columns every table has without listing them. */
    private static final Set<String> SYSTEM_COLUMNS = Set.of("ctid", "xmin", "xmax", "cmin", "cmax", "tableoid");

    Scope {
        columns = List.copyOf(columns);
        ranges = List.copyOf(ranges);
    }

    /** A column that an unqualified name may mean; merged columns of a FULL JOIN belong to no single leaf. */
    record Visible(String name, Optional<Variable> variable) {}

    /** A range variable. {@code schema} is there when the table's own name, qualified, is one too. */
    record Range(Optional<String> schema, String name, List<Visible> columns, boolean open) {
        Range {
            columns = List.copyOf(columns);
        }
    }

    /** What a name turned out to be. */
    sealed interface Resolution {}

    record Found(Variable variable) implements Resolution {}

    record SystemColumn(String name) implements Resolution {}

    /** Whether every table has a column of this name that no catalog lists. */
    static boolean isSystemColumn(String name) {
        return SYSTEM_COLUMNS.contains(name);
    }

    /** A whole row, a merged column, a function in attribute notation, an error, or not to be known from here. */
    record Unknown() implements Resolution {}

    private static final Resolution UNKNOWN = new Unknown();

    /** This level with more sources of rows to its right. */
    Scope plus(List<Visible> moreColumns, List<Range> moreRanges, boolean moreOpen) {
        List<Visible> allColumns = new ArrayList<>(columns);
        allColumns.addAll(moreColumns);
        List<Range> allRanges = new ArrayList<>(ranges);
        allRanges.addAll(moreRanges);
        return new Scope(outer, allColumns, allRanges, open || moreOpen);
    }

    /** An empty level inside this one. */
    Scope inner() {
        return new Scope(Optional.of(this), List.of(), List.of(), false);
    }

    /** The column that an expression consists of. */
    Optional<Variable> columnMeant(Expression expression) {
        return expression instanceof Expression.Name name && resolve(name.path()) instanceof Found found
                ? Optional.of(found.variable())
                : Optional.empty();
    }

    Resolution resolve(List<String> path) {
        return switch (path.size()) {
            case 1 -> column(path.get(0));
            case 2 -> qualified(Optional.empty(), path.get(0), path.get(1));
            case 3 -> qualified(Optional.of(path.get(0)), path.get(1), path.get(2));
            default -> UNKNOWN;
        };
    }

    /** Whether a name alone may mean a whole row of this level or one around it. */
    boolean hasRange(String name) {
        return ranges.stream().anyMatch(range -> range.name().equals(name))
                || outer.filter(around -> around.hasRange(name)).isPresent();
    }

    private Resolution column(String name) {
        List<Visible> named =
                columns.stream().filter(column -> column.name().equals(name)).toList();
        if (!named.isEmpty() || open) {
            // Columns of an open leaf are not known: one of the same name would make the reference ambiguous.
            return named.size() == 1 && !open ? found(named.get(0)) : UNKNOWN;
        }
        if (SYSTEM_COLUMNS.contains(name) && !ranges.isEmpty()) {
            return new SystemColumn(name);
        }
        return outer.map(around -> around.column(name)).orElse(UNKNOWN);
    }

    private Resolution qualified(Optional<String> schema, String range, String name) {
        List<Range> named = ranges.stream()
                .filter(candidate -> candidate.name().equals(range)
                        && (schema.isEmpty() || candidate.schema().equals(schema)))
                .toList();
        if (named.isEmpty()) {
            return outer.map(around -> around.qualified(schema, range, name)).orElse(UNKNOWN);
        }
        if (named.size() > 1) {
            return UNKNOWN;
        }
        List<Visible> columnsNamed = named.get(0).columns().stream()
                .filter(column -> column.name().equals(name))
                .toList();
        if (columnsNamed.size() == 1) {
            return found(columnsNamed.get(0));
        }
        return columnsNamed.isEmpty() && SYSTEM_COLUMNS.contains(name) ? new SystemColumn(name) : UNKNOWN;
    }

    private static Resolution found(Visible column) {
        return column.variable().<Resolution>map(Found::new).orElse(UNKNOWN);
    }
}
