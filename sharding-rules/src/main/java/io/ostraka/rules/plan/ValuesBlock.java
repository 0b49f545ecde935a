package io.ostraka.rules.plan;

import io.ostraka.rules.plan.Analyser.Place;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/** VALUES that is a query. Confined to one statement. */
final class ValuesBlock implements Block {
    private final List<Expression> expressions = new ArrayList<>();
    private final Subqueries subqueries = new Subqueries();
    private final int width;

    ValuesBlock(Analyser analyser, Query.Values values, Scope outer, Place place) {
        values.rows().forEach(expressions::addAll);
        expressions.addAll(values.tail().orderBy());
        expressions.addAll(values.tail().limits());
        analyser.examine(expressions, outer.inner(), place, subqueries);
        width = values.rows().isEmpty() ? 0 : values.rows().get(0).size();
    }

    @Override
    public List<Output> outputs() {
        List<Output> outputs = new ArrayList<>();
        for (int i = 1; i <= width; i++) {
            outputs.add(new Output("column" + i, "", Optional.empty()));
        }
        return outputs;
    }

    @Override
    public boolean open() {
        return false;
    }

    @Override
    public boolean hasGaps() {
        return false;
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
        subqueries.all().forEach(subquery -> subquery.settle(context));
    }

    @Override
    public Level level() {
        return new Level.Values(subqueries.levels(), outputs());
    }

    @Override
    public List<Expression.Call> callsForOuterLevels() {
        List<Expression.Call> calls = new ArrayList<>();
        Deque<Expression> left = new ArrayDeque<>(expressions);
        while (!left.isEmpty()) {
            Expression next = left.removeFirst();
            if (next instanceof Expression.Call call) {
                calls.add(call);
            }
            next.parts().forEach(left::addLast);
        }
        return calls;
    }
}
