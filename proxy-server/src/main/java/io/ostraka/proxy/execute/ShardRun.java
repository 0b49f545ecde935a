package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.BackendListener;
import io.ostraka.rules.error.PgError;
import java.util.Collection;

/**
 * One statement that takes over backends of a session until it is answered: it is their listener from {@link #start} to {@link
 * Host#onEnd}, when the caller takes them back. Confined to the session's event loop.
 */
public interface ShardRun extends BackendListener {
    /** The session. */
    interface Host {
        ClientOutput client();

        void onParameterStatus(Backend backend, String name, String value);

        /** Takes ownership. */
        void onAsyncMessage(Backend backend, ByteBuf owned);

        /** The connection is gone; returns what the client is to be told of it. */
        PgError onLost(Backend backend);

        void cancel(Backend backend);

        Moment moment();

        /** More may be taken from the client. */
        void resume();

        /** All backends are at rest; the client has had all of the answer, or an error. */
        void onEnd(boolean failed);
    }

    /** Sends the first messages. All backends listen to this already. */
    void start();

    Collection<Backend> participants();

    /** The client wants no answer any more. */
    void cancel();

    /** The client is gone; its backends are no longer this run's. */
    void close();
}
