package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Column;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.rule.KeyType;
import io.ostraka.rules.rule.KeyedRule;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Puts the tables that are copied to the combiner in an order in which small ones come first, and finds where these tell which rows
 * of the large ones matter.
 *
 * <p>That rests on the same {@link Fact}s as {@link FragmentFilter}: when every row of {@code b} that matters has a column equal to
 * one of the row at hand of {@code a}, a row without an equal one in a's copy changes nothing. Facts respect outer joins and
 * subqueries already. A table is reduced by tables copied before it only, so each step leaves out rows that change nothing of the
 * answer over what the steps before have left. Confined to one statement. Source: Bernstein and Chiu, "Using Semi-Joins to Solve
 * Relational Queries", J. ACM 28, 1981.
 */
final class SmallSidesFirst {
    /** What is taken for the size of a table without statistics. */
    private static final double UNKNOWN_ROWS = 1_000;

    /** A table of fewer rows is copied before the combiner has been asked for values. */
    private static final double MIN_ROWS = 500;

    /** How many times larger than what it is reduced by a table must be, for that to be worth asking. */
    private static final double MIN_RATIO = 2;

    /** From more rows come too many values, as a rule. */
    private static final double MAX_SOURCE_ROWS = 100_000;

    private static final double EQUALITY = 0.02;
    private static final double INEQUALITY = 1.0 / 3;
    private static final double OTHER = 0.5;

    private final Catalog catalog;
    private final List<Copy> copies = new ArrayList<>();
    private final Map<Leaf, Copy> byLeaf = new HashMap<>();

    /** {@code rows} is a guess. */
    private record Copy(CopiedTable fragment, Table table, List<Occurrence> occurrences, double rows) {}

    SmallSidesFirst(Catalog catalog) {
        this.catalog = catalog;
    }

    /** {@code occurrences}: the places whose rows the fragment has. */
    void add(CopiedTable fragment, Table table, List<Occurrence> occurrences) {
        double rows = catalog.rows(table.name()).stream()
                .mapToDouble(Long::doubleValue)
                .filter(known -> known > 0)
                .findFirst()
                .orElse(UNKNOWN_ROWS);
        double matter = occurrences.stream()
                .mapToDouble(occurrence -> rows * selectivity(occurrence))
                .sum();
        copies.add(new Copy(fragment, table, occurrences, Math.min(rows, matter)));
    }

    private static double selectivity(Occurrence occurrence) {
        double selectivity = 1;
        for (Fact fact : occurrence.facts()) {
            if (fact instanceof Fact.Never) {
                selectivity = 0;
            } else if (!(fact instanceof Fact.Equal || fact instanceof Fact.Same)
                    && fact.mentions(Set.of(occurrence.leaf()))) {
                selectivity *= fact instanceof Fact.OneOf one
                        ? Math.min(OTHER, EQUALITY * one.values().size())
                        : fact instanceof Fact.Bound ? INEQUALITY : OTHER;
            }
        }
        return selectivity;
    }

    /** All that were added, those first that others are reduced by. */
    List<CopiedTable> ordered() {
        byLeaf.clear();
        for (Copy copy : copies) {
            // With ONLY and without, the rows of a place are in one of two copies.
            boolean isSole = copies.stream()
                            .filter(other ->
                                    other.table().name().equals(copy.table().name()))
                            .count()
                    == 1;
            if (isSole && !copy.fragment().isOwn()) {
                copy.occurrences().forEach(occurrence -> byLeaf.put(occurrence.leaf(), copy));
            }
        }
        List<Copy> sorted =
                copies.stream().sorted(Comparator.comparingDouble(Copy::rows)).toList();
        List<CopiedTable> ordered = new ArrayList<>();
        boolean isAnyReduced = false;
        for (Copy copy : sorted) {
            List<Reduction> reductions = reductions(copy);
            isAnyReduced |= !reductions.isEmpty();
            ordered.add(copy.fragment().reducedBy(reductions));
        }
        return isAnyReduced ? ordered : copies.stream().map(Copy::fragment).toList();
    }

    /** One for each column of it at most. */
    private List<Reduction> reductions(Copy large) {
        if (large.occurrences().size() != 1 || large.fragment().isOwn() || large.rows() < MIN_ROWS) {
            return List.of();
        }
        Occurrence place = large.occurrences().get(0);
        Map<Variable, List<Variable>> equal = OccurrenceShards.equalities(place.facts());
        Set<Variable> notNull = new HashSet<>();
        for (Fact fact : place.facts()) {
            if (fact instanceof Fact.Equal pair) {
                notNull.add(pair.a());
                notNull.add(pair.b());
            }
        }
        Map<String, Reduction> found = new HashMap<>();
        List<Column> columns = large.table().columns();
        for (int i = 0; i < Math.min(columns.size(), place.leaf().columns().size()); i++) {
            Variable own = place.leaf().variable(i);
            Set<Variable> same = OccurrenceShards.reach(own, equal);
            Column column = columns.get(i);
            // Of columns that subqueries pass on alone, null or not, nulls might be taken for equal.
            boolean isCompared = same.stream().anyMatch(notNull::contains);
            if (isCompared && large.fragment().columns().contains(column.name())) {
                same.stream()
                        .filter(other -> other.leaf() != place.leaf())
                        .sorted(Comparator.comparingDouble(this::rows))
                        .map(other -> reduction(large, own, column, other))
                        .flatMap(Optional::stream)
                        .findFirst()
                        .ifPresent(reduction -> found.put(column.name(), reduction));
            }
        }
        return List.copyOf(found.values());
    }

    private double rows(Variable variable) {
        Copy copy = byLeaf.get(variable.leaf());
        return copy == null ? Double.MAX_VALUE : copy.rows();
    }

    private Optional<Reduction> reduction(Copy large, Variable own, Column column, Variable other) {
        Copy small = byLeaf.get(other.leaf());
        Optional<KeyType> type = KeyType.named(own.type()).filter(Reduction::isPossible);
        if (small == null
                || type.isEmpty()
                || small.rows() > MAX_SOURCE_ROWS
                || small.rows() * MIN_RATIO > large.rows()
                || other.column() >= small.table().columns().size()) {
            return Optional.empty();
        }
        Column source = small.table().columns().get(other.column());
        boolean isOfSameType = other.type().equals(own.type())
                && source.type().equals(own.type())
                && column.type().equals(own.type())
                && source.deterministicCollation()
                && column.deterministicCollation();
        return isOfSameType && small.fragment().columns().contains(source.name())
                ? Optional.of(new Reduction(
                        small.fragment().quotedTemporary(),
                        source.name(),
                        column.name(),
                        type.get(),
                        owners(large, column, type.get())))
                : Optional.empty();
    }

    private static Optional<KeyedRule> owners(Copy large, Column column, KeyType type) {
        return large.occurrences().get(0).rule() instanceof KeyedRule keyed
                        && keyed.keyColumns().equals(List.of(column.name()))
                        && keyed.keyTypes().equals(List.of(type))
                ? Optional.of(keyed)
                : Optional.empty();
    }
}
