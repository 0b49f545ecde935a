package io.ostraka.rules.plan;

import io.ostraka.rules.config.ShardName;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What several shards do for a query, for EXPLAIN: each part of it with the shards that run it, and how the rows become one result.
 * Immutable.
 *
 * @param kind {@code Scatter} or {@code Combine}
 * @param how what is done with the parts' rows
 * @param judge a shard that has all tables of the statement, and finds its errors
 * @param combined what the combiner runs over them, if there is one
 */
public record DistributedPlan(String kind, String how, ShardName judge, List<Part> parts, Optional<String> combined) {
    /**
     * What is asked of these shards; {@code temporary}: where the combiner puts it; {@code reducedBy}: what is added when rows copied
     * before have few values.
     */
    public record Part(String sql, List<ShardName> shards, Optional<String> temporary, List<String> reducedBy) {
        public Part {
            shards = List.copyOf(shards);
            reducedBy = List.copyOf(reducedBy);
        }

        private Part(String sql, List<ShardName> shards) {
            this(sql, shards, Optional.empty(), List.of());
        }
    }

    public DistributedPlan {
        parts = List.copyOf(parts);
    }

    /** Of a statement without parameters; empty when one shard does. */
    static Optional<DistributedPlan> of(PlannedStatement statement) {
        StatementValues values = statement.values();
        if (statement.plan() instanceof Plan.Scatter scatter
                && scatter.router().route(values) instanceof Route.Many many) {
            return Optional.of(ofScatter(scatter, statement, many.shards()));
        }
        if (statement.plan() instanceof Plan.Combine combine
                && combine.forward().router().route(values) instanceof Route.Many) {
            return Optional.of(ofCombine(combine.combination().of(values), statement));
        }
        return Optional.empty();
    }

    private static DistributedPlan ofScatter(Plan.Scatter plan, PlannedStatement statement, List<ShardName> shards) {
        if (!(plan.merge() instanceof Merge.Ordered ordered)) {
            Part part = new Part(statement.text(), shards);
            return new DistributedPlan("Scatter", "rows concatenated", shards.get(0), List.of(part), Optional.empty());
        }
        String how = ordered.keys().isEmpty() ? "rows concatenated" : "sorted rows merged";
        return new DistributedPlan(
                "Scatter",
                ordered.limit().isNone() ? how : how + " and cut to the limit",
                shards.get(0),
                List.of(new Part(statement.shardText(ordered), shards)),
                Optional.empty());
    }

    private static DistributedPlan ofCombine(Combination combination, PlannedStatement statement) {
        StatementValues values = statement.values();
        List<Part> parts = new ArrayList<>();
        for (Fragment fragment : combination.fragments()) {
            if (!fragment.isOwn()) {
                parts.add(new Part(
                        fragment.select(statement, values),
                        fragment.shards(values),
                        Optional.of(fragment.quotedTemporary()),
                        fragment.reductions().stream().map(Reduction::inWords).toList()));
            }
        }
        return new DistributedPlan(
                "Combine",
                "rows copied to " + combination.combinerInWords(),
                combination.home(),
                parts,
                Optional.of(statement.combinerText(combination.text())));
    }

    /** All shards that have a part in it. */
    public List<ShardName> shards() {
        return Stream.concat(Stream.of(judge), parts.stream().flatMap(part -> part.shards().stream()))
                .distinct()
                .sorted()
                .toList();
    }
}
