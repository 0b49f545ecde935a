package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.execute.Moment;
import io.ostraka.proxy.transaction.ClosedGate;
import io.ostraka.proxy.transaction.DatabaseCommits;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The moments in which a session's statements take their snapshots on several shards, one at a time: the gates of the fence are closed
 * then.
 * <pre>
 * NONE --await--> ASKED --closed--> INSIDE --taken--> LEFT --held--> NONE
 *                   ^                  \--not held--> MISSED --taken--> ASKED
 *                   \------------------------- not held -- LEFT
 * </pre>
 * Confined to the session's event loop, but for what comes from the coordinator.
 */
final class SessionMoment implements Moment {
    private final Session session;
    private State state = State.NONE;
    private Optional<Visit> visit = Optional.empty();
    private Optional<Waiting> waiting = Optional.empty();

    private enum State {
        NONE,
        ASKED,
        INSIDE,
        /** It is too late, but what was sent has not been answered. */
        MISSED,
        LEFT
    }

    private record Waiting(List<Backend> backends, Runnable work, Consumer<Optional<PgError>> then, long since) {}

    SessionMoment(Session session) {
        this.session = session;
    }

    @Override
    public void await(Collection<Backend> backends, Runnable work, Consumer<Optional<PgError>> then) {
        waiting = Optional.of(new Waiting(List.copyOf(backends), work, then, System.nanoTime()));
        ask();
    }

    private void ask() {
        Duration patience = session.database().commits().patience();
        if (System.nanoTime() - waiting.orElseThrow().since() > patience.toNanos()) {
            end(Optional.of(new PgError(
                    SqlState.SERIALIZATION_FAILURE,
                    "several shards could not be read at one point in time",
                    "Commits over several shards were under way, or shards were slow to answer, for "
                            + patience.toSeconds() + " s.",
                    "Try it again.")));
            return;
        }
        state = State.ASKED;
        Visit next = new Visit();
        visit = Optional.of(next);
        session.database().commits().visit(next);
    }

    private void end(Optional<PgError> error) {
        Consumer<Optional<PgError>> then = waiting.orElseThrow().then();
        abandon();
        then.accept(error);
    }

    private void closed(Set<ShardName> unreadable) {
        state = State.INSIDE;
        Waiting now = waiting.orElseThrow();
        try {
            for (Backend backend : now.backends()) {
                session.database().commits().requireReadable(backend.shard());
                // By the word of the node that leads, who may know more than this one.
                if (unreadable.contains(backend.shard())) {
                    throw DatabaseCommits.unreadable(backend.shard()).toException();
                }
            }
        } catch (PgErrorException notReadable) {
            end(Optional.of(notReadable.error()));
            return;
        }
        now.work().run();
    }

    @Override
    public void taken() {
        if (state == State.MISSED) {
            ask();
        } else if (state == State.INSIDE) {
            state = State.LEFT;
            visit.orElseThrow().leave();
        }
    }

    private void opened(boolean held) {
        if (held && state == State.LEFT) {
            end(Optional.empty());
        } else if (state == State.INSIDE) {
            state = State.MISSED;
        } else if (state != State.MISSED) {
            ask();
        }
    }

    @Override
    public void abandon() {
        state = State.NONE;
        waiting = Optional.empty();
        visit.ifPresent(Visit::leave);
        visit = Optional.empty();
    }

    /** One time that the gates are closed for this session. */
    private final class Visit implements ClosedGate {
        private Optional<Runnable> toLeave = Optional.empty();

        private boolean isCurrent() {
            return visit.filter(latest -> latest == this).isPresent();
        }

        void leave() {
            toLeave.ifPresent(Runnable::run);
            toLeave = Optional.empty();
        }

        @Override
        public void onClosed(Set<ShardName> unreadable, Runnable left) {
            session.loop().execute(() -> {
                toLeave = Optional.of(left);
                if (isCurrent()) {
                    closed(unreadable);
                } else {
                    leave();
                }
            });
        }

        @Override
        public void onOpened(boolean held) {
            session.loop().execute(() -> {
                if (isCurrent()) {
                    opened(held);
                }
            });
        }
    }
}
