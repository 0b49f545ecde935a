package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.BackendPool;
import io.ostraka.proxy.backend.BackendSettings;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.ClientEncoding;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The backends one session holds, by shard: borrowed from the pool, brought to the session's settings, given back at the
 * end of the transaction unless they are pinned. Confined to the session's event loop.
 */
final class HeldBackends {
    /** A backend on its way: asked of the pool, or having settings made on it. */
    private final class Pending implements BackendPool.Borrower {
        private final ShardName shard;
        private Optional<Backend> backend = Optional.empty();
        private Optional<PgError> error = Optional.empty();
        private BackendSettings wanted = BackendSettings.NONE;
        /** Whether more is wanted than that. */
        private boolean goesOn;

        Pending(ShardName shard) {
            this.shard = shard;
        }

        @Override
        public void onBackend(Backend lent) {
            backend = Optional.of(lent);
            lent.attach(session.answers());
            session.settingState().meet(lent);
            adjust(this, lent);
        }

        @Override
        public void onNoBackend(PgError reason) {
            error = Optional.of(reason);
            session.resume();
        }
    }

    private final Session session;
    private final Function<ShardName, BackendPool.Loop> pools;
    /** The pools asked so far: to look one up anew costs a hash of shard and login. */
    private final Map<ShardName, BackendPool.Loop> known = new HashMap<>();

    private final boolean sessionMode;
    /** Whether these are beside the session's transaction, and never join it. */
    private final boolean apart;

    private final Map<ShardName, Backend> held = new LinkedHashMap<>();
    private final Map<ShardName, Pending> pending = new LinkedHashMap<>();
    /** Shards whose backend has state that only it has: kept until the session ends. */
    private final List<ShardName> pinned = new ArrayList<>();

    HeldBackends(Session session, Function<ShardName, BackendPool.Loop> pools, boolean sessionMode) {
        this(session, pools, sessionMode, false);
    }

    private HeldBackends(
            Session session, Function<ShardName, BackendPool.Loop> pools, boolean sessionMode, boolean apart) {
        this.session = session;
        this.pools = pools;
        this.sessionMode = sessionMode;
        this.apart = apart;
    }

    /** Backends beside those of the session's transaction, each given back after its use. */
    static HeldBackends apart(Session session, Function<ShardName, BackendPool.Loop> pools) {
        return new HeldBackends(session, pools, false, true);
    }

    private BackendSettings wanted(Backend backend) {
        return apart
                ? session.settings().made()
                : session.settingState().of(backend).made();
    }

    Optional<Backend> find(ShardName shard) {
        return Optional.ofNullable(held.get(shard));
    }

    Collection<Backend> all() {
        return held.values();
    }

    /**
     * The shard's backend with the session's settings made; empty when it is on its way: {@link Session#resume} is called
     * then. Throws {@link io.ostraka.rules.error.PgErrorException} when there is none to be had.
     */
    Optional<Backend> ready(ShardName shard) {
        session.database().commits().requireReadable(shard);
        boolean hasRows = !apart
                || !shard.equals(DatabaseConfig.COMBINER)
                || session.database().hasShard(shard.value());
        if (hasRows && !session.isStarting() && !session.shards().isTimeKnown(shard)) {
            return Optional.empty();
        }
        Backend backend = held.get(shard);
        if (backend != null) {
            return backend.settings().same(wanted(backend)) || backend.hasOutstandingReplies() || backend.isFailed()
                    ? Optional.of(backend)
                    : adjustAgain(backend);
        }
        Pending coming = pending.get(shard);
        if (coming != null && coming.error.isPresent()) {
            pending.remove(shard);
            throw coming.error.get().toException();
        }
        return coming == null ? borrow(shard) : Optional.empty();
    }

    private Optional<Backend> borrow(ShardName shard) {
        Optional<Backend> idle = pool(shard).tryAcquire();
        if (idle.isEmpty()) {
            Pending asked = new Pending(shard);
            pending.put(shard, asked);
            pool(shard).acquire(asked);
            return find(shard);
        }
        Backend lent = idle.get();
        lent.attach(session.answers());
        session.settingState().meet(lent);
        if (lent.settings().same(wanted(lent))) {
            // What most statements meet: nothing to wait for.
            held.put(shard, lent);
            return idle;
        }
        Pending asked = new Pending(shard);
        asked.backend = idle;
        pending.put(shard, asked);
        adjust(asked, lent);
        return find(shard);
    }

    private BackendPool.Loop pool(ShardName shard) {
        return known.computeIfAbsent(shard, pools);
    }

    /** A setting went back to the server's default where the session has another. */
    private Optional<Backend> adjustAgain(Backend backend) {
        held.remove(backend.shard());
        Pending asked = new Pending(backend.shard());
        asked.backend = Optional.of(backend);
        pending.put(backend.shard(), asked);
        adjust(asked, backend);
        return find(backend.shard());
    }

    /** A backend that has yet to join the transaction gets what was set in it by the transaction's script. */
    private void adjust(Pending asked, Backend backend) {
        BackendSettings now = backend.settings();
        asked.wanted = wanted(backend);
        if (now.same(asked.wanted)) {
            arrived(asked, backend);
            return;
        }
        // An encoding that lacks characters of these settings is left first.
        asked.goesOn = !now.encoding().isUtf8();
        if (asked.goesOn) {
            asked.wanted = now.without(ClientEncoding.SETTING);
        }
        backend.sendQuery(now.changeTo(asked.wanted), Visibility.NONE);
        backend.flush();
    }

    /** Whether this backend is still having settings made; its events are then for here. */
    boolean isPending(Backend backend) {
        Pending asked = pending.get(backend.shard());
        return asked != null && asked.backend.filter(lent -> lent == backend).isPresent();
    }

    /** The settings were made, or {@link #onSettingsError} was told before. */
    void onSettingsMade(Backend backend) {
        Pending asked = pending.get(backend.shard());
        if (asked.error.isPresent()) {
            asked.backend = Optional.empty();
            pinned.remove(backend.shard());
            pool(backend.shard()).discard(backend);
            session.resume();
            return;
        }
        backend.settingsAre(asked.wanted);
        if (apart || !session.transaction().hasJoined(backend.shard())) {
            backend.keepSettings();
        }
        if (asked.goesOn) {
            adjust(asked, backend);
        } else {
            arrived(asked, backend);
        }
    }

    void onSettingsError(Backend backend, PgError error) {
        pending.get(backend.shard()).error = Optional.of(error);
    }

    private void arrived(Pending asked, Backend backend) {
        pending.remove(asked.shard);
        held.put(asked.shard, backend);
        if (backend.settings().backslashesEscape()) {
            pin(asked.shard);
        }
        session.resume();
        // What it was asked for may have been refused meanwhile.
        session.releaseUnused();
    }

    /** From now on the session keeps this backend. */
    void pin(ShardName shard) {
        if (!pinned.contains(shard)) {
            pinned.add(shard);
        }
    }

    /** Whether the session relies on state that only this backend has. */
    boolean isPinned(ShardName shard) {
        return sessionMode || pinned.contains(shard);
    }

    /** DISCARD ALL has removed all state. */
    void unpin() {
        pinned.clear();
    }

    /** Gives back what no transaction holds any more. */
    void releaseIdle() {
        if (sessionMode || held.isEmpty()) {
            return;
        }
        var all = held.entrySet().iterator();
        while (all.hasNext()) {
            Map.Entry<ShardName, Backend> next = all.next();
            if (!pinned.contains(next.getKey())) {
                all.remove();
                pool(next.getKey()).release(next.getValue());
            }
        }
    }

    /** A commit over shards, or a cursor, has them for its time. */
    void lend(Collection<Backend> toCommit) {
        toCommit.forEach(backend -> held.remove(backend.shard(), backend));
    }

    /** One that was lent is not needed any more. */
    void giveBack(Backend backend) {
        pool(backend.shard()).release(backend);
    }

    /** One that was lent has state of this session, which has ended. */
    void discard(Backend backend) {
        pool(backend.shard()).discard(backend);
    }

    /** The commit is through with it. The session may have ended, or have another one of that shard by now. */
    void takeBack(Backend backend) {
        ShardName shard = backend.shard();
        if (session.isClosed() || held.containsKey(shard) || pending.containsKey(shard)) {
            if (isPinned(shard)) {
                pool(shard).discard(backend);
            } else {
                pool(shard).release(backend);
            }
            return;
        }
        backend.attach(session.answers());
        held.put(shard, backend);
    }

    void onClosed(Backend backend, PgError reason) {
        if (isPending(backend)) {
            Pending asked = pending.get(backend.shard());
            asked.backend = Optional.empty();
            asked.error = Optional.of(reason);
            session.resume();
        }
        held.remove(backend.shard(), backend);
        pinned.remove(backend.shard());
    }

    /** The session ends: what is in use, in a transaction or pinned is closed, so that nothing of it is left. */
    void close() {
        pending.values().forEach(asked -> {
            pool(asked.shard).forget(asked);
            asked.backend.ifPresent(backend -> pool(asked.shard).discard(backend));
        });
        pending.clear();
        held.forEach((shard, backend) -> {
            if (isPinned(shard)) {
                pool(shard).discard(backend);
            } else {
                pool(shard).release(backend);
            }
        });
        held.clear();
    }
}
