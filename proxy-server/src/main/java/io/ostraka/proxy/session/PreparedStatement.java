package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.wire.RowShape;
import io.ostraka.rules.plan.Plan;
import java.util.List;
import java.util.Optional;

/** A statement a client has prepared, by the name it gave. Confined to the session's event loop. */
final class PreparedStatement {
    /** How many unnamed statements of a pipeline are remembered behind the last one. */
    private static final int MOST_REPLACED = 8;

    final String name;
    final StatementKey key;
    Planned planned;
    /** The settings {@link #planned} was made with. */
    Settings settings;
    /** The result as the client knows it, if it has asked for a description. */
    Optional<RowShape> result = Optional.empty();
    /** Whether the result is another one meanwhile. */
    boolean isOutdated;
    /** Whether the client has had its ParseComplete, or it is on the way. */
    boolean answered;
    /** The pinned backend on which it has the client's own name, because SQL has prepared or named it there. */
    Optional<Backend> underOwnName = Optional.empty();
    /** The types of its parameters by name, where PREPARE has asked for them. */
    Optional<List<String>> parameterTypes = Optional.empty();
    /** The EXECUTE whose text this is, if the client has parsed one. */
    Optional<Plan.Execute> execute = Optional.empty();
    /** The unnamed statement that it has taken the place of, which is back if its Parse is skipped. */
    private Optional<PreparedStatement> replaced = Optional.empty();
    /** Whether SQL has prepared it, so that it is nowhere else. */
    final boolean isOfSql;

    private PreparedStatement(
            String name, StatementKey key, Planned planned, Settings settings, Optional<Backend> preparedBySql) {
        this.name = name;
        this.key = key;
        this.planned = planned;
        this.settings = settings;
        this.underOwnName = preparedBySql;
        this.isOfSql = preparedBySql.isPresent();
    }

    /** What a Parse says. */
    static PreparedStatement parsed(String name, StatementKey key, Planned planned, Settings settings) {
        return new PreparedStatement(name, key, planned, settings, Optional.empty());
    }

    /** What PREPARE has made on a backend; {@code execute} is the plan of its EXECUTE. */
    static PreparedStatement ofSql(String name, StatementKey key, Planned execute, Settings settings, Backend backend) {
        PreparedStatement statement = new PreparedStatement(name, key, execute, settings, Optional.of(backend));
        statement.answered = true;
        return statement;
    }

    Optional<PreparedStatement> replaced() {
        return replaced;
    }

    /** Of a long pipeline only the latest few are remembered. */
    void replaces(Optional<PreparedStatement> earlier) {
        replaced = earlier;
        PreparedStatement oldest = this;
        for (int i = 0; i < MOST_REPLACED && oldest.replaced.isPresent(); i++) {
            oldest = oldest.replaced.get();
        }
        oldest.replaced = Optional.empty();
    }

    /**
     * The Parse of the statement with this key was skipped, or refused, which drops what it replaces too: none that this one has
     * replaced is it.
     */
    @SuppressWarnings("ReferenceEquality")
    void wasSkipped(StatementKey skipped, boolean isRefused) {
        for (PreparedStatement later = this; later.replaced.isPresent(); ) {
            PreparedStatement earlier = later.replaced.get();
            if (earlier.key == skipped) {
                later.replaced = isRefused ? Optional.empty() : earlier.replaced;
            } else {
                later = earlier;
            }
        }
    }

    boolean isNamed() {
        return !name.isEmpty();
    }

    /** How many parameters it takes: those that were declared, and those of its text if that is analysed, which commands are not. */
    int parameters() {
        int declared = key.parameterOids().size();
        boolean isCommand =
                statements().isEmpty() || Portal.commandOf(statements().get(0)).isPresent();
        return isCommand
                ? declared
                : Math.max(declared, statements().get(0).planned().parameters());
    }

    /** Its one statement; empty text has none. */
    List<Planned.Statement> statements() {
        return planned.statements();
    }
}
