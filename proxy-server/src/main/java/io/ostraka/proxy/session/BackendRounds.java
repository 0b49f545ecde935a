package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendMessages.Severity;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * The same statement of the proxy's own on some backends at once, unseen by the client; what follows runs when the last has
 * answered. Confined to the session's event loop.
 */
final class BackendRounds {
    private final Session session;
    /** What remains to be done when the backends that were told have answered. */
    private Optional<Step> step = Optional.empty();

    /** One round over some backends: each runs the same statement, unseen by the client. */
    static final class Step {
        final List<Backend> waitingFor;
        final boolean isCommit;
        final Runnable then;
        Optional<ByteBuf> error = Optional.empty();
        boolean rolledBack;

        Step(Collection<Backend> waitingFor, boolean isCommit, Runnable then) {
            this.waitingFor = new ArrayList<>(waitingFor);
            this.isCommit = isCommit;
            this.then = then;
        }
    }

    BackendRounds(Session session) {
        this.session = session;
    }

    boolean isRunning() {
        return step.isPresent();
    }

    /** The round that has just ended. */
    Step step() {
        return step.orElseThrow();
    }

    void start(Collection<Backend> backends, String sql, boolean isCommit, Runnable then) {
        step = Optional.of(new Step(backends, isCommit, then));
        if (backends.isEmpty()) {
            ended();
            return;
        }
        session.busy();
        for (Backend backend : List.copyOf(backends)) {
            backend.sendQuery(sql, Visibility.NONE);
            backend.flush();
        }
    }

    /** Ends what was sent to some backends in a pipeline, and no Query would: it joins their transactions. */
    void sync(List<Backend> backends, Runnable then) {
        step = Optional.of(new Step(backends, false, then));
        session.busy();
        for (Backend backend : backends) {
            backend.sendSync(Visibility.NONE);
            backend.flush();
        }
    }

    /** Makes the transaction on the backend fail, as the session's has. */
    void fail(Backend backend) {
        step = Optional.of(new Step(List.of(backend), false, () -> {
            step().error.ifPresent(ByteBuf::release);
            session.available();
        }));
        session.busy();
        backend.sendPoison();
        backend.sendSync(Visibility.NONE);
        backend.flush();
    }

    void onCommandEnd(Backend backend, ByteBuf borrowed, int frame) {
        step.filter(now -> now.waitingFor.contains(backend))
                .ifPresent(now -> now.rolledBack |=
                        FieldReader.ofFrame(borrowed, frame).string().equals("ROLLBACK"));
    }

    /** Whether the error belongs to the round; it keeps the first one's bytes for the client. */
    boolean onError(Backend backend, ByteBuf borrowed, int frame) {
        if (step.filter(now -> now.waitingFor.contains(backend)).isEmpty()) {
            return false;
        }
        if (step.get().error.isEmpty()) {
            step.get().error = Optional.of(borrowed.copy(frame, 1 + borrowed.getInt(frame + 1)));
        }
        return true;
    }

    /** Whether the answer belongs to the round. */
    boolean onReady(Backend backend) {
        if (step.filter(now -> now.waitingFor.remove(backend)).isEmpty()) {
            return false;
        }
        if (step.get().waitingFor.isEmpty()) {
            ended();
        }
        return true;
    }

    /** Whether a round was waiting for the backend that is gone. */
    boolean onClosed(Backend backend, PgError lost) {
        if (step.filter(now -> now.waitingFor.contains(backend)).isEmpty()) {
            return false;
        }
        Step now = step.get();
        if (now.error.isEmpty()) {
            ByteBuf out = session.output().buffer();
            BackendMessages.error(
                    out, Severity.ERROR, now.isCommit ? unknownOutcome(backend) : lost, session.encoding());
            now.error = Optional.of(out);
        }
        return onReady(backend);
    }

    private PgError unknownOutcome(Backend backend) {
        boolean wrote = session.transaction().writers().contains(backend.shard());
        return wrote
                ? new PgError(
                        SqlState.TRANSACTION_RESOLUTION_UNKNOWN,
                        "connection to shard \"" + backend.shard() + "\" was lost during COMMIT",
                        "The transaction may have been committed or not.",
                        "Look at the rows before you try it again.")
                : new PgError(
                        SqlState.CONNECTION_FAILURE,
                        "connection to shard \"" + backend.shard() + "\" was lost during COMMIT",
                        "The transaction had written nothing.",
                        "Try it again.");
    }

    private void ended() {
        Step done = step.orElseThrow();
        done.then.run();
        if (step.filter(now -> now == done).isPresent()) {
            step = Optional.empty();
            session.resume();
        }
    }
}
