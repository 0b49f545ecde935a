package io.ostraka.proxy.session;

import io.ostraka.proxy.transaction.Snapshot;
import io.ostraka.proxy.transaction.SnapshotRequest;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.Optional;

/**
 * The point in time at which a session reads several shards: asked for before the first of them is told anything, imported by
 * each, released when none imports it any more. Confined to the session's event loop, but for what comes from the coordinator.
 */
final class SessionSnapshot implements SnapshotRequest {
    /** What a statement outside a transaction block runs in, on each shard; the import follows. */
    static final String BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

    private final Session session;
    private boolean asked;
    private Optional<Snapshot> held = Optional.empty();
    private Optional<PgError> error = Optional.empty();

    SessionSnapshot(Session session) {
        this.session = session;
    }

    /** Whether it is there; if not, it is asked for, and {@link Session#resume} follows. Throws when there is none. */
    boolean isReady() {
        if (error.isPresent()) {
            PgError why = error.get();
            error = Optional.empty();
            throw why.toException();
        }
        if (held.isEmpty() && !asked) {
            asked = true;
            session.database().commits().snapshot(this);
        }
        return held.isPresent();
    }

    boolean isHeld() {
        return held.isPresent();
    }

    /** What the shard is told behind BEGIN. Throws when the snapshot does not include it. */
    String importOn(ShardName shard) {
        return held.flatMap(snapshot -> snapshot.importOn(shard)).orElseThrow(() -> new PgError(
                        SqlState.CANNOT_CONNECT_NOW,
                        "shard \"" + shard + "\" is not in the snapshot",
                        "It did not answer when the snapshot over all shards was taken.",
                        "Try it again.")
                .toException());
    }

    /** Nobody imports it any more. */
    void release() {
        if (held.isPresent()) {
            held.get().release();
            held = Optional.empty();
        }
    }

    @Override
    public void onSnapshot(Snapshot snapshot) {
        session.loop().execute(() -> {
            asked = false;
            if (session.isClosed()) {
                snapshot.release();
                return;
            }
            held = Optional.of(snapshot);
            session.resume();
            // What it was asked for may have been refused meanwhile.
            session.releaseUnused();
        });
    }

    @Override
    public void onNoSnapshot(PgError why) {
        session.loop().execute(() -> {
            asked = false;
            error = Optional.of(why);
            session.resume();
        });
    }
}
