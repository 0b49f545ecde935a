package io.ostraka.proxy.backend;

import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Where a shard's primary is now: what pools connect to, and whose connections are closed when it is somewhere else. Of a shard
 * that fails over it may not be known; then nobody is lent a connection.
 *
 * <p>Thread-safe. The hot path reads one field.
 */
public final class ShardPlace {
    private final boolean moves;
    private final Set<Backend> open = ConcurrentHashMap.newKeySet();
    private volatile ShardAddress address;
    private volatile Optional<String> unknown;

    private ShardPlace(ShardAddress address, boolean moves, Optional<String> unknown) {
        this.address = address;
        this.moves = moves;
        this.unknown = unknown;
    }

    /** Of a shard that has one server, for ever. */
    public static ShardPlace fixed(ShardAddress address) {
        return new ShardPlace(address, false, Optional.empty());
    }

    /** Of a shard that somebody will say where it is. */
    public static ShardPlace moving(ShardAddress listed) {
        return new ShardPlace(listed, true, Optional.of("Its primary has not been found yet."));
    }

    /** Where it is, or was when it was last known. */
    public ShardAddress address() {
        return address;
    }

    /** Whether it is followed from server to server. */
    public boolean moves() {
        return moves;
    }

    /** Why nobody may connect, if so. */
    public Optional<String> unknown() {
        return unknown;
    }

    /** It is there. Connections to anywhere else are closed, whoever uses them. */
    public void moveTo(ShardAddress there) {
        if (unknown.isEmpty() && there.equals(address)) {
            return;
        }
        address = there;
        unknown = Optional.empty();
        closeStale();
    }

    /** It is nowhere: all connections are closed. */
    public void lose(String why) {
        if (!unknown.equals(Optional.of(why))) {
            unknown = Optional.of(why);
            closeStale();
        }
    }

    private void closeStale() {
        for (Backend backend : open) {
            if (isStale(backend)) {
                backend.abandon();
            }
        }
    }

    /** Whether it leads somewhere else. */
    boolean isStale(Backend backend) {
        return moves && (unknown.isPresent() || !backend.address().equals(address));
    }

    /** The caller looks again afterwards whether it is stale. */
    void opened(Backend backend) {
        open.add(backend);
        backend.onClose(() -> open.remove(backend));
    }

    /** What is connected to it through this place. Any thread. */
    public List<BackendProcess> processes() {
        return open.stream().flatMap(backend -> backend.process().stream()).toList();
    }

    PgError nowhere() {
        return new PgError(
                SqlState.CANNOT_CONNECT_NOW,
                "shard \"" + address.shard() + "\" has no primary now",
                unknown.orElse("It has just moved."),
                "Statements for other shards go on; this one is used again as soon as its primary is found and settled.");
    }

    PgError standby() {
        return new PgError(
                SqlState.CANNOT_CONNECT_NOW,
                "shard \"" + address.shard() + "\" has no primary now",
                "The server at " + address.primary() + " is a standby.",
                "Statements for other shards go on; this one is used again as soon as its primary is found and settled.");
    }
}
