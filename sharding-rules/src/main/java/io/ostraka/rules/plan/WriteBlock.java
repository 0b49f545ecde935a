package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Column;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.plan.Analyser.Place;
import io.ostraka.rules.plan.FromItem.Alias;
import io.ostraka.rules.rule.KeyedRule;
import io.ostraka.rules.rule.ReferenceRule;
import io.ostraka.rules.rule.TableRule;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * INSERT, UPDATE, DELETE or MERGE, as a statement or in a WITH. What would leave a row where no query looks for it is
 * refused while it is declared. Confined to one statement.
 */
final class WriteBlock implements Block {
    /** Records the occurrences. */
    interface Settling {
        void settle(List<Fact> context);
    }

    private final Settling settling;
    /** Asked for once it is settled. */
    private final Supplier<Optional<Level.Written>> rows;

    private WriteBlock(Settling settling) {
        this(settling, Optional::empty);
    }

    WriteBlock(Settling settling, Supplier<Optional<Level.Written>> rows) {
        this.settling = settling;
        this.rows = rows;
    }

    static WriteBlock of(Analyser analyser, Query query, Scope outer, Place place) {
        analyser.analysis().markWrites();
        if (query instanceof Query.Insert insert) {
            return insert(analyser, insert, outer, place);
        }
        if (query instanceof Query.Update update) {
            return update(analyser, update, outer, place);
        }
        if (query instanceof Query.Merge merge) {
            return MergeWrites.of(analyser, merge, outer, place);
        }
        return delete(analyser, (Query.Delete) query, outer, place);
    }

    /** A table to be written, or none that the catalog knows: then the server will say so. */
    record Target(TableName name, Optional<Table> table, TableRule rule, Leaf leaf, int at) {

        static Target of(Analyser analyser, FromItem.Relation relation, Place place) {
            Optional<Table> table = analyser.table(relation.name(), place);
            TableName name = analyser.nameOf(relation, table, place);
            if (table.isPresent() && table.get().isView()) {
                throw Refusals.writeToView(name, relation.at()).toException();
            }
            if (table.isPresent() && table.get().hasRules()) {
                throw Refusals.writeWithRules(name, relation.at()).toException();
            }
            if (name.schema().equals(Catalog.PG_CATALOG)) {
                throw Refusals.writeToSystemCatalog(name, relation.at()).toException();
            }
            TableRule rule = analyser.readRule(name);
            if (rule instanceof ReferenceRule) {
                analyser.analysis().markCopies(new Analysis.Copies(name, rule.shards(), relation.at()));
            }
            table.ifPresent(found -> {
                analyser.analysis().addHidden(name, found.onRead());
                analyser.analysis().addHidden(name, found.onWrite());
            });
            Leaf leaf = table.map(found -> Analyser.leaf(found, relation.alias()))
                    .orElseGet(() -> Analyser.unknownLeaf(relation.alias(), relation.last()));
            return new Target(name, table, rule, leaf, relation.at());
        }

        /** Refuses what would change the key of a row behind the statement's back. */
        void checkEffects(Analyser analyser, WriteGuard.Change change) {
            table.ifPresent(found -> new WriteGuard(analyser, at).check(found, change));
        }

        Occurrence occurrence(List<Fact> facts) {
            return new Occurrence(name, rule, leaf, Analyser.keyColumns(table, rule), facts, true, at);
        }

        Optional<KeyedRule> keyed() {
            return rule instanceof KeyedRule keyed ? Optional.of(keyed) : Optional.empty();
        }

        /** Refuses to write a column in which two shards could come to hold the same value that must be unique. */
        void checkUnique(List<String> writtenColumns) {
            if (table.isEmpty() || keyed().isEmpty()) {
                return;
            }
            List<String> keyColumns = keyed().get().keyColumns();
            for (List<String> unique : table.get().uniqueKeys()) {
                if (!unique.containsAll(keyColumns) && unique.stream().anyMatch(writtenColumns::contains)) {
                    throw Refusals.uniqueWithoutKey(name, unique, keyColumns, at)
                            .toException();
                }
            }
        }

        /** Notes what the defaults of these columns reach. */
        void addDefaults(Analyser analyser, Predicate<String> defaulted) {
            table.ifPresent(found -> found.columns().stream()
                    .filter(column -> defaulted.test(column.name()))
                    .forEach(column -> analyser.analysis().addHidden(name, column.onDefault())));
        }

        /** Whether OVERRIDING USER VALUE puts something else into the column than the statement gives. */
        boolean ignoresGiven(String column, boolean overridingUser) {
            return overridingUser
                    && table.flatMap(found -> found.column(column))
                            .filter(Column::hasDefault)
                            .isPresent();
        }

        void checkKeyNotAssigned(List<Query.Assignment> assignments) {
            keyed().ifPresent(rule -> assignments.forEach(assignment -> assignment.columns().stream()
                    .filter(rule.keyColumns()::contains)
                    .findFirst()
                    .ifPresent(column -> {
                        throw Refusals.keyAssigned(
                                        name, column, assignment.value().at())
                                .toException();
                    })));
        }
    }

    static List<String> assigned(List<Query.Assignment> assignments) {
        List<String> columns = new ArrayList<>();
        assignments.forEach(assignment -> columns.addAll(assignment.columns()));
        return columns;
    }

    /** The columns that an assignment sets to their default. */
    static Predicate<String> defaulted(List<Query.Assignment> assignments) {
        Set<String> columns = new HashSet<>();
        assignments.stream()
                .filter(assignment -> isDefault(assignment.value())
                        || assignment.value().parts().stream().anyMatch(WriteBlock::isDefault))
                .forEach(assignment -> columns.addAll(assignment.columns()));
        return columns::contains;
    }

    static boolean isDefault(Expression value) {
        return value instanceof Expression.Constant constant && constant.word() == Expression.Constant.Word.DEFAULT;
    }

    /** The columns that may get their default in a row of INSERT. */
    private static Predicate<String> defaulted(Query.Insert insert, List<String> columns) {
        if (insert.source().isEmpty() || insert.overridingUser()) {
            return column -> true;
        }
        if (!(insert.source().get() instanceof Query.Values values)) {
            // A query that gives fewer columns than the table has is not looked at.
            return insert.columns().isEmpty() ? column -> true : column -> !columns.contains(column);
        }
        return column -> {
            int place = columns.indexOf(column);
            return place < 0
                    || values.rows().stream().anyMatch(row -> place >= row.size() || isDefault(row.get(place)));
        };
    }

    private static WriteBlock update(Analyser analyser, Query.Update update, Scope outer, Place place) {
        Target target = Target.of(analyser, update.target(), place);
        target.checkKeyNotAssigned(update.assignments());
        target.checkUnique(assigned(update.assignments()));
        target.checkEffects(analyser, WriteGuard.Change.update(assigned(update.assignments())));
        target.addDefaults(analyser, defaulted(update.assignments()));
        List<Expression> others = new ArrayList<>();
        update.assignments().forEach(assignment -> others.add(assignment.value()));
        update.returning().forEach(item -> others.add(item.value()));
        return joined(analyser, target, update.target(), update.from(), update.where(), others, outer, place);
    }

    private static WriteBlock delete(Analyser analyser, Query.Delete delete, Scope outer, Place place) {
        Target target = Target.of(analyser, delete.target(), place);
        target.checkEffects(analyser, WriteGuard.Change.DELETE);
        List<Expression> others =
                delete.returning().stream().map(Query.Item::value).toList();
        return joined(analyser, target, delete.target(), delete.using(), delete.where(), others, outer, place);
    }

    /** UPDATE and DELETE: the target is one more table in FROM. */
    private static WriteBlock joined(
            Analyser analyser,
            Target target,
            FromItem.Relation relation,
            List<FromItem> from,
            Optional<Expression> condition,
            List<Expression> others,
            Scope outer,
            Place place) {
        FromSources sources = new FromSources(analyser, outer, place);
        sources.addTarget(target.leaf(), target.name().schema(), relation.alias());
        sources.addAll(from);
        Subqueries whereSubqueries = new Subqueries();
        analyser.examine(condition.stream().toList(), sources.scope(), place, whereSubqueries);
        Conditions where = Conditions.of(condition, sources.scope(), whereSubqueries);
        sources.tree().ifPresent(tree -> tree.reduce(where.facts()));
        Subqueries otherSubqueries = new Subqueries();
        analyser.examine(others, sources.scope(), place, otherSubqueries);
        Settling settling = context -> {
            List<Fact> facts = JoinTree.joined(context, where.facts());
            sources.settle(facts, (unsourced, ofTarget) -> {
                if (unsourced == target.leaf()) {
                    analyser.analysis().add(target.occurrence(ofTarget));
                }
            });
            List<Fact> ofRows = JoinTree.joined(
                    facts, sources.tree().map(JoinTree::guaranteed).orElse(List.of()));
            where.settleSubqueries(ofRows);
            otherSubqueries.all().forEach(subquery -> subquery.settle(ofRows));
        };
        return new WriteBlock(settling, () -> sources.joined()
                .map(tree ->
                        new Level.Joined(tree, where.conjuncts(), otherSubqueries.levels(), List.of(), target.at())));
    }

    private static WriteBlock insert(Analyser analyser, Query.Insert insert, Scope outer, Place place) {
        Target target = Target.of(analyser, insert.target(), place);
        List<String> columns = insert.columns().isEmpty()
                ? target.table()
                        .map(table -> table.columns().stream().map(Column::name).toList())
                        .orElse(List.of())
                : insert.columns();
        target.checkUnique(target.table()
                .map(table -> table.columns().stream().map(Column::name).toList())
                .orElse(columns));
        target.checkEffects(analyser, WriteGuard.Change.INSERT);
        target.addDefaults(analyser, defaulted(insert, columns));
        Subqueries subqueries = new Subqueries();
        insert.onConflict().ifPresent(conflict -> onConflict(analyser, target, conflict, outer, place, subqueries));
        Scope ofTarget = targetScope(outer);
        List<Expression> returned =
                insert.returning().stream().map(Query.Item::value).toList();
        analyser.examine(returned, ofTarget, place, subqueries);
        markSystemColumns(analyser.analysis(), returned);
        if (target.keyed().isEmpty()) {
            Optional<Block> source = insert.source().map(query -> analyser.declare(query, outer, place));
            return new WriteBlock(context -> {
                analyser.analysis().add(target.occurrence(List.of()));
                source.ifPresent(block -> block.settle(List.of()));
                subqueries.all().forEach(subquery -> subquery.settle(List.of()));
            });
        }
        return keyedInsert(analyser, insert, target, target.keyed().get(), columns, outer, place, subqueries);
    }

    /** In a scope of unknown columns they are told by their names. */
    private static void markSystemColumns(Analysis analysis, List<Expression> expressions) {
        Deque<Expression> left = new ArrayDeque<>(expressions);
        while (!left.isEmpty()) {
            Expression next = left.removeFirst();
            if (next instanceof Expression.Name name && Scope.isSystemColumn(name.last())) {
                analysis.markSystemColumn(name.at());
            }
            next.parts().forEach(left::addLast);
        }
    }

    private static WriteBlock keyedInsert(
            Analyser analyser,
            Query.Insert insert,
            Target target,
            KeyedRule rule,
            List<String> columns,
            Scope outer,
            Place place,
            Subqueries subqueries) {
        List<Integer> places = new ArrayList<>();
        for (String key : rule.keyColumns()) {
            int at = columns.indexOf(key);
            if (at < 0 || insert.source().isEmpty() || target.ignoresGiven(key, insert.overridingUser())) {
                throw Refusals.keyMissing(target.name(), key, insert.at()).toException();
            }
            places.add(at);
        }
        Query source = insert.source().orElseThrow();
        if (source instanceof Query.Values values && values.tail().isEmpty()) {
            Analysis.InsertedRows rows = new Analysis.InsertedRows(
                    target.name(), rule, keys(target, rule, values, places), modifiers(target, rule));
            Block block = analyser.declare(source, outer, place);
            return new WriteBlock(context -> {
                analyser.analysis().add(rows);
                block.settle(List.of());
                subqueries.all().forEach(subquery -> subquery.settle(List.of()));
            });
        }
        Block block = analyser.declare(source, outer, place);
        Optional<List<Value>> sameKey = keyOfAllRows(source, places);
        if (sameKey.isPresent()) {
            Analysis.InsertedRows rows =
                    new Analysis.InsertedRows(target.name(), rule, List.of(sameKey.get()), modifiers(target, rule));
            return new WriteBlock(context -> {
                analyser.analysis().add(rows);
                block.settle(List.of());
                subqueries.all().forEach(subquery -> subquery.settle(List.of()));
            });
        }
        Settling settling = context -> {
            analyser.analysis().add(target.occurrence(ofSelected(target, rule, columns, block)));
            block.settle(List.of());
            subqueries.all().forEach(subquery -> subquery.settle(List.of()));
        };
        // As in ofSelected: a conversion on the way into the column would make another key of it.
        boolean kept = modifiers(target, rule).stream().allMatch(modifier -> modifier < 0);
        return new WriteBlock(
                settling,
                () -> kept && !block.hasGaps() && subqueries.all().isEmpty()
                        ? Optional.of(new Level.Selected(block.level(), rule, places))
                        : Optional.empty());
    }

    /** The key of every row that the query puts out, where its select list gives it as literals or parameters. */
    private static Optional<List<Value>> keyOfAllRows(Query source, List<Integer> places) {
        if (!(source instanceof Query.Select select)
                || select.items().stream().anyMatch(item -> item.value() instanceof Expression.Star)) {
            return Optional.empty();
        }
        List<Value> key = new ArrayList<>();
        for (int place : places) {
            Optional<Value> value = place < select.items().size()
                    ? Value.of(select.items().get(place).value())
                    : Optional.empty();
            if (value.filter(given -> !given.equals(Value.NULL)).isEmpty()) {
                return Optional.empty();
            }
            key.add(value.get());
        }
        return Optional.of(key);
    }

    /** What is known of the key of each row that the query puts out and INSERT stores. */
    private static List<Fact> ofSelected(Target target, KeyedRule rule, List<String> columns, Block block) {
        List<Fact> facts = new ArrayList<>(block.guaranteed());
        Table table = target.table().orElseThrow();
        Leaf stored = Analyser.leaf(table, Alias.NONE);
        for (String key : rule.keyColumns()) {
            int output = columns.indexOf(key);
            int column = table.columns().indexOf(table.column(key).orElseThrow());
            boolean kept = table.columns().get(column).typeModifier() < 0;
            if (block.open() || output >= block.outputs().size() || !kept) {
                return List.of();
            }
            // A conversion on the way into the column would make another key of it.
            Optional<Variable> inner = block.outputs()
                    .get(output)
                    .variable()
                    .filter(variable -> FactReader.comparable(variable, stored.variable(column)));
            if (inner.isEmpty()) {
                return List.of();
            }
            facts.add(new Fact.Same(target.leaf().variable(column), inner.get()));
        }
        return facts;
    }

    private static List<List<Value>> keys(Target target, KeyedRule rule, Query.Values values, List<Integer> places) {
        List<List<Value>> keys = new ArrayList<>(values.rows().size());
        for (List<Expression> row : values.rows()) {
            List<Value> key = new ArrayList<>(places.size());
            for (int i = 0; i < places.size(); i++) {
                String column = rule.keyColumns().get(i);
                if (places.get(i) >= row.size()) {
                    throw Refusals.keyMissing(target.name(), column, target.at())
                            .toException();
                }
                Expression value = row.get(places.get(i));
                key.add(Value.of(value).orElseThrow(() -> Refusals.keyComputed(target.name(), column, value)
                        .toException()));
            }
            keys.add(List.copyOf(key));
        }
        return List.copyOf(keys);
    }

    static List<Integer> modifiers(Target target, KeyedRule rule) {
        return rule.keyColumns().stream()
                .map(key -> target.table()
                        .flatMap(table -> table.column(key))
                        .map(Column::typeModifier)
                        .orElse(-1))
                .toList();
    }

    /**
     * What RETURNING and ON CONFLICT see. Its columns are not to be known: facts about them would be facts about the
     * row that is there, which is another one than the row to be inserted.
     */
    private static Scope targetScope(Scope outer) {
        return new Scope(Optional.of(outer), List.of(), List.of(), true);
    }

    private static void onConflict(
            Analyser analyser,
            Target target,
            Query.OnConflict conflict,
            Scope outer,
            Place place,
            Subqueries subqueries) {
        target.checkKeyNotAssigned(conflict.set());
        target.addDefaults(analyser, defaulted(conflict.set()));
        if (!conflict.set().isEmpty()) {
            target.checkEffects(analyser, WriteGuard.Change.update(assigned(conflict.set())));
        }
        Set<String> arbiter = new HashSet<>();
        conflict.target().forEach(expression -> {
            if (expression instanceof Expression.Name name) {
                arbiter.add(name.last());
            }
        });
        target.keyed().ifPresent(rule -> {
            if (!conflict.target().isEmpty() && !arbiter.containsAll(rule.keyColumns())) {
                throw Refusals.conflictWithoutKey(target.name(), rule.keyColumns(), target.at())
                        .toException();
            }
        });
        List<Expression> expressions = new ArrayList<>(conflict.target());
        conflict.set().forEach(assignment -> expressions.add(assignment.value()));
        conflict.where().ifPresent(expressions::add);
        analyser.examine(expressions, targetScope(outer), place, subqueries);
    }

    @Override
    public List<Output> outputs() {
        return List.of();
    }

    @Override
    public boolean open() {
        return true;
    }

    @Override
    public boolean hasGaps() {
        return true;
    }

    @Override
    public List<Fact> guaranteed() {
        return List.of();
    }

    @Override
    public List<Fact> links(Leaf as) {
        return List.of();
    }

    @Override
    public List<Fact> carries(Leaf as) {
        return List.of();
    }

    @Override
    public void settle(List<Fact> context) {
        settling.settle(context);
    }

    @Override
    public Level level() {
        return new Level.Write(rows.get());
    }

    @Override
    public List<Expression.Call> callsForOuterLevels() {
        return List.of();
    }
}
