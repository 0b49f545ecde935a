package io.ostraka.rules.plan;

import io.ostraka.rules.rule.KeyedRule;
import io.ostraka.rules.rule.ReferenceRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whether the rows of a query are those that each shard puts out, one after the other. That is so when every row of
 * the result comes from one row of a table with a shard key (with the co-located rows joined to it, and rows that
 * every shard has), and nothing looks at more than that row. Confined to one statement.
 */
final class ScatterShape {
    private final Analysis analysis;
    private final FunctionJudge functions;

    /** What stands in the way, and where; -1 when that cannot be shown. */
    record Obstacle(String construct, int at) {}

    ScatterShape(Analysis analysis, FunctionJudge functions) {
        this.analysis = analysis;
        this.functions = functions;
    }

    Optional<Obstacle> obstacle(Block top) {
        Optional<Obstacle> found = ofBlock(top);
        if (found.isPresent()) {
            return found;
        }
        if (analysis.systemColumn().isPresent()) {
            return obstacle("a system column", analysis.systemColumn().getAsInt());
        }
        if (analysis.readsSystemCatalog()) {
            return obstacle("a join with a system catalog", -1);
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
        return joins((SelectBlock) unwrap(top));
    }

    private static Block unwrap(Block block) {
        return block instanceof RenamedBlock renamed ? unwrap(renamed.block()) : block;
    }

    private Optional<Obstacle> ofBlock(Block block) {
        Block plain = unwrap(block);
        if (plain instanceof SetOperationBlock) {
            return obstacle("UNION, INTERSECT or EXCEPT", -1);
        }
        if (!(plain instanceof SelectBlock select)) {
            return obstacle("WITH", -1);
        }
        Optional<Obstacle> clause = clause(select);
        if (clause.isPresent()) {
            return clause;
        }
        for (FromSources.Source source : select.sources().values()) {
            Optional<Obstacle> inside = ofSource(source);
            if (inside.isPresent()) {
                return inside;
            }
        }
        for (Block subquery : select.subqueries()) {
            if (!isRepeatable(subquery)) {
                return obstacle("a subquery", select.select().at());
            }
        }
        return select.from().tree().flatMap(tree -> outerJoin(tree, select.sources()));
    }

    private static Optional<Obstacle> obstacle(String construct, int at) {
        return Optional.of(new Obstacle(construct, at));
    }

    private static Optional<Obstacle> clause(SelectBlock block) {
        Query.Select select = block.select();
        if (select.distinct().present()) {
            return obstacle("DISTINCT", select.at());
        }
        if (select.grouping().present()) {
            return obstacle("GROUP BY", select.at());
        }
        if (select.having().isPresent()) {
            return obstacle("HAVING", select.having().get().at());
        }
        for (Expression.Call call : block.answerCalls(true)) {
            if (call.windowed()) {
                return obstacle("window function " + call.last() + "()", call.at());
            }
            if (block.mayAggregate(call)) {
                return obstacle("aggregate function " + call.last() + "()", call.at());
            }
            if (returnsSet(block, call)) {
                return obstacle("set-returning function " + call.last() + "() in the select list", call.at());
            }
        }
        if (!select.windows().isEmpty()) {
            return obstacle("WINDOW", select.at());
        }
        if (!select.tail().orderBy().isEmpty()) {
            return obstacle("ORDER BY", select.tail().orderBy().get(0).at());
        }
        if (!select.tail().limits().isEmpty()) {
            return obstacle("LIMIT or OFFSET", select.tail().limits().get(0).at());
        }
        return select.tail().locks() ? obstacle("FOR UPDATE or FOR SHARE", select.at()) : Optional.empty();
    }

    private static boolean returnsSet(SelectBlock block, Expression.Call call) {
        return block.analyser().catalog().functionsNamed(call.last()).stream()
                .anyMatch(function -> function.returnsSet());
    }

    private Optional<Obstacle> ofSource(FromSources.Source source) {
        if (source instanceof FromSources.OfTable table) {
            return table.sampled() ? obstacle("TABLESAMPLE", table.at()) : Optional.empty();
        }
        if (source instanceof FromSources.OfBlock inside) {
            if (hasKeyed(inside.block())) {
                return ofBlock(inside.block());
            }
            return isRepeatable(inside.block()) ? Optional.empty() : obstacle("a subquery", -1);
        }
        return Optional.empty();
    }

    /**
     * A row without partner would be put out by every shard; so the side it may come from must be there once, and the
     * other side whole.
     */
    private Optional<Obstacle> outerJoin(JoinTree tree, Map<Leaf, FromSources.Source> sources) {
        if (!(tree instanceof JoinTree.Join join)) {
            return Optional.empty();
        }
        boolean left = hasKeyed(join.left(), sources);
        boolean right = hasKeyed(join.right(), sources);
        boolean wrong =
                switch (join.kind()) {
                    case INNER -> false;
                    case LEFT -> right;
                    case RIGHT -> left;
                    case FULL -> left || right;
                };
        if (wrong) {
            return obstacle("an outer join", -1);
        }
        return outerJoin(join.left(), sources).or(() -> outerJoin(join.right(), sources));
    }

    private boolean hasKeyed(JoinTree tree, Map<Leaf, FromSources.Source> sources) {
        return tree.leaves().stream().anyMatch(leaf -> isKeyed(sources.get(leaf)));
    }

    private boolean isKeyed(FromSources.Source source) {
        if (source instanceof FromSources.OfTable table) {
            return !(table.rule() instanceof ReferenceRule);
        }
        return source instanceof FromSources.OfBlock inside && hasKeyed(inside.block());
    }

    private boolean hasKeyed(Block block) {
        Block plain = unwrap(block);
        if (plain instanceof SelectBlock select) {
            return select.sources().values().stream().anyMatch(this::isKeyed)
                    || select.subqueries().stream().anyMatch(this::hasKeyed);
        }
        if (plain instanceof SetOperationBlock operation) {
            return operation.branches().stream().anyMatch(this::hasKeyed);
        }
        return !(plain instanceof ValuesBlock values) || values.hasSubqueries();
    }

    /** Whether each shard finds the same rows for it: nothing but whole copies, and no choice among rows. */
    private boolean isRepeatable(Block block) {
        if (!(unwrap(block) instanceof SelectBlock select) || hasKeyed(block)) {
            return unwrap(block) instanceof ValuesBlock values && !values.hasSubqueries();
        }
        boolean chooses = !select.select().tail().limits().isEmpty()
                || !select.select().distinct().on().isEmpty()
                || select.select().tail().locks()
                || !select.select().windows().isEmpty()
                || select.answerCalls(false).stream().anyMatch(Expression.Call::windowed);
        return !chooses
                && select.sources().values().stream()
                        .allMatch(source -> !(source instanceof FromSources.OfTable table && table.sampled())
                                && !(source instanceof FromSources.OfBlock inside && !isRepeatable(inside.block())))
                && select.subqueries().stream().allMatch(this::isRepeatable);
    }

    /**
     * Every table with a key is joined with every other one on the whole key; those in subqueries were found already.
     */
    private Optional<Obstacle> joins(SelectBlock top) {
        List<Occurrence> keyed = analysis.occurrences().stream()
                .filter(occurrence -> occurrence.rule() instanceof KeyedRule)
                .toList();
        List<Fact> facts = new ArrayList<>(top.where().facts());
        top.from().tree().ifPresent(tree -> facts.addAll(tree.guaranteed()));
        for (Occurrence other : keyed.subList(Math.min(1, keyed.size()), keyed.size())) {
            if (!OccurrenceShards.joinedOnKey(keyed.get(0), other, facts)) {
                return obstacle(
                        "a join of table \"" + keyed.get(0).table() + "\" with table \"" + other.table()
                                + "\" other than on their shard keys",
                        other.at());
            }
        }
        return Optional.empty();
    }
}
