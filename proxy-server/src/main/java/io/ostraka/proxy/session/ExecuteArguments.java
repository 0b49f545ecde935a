package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.execute.ArgumentsRun;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.InlinedParameters;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.Route;
import java.util.Optional;
import java.util.Set;

/**
 * The arguments of an EXECUTE over several shards that has to be asked about before it can be planned: one of them is an expression, or the
 * types of the parameters are known to the shards only. The Query or Bind waits meanwhile, and is offered again. Confined to the session's
 * event loop.
 */
final class ExecuteArguments {
    private final Session session;
    private Optional<ArgumentsRun> ended = Optional.empty();
    private Optional<Planned.Statement> meaning = Optional.empty();

    ExecuteArguments(Session session) {
        this.session = session;
    }

    /** The run that could not compute them, or describe the statement; nobody was told why. */
    Optional<ArgumentsRun> failed() {
        return ended.filter(ArgumentsRun::hasFailed);
    }

    /** What the EXECUTE stands for, if it is known by now. */
    Optional<Planned.Statement> meaning() {
        return meaning;
    }

    /** Why an EXECUTE with expressions is refused, unless a shard finds that it is no SQL. */
    Optional<Plan.Refusal> refusal(Plan.Execute execute) {
        if (!execute.text().hasExpressions() || ended.isPresent() || meaning.isPresent()) {
            return Optional.empty();
        }
        try {
            PreparedStatement prepared = session.statements().named(execute.name());
            requireKeptHere(prepared);
            requireComputable(execute, session.statements().homeOf(prepared));
            return Optional.empty();
        } catch (PgErrorException refused) {
            return Optional.of(new Plan.Refusal(refused.error(), true));
        }
    }

    /** Whether a shard has judged what was parsed, and nothing is under way there: the Bind or Describe is offered again until then. */
    boolean mayBeAsked() {
        return session.statements().answerParse()
                && session.isQuiet()
                && session.executions().isSynced();
    }

    /** The client learns why they could not be computed. */
    boolean tell(ArgumentsRun failed) {
        session.output().write(session.output().buffer().writeBytes(failed.error()));
        clear();
        session.runs().end(true, false);
        return true;
    }

    void clear() {
        ended = Optional.empty();
        meaning = Optional.empty();
    }

    /** What the EXECUTE stands for; empty while a shard is asked, or has {@link #failed}. {@code asWritten}: how the client sends it. */
    Optional<Planned.Statement> meaningOf(Plan.Execute execute, Planned.Statement asWritten) {
        if (meaning.isEmpty()) {
            Preparing preparing = session.statements().preparing();
            Optional<String> text = preparing.knowsArguments(execute)
                    ? Optional.of(preparing.textOf(execute))
                    : textOf(execute, asWritten);
            meaning = text.map(preparing::meaningOf);
        }
        return meaning;
    }

    private Optional<String> textOf(Plan.Execute execute, Planned.Statement asWritten) {
        PreparedStatement prepared = session.statements().named(execute.name());
        if (ended.isPresent()) {
            return Optional.of(execute.before()
                    + ended.get()
                            .parameters()
                            .with(
                                    prepared.key.sql(),
                                    ended.get().answers(),
                                    session.statements().longestText()));
        }
        requireKeptHere(prepared);
        requireComputable(execute, session.statements().homeOf(prepared));
        int start = execute.before().length();
        ask(
                prepared,
                Optional.of(
                        asWritten.planned().blanksTo(start) + asWritten.text().substring(start)));
        return Optional.empty();
    }

    /** The run that knows the statement's columns, or has {@link #failed}; empty while a shard is asked. */
    Optional<ArgumentsRun> describe(Plan.Execute execute) {
        if (ended.isEmpty()) {
            PreparedStatement prepared = session.statements().named(execute.name());
            requireKeptHere(prepared);
            ask(prepared, Optional.empty());
        }
        return ended;
    }

    private static void requireKeptHere(PreparedStatement prepared) {
        if (prepared.underOwnName.isPresent()) {
            throw unsupported(
                    "A shard keeps prepared statement \"" + prepared.name + "\" for SQL that was sent to it alone.");
        }
    }

    /** Without {@code execute} for its columns alone. */
    private void ask(PreparedStatement prepared, Optional<String> execute) {
        Optional<Backend> ready = session.held().ready(session.statements().homeOf(prepared));
        if (ready.isEmpty()) {
            return;
        }
        session.shards().enlist(ready.get(), Access.READ);
        ArgumentsRun asking = new ArgumentsRun(
                session.runs(),
                ready.get(),
                prepared.name,
                prepared.key,
                prepared.parameterTypes.map(InlinedParameters::named),
                execute);
        session.runs().start(asking, failed -> {
            ended = Optional.of(asking);
            session.available();
            session.output().flush();
            session.resume();
        });
    }

    /** Any shard can compute them, and the time is that of the transaction the statement runs in, which has begun. */
    private void requireComputable(Plan.Execute execute, ShardName home) {
        if (execute.text().arguments().isEmpty()) {
            return;
        }
        Planned.Statement query =
                session.plan(execute.text().query()).statements().get(0);
        Plan plan = query.plan();
        if (plan instanceof Plan.Clocked clocked && hasClock(home)) {
            plan = clocked.asWritten();
        }
        boolean isOfAny = plan instanceof Plan.Forward forward
                && forward.access() == Access.READ
                && !forward.pins()
                && forward.router().route(query.values()) instanceof Route.Any;
        if (!isOfAny) {
            throw unsupported(
                    "A shard computes them beside the statement, where not all that they say means the same.");
        }
    }

    private static PgErrorException unsupported(String detail) {
        return new PgError(
                        SqlState.FEATURE_NOT_SUPPORTED,
                        "these arguments of EXECUTE are not supported over several shards",
                        detail,
                        "Write their values as literals: a string is read as the parameter's type.")
                .toException();
    }

    private boolean hasClock(ShardName shard) {
        Set<ShardName> participants = session.transaction().participants();
        return session.transaction().isOpen()
                && (participants.isEmpty() || participants.iterator().next().equals(shard));
    }
}
