package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.BackendListener;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.RowShape;
import io.ostraka.proxy.wire.TransactionStatus;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Ends what a cursor or portal has left on a connection of its own, while its session goes on: the client hears nothing of it.
 * Confined to the backend's event loop.
 */
public final class RollbackRun implements BackendListener {
    /** A cursor WITH HOLD outlives a transaction. */
    private static final String ALL = "ROLLBACK; CLOSE ALL";

    private final Consumer<Backend> then;

    private RollbackRun(Consumer<Backend> then) {
        this.then = then;
    }

    /** The backend is at rest, and listens to this from now on; {@code then} takes it when it is done, unless it has closed. */
    public static void start(Backend backend, Consumer<Backend> then) {
        backend.detach();
        backend.attach(new RollbackRun(then));
        backend.sendQuery(ALL, Visibility.NONE);
        backend.flush();
    }

    @Override
    public void onReady(Backend backend, Visibility visibility, TransactionStatus status) {
        backend.revertSettings();
        then.accept(backend);
    }

    @Override
    public void onBytes(Backend backend, ByteBuf owned) {
        owned.release();
    }

    @Override
    public void onAsyncMessage(Backend backend, ByteBuf owned) {
        owned.release();
    }

    @Override
    public Optional<String> nameOf(StatementKey statement) {
        return Optional.empty();
    }

    @Override
    public void onRowDescription(Backend backend, ByteBuf borrowed, int frame) {}

    @Override
    public void onParameterDescription(Backend backend, ByteBuf borrowed, int frame) {}

    @Override
    public void onDescribed(Backend backend, StatementKey statement, Visibility visibility, RowShape result) {}

    @Override
    public void onStepComplete(Backend backend, byte tag) {}

    @Override
    public void onCommandEnd(Backend backend, Visibility visibility, ByteBuf borrowed, int frame) {}

    @Override
    public void onError(Backend backend, Visibility visibility, ByteBuf borrowed, int frame) {}

    @Override
    public void onParseSkipped(Backend backend, StatementKey statement, boolean isRefused) {}

    @Override
    public void onCopyIn(Backend backend, ByteBuf borrowed, int frame, boolean syncIgnored) {}

    @Override
    public void onCopyOut(Backend backend, ByteBuf borrowed, int frame) {}

    @Override
    public void onParameterStatus(Backend backend, String name, String value) {}

    @Override
    public void onReadComplete(Backend backend) {}

    @Override
    public void onWritable(Backend backend) {}

    @Override
    public void onClosed(Backend backend) {}
}
