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
 * types of the parameters are known to the shards only. The Query waits meanwhile, and is offered again. Confined to the session's
 * event loop.
 */
final class ExecuteArguments {
    private final Session session;
    private Optional<ArgumentsRun> run = Optional.empty();
    private boolean hasFailed;

    ExecuteArguments(Session session) {
        this.session = session;
    }

    /** Whether the arguments could not be computed, and the client knows: its Query is to be ended. */
    boolean haveFailed() {
        return hasFailed;
    }

    void clear() {
        run = Optional.empty();
        hasFailed = false;
    }

    /** What the EXECUTE stands for; empty while a shard is asked. {@code asWritten} is how the client sends it. */
    Optional<String> textOf(Plan.Execute execute, Planned.Statement asWritten) {
        PreparedStatement prepared = session.statements().named(execute.name());
        if (run.isPresent()) {
            return Optional.of(execute.before()
                    + run.get()
                            .parameters()
                            .with(
                                    prepared.key.sql(),
                                    run.get().answers(),
                                    session.statements().longestText()));
        }
        if (prepared.underOwnName.isPresent()) {
            throw unsupported(
                    "A shard keeps prepared statement \"" + prepared.name + "\" for SQL that was sent to it alone.");
        }
        ShardName home = session.statements().homeOf(prepared);
        requireComputable(execute, home);
        Optional<Backend> ready = session.held().ready(home);
        if (ready.isEmpty()) {
            return Optional.empty();
        }
        Backend backend = ready.get();
        session.shards().enlist(backend, Access.READ);
        int start = execute.before().length();
        String text = asWritten.planned().blanksTo(start) + asWritten.text().substring(start);
        ArgumentsRun asking = new ArgumentsRun(
                session.runs(),
                backend,
                execute.name(),
                prepared.key,
                prepared.parameterTypes.map(InlinedParameters::named),
                text);
        session.runs().start(asking, failed -> {
            run = Optional.of(asking);
            hasFailed = failed;
            session.available();
            session.output().flush();
            session.resume();
        });
        return Optional.empty();
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
