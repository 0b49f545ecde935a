package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.StatementKey;
import java.util.List;

/** A statement a client has parsed, by the name it gave. Confined to the session's event loop. */
final class PreparedStatement {
    final String name;
    final StatementKey key;
    Planned planned;
    /** The settings {@link #planned} was made with. */
    Settings settings;
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
