package io.ostraka.proxy.session;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.Map;

/** The databases clients can connect to, by name. Immutable. */
public final class ServedDatabases {
    /** The name that opens the administration console. */
    static final String CONSOLE = "ostraka";

    private final Map<String, ServedDatabase> byName;

    public ServedDatabases(Map<String, ServedDatabase> byName) {
        this.byName = Map.copyOf(byName);
    }

    /** Throws {@link io.ostraka.rules.error.PgErrorException} as PostgreSQL does for a database that is not there. */
    public ServedDatabase find(String name) {
        ServedDatabase database = byName.get(name);
        if (database != null) {
            return database;
        }
        throw new PgError(SqlState.INVALID_CATALOG_NAME, "database \"" + name + "\" does not exist").toException();
    }

    public Iterable<ServedDatabase> all() {
        return byName.values();
    }
}
