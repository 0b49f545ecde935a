package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.BackendSettings;
import io.ostraka.proxy.execute.CombinerRun.Around;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.ArrayList;
import java.util.List;

/**
 * A cursor or portal over rows that the combiner has put together: PostgreSQL's own, on a connection that is there for it alone
 * until it is closed. Its transaction there is open as long, but for a cursor WITH HOLD, whose rows are kept beyond it. Confined to
 * the session's event loop.
 */
final class CombinerCursor {
    private static final String SAVEPOINT = "\"ostraka: settings\"";

    private final Session session;
    private final Backend combiner;
    /** What the connection was told of settings when the cursor was made. */
    private final BackendSettings made;

    private final List<String> local;
    private final byte[] columns;
    private final boolean isHeld;
    private boolean isFailed;
    private boolean isClosed;

    /** {@code columns} is the RowDescription of its rows; {@code local} what the transaction alone had set. */
    CombinerCursor(Session session, Backend combiner, List<String> local, byte[] columns, boolean isHeld) {
        this.session = session;
        this.combiner = combiner;
        this.made = combiner.settings();
        this.local = List.copyOf(local);
        this.columns = columns.clone();
        this.isHeld = isHeld;
    }

    Backend combiner() {
        return combiner;
    }

    byte[] columns() {
        return columns.clone();
    }

    /** Whether it is WITH HOLD. */
    boolean isHeld() {
        return isHeld;
    }

    /** A statement has failed in it: it gives no more rows. */
    void fail() {
        isFailed = true;
        close();
    }

    boolean isFailed() {
        return isFailed;
    }

    /** Ends it on its connection, which is given back. */
    void close() {
        if (!isClosed) {
            isClosed = true;
            session.combining().endKept(combiner);
        }
    }

    /** Throws when no more can be asked of it. {@code name} is the client's. */
    void requireUsable(String name) {
        if (isFailed) {
            throw new PgError(SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE, "portal \"" + name + "\" cannot be run")
                    .toException();
        }
        if (!combiner.isOpen()) {
            fail();
            throw new PgError(
                            SqlState.CONNECTION_FAILURE,
                            "connection to shard \"" + combiner.shard() + "\" was lost",
                            "It had the rows of cursor \"" + name + "\".",
                            "Declare it again; the proxy connects anew when the server is back.")
                    .toException();
        }
    }

    /**
     * What brings the connection to the session's settings for one step, and back: rows are shown as the settings of the moment say,
     * of which the connection has heard none since the cursor was made.
     */
    Around settings() {
        BackendSettings wanted = session.settings().made();
        List<String> wantedLocal = session.combining().localSettings();
        List<String> known = isHeld ? List.of() : local;
        if (wanted.same(made) && wantedLocal.equals(known)) {
            return Around.NOTHING;
        }
        boolean isOverlaid = !wanted.same(made) && !known.isEmpty();
        boolean goesOn = wantedLocal.size() >= known.size()
                && wantedLocal.subList(0, known.size()).equals(known);
        if (isOverlaid || !goesOn) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "a cursor over rows that were put together cannot be read under these settings",
                            "Settings that SET LOCAL had made when it was declared are not in force any more.",
                            "Declare it again.")
                    .toException();
        }
        List<String> before = new ArrayList<>();
        before.add(isHeld ? "BEGIN" : "SAVEPOINT " + SAVEPOINT);
        String changes = made.changeTo(wanted);
        if (!changes.isEmpty()) {
            before.add(changes);
        }
        before.addAll(wantedLocal.subList(known.size(), wantedLocal.size()));
        return new Around(
                before, isHeld ? List.of("ROLLBACK") : List.of("ROLLBACK TO " + SAVEPOINT, "RELEASE " + SAVEPOINT));
    }
}
