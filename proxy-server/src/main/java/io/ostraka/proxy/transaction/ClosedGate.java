package io.ostraka.proxy.transaction;

import io.ostraka.rules.config.ShardName;
import java.util.Set;

/**
 * Who does something on several shards while no commit over shards is half done: lets statements begin at one time. Called on the
 * coordinator's thread: it hops home by itself.
 */
public interface ClosedGate {
    /**
     * Now, but not on shards that are {@code unreadable}: they lack commits that others show. {@code left}, called on any thread, says
     * that it is done; commits wait for that, but not for long.
     */
    void onClosed(Set<ShardName> unreadable, Runnable left);

    /**
     * It is over; {@code held}: the gate was closed until {@code left}. If not, what was done is to be done again, as it is when this
     * comes instead of {@link #onClosed} or before {@code left}.
     */
    void onOpened(boolean held);
}
