package io.ostraka.proxy.execute;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.rules.error.PgError;
import java.util.Collection;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A moment in which no commit over several shards is half done: statements that take their snapshots in it, each shard its own, see
 * all of such a commit or nothing of it. So do those of a READ COMMITTED transaction block, which cannot import a snapshot.
 *
 * <p>What fixes a snapshot is the answer to Bind, not Execute: no user's statement runs meanwhile. Confined to the session's event
 * loop. Source: {@code transactions.md}, section 7.6.
 */
public interface Moment {
    /**
     * Calls {@code work} when commits wait; it sends to these backends what takes their snapshots, and {@link #taken} says that all of it is
     * answered. Then {@code then} is called, with an error when there was no such moment for too long; but first {@code work} again, if
     * commits could not wait until the end of it.
     */
    void await(Collection<Backend> backends, Runnable work, Consumer<Optional<PgError>> then);

    /** What was to be done is answered. */
    void taken();

    /** Nobody waits for it any more, or wants commits to wait. */
    void abandon();
}
