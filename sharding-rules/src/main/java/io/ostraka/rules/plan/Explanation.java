package io.ostraka.rules.plan;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.rule.ConsistentHashRule;
import io.ostraka.rules.rule.HashRule;
import io.ostraka.rules.rule.KeyedRule;
import io.ostraka.rules.rule.ListRule;
import io.ostraka.rules.rule.PinnedRule;
import io.ostraka.rules.rule.RangeRule;
import io.ostraka.rules.rule.TableRule;
import io.ostraka.rules.sql.Classifier;
import io.ostraka.rules.sql.SqlParseFailure;
import io.ostraka.rules.sql.StatementKind;
import io.ostraka.rules.sql.StatementTemplate;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Says in words what would be done with statements: {@code bin/ostraka explain}. Immutable, thread-safe. */
public final class Explanation {
    /** How much of a statement is shown where an error points. */
    private static final int MARKED = 40;

    private final Planner planner;

    public Explanation(Planner planner) {
        this.planner = planner;
    }

    /** One paragraph for each statement; {@code arguments} are the texts of {@code $1} and on, of no declared type. */
    public String explain(String queryText, List<String> searchPath, List<String> arguments) {
        StringBuilder text = new StringBuilder();
        for (PlannedStatement statement : planner.plan(queryText, searchPath)) {
            if (!text.isEmpty()) {
                text.append('\n');
            }
            explain(statement, searchPath, arguments, text);
        }
        return text.isEmpty() ? "Nothing to do.\n" : text.toString();
    }

    private void explain(
            PlannedStatement statement, List<String> searchPath, List<String> arguments, StringBuilder text) {
        StatementValues values = new TextArguments(statement, arguments);
        if (statement.plan() instanceof Plan.Listed listed) {
            text.append("Puts what clients have prepared in the place of pg_prepared_xacts.\n");
            explain(listed.unasked(), statement, values, text);
            tables(statement, searchPath, values, text);
            return;
        }
        if (statement.plan() instanceof Plan.Valued valued) {
            text.append("Puts the values of its parameters into its text, if several shards need it. Without them:\n");
            PlannedStatement asWritten = new PlannedStatement(
                    statement.span(), valued.asWritten(), statement.template(), statement.queryText());
            explain(asWritten, searchPath, arguments, text);
            return;
        }
        if (statement.plan() instanceof Plan.Clocked clocked && !isOnOne(clocked.asWritten(), values)) {
            text.append("Asks a shard for ")
                    .append(String.join(", ", clocked.clock().texts(statement)))
                    .append(", and puts the answer in its place. If that were the year 2000:\n");
            planner.plan(clocked.clock().sample(), searchPath)
                    .forEach(sample -> explain(sample, searchPath, arguments, text));
            return;
        }
        Plan plan = statement.plan() instanceof Plan.Clocked clocked ? clocked.asWritten() : statement.plan();
        if (plan instanceof Plan.Asking asking) {
            text.append("Asks a shard for ")
                    .append(String.join(", ", asking.values().texts(statement)))
                    .append(", whose value decides. If it were of no use:\n");
            plan = asking.then();
        }
        explain(plan, statement, values, text);
        tables(statement, searchPath, values, text);
    }

    private static boolean isOnOne(Plan plan, StatementValues values) {
        Plan one = plan instanceof Plan.Combine combine ? combine.forward() : plan;
        return one instanceof Plan.Forward forward && !(forward.router().route(values) instanceof Route.Many);
    }

    private static void explain(Plan plan, PlannedStatement statement, StatementValues values, StringBuilder text) {
        if (plan instanceof Plan.Refusal refusal) {
            refused(refusal.error(), statement, text);
        } else if (plan instanceof Plan.Session session) {
            text.append("Session: carried out by the session itself (")
                    .append(session.command())
                    .append(").\n");
        } else if (plan instanceof Plan.Scatter scatter) {
            Route route = scatter.router().route(values);
            if (route instanceof Route.Refused none) {
                refused(none.error(), statement, text);
            } else {
                text.append(route instanceof Route.Many ? "Scatter" : "Forward")
                        .append(": reads ")
                        .append(where(route))
                        .append(route instanceof Route.Many ? merged(statement, scatter.merge()) : ".\n");
            }
        } else if (plan instanceof Plan.Combine combine) {
            combine(combine, statement, values, text);
        } else if (plan instanceof Plan.CopyOut copy) {
            text.append("Copy: what ").append(shards(copy.shards())).append(" have goes to the client as it comes.\n");
        } else if (plan instanceof Plan.Explain explain) {
            text.append("Explain: asks ")
                    .append(shards(explain.query().shards()))
                    .append(" for the plans of their parts.\n");
        } else if (plan instanceof Plan.Cursor cursor && cursor.command() instanceof CursorCommand.Declare declare) {
            text.append("Cursor: is read from as it is fetched from:\n");
            explain(declare.query().plan(), declare.query(), declare.query().values(), text);
        } else if (plan instanceof Plan.Cursor) {
            text.append("Cursor: goes where the session has declared it.\n");
        } else if (plan instanceof Plan.CopyIn copy) {
            text.append("Copy: rows go to ")
                    .append(shards(List.copyOf(copy.target().rule().shards())))
                    .append(", each to the one that owns its key.\n");
        } else if (plan instanceof Plan.ChangeTables change) {
            text.append("Change: runs on ").append(shards(change.shards())).append(", on all or on none.\n");
        } else if (plan instanceof Plan.CreateTable creation) {
            text.append("Create: table \"")
                    .append(creation.table().name())
                    .append("\" is made on ")
                    .append(shards(creation.table().shards()))
                    .append(creation.table().isKeyed() ? ", and each row goes to the one that owns its key" : "")
                    .append("; its rows are those of:\n");
            explain(creation.query().plan(), creation.query(), creation.query().values(), text);
        } else if (plan instanceof Plan.CombinedCopy copy) {
            text.append("Copy: ")
                    .append(copy.combination().combinerInWords())
                    .append(" puts rows of several shards together and copies them to the client:\n");
            explain(copy.query().plan(), copy.query(), copy.query().values(), text);
        } else if (plan instanceof Plan.Forward forward) {
            forward(forward, statement, values, text);
        }
    }

    private static String merged(PlannedStatement statement, Merge merge) {
        if (!(merge instanceof Merge.Ordered ordered)) {
            return " and concatenates their rows.\n";
        }
        String how = ordered.keys().isEmpty() ? " and cuts their rows to the limit" : " and merges their sorted rows";
        return how + ".\n  Each shard runs: " + statement.shardText(ordered).replaceAll("\\s+", " ") + "\n";
    }

    private static void combine(
            Plan.Combine plan, PlannedStatement statement, StatementValues values, StringBuilder text) {
        if (!(plan.forward().router().route(values) instanceof Route.Many many)) {
            forward(plan.forward(), statement, values, text);
            return;
        }
        Combination combination = plan.combination().of(values);
        text.append("Combine: ")
                .append(combination.combinerInWords())
                .append(" puts together rows of ")
                .append(where(many))
                .append(".\n  Reason: ")
                .append(plan.forward().whenMany().message().replaceFirst(" is not supported yet$", ""))
                .append(".\n");
        for (Fragment fragment : combination.fragments()) {
            List<ShardName> shards = fragment.shards(values);
            if (!fragment.isOwn()) {
                text.append("  Copied from ")
                        .append(shards.isEmpty() ? "no shard (no row can match)" : shards(shards))
                        .append(" to ")
                        .append(fragment.temporary())
                        .append(": ")
                        .append(fragment.select(statement, values).replaceAll("\\s+", " "))
                        .append('\n');
                fragment.reductions().forEach(reduction -> text.append("    Reduced by: ")
                        .append(reduction.inWords())
                        .append(", if these are few")
                        .append('\n'));
            }
        }
        text.append("  The combiner runs: ")
                .append(statement.combinerText(combination.text()).replaceAll("\\s+", " "))
                .append('\n');
    }

    private static void forward(
            Plan.Forward forward, PlannedStatement statement, StatementValues values, StringBuilder text) {
        Route route = forward.router().route(values);
        if (route instanceof Route.Refused none) {
            refused(none.error(), statement, text);
            return;
        }
        if (route instanceof Route.Many && forward.spread().isPresent()) {
            if (forward.spread().get().split().isPresent()) {
                split(forward.spread().get().split().get(), statement, values, text);
                return;
            }
            text.append(forward.spread().get().copies() ? "Spread: writes the copies on " : "Spread: writes on ")
                    .append(where(route))
                    .append(", on all or on none.\n");
            return;
        }
        if (route instanceof Route.Many many) {
            text.append("It would need ").append(where(many)).append(".\n");
            refused(forward.whenMany(), statement, text);
            return;
        }
        text.append("Forward: ")
                .append(forward.access() == Access.READ ? "reads " : "may write on ")
                .append(where(route))
                .append(forward.pins() ? ", and the session keeps its connection" : "")
                .append(".\n");
    }

    private static void split(RowSplit rows, PlannedStatement statement, StatementValues values, StringBuilder text) {
        text.append("Spread: cuts its rows by their shards, and writes on all or on none.\n");
        rows.of(statement, values).forEach((shard, part) -> text.append("  Shard ")
                .append(shard)
                .append(" runs: ")
                .append(part.sql().replaceAll("\\s+", " "))
                .append('\n'));
    }

    private static void refused(PgError error, PlannedStatement statement, StringBuilder text) {
        text.append("Refused (").append(error.state().code()).append("): ").append(error.message());
        if (error.position() > 0) {
            text.append(", at character ").append(error.position());
            marked(error.position(), statement)
                    .ifPresent(words -> text.append(": ").append(words));
        }
        text.append('\n');
        if (!error.detail().isEmpty()) {
            text.append("  Detail: ").append(error.detail()).append('\n');
        }
        if (!error.hint().isEmpty()) {
            text.append("  Hint: ").append(error.hint()).append('\n');
        }
    }

    /** The words of the statement that begin there. */
    private static Optional<String> marked(int position, PlannedStatement statement) {
        String sql = statement.template().map(StatementTemplate::sql).orElse("");
        if (position > sql.length()) {
            return Optional.empty();
        }
        String rest = sql.substring(position - 1).lines().findFirst().orElse("");
        return Optional.of(rest.length() <= MARKED ? rest : rest.substring(0, MARKED) + "...");
    }

    private static String where(Route route) {
        if (route instanceof Route.One one) {
            return shards(List.of(one.shard()));
        }
        if (route instanceof Route.Many many) {
            return shards(many.shards());
        }
        return route instanceof Route.Any ? "any one shard" : "no shard";
    }

    /** Why: each table with its rule, and the shards that its rows may be on. */
    private void tables(
            PlannedStatement statement, List<String> searchPath, StatementValues values, StringBuilder text) {
        Optional<QueryPlanner.Planned> planned = analysed(statement, searchPath);
        if (planned.isEmpty()) {
            return;
        }
        Analysis analysis = planned.get().analysis();
        for (Occurrence occurrence : analysis.occurrences()) {
            text.append("  ").append(named(occurrence)).append(": ").append(rule(occurrence.rule()));
            if (occurrence.rule() instanceof KeyedRule keyed) {
                key(occurrence, keyed, planned.get(), statement, values, text);
            }
            text.append('\n');
        }
        for (Analysis.InsertedRows rows : analysis.inserts()) {
            text.append("  ")
                    .append(rows.table())
                    .append(": ")
                    .append(rule(rows.rule()))
                    .append("; ")
                    .append(rows.keys().size() == 1 ? "the row's key is" : "the rows' keys are")
                    .append(" of ")
                    .append(inserted(rows, planned.get(), values))
                    .append('\n');
        }
    }

    private static String named(Occurrence occurrence) {
        String alias = occurrence.leaf().toString();
        return occurrence.table() + (alias.equals(occurrence.table().name()) ? "" : " " + alias);
    }

    private void key(
            Occurrence occurrence,
            KeyedRule keyed,
            QueryPlanner.Planned planned,
            PlannedStatement statement,
            StatementValues values,
            StringBuilder text) {
        OccurrenceShards shards =
                OccurrenceShards.of(occurrence, keyed, planner.queries().space());
        ShardSet found =
                shards.shards(values, planned.reader(), planner.queries().space());
        List<Fact> facts = new ArrayList<>(shards.always().facts());
        text.append("; ");
        if (shards.always().isNever()) {
            text.append("its condition is never true");
        } else if (!shards.restricts()) {
            text.append("nothing restricts its key");
        } else if (facts.isEmpty()) {
            text.append("each side of an OR restricts its key");
        } else {
            text.append(new FactWords(statement).all(facts));
        }
        text.append(", so ").append(found.isEmpty() ? "no shard (no row can match)" : shards(found.names()));
    }

    private String inserted(Analysis.InsertedRows rows, QueryPlanner.Planned planned, StatementValues values) {
        try {
            ShardSet found = new StatementRouter.Inserted(
                            rows, planned.reader(), planner.queries().space())
                    .shards(values);
            return shards(found.names());
        } catch (PgErrorException unroutable) {
            return "no shard";
        }
    }

    private static String shards(List<ShardName> names) {
        return (names.size() == 1 ? "shard " : "shards ")
                + String.join(", ", names.stream().map(ShardName::value).toList());
    }

    private Optional<QueryPlanner.Planned> analysed(PlannedStatement statement, List<String> searchPath) {
        if (planner.hasOneShard() || statement.template().isEmpty()) {
            return Optional.empty();
        }
        StatementTemplate template = statement.template().get();
        try {
            return Classifier.classify(template) instanceof StatementKind.Query
                    ? Optional.of(planner.queries().plan(template, template.start(), template.end(), searchPath))
                    : Optional.empty();
        } catch (PgErrorException | SqlParseFailure refused) {
            return Optional.empty();
        }
    }

    private static String rule(TableRule rule) {
        if (rule instanceof KeyedRule keyed) {
            String key = " by (" + String.join(", ", keyed.keyColumns()) + ")";
            if (rule instanceof HashRule) {
                return "hash" + key;
            }
            if (rule instanceof ConsistentHashRule) {
                return "consistent hash" + key;
            }
            if (rule instanceof RangeRule) {
                return "range" + key;
            }
            return rule instanceof ListRule ? "list" + key : "keyed" + key;
        }
        return rule instanceof PinnedRule pinned ? "pinned to " + pinned.shard() : "reference, whole on every shard";
    }

    /** Arguments of the command line. */
    private record TextArguments(PlannedStatement statement, List<String> arguments) implements StatementValues {
        TextArguments {
            arguments = new ArrayList<>(arguments);
        }

        @Override
        public CharSequence literal(int index) {
            return statement.literal(index);
        }

        @Override
        public int parameterCount() {
            return arguments.size();
        }

        @Override
        public boolean parameterIsNull(int number) {
            return false;
        }

        @Override
        public int parameterOid(int number) {
            return 0;
        }

        @Override
        public boolean parameterIsBinary(int number) {
            return false;
        }

        @Override
        public byte[] parameter(int number) {
            return arguments.get(number - 1).getBytes(StandardCharsets.UTF_8);
        }
    }
}
