package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.execute.PrepareRun;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.Plan;
import java.util.List;
import java.util.Optional;

/**
 * PREPARE and EXECUTE in a database of several shards: a statement is kept as one that the protocol has parsed, and EXECUTE stands for
 * its text with the arguments in it. Confined to the session's event loop.
 */
record Preparing(Session session) {
    /** Lower ones are the same on all servers. */
    private static final int FIRST_OID_OF_USERS = 16384;

    // ---- PREPARE -------------------------------------------------------------------------------------------------

    /** Asked for in a Query, if {@code isSimple}, or an Execute; false while a backend is on its way. */
    boolean start(Plan.Prepare plan, Planned.Statement statement, boolean isSimple) {
        PreparedStatement prepared = prepared(plan);
        Optional<Backend> backend = session.held().ready(session.statements().homeOf(prepared));
        if (backend.isEmpty()) {
            return false;
        }
        session.shards().enlist(backend.get(), Access.READ);
        if (isSimple) {
            session.extended().portals().dropUnnamed();
        }
        String sql = statement.planned().blanksTo(plan.bodyStart()) + plan.body();
        session.runs()
                .start(
                        new PrepareRun(
                                session.runs(), backend.get(), plan.types(), sql, types -> keep(prepared, types)),
                        session.runs().ending(isSimple));
        return true;
    }

    /** It is not known by its name before a shard has judged it. */
    private PreparedStatement prepared(Plan.Prepare prepare) {
        Statements statements = session.statements();
        statements.requireFree(prepare.name());
        statements.requireRoom(prepare.body().length());
        Planned planned = session.plan(prepare.body());
        if (planned.statements().get(0).plan() instanceof Plan.Refusal refusal) {
            throw refusal.error().toException();
        }
        return PreparedStatement.parsed(
                prepare.name(), statements.key(prepare.body(), List.of()), planned, session.settings());
    }

    private void keep(PreparedStatement prepared, List<PrepareRun.ParameterType> types) {
        List<Integer> oids = types.stream()
                // Another shard has other OIDs for what its users have made.
                .map(type -> Integer.compareUnsigned(type.oid(), FIRST_OID_OF_USERS) < 0 ? type.oid() : 0)
                .toList();
        PreparedStatement kept = PreparedStatement.parsed(
                prepared.name, session.statements().key(prepared.key.sql(), oids), prepared.planned, prepared.settings);
        kept.parameterTypes =
                Optional.of(types.stream().map(PrepareRun.ParameterType::name).toList());
        session.statements().keep(kept);
    }

    // ---- EXECUTE -------------------------------------------------------------------------------------------------

    /** The text that an EXECUTE stands for, with its plan. */
    Planned.Statement meaningOf(String text) {
        Planned planned = session.plan(text);
        Optional<Planned.Statement> statement = planned.statements().stream()
                .filter(found -> Portal.commandOf(found).isEmpty())
                .findFirst();
        return statement.orElseThrow(() -> new PgError(
                        SqlState.FEATURE_NOT_SUPPORTED,
                        "EXECUTE of a command that the proxy carries out is not supported",
                        "The protocol has parsed it.",
                        "Execute it by Bind and Execute.")
                .toException());
    }

    /** Whether no shard has to be asked for its arguments. */
    boolean knowsArguments(Plan.Execute execute) {
        PreparedStatement statement = session.statements().named(execute.name());
        if (statement.parameterTypes.isPresent()) {
            // A shard tells that there are too many or too few.
            return !execute.text().hasExpressions()
                    && execute.text().arguments().size()
                            == statement.parameterTypes.get().size();
        }
        return execute.text().arguments().isEmpty() && statement.parameters() == 0;
    }

    /** What the EXECUTE stands for now, if no shard has to be asked. */
    String textOf(Plan.Execute execute) {
        PreparedStatement statement = session.statements().named(execute.name());
        return execute.before()
                + execute.text()
                        .of(
                                statement.key.sql(),
                                statement.parameterTypes.orElse(List.of()),
                                session.statements().longestText());
    }

    /**
     * That of a name which is there, and with arguments that are known: whoever executes another name is told when it is executed, and
     * other arguments are computed by each Bind.
     */
    Optional<Plan.Execute> executeIn(Planned planned) {
        return !planned.statements().isEmpty() && planned.statements().get(0).plan() instanceof Plan.Execute execute
                ? Optional.of(execute).filter(this::isThere).filter(this::knowsArguments)
                : Optional.empty();
    }

    /** Whether there is a statement of its name. */
    boolean isThere(Plan.Execute execute) {
        return session.statements().has(execute.name());
    }

    /** Whoever has parsed an EXECUTE is told when its name means something else meanwhile. */
    void requireUnchanged(PreparedStatement statement) {
        boolean isUnchanged = statement
                .execute
                .filter(execute -> !knowsArguments(execute) || !textOf(execute).equals(statement.key.sql()))
                .isEmpty();
        if (!isUnchanged) {
            throw Statements.OUTDATED_PLAN.toException();
        }
    }
}
