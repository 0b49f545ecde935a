package io.ostraka.rules.plan;

import java.util.List;

/**
 * A SELECT of one row that a shard is to answer before a statement can go on. Its {@code $1} is the statement's parameter
 * {@code parameters.get(0)}, and so on. Immutable.
 */
public record Question(String sql, List<Integer> parameters) {
    public Question {
        parameters = List.copyOf(parameters);
    }
}
