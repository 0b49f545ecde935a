package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.execute.ClientOutput;
import io.ostraka.proxy.execute.Moment;
import io.ostraka.proxy.execute.ShardRun;
import io.ostraka.rules.error.PgError;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The session as the host of statements that take over its backends, one at a time: combined reads, COPY, EXPLAIN and cursors
 * over several shards. Confined to the session's event loop.
 */
final class ShardRuns implements ShardRun.Host {
    private final Session session;
    private Optional<Running> running = Optional.empty();

    /** {@code then} is told whether it has failed. */
    private record Running(ShardRun run, Consumer<Boolean> then) {}

    ShardRuns(Session session) {
        this.session = session;
    }

    /** Gives the run its backends; when they are back, {@code then} is told whether it has failed. */
    void start(ShardRun run, Consumer<Boolean> then) {
        session.busy();
        running = Optional.of(new Running(run, then));
        run.participants().forEach(backend -> {
            backend.detach();
            backend.attach(run);
        });
        run.start();
    }

    @Override
    public ClientOutput client() {
        return session.output();
    }

    @Override
    public void onParameterStatus(Backend backend, String name, String value) {
        session.answers().onParameterStatus(backend, name, value);
    }

    @Override
    public void onAsyncMessage(Backend backend, ByteBuf owned) {
        session.answers().onAsyncMessage(backend, owned);
    }

    @Override
    public PgError onLost(Backend backend) {
        boolean isOfTransaction =
                !session.combining().isHolding(backend) && session.transaction().hasJoined(backend.shard());
        PgError lost = session.answers().forget(backend);
        if (isOfTransaction) {
            session.transaction().fail();
        }
        return lost;
    }

    @Override
    public void cancel(Backend backend) {
        session.database().cancel(backend);
    }

    @Override
    public Moment moment() {
        return session.moment();
    }

    @Override
    public void resume() {
        session.resume();
    }

    @Override
    public void onEnd(boolean failed) {
        Running ended = running.orElseThrow();
        running = Optional.empty();
        session.moment().abandon();
        ended.run().participants().stream().filter(Backend::isOpen).forEach(backend -> {
            backend.detach();
            backend.attach(session.answers());
        });
        ended.then().accept(failed);
    }

    /** A Query has been answered. */
    void endQuery(boolean failed) {
        end(failed, true);
    }

    /** What ends a Query, if {@code isSimple}, or an Execute. */
    Consumer<Boolean> ending(boolean isSimple) {
        return failed -> end(failed, isSimple);
    }

    /** A Query, if {@code isSimple}, or an Execute has been answered. */
    void end(boolean failed, boolean isSimple) {
        session.available();
        if (failed) {
            session.transaction().fail();
            if (!session.transaction().isOpen()) {
                session.settingState().revert();
            }
        }
        if (isSimple) {
            session.writeReady();
        } else if (failed) {
            session.extended().onCombineError();
        }
        session.output().flush();
        session.resume();
    }

    /** The client has asked for the end of what runs; returns whether that was a run. */
    boolean cancel() {
        if (running.isEmpty()) {
            return false;
        }
        if (session.isClosed()) {
            running.get().run().participants().stream()
                    .filter(Backend::hasOutstandingReplies)
                    .forEach(this::cancel);
        } else {
            running.get().run().cancel();
        }
        return true;
    }

    /** The client is gone. */
    void close() {
        running.ifPresent(now -> now.run().close());
        running = Optional.empty();
    }
}
