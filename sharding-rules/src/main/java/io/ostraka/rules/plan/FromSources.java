package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Table;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.plan.Analyser.Place;
import io.ostraka.rules.plan.FromItem.Alias;
import io.ostraka.rules.plan.Scope.Range;
import io.ostraka.rules.plan.Scope.Visible;
import io.ostraka.rules.rule.ReferenceRule;
import io.ostraka.rules.rule.TableRule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;

/** What one FROM brings: leaves, how they are joined, and the names they give. Confined to one statement. */
final class FromSources {
    /** Functions of one column that has the function's name, or its alias. */
    private static final Set<String> OF_ONE_COLUMN = Set.of("generate_series", "generate_subscripts");

    private final Analyser analyser;
    private final Place place;
    private final Scope outer;
    private final Map<Leaf, Source> sources = new LinkedHashMap<>();
    private final Map<JoinTree.Join, Conditions> conditions = new HashMap<>();
    /** The target of MERGE, by identity. */
    private final IdentityHashMap<FromItem, Built> given = new IdentityHashMap<>();

    private final Subqueries functionSubqueries = new Subqueries();
    private Scope scope;
    private Optional<JoinTree> tree = Optional.empty();

    /** What a leaf is. */
    sealed interface Source {}

    /** A table with rows of its own. */
    record OfTable(TableName table, TableRule rule, Map<String, Integer> keyColumns, boolean sampled, int at)
            implements Source {
        Occurrence occurrence(Leaf leaf, List<Fact> facts) {
            return new Occurrence(table, rule, leaf, keyColumns, facts, false, at);
        }
    }

    /** A relation of {@code pg_catalog} or {@code information_schema}, which every shard has. */
    record OfSystem() implements Source {}

    /** A subquery, a view, a WITH query. */
    record OfBlock(Block block, boolean view) implements Source {}

    record OfFunction(List<Expression> calls) implements Source {}

    /** One item of FROM, resolved. */
    private record Built(JoinTree tree, List<Visible> columns, List<Range> ranges, boolean open) {}

    FromSources(Analyser analyser, Scope outer, Place place) {
        this.analyser = analyser;
        this.outer = outer;
        this.place = place;
        this.scope = outer.inner();
    }

    void addAll(List<FromItem> items) {
        items.forEach(item -> add(build(item, scope)));
    }

    /** Adds what MERGE joins; the target's occurrence is the caller's. */
    void addMerge(Leaf leaf, String schema, Query.Merge merge) {
        Alias alias = merge.target().alias();
        given.put(
                merge.target(),
                built(leaf, List.of(), alias.name().isPresent() ? Optional.empty() : Optional.of(schema), true));
        FromItem.Condition on = new FromItem.Condition.On(merge.on());
        add(build(new FromItem.Join(merge.kind(), merge.target(), merge.source(), on, Alias.NONE, merge.at()), scope));
    }

    /** Adds the table that UPDATE or DELETE changes; its occurrence is the caller's. */
    void addTarget(Leaf leaf, String schema, Alias alias) {
        add(built(leaf, List.of(), alias.name().isPresent() ? Optional.empty() : Optional.of(schema), true));
    }

    Scope scope() {
        return scope;
    }

    Optional<JoinTree> tree() {
        return tree;
    }

    Map<Leaf, Source> sources() {
        return sources;
    }

    /** Whether rows are locked of which each shard may have a copy. {@code only}: the names behind OF, or none for all. */
    boolean mayLockCopies(Set<String> only) {
        return sources.entrySet().stream()
                .filter(entry -> only.isEmpty() || only.contains(entry.getKey().toString()))
                .map(Map.Entry::getValue)
                .anyMatch(source -> source instanceof OfBlock
                        || (source instanceof OfTable table && table.rule() instanceof ReferenceRule));
    }

    /** What it joins, once it is settled. */
    Optional<Level.Tree> joined() {
        return tree.map(this::joined);
    }

    private Level.Tree joined(JoinTree part) {
        if (part instanceof JoinTree.Join join) {
            List<Level.Nested> subqueries = new ArrayList<>();
            conditions
                    .getOrDefault(join, Conditions.NONE)
                    .conjuncts()
                    .forEach(conjunct -> subqueries.addAll(conjunct.subqueries()));
            return Level.Join.of(join.kind(), joined(join.left()), joined(join.right()), join.on(), subqueries);
        }
        JoinTree.Single single = (JoinTree.Single) part;
        return new Level.Source(single.leaf(), origin(single.leaf()), single.guaranteed());
    }

    private Level.Origin origin(Leaf leaf) {
        Source source = sources.get(leaf);
        if (source == null) { // The target of UPDATE, DELETE or MERGE.
            return new Level.OfTable(analyser.analysis().occurrence(leaf), false);
        }
        if (source instanceof OfTable table) {
            return new Level.OfTable(analyser.analysis().occurrence(leaf), table.sampled());
        }
        if (source instanceof OfBlock inside) {
            return new Level.OfLevel(inside.block().level(), inside.view());
        }
        return source instanceof OfFunction function
                ? new Level.OfFunction(function.calls(), functionSubqueries.levels())
                : new Level.OfSystem();
    }

    /** Records every occurrence; {@code context} holds of each row that passes. */
    void settle(List<Fact> context) {
        settle(context, (leaf, facts) -> {});
    }

    /** The same; {@code target} hears of leaves without a source, those of {@link #addTarget}. */
    void settle(List<Fact> context, BiConsumer<Leaf, List<Fact>> target) {
        functionSubqueries.all().forEach(subquery -> subquery.settle(List.of()));
        tree.ifPresent(joined -> joined.descend(context, new JoinTree.Visitor() {
            @Override
            public void leaf(Leaf leaf, List<Fact> facts) {
                Source source = sources.get(leaf);
                if (source == null) {
                    target.accept(leaf, facts);
                } else {
                    settle(leaf, source, facts);
                }
            }

            @Override
            public void on(JoinTree.Join join, List<Fact> facts) {
                conditions.getOrDefault(join, Conditions.NONE).settleSubqueries(facts);
            }
        }));
    }

    private void settle(Leaf leaf, Source source, List<Fact> facts) {
        if (source instanceof OfTable table) {
            analyser.analysis().add(table.occurrence(leaf, facts));
        } else if (source instanceof OfBlock inside) {
            // What was concluded from its rows says nothing of which of them it needs.
            Set<Fact> own = new HashSet<>(inside.block().guaranteed());
            own.addAll(inside.block().carries(leaf));
            List<Fact> others =
                    facts.stream().filter(fact -> !own.contains(fact)).toList();
            inside.block().settleAs(leaf, others);
        }
    }

    private void add(Built built) {
        tree = Optional.of(
                tree.<JoinTree>map(left -> new JoinTree.Join(FromItem.Join.Kind.INNER, left, built.tree(), List.of()))
                        .orElse(built.tree()));
        scope = scope.plus(built.columns(), built.ranges(), built.open());
    }

    /** {@code before} is what a lateral item sees: everything to its left. */
    private Built build(FromItem item, Scope before) {
        Built known = given.get(item);
        if (known != null) {
            return known;
        }
        if (item instanceof FromItem.Relation relation) {
            return relation(relation);
        }
        if (item instanceof FromItem.Derived derived) {
            Block block = analyser.declare(derived.query(), derived.lateral() ? before : outer, place);
            return block(block, derived.alias(), "", false);
        }
        if (item instanceof FromItem.Function function) {
            return function(function, before);
        }
        return join((FromItem.Join) item, before);
    }

    private Built relation(FromItem.Relation relation) {
        if (relation.name().size() == 1 && place.commonTables().containsKey(relation.last())) {
            Block block = place.commonTables().get(relation.last()).reference();
            return block(block, relation.alias(), relation.last(), false);
        }
        Optional<Table> known = analyser.table(relation.name(), place);
        TableName name = analyser.nameOf(relation, known, place);
        if (!place.inView()) {
            boolean isView = known.filter(Table::isView).isPresent();
            analyser.analysis().addNamed(new Analysis.Named(relation, name, isView));
        }
        if (!relation.alias().columns().isEmpty()) {
            analyser.analysis().markUnnamedColumns();
        }
        String schema = name.schema();
        Optional<String> rangeSchema = relation.alias().name().isPresent() ? Optional.empty() : Optional.of(schema);
        if (schema.equals(Catalog.PG_CATALOG) || schema.equals(Catalog.INFORMATION_SCHEMA)) {
            Leaf leaf = known.map(table -> Analyser.leaf(table, relation.alias()))
                    .orElseGet(() -> Analyser.unknownLeaf(relation.alias(), relation.last()));
            sources.put(leaf, new OfSystem());
            analyser.analysis().markSystemCatalog();
            return built(leaf, List.of(), rangeSchema, true);
        }
        if (known.isPresent() && known.get().isView()) {
            return view(known.get(), relation.alias());
        }
        Leaf leaf = known.map(table -> Analyser.leaf(table, relation.alias()))
                .orElseGet(() -> Analyser.unknownLeaf(relation.alias(), relation.last()));
        TableRule rule = analyser.readRule(name);
        sources.put(leaf, new OfTable(name, rule, Analyser.keyColumns(known, rule), relation.sampled(), relation.at()));
        known.ifPresent(table -> analyser.analysis().addHidden(table.name(), table.onRead()));
        return built(leaf, List.of(), rangeSchema, true);
    }

    private Built view(Table view, Alias alias) {
        // The definition was read with nothing on the search path but pg_catalog.
        Place inView = new Place(List.of(), true, Map.of());
        Block block = analyser.declare(analyser.viewQuery(view), Scope.NOTHING, inView);
        List<String> columns =
                view.columns().stream().map(column -> column.name()).toList();
        return block(new RenamedBlock(block, columns), alias, view.name().name(), true);
    }

    private Built block(Block block, Alias alias, String fallback, boolean view) {
        Leaf leaf = Block.leaf(block, alias, fallback);
        sources.put(leaf, new OfBlock(block, view));
        boolean named = alias.name().isPresent() || !fallback.isEmpty();
        return built(leaf, JoinTree.joined(block.guaranteed(), block.carries(leaf)), Optional.empty(), named);
    }

    private Built function(FromItem.Function function, Scope before) {
        analyser.examine(function.calls(), before, place, functionSubqueries);
        Leaf leaf = functionLeaf(function);
        sources.put(leaf, new OfFunction(function.calls()));
        return built(leaf, List.of(), Optional.empty(), true);
    }

    private static Leaf functionLeaf(FromItem.Function function) {
        boolean simple = function.calls().size() == 1
                && function.calls().get(0) instanceof Expression.Call call
                && OF_ONE_COLUMN.contains(call.last())
                && call.name().size() == 1;
        String name = function.calls().get(0) instanceof Expression.Call call ? call.last() : "";
        if (!simple) {
            return Analyser.unknownLeaf(function.alias(), name);
        }
        String range = function.alias().name().orElse(name);
        String column = function.alias().columns().stream().findFirst().orElse(range);
        return new Leaf(range, List.of(column), List.of(""), false);
    }

    private static Built built(Leaf leaf, List<Fact> guaranteed, Optional<String> schema, boolean named) {
        List<Visible> columns = new ArrayList<>();
        for (int i = 0; i < leaf.columns().size(); i++) {
            columns.add(new Visible(leaf.columns().get(i), Optional.of(leaf.variable(i))));
        }
        List<Range> ranges =
                named ? List.of(new Range(schema, leaf.toString(), columns, leaf.open())) : List.<Range>of();
        return new Built(new JoinTree.Single(leaf, guaranteed), columns, ranges, leaf.open());
    }

    private Built join(FromItem.Join join, Scope before) {
        Built left = build(join.left(), before);
        Built right = build(join.right(), before.plus(left.columns(), left.ranges(), left.open()));
        Merge merge = Merge.of(join, left, right);
        if (join.condition() instanceof FromItem.Condition.Natural
                || !join.alias().columns().isEmpty()) {
            analyser.analysis().markUnnamedColumns();
        }
        List<Fact> facts = new ArrayList<>(merge.facts());
        Conditions on = Conditions.NONE;
        if (join.condition() instanceof FromItem.Condition.On condition) {
            Scope own = outer.inner()
                    .plus(left.columns(), left.ranges(), left.open())
                    .plus(right.columns(), right.ranges(), right.open());
            Subqueries subqueries = new Subqueries();
            analyser.examine(List.of(condition.expression()), own, place, subqueries);
            on = Conditions.of(Optional.of(condition.expression()), own, subqueries);
            facts.addAll(on.facts());
        }
        JoinTree.Join joined = new JoinTree.Join(join.kind(), left.tree(), right.tree(), facts);
        conditions.put(joined, on);
        return named(join.alias(), new Built(joined, merge.columns(), merge.ranges(), left.open() || right.open()));
    }

    /** {@code (a JOIN b ON ...) AS j (x, y)}: the names inside are hidden. */
    private static Built named(Alias alias, Built joined) {
        if (alias.name().isEmpty()) {
            return joined;
        }
        List<Visible> columns = new ArrayList<>();
        for (Visible column : joined.columns()) {
            int at = columns.size();
            String name = at < alias.columns().size() ? alias.columns().get(at) : column.name();
            columns.add(new Visible(name, column.variable()));
        }
        Range range = new Range(Optional.empty(), alias.name().get(), columns, joined.open());
        return new Built(joined.tree(), columns, List.of(range), joined.open());
    }

    /** The columns of a join: those that USING or NATURAL merge first, then the rest of both sides. */
    private record Merge(List<Visible> columns, List<Range> ranges, List<Fact> facts) {

        static Merge of(FromItem.Join join, Built left, Built right) {
            List<Range> ranges = new ArrayList<>(left.ranges());
            ranges.addAll(right.ranges());
            List<String> merged = mergedNames(join.condition(), left, right);
            List<Visible> columns = new ArrayList<>();
            List<Fact> facts = new ArrayList<>();
            for (String name : merged) {
                Optional<Variable> ofLeft = sole(left, name);
                Optional<Variable> ofRight = sole(right, name);
                boolean both = ofLeft.isPresent() && ofRight.isPresent();
                boolean equal = both && FactReader.comparable(ofLeft.get(), ofRight.get());
                if (equal) {
                    facts.add(new Fact.Equal(ofLeft.get(), ofRight.get()));
                }
                // Columns of different types merge into one of a third, which is none of both.
                boolean unconverted = equal
                        || (both && ofLeft.get().type().equals(ofRight.get().type()));
                Optional<Variable> kept =
                        switch (join.kind()) {
                            case INNER, LEFT -> ofLeft;
                            case RIGHT -> ofRight;
                            case FULL -> Optional.empty();
                        };
                columns.add(new Visible(name, unconverted ? kept : Optional.empty()));
            }
            if (join.condition() instanceof FromItem.Condition.Using using
                    && using.alias().isPresent()) {
                ranges.add(new Range(Optional.empty(), using.alias().get(), columns, false));
            }
            left.columns().stream()
                    .filter(column -> !merged.contains(column.name()))
                    .forEach(columns::add);
            right.columns().stream()
                    .filter(column -> !merged.contains(column.name()))
                    .forEach(columns::add);
            return new Merge(columns, ranges, facts);
        }

        private static List<String> mergedNames(FromItem.Condition condition, Built left, Built right) {
            if (condition instanceof FromItem.Condition.Using using) {
                return using.columns();
            }
            if (!(condition instanceof FromItem.Condition.Natural)) {
                return List.of();
            }
            Set<String> ofRight = new HashSet<>();
            right.columns().forEach(column -> ofRight.add(column.name()));
            return left.columns().stream()
                    .map(Visible::name)
                    .filter(ofRight::contains)
                    .toList();
        }

        /** With an open side another column of the name may be the one that is merged. */
        private static Optional<Variable> sole(Built side, String name) {
            List<Visible> named = side.columns().stream()
                    .filter(column -> column.name().equals(name))
                    .toList();
            return named.size() == 1 && !side.open() ? named.get(0).variable() : Optional.empty();
        }
    }
}
