package io.ostraka.rules.plan;

import io.ostraka.rules.plan.Distribution.Obstacle;
import io.ostraka.rules.rule.KeyedRule;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.stream.Collectors;

/**
 * Whether the rows of a query are those that each shard puts out, one after the other: its rows are split over the shards,
 * and nothing in it means another thing on another shard. Confined to one statement.
 */
record ScatterShape(Analysis analysis, FunctionJudge functions) {

    Optional<Obstacle> obstacle(Level top) {
        return obstacle(new Distributor().of(top));
    }

    /** The same for rows that lie so. */
    Optional<Obstacle> obstacle(Distribution rows) {
        if (analysis.hasOwnComparison()) {
            return obstacle("a comparison that may be a user-defined operator's", -1);
        }
        if (rows instanceof Distribution.Mixed mixed) {
            return Optional.of(mixed.obstacle());
        }
        if (!(rows instanceof Distribution.Split)) {
            // Its tables are read by nothing that is put out.
            return Optional.of(new Obstacle("a WITH query that is not referred to", -1));
        }
        if (analysis.systemColumn().isPresent()) {
            return obstacle("a system column", analysis.systemColumn().getAsInt());
        }
        if (analysis.serverLocalCast().isPresent()) {
            return obstacle(
                    "a name of the system catalogs", analysis.serverLocalCast().getAsInt());
        }
        for (Analysis.FunctionUse use : analysis.functions()) {
            if (functions.judge(use).place() != FunctionJudge.Place.EVERYWHERE) {
                return obstacle("function " + use.last() + "()", use.at());
            }
        }
        return differentShards();
    }

    /** A shard of the route must have every table. */
    private Optional<Obstacle> differentShards() {
        Set<SortedSet<?>> placements = analysis.occurrences().stream()
                .filter(occurrence -> occurrence.rule() instanceof KeyedRule)
                .map(occurrence -> occurrence.rule().shards())
                .collect(Collectors.toSet());
        return placements.size() > 1
                ? obstacle("a query of tables that are not on the same shards", -1)
                : Optional.empty();
    }

    private static Optional<Obstacle> obstacle(String construct, int at) {
        return Optional.of(new Obstacle(construct, at));
    }
}
