package io.ostraka.proxy.session;

import io.ostraka.proxy.transaction.Snapshot;
import io.ostraka.proxy.transaction.SnapshotRequest;
import io.ostraka.proxy.wire.ErrorFields;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;

/**
 * The point in time at which a session reads several shards: asked for before the first of them is told anything, imported by
 * each, released when none imports it any more. What comes for a statement that has ended meanwhile is nobody's: the next one must see
 * what was committed before it came. Confined to the session's event loop, but for what comes from the coordinator.
 */
final class SessionSnapshot {
    /** What a statement outside a transaction block runs in, on each shard; the import follows. */
    static final String BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

    private final Session session;
    private Optional<Request> asked = Optional.empty();
    private Optional<Snapshot> held = Optional.empty();
    private Optional<PgError> error = Optional.empty();

    SessionSnapshot(Session session) {
        this.session = session;
    }

    /**
     * Whether there is one for these shards; if not, it is asked for, and {@link Session#resume} follows. Throws when there is none to
     * be had. Nobody may have imported the one that is held.
     */
    boolean isReady(Collection<ShardName> needed) {
        if (error.isPresent()) {
            PgError why = error.get();
            error = Optional.empty();
            throw why.toException();
        }
        if (held.filter(snapshot -> !snapshot.covers(needed)).isPresent()) {
            release();
        }
        if (held.isEmpty() && asked.isEmpty()) {
            Request request = new Request(Set.copyOf(needed));
            asked = Optional.of(request);
            session.database().commits().snapshot(request);
        }
        return held.isPresent();
    }

    /** What is told instead of a shard's error, if that is about the snapshot: whoever kept it open is gone. */
    Optional<PgError> gone(ErrorFields error) {
        return held.isPresent() && error.isSnapshotGone()
                ? Optional.of(new PgError(
                        SqlState.SERIALIZATION_FAILURE,
                        "the snapshot over several shards is gone",
                        "The proxy that kept it open has died, or lost its connection.",
                        "Try it again."))
                : Optional.empty();
    }

    boolean isHeld() {
        return held.isPresent();
    }

    /** What the shard is told behind BEGIN. Throws when the snapshot does not include it. */
    String importOn(ShardName shard) {
        return held.flatMap(snapshot -> snapshot.importOn(shard)).orElseThrow(() -> new PgError(
                        SqlState.CANNOT_CONNECT_NOW,
                        "shard \"" + shard + "\" is not in the snapshot",
                        "It could not be reached when the transaction began.",
                        "Try it again.")
                .toException());
    }

    /** Nobody imports it any more, or waits for it. */
    void release() {
        asked = Optional.empty();
        error = Optional.empty();
        if (held.isPresent()) {
            held.get().release();
            held = Optional.empty();
        }
    }

    /** One that was asked for, as long as the session waits for it. */
    private final class Request implements SnapshotRequest {
        private final Set<ShardName> needed;

        Request(Set<ShardName> needed) {
            this.needed = needed;
        }

        @Override
        public Set<ShardName> needed() {
            return needed;
        }

        private boolean isWaitedFor() {
            return asked.filter(latest -> latest == this).isPresent();
        }

        @Override
        public void onSnapshot(Snapshot snapshot) {
            session.loop().execute(() -> {
                if (session.isClosed() || !isWaitedFor()) {
                    snapshot.release();
                    return;
                }
                asked = Optional.empty();
                held = Optional.of(snapshot);
                session.resume();
                // What it was asked for may have been refused meanwhile.
                session.releaseUnused();
            });
        }

        @Override
        public void onNoSnapshot(PgError why) {
            session.loop().execute(() -> {
                if (isWaitedFor()) {
                    asked = Optional.empty();
                    error = Optional.of(why);
                    session.resume();
                }
            });
        }
    }
}
