package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * From the login to the first ReadyForQuery: a backend of any shard takes the client's settings, and what it reports is passed
 * on. Confined to the session's event loop.
 */
final class SessionStart {
    private final Session session;
    private final Sessions sessions;
    private final boolean hasLongCancelKey;
    /** The shards that may yet be asked. */
    private final Iterator<ShardName> candidates;

    private ShardName shard;

    SessionStart(Session session, Sessions sessions, boolean hasLongCancelKey) {
        this.session = session;
        this.sessions = sessions;
        this.hasLongCancelKey = hasLongCancelKey;
        this.shard = session.database().defaultShard();
        List<ShardName> others = new ArrayList<>(session.database().shards());
        others.remove(shard);
        this.candidates = others.iterator();
    }

    /** Called until it returns the key the client was told, or the session has ended. */
    Optional<CancelKey> proceed() {
        Optional<Backend> first = firstBackend();
        if (first.isEmpty()) {
            return Optional.empty();
        }
        CancelKey key = key(first.get());
        ByteBuf out = session.output().buffer();
        session.answers()
                .firstReport(first.get().parameters())
                .forEach((name, value) -> BackendMessages.parameterStatus(out, name, value, session.encoding()));
        BackendMessages.backendKeyData(out, key.pid(), key.secret());
        session.output().write(out);
        session.settingState().startOn(first.get());
        return Optional.of(key);
    }

    /**
     * A session that keeps its backends has the process that {@code pg_backend_pid()} tells: the default shard's, which
     * also is where {@code pg_terminate_backend()} runs.
     */
    private CancelKey key(Backend first) {
        boolean keepsIt = session.database().poolsBySession()
                && first.shard().equals(session.database().defaultShard());
        return keepsIt ? sessions.add(session, hasLongCancelKey, first.pid()) : sessions.add(session, hasLongCancelKey);
    }

    /** The default shard's, or another's when that one is down: statements for the others must go on. */
    private Optional<Backend> firstBackend() {
        while (true) {
            try {
                return session.held().ready(shard);
            } catch (PgErrorException e) {
                if (!candidates.hasNext() || e.error().state() != SqlState.CANNOT_CONNECT_NOW) {
                    session.end(e.error());
                    return Optional.empty();
                }
                shard = candidates.next();
            }
        }
    }
}
