package io.ostraka.rules.plan;

import io.ostraka.rules.sql.StatementTemplate;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Plans EXPLAIN of queries that several shards answer. Its literals are never lifted: each text is a plan of its own. Immutable. */
record ExplainPlanner(Function<StatementTemplate, Plan> planner) {
    private static final Pattern FORMAT = Pattern.compile("(?i)\\bformat\\s+['\"]?([a-z]+)");

    /** Empty when one shard explains it, or refuses it, by itself. The query is the characters from {@code start} to the statement's end. */
    Optional<Plan> plan(StatementTemplate template, int start, boolean analyzes) {
        List<StatementTemplate> inside = StatementTemplate.of(template.sql().substring(start, template.end()));
        if (inside.size() != 1) {
            return Optional.empty();
        }
        StatementTemplate query = inside.get(0);
        PlannedStatement planned = PlannedStatement.of(query, planner.apply(query));
        Optional<DistributedPlan> distributed = DistributedPlan.of(planned);
        return distributed.map(found -> plan(
                found,
                template.sql().substring(template.start(), start),
                query.sql(),
                analyzes ? Optional.of(planned) : Optional.empty()));
    }

    private static Plan plan(
            DistributedPlan distributed, String before, String body, Optional<PlannedStatement> analyzed) {
        Matcher named = FORMAT.matcher(before);
        Plan.Explain.Format format = Plan.Explain.Format.TEXT;
        while (named.find()) {
            String word = named.group(1).toUpperCase(Locale.ROOT);
            Optional<Plan.Explain.Format> meant = Arrays.stream(Plan.Explain.Format.values())
                    .filter(known -> known.name().equals(word))
                    .findFirst();
            if (meant.isEmpty()) {
                return new Plan.Refusal(Refusals.utility(
                        "EXPLAIN in format " + word + " of a query over several shards",
                        "The formats are TEXT, JSON, XML and YAML."));
            }
            // The last one counts.
            format = meant.get();
        }
        Optional<PlannedStatement> run =
                analyzed.filter(query -> distributed.combined().isPresent());
        return new Plan.Explain(before, body, distributed, format, run);
    }
}
