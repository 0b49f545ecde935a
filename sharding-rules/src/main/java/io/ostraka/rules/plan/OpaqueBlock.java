package io.ostraka.rules.plan;

import java.util.List;
import java.util.Optional;

/**
 * Rows of which nothing is known: those of a writing or recursive WITH query. Its occurrences are settled elsewhere.
 */
record OpaqueBlock(List<String> columns) implements Block {
    OpaqueBlock {
        columns = List.copyOf(columns);
    }

    @Override
    public List<Output> outputs() {
        return columns.stream()
                .map(column -> new Output(column, "", Optional.empty()))
                .toList();
    }

    @Override
    public boolean open() {
        return columns.isEmpty();
    }

    @Override
    public boolean hasGaps() {
        return columns.isEmpty();
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
        // Nothing inside.
    }

    @Override
    public Level level() {
        return new Level.Reference(outputs(), open());
    }

    @Override
    public List<Expression.Call> callsForOuterLevels() {
        return List.of();
    }
}
