package io.ostraka.rules.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A block whose first columns have other names: {@code WITH q (a, b) AS (...)}. */
record RenamedBlock(Block block, List<String> columns) implements Block {
    RenamedBlock {
        columns = List.copyOf(columns);
    }

    @Override
    public List<Output> outputs() {
        List<Output> renamed = new ArrayList<>();
        if (hasGaps()) {
            columns.forEach(column -> renamed.add(new Output(column, "", Optional.empty())));
            return renamed;
        }
        for (Output output : block.outputs()) {
            int place = renamed.size();
            String name = place < columns.size() ? columns.get(place) : output.name();
            renamed.add(new Output(name, output.type(), output.variable()));
        }
        return renamed;
    }

    @Override
    public boolean open() {
        return block.open();
    }

    @Override
    public boolean hasGaps() {
        return block.hasGaps();
    }

    @Override
    public List<Fact> guaranteed() {
        return block.guaranteed();
    }

    @Override
    public List<Fact> links(Leaf as) {
        return block.links(as);
    }

    @Override
    public List<Fact> carries(Leaf as) {
        return block.carries(as);
    }

    @Override
    public void settle(List<Fact> context) {
        block.settle(context);
    }

    @Override
    public void settleAs(Leaf as, List<Fact> context) {
        block.settleAs(as, context);
    }

    @Override
    public Level level() {
        return block.level().renamed(outputs());
    }

    @Override
    public List<Expression.Call> callsForOuterLevels() {
        return block.callsForOuterLevels();
    }
}
