package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.wire.RowShape;
import java.util.List;
import java.util.Optional;

/** A statement a client has parsed, by the name it gave. Confined to the session's event loop. */
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

    PreparedStatement(String name, StatementKey key, Planned planned, Settings settings) {
        this.name = name;
        this.key = key;
        this.planned = planned;
        this.settings = settings;
    }

    boolean isNamed() {
        return !name.isEmpty();
    }

    /** Its one statement; empty text has none. */
    List<Planned.Statement> statements() {
        return planned.statements();
    }
}
