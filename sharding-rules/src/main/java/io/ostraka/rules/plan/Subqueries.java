package io.ostraka.rules.plan;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.Supplier;

/**
 * The blocks of the subqueries inside some expressions, each known by the very query it was made of. Confined to one
 * statement.
 */
final class Subqueries {
    private final IdentityHashMap<Query, Block> byQuery = new IdentityHashMap<>();
    private final List<Block> inOrder = new ArrayList<>();

    void declare(Query query, Supplier<Block> block) {
        if (!byQuery.containsKey(query)) {
            Block declared = block.get();
            byQuery.put(query, declared);
            inOrder.add(declared);
        }
    }

    Block of(Query query) {
        return byQuery.get(query);
    }

    /** In the order in which they were found. */
    List<Block> all() {
        return inOrder;
    }

    List<Level> levels() {
        return inOrder.stream().map(Block::level).toList();
    }
}
