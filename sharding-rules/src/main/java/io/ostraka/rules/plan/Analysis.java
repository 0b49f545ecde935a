package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.HiddenAccess;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.rule.KeyedRule;
import io.ostraka.rules.rule.ReferenceRule;
import io.ostraka.rules.sql.SourceSpan;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** What the {@link Analyser} found in one statement. Confined to its planning. */
final class Analysis {
    /** A call of a function by name, under the search path in force where it stands. */
    record FunctionUse(List<String> name, List<String> searchPath, boolean windowed, boolean aggregating, int at) {
        FunctionUse {
            name = List.copyOf(name);
            searchPath = List.copyOf(searchPath);
        }

        String last() {
            return name.get(name.size() - 1);
        }

        Optional<String> schema() {
            return name.size() > 1 ? Optional.of(name.get(name.size() - 2)) : Optional.empty();
        }
    }

    private final List<Occurrence> occurrences = new ArrayList<>();
    private final IdentityHashMap<Leaf, Occurrence> byLeaf = new IdentityHashMap<>();
    private final List<FunctionUse> functions = new ArrayList<>();
    private final Map<TableName, List<HiddenAccess>> hidden = new LinkedHashMap<>();
    private final List<InsertedRows> inserts = new ArrayList<>();
    private final Map<SourceSpan, Formula> formulas = new HashMap<>();
    private final List<Expression> constants = new ArrayList<>();
    private final Set<Expression> timeless = Collections.newSetFromMap(new IdentityHashMap<>());
    private final SortedMap<Integer, Named> named = new TreeMap<>();
    private final Set<Integer> qualified = new TreeSet<>();
    private boolean usesUnnamedColumns;
    private boolean usesWholeRow;
    private boolean groups;
    private Optional<Copies> copies = Optional.empty();
    private boolean ownComparison;
    private boolean writes;
    private boolean locks;
    private boolean mayLockCopies;
    private boolean readsSystemCatalog;
    private boolean hasUnknownNames;
    private OptionalInt systemColumn = OptionalInt.empty();
    private OptionalInt nameOfTable = OptionalInt.empty();
    private OptionalInt serverLocalCast = OptionalInt.empty();

    /** An expression whose value a server may be asked for, under the search path in force where it stands. */
    record Formula(Expression.Formula expression, List<String> searchPath) {}

    /** The rows that one INSERT writes into a table with a shard key, when they are listed. */
    record InsertedRows(TableName table, KeyedRule rule, List<List<Value>> keys, List<Integer> modifiers) {}

    /** A table or view that FROM names in the text itself: no WITH query, and not what a view's definition names. */
    record Named(FromItem.Relation relation, TableName table, boolean isView) {}

    void addNamed(Named relation) {
        named.put(relation.relation().at(), relation);
    }

    /** By their places in the text. */
    Collection<Named> named() {
        return named.values();
    }

    /** A column's name, or a star, that says the table's schema, too. */
    void addQualified(int at) {
        qualified.add(at);
    }

    Set<Integer> qualified() {
        return qualified;
    }

    /** Columns are used that are not named: by a star, a whole row, a natural join, their places. */
    void markUnnamedColumns() {
        usesUnnamedColumns = true;
    }

    boolean usesUnnamedColumns() {
        return usesUnnamedColumns;
    }

    /** A table's name stands for its row, or seems to. */
    void markWholeRow() {
        usesWholeRow = true;
    }

    boolean usesWholeRow() {
        return usesWholeRow;
    }

    void markGroups() {
        groups = true;
    }

    /** Whether there is a GROUP BY. */
    boolean groups() {
        return groups;
    }

    /** A table of which every shard has a copy, all of which are to be written. */
    record Copies(TableName table, Set<ShardName> shards, int at) {
        Copies {
            shards = Set.copyOf(shards);
        }
    }

    void markCopies(Copies written) {
        copies = copies.or(() -> Optional.of(written));
    }

    /** The first table of which all copies are to be written. */
    Optional<Copies> copies() {
        return copies;
    }

    /** {@code =} may not be PostgreSQL's: nothing follows from a comparison. */
    void markOwnComparison() {
        ownComparison = true;
    }

    boolean hasOwnComparison() {
        return ownComparison;
    }

    void add(Occurrence found) {
        Occurrence occurrence = ownComparison ? found.withoutFacts() : found;
        occurrences.add(occurrence);
        byLeaf.put(occurrence.leaf(), occurrence);
        writes |= occurrence.written();
    }

    void add(FunctionUse use) {
        functions.add(use);
    }

    void add(InsertedRows rows) {
        inserts.add(rows);
        writes = true;
    }

    void addHidden(TableName table, HiddenAccess access) {
        if (!access.isNone()) {
            hidden.computeIfAbsent(table, key -> new ArrayList<>(1)).add(access);
        }
    }

    void add(Formula formula) {
        formulas.put(formula.expression().span(), formula);
    }

    Map<SourceSpan, Formula> formulas() {
        return formulas;
    }

    /** A literal or parameter of the statement's own text. */
    void addConstant(Expression constant) {
        constants.add(constant);
    }

    /** One that is compared with what is no date or time. */
    void markTimeless(Expression constant) {
        timeless.add(constant);
    }

    ClockWords clockWords() {
        return ClockWords.of(constants, timeless);
    }

    /** {@code copies}: also rows of FROM of which each shard may have one. */
    void markLocks(boolean copies) {
        locks = true;
        mayLockCopies |= copies;
    }

    void markWrites() {
        writes = true;
    }

    void markSystemColumn(int at) {
        if (systemColumn.isEmpty()) {
            systemColumn = OptionalInt.of(at);
        }
    }

    /** What a row's table is called, which a copy of the row does not know. */
    void markNameOfTable(int at) {
        if (nameOfTable.isEmpty()) {
            nameOfTable = OptionalInt.of(at);
        }
    }

    OptionalInt nameOfTable() {
        return nameOfTable;
    }

    void markSystemCatalog() {
        readsSystemCatalog = true;
    }

    void markUnknownName() {
        hasUnknownNames = true;
    }

    /** Whether a name is not sure to be a column of the statement's own tables. */
    boolean hasUnknownNames() {
        return hasUnknownNames;
    }

    /** A cast to or from a type such as {@code regclass}, whose values are numbers of one server. */
    void markServerLocalCast(int at) {
        if (serverLocalCast.isEmpty()) {
            serverLocalCast = OptionalInt.of(at);
        }
    }

    List<Occurrence> occurrences() {
        return occurrences;
    }

    /** The occurrence whose rows this leaf has. */
    Occurrence occurrence(Leaf leaf) {
        return byLeaf.get(leaf);
    }

    List<FunctionUse> functions() {
        return functions;
    }

    List<InsertedRows> inserts() {
        return inserts;
    }

    /** What the tables of the statement reach by triggers, policies and the like. */
    Map<TableName, List<HiddenAccess>> hidden() {
        return hidden;
    }

    boolean writes() {
        return writes;
    }

    boolean locks() {
        return locks;
    }

    /** A reference table whose rows may be locked: others may lock another shard's copies. */
    Optional<Occurrence> lockedCopies() {
        return occurrences.stream()
                .filter(occurrence -> mayLockCopies && occurrence.rule() instanceof ReferenceRule)
                .findFirst();
    }

    boolean readsSystemCatalog() {
        return readsSystemCatalog;
    }

    OptionalInt serverLocalCast() {
        return serverLocalCast;
    }

    OptionalInt systemColumn() {
        return systemColumn;
    }
}
