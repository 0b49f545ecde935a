package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.catalog.Function;
import io.ostraka.rules.plan.Analyser.Place;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** One SELECT. Confined to one statement. */
final class SelectBlock implements Block {
    private static final Set<String> ORDER_FREE =
            Set.of("count", "min", "max", "bool_and", "bool_or", "every", "bit_and", "bit_or", "bit_xor");
    private static final Set<String> EXACT_SUMS = Set.of("sum", "avg");
    private static final Set<String> EXACT_TYPES = Set.of("int2", "int4", "int8", "numeric");

    private final Analyser analyser;
    private final Query.Select select;
    private final Place place;
    private final FromSources from;
    private final Scope scope;
    private final Subqueries whereSubqueries = new Subqueries();
    private final Subqueries otherSubqueries = new Subqueries();
    private final Conditions where;
    private final List<Output> outputs = new ArrayList<>();
    private boolean open;
    private boolean gaps;

    SelectBlock(Analyser analyser, Query.Select select, Scope outer, Place place) {
        this.analyser = analyser;
        this.select = select;
        this.place = place;
        from = new FromSources(analyser, outer, place);
        from.addAll(select.from());
        scope = from.scope();
        analyser.examine(select.where().stream().toList(), scope, place, whereSubqueries);
        where = Conditions.of(select.where(), scope, whereSubqueries);
        from.tree().ifPresent(tree -> tree.reduce(where.facts()));
        analyser.examine(select.items().stream().map(Query.Item::value).toList(), scope, place, otherSubqueries);
        analyser.examine(select.distinct().on(), scope, place, otherSubqueries);
        analyser.examine(select.grouping().keys(), scope, place, otherSubqueries);
        analyser.examine(select.having().stream().toList(), scope, place, otherSubqueries);
        analyser.examine(select.windows(), scope, place, otherSubqueries);
        analyser.examine(select.tail().orderBy(), scope, place, otherSubqueries);
        analyser.examine(select.tail().limits(), scope, place, otherSubqueries);
        if (select.grouping().present()) {
            analyser.analysis().markGroups();
        }
        if (select.tail().locks()) {
            analyser.analysis().markLocks(from.mayLockCopies(select.tail().lockedOnly()));
        }
        select.items().forEach(this::addOutputs);
    }

    @Override
    public Level level() {
        return new Level.Select(
                select,
                from.joined(),
                where.conjuncts(),
                otherSubqueries.levels(),
                select.grouping().keys().stream().map(this::groupKey).toList(),
                select.distinct().on().stream().map(this::distinctKey).toList(),
                answerCalls(true).stream()
                        .map(call -> new Level.AnswerCall(call, mayAggregate(call), isOrderFree(call)))
                        .toList(),
                outputs,
                open);
    }

    /** A column, by its name or as the place of one in the select list. */
    private Optional<Variable> groupKey(Expression key) {
        if (!(key instanceof Expression.Literal place) || place.index() >= 0) {
            return scope.columnMeant(key);
        }
        boolean shown = place.text().matches("[0-9]{1,4}")
                && select.items().stream().noneMatch(item -> item.value() instanceof Expression.Star);
        int item = shown ? Integer.parseInt(place.text()) - 1 : -1;
        return item >= 0 && item < outputs.size() ? outputs.get(item).variable() : Optional.empty();
    }

    /** Unlike GROUP BY, DISTINCT ON takes a name for that of an output first. Source: {@code findTargetlistEntrySQL92}. */
    private Optional<Variable> distinctKey(Expression key) {
        if (!(key instanceof Expression.Name name) || name.path().size() > 1) {
            return groupKey(key);
        }
        List<Output> named = outputs.stream()
                .filter(output -> output.name().equals(name.last()))
                .toList();
        if (open || named.size() > 1) {
            return Optional.empty();
        }
        return named.isEmpty() ? groupKey(key) : named.get(0).variable();
    }

    /** Whether the call comes to the same value in whatever order it is given the rows. */
    private boolean isOrderFree(Expression.Call call) {
        if (!mayAggregate(call)) {
            return true;
        }
        boolean system = analyser.catalog().functionsNamed(call.last()).stream()
                .allMatch(function -> function.name().schema().equals(Catalog.PG_CATALOG));
        if (!system || call.parts().stream().anyMatch(Expression.Subquery.class::isInstance)) {
            return false;
        }
        return ORDER_FREE.contains(call.last())
                || (EXACT_SUMS.contains(call.last())
                        && call.parts().size() == 1
                        && scope.columnMeant(call.parts().get(0))
                                .filter(column -> EXACT_TYPES.contains(column.type()))
                                .isPresent());
    }

    /** Whether FROM has, or may have, columns of that name. */
    boolean mayBeColumn(String name) {
        return scope.open()
                || scope.columns().stream().anyMatch(column -> column.name().equals(name));
    }

    /** The column of FROM that a name means; empty when it is not sure to be one. */
    Optional<Variable> columnMeant(Expression name) {
        return scope.columnMeant(name);
    }

    @Override
    public List<Output> outputs() {
        return outputs;
    }

    @Override
    public boolean open() {
        return open;
    }

    @Override
    public boolean hasGaps() {
        return gaps;
    }

    @Override
    public List<Fact> guaranteed() {
        boolean rowForNoRow = select.grouping().sets()
                || (!select.grouping().present() && (select.having().isPresent() || mayAggregate()));
        return rowForNoRow ? List.of() : JoinTree.joined(where.facts(), Fact.some(treeFacts()));
    }

    @Override
    public List<Fact> links(Leaf as) {
        boolean needsAllRows = !select.tail().limits().isEmpty()
                || !select.distinct().on().isEmpty()
                || select.grouping().sets()
                || select.tail().locks()
                || !select.windows().isEmpty()
                || hasWindowCall();
        if (needsAllRows) {
            return List.of();
        }
        if (!select.grouping().present()) {
            return Block.same(outputs, as);
        }
        Set<Variable> keys = new HashSet<>();
        for (Expression key : select.grouping().keys()) {
            groupKey(key).ifPresent(keys::add);
        }
        return Block.same(
                outputs.stream()
                        .map(output -> new Output(
                                output.name(), output.type(), output.variable().filter(keys::contains)))
                        .toList(),
                as);
    }

    @Override
    public List<Fact> carries(Leaf as) {
        return select.grouping().sets() ? List.of() : Block.same(outputs, as);
    }

    @Override
    public void settle(List<Fact> around) {
        List<Fact> context = Fact.last(around);
        from.settle(JoinTree.joined(context, where.facts()));
        List<Fact> ofRows = JoinTree.joined(context, where.facts(), treeFacts());
        where.settleSubqueries(ofRows);
        // An aggregate is answered even when WHERE lets no row pass.
        List<Fact> ofAnswers =
                ofRows.stream().filter(fact -> !(fact instanceof Fact.Never)).toList();
        otherSubqueries.all().forEach(subquery -> subquery.settle(ofAnswers));
    }

    private List<Fact> treeFacts() {
        return from.tree().map(JoinTree::guaranteed).orElse(List.of());
    }

    private void addOutputs(Query.Item item) {
        if (item.value() instanceof Expression.Star star) {
            addStar(star);
        } else if (item.value() instanceof Expression.Name name) {
            Optional<Variable> variable = scope.resolve(name.path()) instanceof Scope.Found found
                    ? Optional.of(found.variable())
                    : Optional.empty();
            outputs.add(new Output(
                    item.alias().orElse(name.last()),
                    variable.map(Variable::type).orElse(""),
                    variable));
        } else {
            Optional<String> name = item.alias().or(() -> nameOf(item.value()));
            open |= name.isEmpty();
            outputs.add(new Output(name.orElse("?column?"), "", Optional.empty()));
        }
    }

    private void addStar(Expression.Star star) {
        List<Scope.Visible> columns = scope.columns();
        if (star.qualifier().isEmpty()) {
            gaps |= scope.open();
        } else {
            String range = star.qualifier().get(star.qualifier().size() - 1);
            List<Scope.Range> named = scope.ranges().stream()
                    .filter(candidate -> candidate.name().equals(range))
                    .toList();
            gaps |= named.size() != 1 || named.get(0).open();
            columns = named.size() == 1 ? named.get(0).columns() : List.of();
        }
        open |= gaps;
        for (Scope.Visible column : columns) {
            outputs.add(new Output(
                    column.name(), column.variable().map(Variable::type).orElse(""), column.variable()));
        }
    }

    /** The name the server gives an item without alias, where that is simple; source: {@code FigureColname}. */
    private static Optional<String> nameOf(Expression item) {
        if (item instanceof Expression.Call call) {
            return Optional.of(call.last());
        }
        if (item instanceof Expression.Cast cast && cast.operand() instanceof Expression.Name name) {
            return Optional.of(name.last());
        }
        return item instanceof Expression.Literal || item instanceof Expression.Parameter
                ? Optional.of("?column?")
                : Optional.empty();
    }

    /**
     * Whether any call of the select list, HAVING or ORDER BY, also in a subquery there, may be an aggregate of this
     * level.
     */
    boolean mayAggregate() {
        return answerCalls(true).stream().anyMatch(this::mayAggregate);
    }

    boolean mayAggregate(Expression.Call call) {
        if (call.aggregating()) {
            return true;
        }
        if (SystemFunctions.isSyntax(call.last()) || SystemFunctions.isValueWord(call.last())) {
            return false;
        }
        List<Function> meant = call.name().size() > 1
                ? analyser.catalog().functionsNamed(call.last())
                : analyser.catalog().functions(call.last(), place.searchPath());
        return meant.isEmpty() || meant.stream().anyMatch(Function::mayAggregate);
    }

    private boolean hasWindowCall() {
        return answerCalls(false).stream().anyMatch(Expression.Call::windowed);
    }

    /** The calls in the select list, HAVING and ORDER BY, those of subqueries when {@code deep}. */
    List<Expression.Call> answerCalls(boolean deep) {
        List<Expression> roots = new ArrayList<>();
        select.items().forEach(item -> roots.add(item.value()));
        select.having().ifPresent(roots::add);
        roots.addAll(select.tail().orderBy());
        List<Expression.Call> calls = new ArrayList<>();
        Deque<Expression> left = new ArrayDeque<>(roots);
        while (!left.isEmpty()) {
            Expression expression = left.removeFirst();
            if (expression instanceof Expression.Call call) {
                calls.add(call);
            }
            expression.parts().forEach(left::addLast);
        }
        if (deep) {
            for (Block subquery : otherSubqueries.all()) {
                calls.addAll(subquery.callsForOuterLevels());
            }
        }
        return calls;
    }

    @Override
    public List<Expression.Call> callsForOuterLevels() {
        List<Expression.Call> calls = new ArrayList<>(answerCalls(true));
        whereSubqueries.all().forEach(subquery -> calls.addAll(subquery.callsForOuterLevels()));
        from.sources().values().forEach(source -> {
            if (source instanceof FromSources.OfBlock inside && !inside.view()) {
                calls.addAll(inside.block().callsForOuterLevels());
            }
        });
        calls.removeIf(this::isOfThisLevel);
        return calls;
    }

    /** An aggregate without columns, or with a column of this level, is this level's. */
    private boolean isOfThisLevel(Expression.Call call) {
        boolean names = false;
        Deque<Expression> left = new ArrayDeque<>(call.parts());
        while (!left.isEmpty()) {
            Expression expression = left.removeFirst();
            Optional<Variable> column = scope.columnMeant(expression);
            if (column.filter(found -> from.sources().containsKey(found.leaf())).isPresent()) {
                return true;
            }
            names |= expression instanceof Expression.Name
                    || expression instanceof Expression.Star
                    || expression instanceof Expression.Subquery
                    || expression instanceof Expression.Exists
                    || expression instanceof Expression.InQuery;
            expression.parts().forEach(left::addLast);
        }
        return !names;
    }
}
