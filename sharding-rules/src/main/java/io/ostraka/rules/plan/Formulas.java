package io.ostraka.rules.plan;

import io.ostraka.rules.plan.Analysis.Formula;
import io.ostraka.rules.rule.KeyedRule;
import io.ostraka.rules.sql.SourceSpan;
import io.ostraka.rules.sql.StatementTemplate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which expressions of a statement are worth asking a server for: those that a shard key is compared with or stored from, and
 * that come to the same value whoever evaluates them. Confined to one statement.
 */
record Formulas(Analysis analysis, FunctionJudge functions, ShardSet.Space space) {
    /** Types of casts in them; by these names in {@code pg_catalog}. */
    private static final Set<String> TYPES = Set.of(
            "int2",
            "int4",
            "int8",
            "numeric",
            "float4",
            "float8",
            "text",
            "varchar",
            "bpchar",
            "uuid",
            "bool",
            "bytea",
            "interval",
            "date",
            "time",
            "timetz",
            "timestamp",
            "timestamptz");

    /** A string that is put together could be 'now', which is another moment when it is read again. */
    private static final Set<String> DATES = Set.of("date", "time", "timetz", "timestamp", "timestamptz");

    /** The functions whose value is no string. */
    private static final Set<String> OF_DATES = Set.of(
            "date_bin",
            "date_part",
            "date_trunc",
            "extract",
            "make_date",
            "make_interval",
            "make_timestamp",
            "make_timestamptz",
            "timezone",
            "to_timestamp");

    /** Those to be asked for, numbered in the order of the text. */
    Map<SourceSpan, Integer> numbered() {
        if (analysis.formulas().isEmpty()) {
            return Map.of();
        }
        Set<SourceSpan> used = new TreeSet<>((a, b) -> Integer.compare(a.start(), b.start()));
        for (Occurrence occurrence : analysis.occurrences()) {
            if (occurrence.rule() instanceof KeyedRule keyed) {
                OccurrenceShards shards = OccurrenceShards.of(occurrence, keyed, space);
                shards.facts().forEach(fact -> values(fact)
                        .forEach(value -> asked(value).ifPresent(used::add)));
            }
        }
        for (Analysis.InsertedRows rows : analysis.inserts()) {
            rows.keys()
                    .forEach(row -> row.forEach(value -> asked(value).ifPresent(span -> {
                        if (!isFixed(analysis.formulas().get(span))) {
                            throw Refusals.keyComputed(
                                            rows.table(),
                                            rows.rule().keyColumns().get(row.indexOf(value)),
                                            analysis.formulas().get(span).expression())
                                    .toException();
                        }
                        used.add(span);
                    })));
        }
        Map<SourceSpan, Integer> numbered = new HashMap<>();
        for (SourceSpan span : used) {
            if (isFixed(analysis.formulas().get(span))) {
                numbered.put(span, numbered.size());
            }
        }
        return numbered;
    }

    private static List<Value> values(Fact fact) {
        if (fact instanceof Fact.OneOf one) {
            return one.values();
        }
        if (fact instanceof Fact.Bound bound) {
            return List.of(bound.value());
        }
        return fact instanceof Fact.ElementOf element ? List.of(element.array()) : List.of();
    }

    private static Optional<SourceSpan> asked(Value value) {
        return value.source() instanceof Value.Source.OfServer server ? Optional.of(server.span()) : Optional.empty();
    }

    private boolean isFixed(Formula formula) {
        if (!functions.meansSystemOperators(formula.searchPath())) {
            return false;
        }
        Deque<Expression> left = new ArrayDeque<>(formula.expression().parts());
        while (!left.isEmpty()) {
            Expression next = left.removeLast();
            boolean fixed = true;
            if (next instanceof Expression.Call call) {
                fixed = functions.isFixed(call, formula.searchPath());
            } else if (next instanceof Expression.Cast cast) {
                fixed = TYPES.contains(withoutArray(cast.type()))
                        && (!DATES.contains(withoutArray(cast.type())) || isNoMadeString(cast.operand()));
            }
            if (!fixed) {
                return false;
            }
            next.parts().forEach(left::addLast);
        }
        return true;
    }

    private static String withoutArray(String type) {
        return type.endsWith("[]") ? type.substring(0, type.length() - 2) : type;
    }

    /** Whether a cast's operand is as it stands in the text, where 'now' is seen, or a date or time already. */
    private static boolean isNoMadeString(Expression operand) {
        if (Value.of(operand).isPresent()) {
            return true;
        }
        List<Expression> left = new ArrayList<>(List.of(operand));
        boolean hasDate = false;
        while (!left.isEmpty()) {
            Expression next = left.remove(left.size() - 1);
            boolean isString = next instanceof Expression.Call call
                    ? !OF_DATES.contains(call.last())
                    : next instanceof Expression.Cast cast
                            && (cast.type().equals("text")
                                    || cast.type().equals("varchar")
                                    || cast.type().equals("bpchar"));
            if (isString) {
                return false;
            }
            hasDate |= next instanceof Expression.Call
                    || (next instanceof Expression.Cast cast && DATES.contains(cast.type()));
            left.addAll(next.parts());
        }
        return hasDate;
    }

    /** What a plan whose router needs them is to ask first; the plan itself when it needs none. */
    static Plan around(Plan plan, QueryPlanner.Planned planned, StatementTemplate template) {
        Map<SourceSpan, Integer> numbered = planned.reader().asked();
        if (numbered.isEmpty() || plan instanceof Plan.Refusal) {
            return plan;
        }
        List<SourceSpan> spans = new ArrayList<>(numbered.keySet());
        spans.sort((a, b) -> Integer.compare(a.start(), b.start()));
        List<Expression> constants = new ArrayList<>();
        for (SourceSpan span : spans) {
            Deque<Expression> left = new ArrayDeque<>(
                    planned.analysis().formulas().get(span).expression().parts());
            while (!left.isEmpty()) {
                Expression next = left.removeLast();
                if (next instanceof Expression.Literal || next instanceof Expression.Parameter) {
                    constants.add(next);
                }
                next.parts().forEach(left::addLast);
            }
        }
        return new Plan.Asking(
                new ServerValues(template, spans, planned.reader().ambiguous(), ClockWords.of(constants, Set.of())),
                plan);
    }
}
