package io.ostraka.proxy.transaction;

/**
 * Who does something on several shards while no commit over shards is half done: lets statements begin at one time. Called on the
 * coordinator's thread: it hops home by itself.
 */
public interface ClosedGate {
    /** Now. {@code left}, called on any thread, says that it is done; commits wait for that, but not for long. */
    void onClosed(Runnable left);

    /**
     * It is over; {@code held}: the gate was closed until {@code left}. If not, what was done is to be done again, as it is when this
     * comes instead of {@link #onClosed} or before {@code left}.
     */
    void onOpened(boolean held);
}
