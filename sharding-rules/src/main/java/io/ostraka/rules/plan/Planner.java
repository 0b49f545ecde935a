package io.ostraka.rules.plan;

import io.ostraka.rules.catalog.Catalog;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.config.TableName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.rule.RuleSet;
import io.ostraka.rules.sql.Classifier;
import io.ostraka.rules.sql.SqlParseFailure;
import io.ostraka.rules.sql.StatementKind;
import io.ostraka.rules.sql.StatementTemplate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * From statements to plans, for one database under one version of its catalog. A statement is correct on the shards
 * its plan names, or it is refused. Immutable, thread-safe; costs a parse for each call: {@link PlanCache} spares it.
 *
 * <p>A database with one shard needs no planning: PostgreSQL judges every statement, and only what changes the
 * session, or leaves state in its connection, is told apart, and what the shard may keep prepared.
 */
public final class Planner {
    private static final String SHARD_HINT = "shard=";

    /** Characters; what is longer is hardly about one row. */
    private static final int LONGEST_KEPT = 1_000;

    private final DatabaseConfig database;
    private final Catalog catalog;
    private final ShardSet.Space space;
    private final OneShardPlanner oneShard;
    private final QueryPlanner queries;
    private final UtilityPlanner utilities;
    private final LockPlanner locks;

    /** {@code rules} were settled against {@code catalog}. */
    public Planner(DatabaseConfig database, RuleSet rules, Catalog catalog) {
        this.database = database;
        this.catalog = catalog;
        FunctionJudge functions = new FunctionJudge(catalog, rules);
        space = new ShardSet.Space(database.shards().keySet());
        oneShard = oneShard(space.none());
        queries = new QueryPlanner(database, rules, catalog, functions);
        utilities = new UtilityPlanner(database, queries, rules, catalog, functions);
        locks = new LockPlanner(rules, catalog, functions);
    }

    private OneShardPlanner oneShard(ShardSet shard) {
        return new OneShardPlanner(database, catalog, shard);
    }

    /** The version of the catalog that the plans hold for. */
    public long catalogVersion() {
        return catalog.version();
    }

    /**
     * Plans each statement of a query string, none if it holds nothing but blanks and comments. {@code searchPath}
     * holds the plain names of schemas, {@code $user} replaced. When the server would find the string's syntax at
     * fault before it ran any of it, there is a single statement, refused.
     */
    public List<PlannedStatement> plan(String queryText, List<String> searchPath) {
        List<StatementTemplate> templates;
        try {
            templates = StatementTemplate.of(queryText);
        } catch (PgErrorException lexical) {
            return List.of(refusedWhole(queryText, lexical.error()));
        }
        List<PlannedStatement> planned = new ArrayList<>(templates.size());
        for (StatementTemplate template : templates) {
            Plan plan = plan(template, searchPath);
            if (plan instanceof Plan.Refusal refusal && refusal.error().state() == SqlState.SYNTAX_ERROR) {
                return List.of(PlannedStatement.of(template, plan));
            }
            planned.add(PlannedStatement.of(template, plan));
        }
        return planned;
    }

    /** The same for a session that has chosen {@code shard}: everything goes there, and PostgreSQL judges it. */
    public List<PlannedStatement> planOn(ShardName shard, String queryText) {
        OneShardPlanner chosen = oneShard(space.of(shard));
        List<StatementTemplate> templates;
        try {
            templates = StatementTemplate.of(queryText);
        } catch (PgErrorException lexical) {
            return List.of(refusedWhole(queryText, lexical.error()));
        }
        List<PlannedStatement> planned = new ArrayList<>(templates.size());
        for (StatementTemplate template : templates) {
            StatementKind kind = Classifier.classify(template);
            // What was prepared there otherwise than through a proxy has its name there.
            Plan plan = SessionCommands.of(kind)
                    .filter(command -> !(command instanceof SessionCommand.FinishPrepared))
                    .<Plan>map(Plan.Session::new)
                    .orElseGet(() -> on(chosen, template, kind));
            planned.add(PlannedStatement.of(template, plan));
        }
        return planned;
    }

    /**
     * What a SERIALIZABLE transaction over several shards locks in front of a statement of this planner's.
     *
     * @throws PgErrorException when the statement may read what it does not name
     */
    public TableLocks locks(PlannedStatement statement, List<String> searchPath) {
        if (statement.template().isEmpty()) {
            return TableLocks.NONE;
        }
        StatementTemplate template = statement.template().get();
        if (hintedShard(template).isPresent()) {
            throw Refusals.serializable("a statement with a shard's hint", "It may read what nobody has locked.", "")
                    .toException();
        }
        return locks.of(template, Classifier.classify(template), statement.plan(), searchPath);
    }

    /** A string that cannot be cut into statements is one. */
    private static PlannedStatement refusedWhole(String text, PgError error) {
        return new PlannedStatement(
                new StatementSpan(0, text.length()), new Plan.Refusal(error, true), Optional.empty(), text);
    }

    /** Plans one statement. */
    Plan plan(StatementTemplate template, List<String> searchPath) {
        try {
            StatementKind kind = Classifier.classify(template);
            Optional<SessionCommand> command = SessionCommands.of(kind);
            boolean isOfShard = kind instanceof StatementKind.Prepare || kind instanceof StatementKind.Execute;
            if (command.isPresent() && (database.hasOneShard() || !isOfShard)) {
                return new Plan.Session(command.get());
            }
            if (database.hasOneShard()) {
                return kept(oneShard.plan(template, kind), template, kind, searchPath);
            }
            Optional<ShardName> hinted = hintedShard(template);
            if (hinted.isPresent()) {
                return on(oneShard(space.of(hinted.get())), template, kind);
            }
            return PreparedList.around(
                    kind instanceof StatementKind.Query query
                            ? query(template, query, searchPath)
                            : utilities.plan(template, kind, searchPath),
                    template,
                    kind);
        } catch (StackOverflowError overflow) {
            return new Plan.Refusal(new PgError(
                    SqlState.STATEMENT_TOO_COMPLEX,
                    "stack depth limit exceeded",
                    "The statement is nested too deep.",
                    ""));
        } catch (PgErrorException refused) {
            return new Plan.Refusal(refused.error(), refused.error().state() == SqlState.SYNTAX_ERROR);
        }
    }

    /** The grammar is asked for nothing but that: what it does not know is as well. */
    private Plan kept(Plan plan, StatementTemplate template, StatementKind kind, List<String> searchPath) {
        boolean mayBe = plan instanceof Plan.Forward forward
                && !forward.pins()
                && kind instanceof StatementKind.Query
                && template.end() - template.start() <= LONGEST_KEPT;
        if (!mayBe) {
            return plan;
        }
        try {
            Query query = QueryPlanner.read(template, template.start(), template.end());
            return ((Plan.Forward) plan)
                    .keptAs(
                            query instanceof Query.Select select
                                    ? PointRead.in(select, template, catalog, searchPath)
                                    : PointWrite.in(query, template, catalog, searchPath));
        } catch (SqlParseFailure | PgErrorException | StackOverflowError unread) {
            return plan;
        }
    }

    /** A temporary table that hides a table there would not hide it from statements that go elsewhere. */
    private Plan on(OneShardPlanner chosen, StatementTemplate template, StatementKind kind) {
        Plan plan = chosen.plan(template, kind);
        if (plan instanceof Plan.Forward forward && forward.pins() && !database.hasOneShard()) {
            for (String name : TemporaryNames.of(template)) {
                Optional<TableName> hidden = catalog.schemas().stream()
                        .map(schema -> new TableName(schema, name))
                        .filter(table -> catalog.table(table).isPresent())
                        .findFirst();
                if (hidden.isPresent()) {
                    return new Plan.Refusal(Refusals.temporaryName(name, hidden.get()));
                }
            }
        }
        return plan;
    }

    private Plan query(StatementTemplate template, StatementKind.Query kind, List<String> searchPath) {
        Query query;
        try {
            query = QueryPlanner.read(template, template.start(), template.end());
        } catch (SqlParseFailure unread) {
            return utilities.unread(template, kind, unread.error(), searchPath);
        } catch (PgErrorException unread) {
            // Where no other shard can matter, the default one judges: it has the better error, or reads what the
            // grammar does not.
            return utilities.unread(template, kind, unread.error(), searchPath);
        }
        Optional<ClockText> clock = ClockText.of(template, catalog, searchPath);
        if (clock.isEmpty()) {
            return whole(query, template, searchPath);
        }
        Plan asWritten;
        try {
            asWritten = whole(query, template, searchPath);
        } catch (PgErrorException refused) {
            asWritten = new Plan.Refusal(refused.error());
        }
        return asWritten instanceof Plan.Refusal && isRefusedAtAnyTime(clock.get(), searchPath)
                ? asWritten
                : new Plan.Clocked(clock.get(), asWritten);
    }

    private boolean isRefusedAtAnyTime(ClockText clock, List<String> searchPath) {
        return plan(StatementTemplate.of(clock.sample()).get(0), searchPath) instanceof Plan.Refusal;
    }

    private Plan whole(Query query, StatementTemplate template, List<String> searchPath) {
        QueryPlanner.Planned planned = queries.planWhole(query, template, searchPath);
        return Formulas.around(planned.plan(), planned, template);
    }

    /** {@code /* ostraka: shard=s0 *}{@code /}: the client answers for it, as with SET ostraka.shard. */
    private Optional<ShardName> hintedShard(StatementTemplate template) {
        for (String hint : template.hints()) {
            if (hint.startsWith(SHARD_HINT)) {
                String name = hint.substring(SHARD_HINT.length()).strip();
                ShardName shard = name.isEmpty() ? null : new ShardName(name);
                if (shard == null || !database.shards().containsKey(shard)) {
                    throw new PgError(
                                    SqlState.INVALID_PARAMETER_VALUE,
                                    "shard \"" + name + "\" of a hint does not exist",
                                    "The shards are " + database.shards().keySet() + ".",
                                    "")
                            .toException();
                }
                return Optional.of(shard);
            }
        }
        return Optional.empty();
    }

    /** The planner of queries, for {@link Explanation}. */
    QueryPlanner queries() {
        return queries;
    }

    boolean hasOneShard() {
        return database.hasOneShard();
    }
}
