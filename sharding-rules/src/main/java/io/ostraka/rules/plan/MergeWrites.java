package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Column;
import io.ostraka.rules.plan.Analyser.Place;
import io.ostraka.rules.plan.FromItem.Alias;
import io.ostraka.rules.rule.KeyedRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * MERGE: the target joined with the source, of which those rows are kept without a partner that a WHEN asks for. A row that it
 * inserts has the key of a source row, or a key that is given. Confined to one statement.
 */
record MergeWrites(Analyser analyser, Query.Merge merge, WriteBlock.Target target, FromSources sources) {

    /** Where the key of the rows that one WHEN inserts comes from. */
    private sealed interface InsertedKey {}

    /** Columns of the source, one for each of the key. */
    private record OfSource(Leaf stored, List<Variable> columns) implements InsertedKey {}

    private record Given(Analysis.InsertedRows rows) implements InsertedKey {}

    static WriteBlock of(Analyser analyser, Query.Merge merge, Scope outer, Place place) {
        WriteBlock.Target target = WriteBlock.Target.of(analyser, merge.target(), place);
        FromSources sources = new FromSources(analyser, outer, place);
        sources.addMerge(target.leaf(), target.name().schema(), merge);
        return new MergeWrites(analyser, merge, target, sources).block(place);
    }

    private WriteBlock block(Place place) {
        List<Expression> others = new ArrayList<>();
        List<InsertedKey> inserted = new ArrayList<>();
        for (Query.Merge.When when : merge.whens()) {
            when.condition().ifPresent(others::add);
            when.assignments().forEach(assignment -> others.add(assignment.value()));
            others.addAll(when.values());
            check(when);
            if (when.action() == Query.Merge.Action.INSERT) {
                target.keyed().ifPresent(rule -> inserted.add(insertedKey(when, rule)));
            }
        }
        merge.returning().forEach(item -> others.add(item.value()));
        Subqueries subqueries = new Subqueries();
        analyser.examine(others, sources.scope(), place, subqueries);
        return new WriteBlock(context -> settle(context, inserted, subqueries), () -> written(inserted, subqueries));
    }

    private void check(Query.Merge.When when) {
        switch (when.action()) {
            case UPDATE -> {
                List<String> assigned = WriteBlock.assigned(when.assignments());
                target.checkKeyNotAssigned(when.assignments());
                target.checkUnique(assigned);
                target.checkEffects(analyser, WriteGuard.Change.update(assigned));
                target.addDefaults(analyser, WriteBlock.defaulted(when.assignments()));
            }
            case DELETE -> target.checkEffects(analyser, WriteGuard.Change.DELETE);
            case INSERT -> {
                target.checkUnique(columnsOfTable());
                target.checkEffects(analyser, WriteGuard.Change.INSERT);
                List<String> columns = columns(when);
                target.addDefaults(analyser, column -> {
                    int at = columns.indexOf(column);
                    return when.overridingUser()
                            || at < 0
                            || at >= when.values().size()
                            || WriteBlock.isDefault(when.values().get(at));
                });
            }
            case NOTHING -> {
                // Nothing is written.
            }
        }
    }

    private List<String> columnsOfTable() {
        return target.table()
                .map(table -> table.columns().stream().map(Column::name).toList())
                .orElse(List.of());
    }

    private List<String> columns(Query.Merge.When when) {
        return when.columns().isEmpty() ? columnsOfTable() : when.columns();
    }

    private InsertedKey insertedKey(Query.Merge.When when, KeyedRule rule) {
        List<String> columns = columns(when);
        List<Expression> key = new ArrayList<>();
        for (String column : rule.keyColumns()) {
            int at = columns.indexOf(column);
            if (at < 0 || at >= when.values().size() || target.ignoresGiven(column, when.overridingUser())) {
                throw Refusals.keyMissing(target.name(), column, target.at()).toException();
            }
            key.add(when.values().get(at));
        }
        return ofSource(key, rule).orElseGet(() -> {
            List<Value> values = new ArrayList<>();
            for (int i = 0; i < key.size(); i++) {
                String column = rule.keyColumns().get(i);
                Expression expression = key.get(i);
                values.add(
                        Value.of(expression).orElseThrow(() -> Refusals.keyComputed(target.name(), column, expression)
                                .toException()));
            }
            return new Given(new Analysis.InsertedRows(
                    target.name(), rule, List.of(values), WriteBlock.modifiers(target, rule)));
        });
    }

    private Optional<InsertedKey> ofSource(List<Expression> key, KeyedRule rule) {
        Leaf stored = Analyser.leaf(target.table().orElseThrow(), Alias.NONE);
        List<Variable> columns = new ArrayList<>();
        for (int i = 0; i < key.size(); i++) {
            Variable column = stored.variable(keyColumn(rule.keyColumns().get(i)));
            Optional<Variable> source = sources.scope()
                    .columnMeant(key.get(i))
                    .filter(meant -> meant.leaf() != target.leaf() && FactReader.comparable(meant, column));
            if (source.isEmpty()) {
                return Optional.empty();
            }
            columns.add(source.get());
        }
        // A conversion on the way into the column would make another key of it.
        return WriteBlock.modifiers(target, rule).stream().allMatch(modifier -> modifier < 0)
                ? Optional.of(new OfSource(stored, columns))
                : Optional.empty();
    }

    private int keyColumn(String name) {
        return columnsOfTable().indexOf(name);
    }

    private void settle(List<Fact> context, List<InsertedKey> inserted, Subqueries subqueries) {
        sources.settle(context, (unsourced, ofTarget) -> {
            if (unsourced == target.leaf()) {
                analyser.analysis().add(target.occurrence(ofTarget));
            }
        });
        List<Fact> ofRows = JoinTree.joined(
                context, sources.tree().map(JoinTree::guaranteed).orElse(List.of()));
        for (InsertedKey key : inserted) {
            if (key instanceof Given given) {
                analyser.analysis().add(given.rows());
            } else {
                analyser.analysis().add(occurrence((OfSource) key, ofRows));
            }
        }
        subqueries.all().forEach(subquery -> subquery.settle(ofRows));
    }

    private Occurrence occurrence(OfSource key, List<Fact> ofRows) {
        KeyedRule rule = target.keyed().orElseThrow();
        List<Fact> facts = new ArrayList<>(ofRows);
        for (int i = 0; i < key.columns().size(); i++) {
            facts.add(new Fact.Same(
                    key.stored().variable(keyColumn(rule.keyColumns().get(i))),
                    key.columns().get(i)));
        }
        return new Occurrence(
                target.name(), rule, key.stored(), Analyser.keyColumns(target.table(), rule), facts, true, target.at());
    }

    private Optional<Level.Written> written(List<InsertedKey> inserted, Subqueries subqueries) {
        List<List<Variable>> keys = new ArrayList<>();
        for (InsertedKey key : inserted) {
            if (key instanceof OfSource ofSource) {
                keys.add(ofSource.columns());
            }
        }
        return sources.joined().map(tree -> new Level.Joined(tree, List.of(), subqueries.levels(), keys, target.at()));
    }
}
