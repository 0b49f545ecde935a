package io.ostraka.rules.plan;

import io.ostraka.rules.plan.Analyser.Place;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * UNION, INTERSECT or EXCEPT. What holds in one branch does not in the next, so nothing is known of the rows it puts
 * out; but a condition on its output holds in every branch. Confined to one statement.
 */
final class SetOperationBlock implements Block {
    private final Query.SetOperation operation;
    private final List<Block> branches = new ArrayList<>();
    private final Subqueries subqueries = new Subqueries();
    private final List<Output> outputs = new ArrayList<>();

    SetOperationBlock(Analyser analyser, Query.SetOperation operation, Scope outer, Place place) {
        this.operation = operation;
        operation.branches().forEach(branch -> branches.add(analyser.declare(branch, outer, place)));
        // ORDER BY here can name outputs only, LIMIT nothing at all.
        analyser.examine(operation.tail().orderBy(), outer, place, subqueries);
        analyser.examine(operation.tail().limits(), outer, place, subqueries);
        if (operation.tail().locks()) {
            analyser.analysis().markLocks(false);
        }
        List<Output> first = branches.get(0).outputs();
        for (int i = 0; i < first.size(); i++) {
            outputs.add(new Output(first.get(i).name(), commonType(i), Optional.empty()));
        }
    }

    /** Empty unless all branches have the same type: else values are converted, and equal no longer means equal. */
    private String commonType(int column) {
        String type = branches.get(0).outputs().get(column).type();
        boolean same = branches.stream()
                .allMatch(branch -> column < branch.outputs().size()
                        && branch.outputs().get(column).type().equals(type));
        return same ? type : "";
    }

    @Override
    public List<Output> outputs() {
        return outputs;
    }

    @Override
    public boolean open() {
        return branches.stream().anyMatch(Block::open);
    }

    @Override
    public boolean hasGaps() {
        return branches.stream().anyMatch(Block::hasGaps);
    }

    @Override
    public List<Fact> guaranteed() {
        return List.of();
    }

    /** None that hold of all branches at once: see {@link #settleAs}. */
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
        branches.forEach(branch -> branch.settle(context));
        subqueries.all().forEach(subquery -> subquery.settle(List.of()));
    }

    /** Each branch by itself: an output that carries one column here and another there does not make them equal. */
    @Override
    public void settleAs(Leaf as, List<Fact> context) {
        if (!operation.tail().limits().isEmpty() || open()) {
            settle(context);
            return;
        }
        branches.forEach(branch -> branch.settleAs(as, context));
        subqueries.all().forEach(subquery -> subquery.settle(List.of()));
    }

    @Override
    public Level level() {
        return new Level.SetOperation(
                operation, branches.stream().map(Block::level).toList(), subqueries.levels(), outputs, open());
    }

    @Override
    public List<Expression.Call> callsForOuterLevels() {
        return branches.stream()
                .flatMap(branch -> branch.callsForOuterLevels().stream())
                .toList();
    }
}
