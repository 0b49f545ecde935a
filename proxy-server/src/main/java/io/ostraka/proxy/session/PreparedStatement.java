package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.wire.RowShape;
import io.ostraka.rules.plan.Plan;
import java.util.List;
import java.util.Optional;

/** A statement a client has prepared, by the name it gave. Confined to the session's event loop. */
final class PreparedStatement {
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

    boolean isNamed() {
        return !name.isEmpty();
    }

    /** Its one statement; empty text has none. */
    List<Planned.Statement> statements() {
        return planned.statements();
    }
}
