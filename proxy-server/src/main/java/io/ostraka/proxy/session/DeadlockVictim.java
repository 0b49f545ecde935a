package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.transaction.SpanningTransaction;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Tells the watch for deadlocks of the session's transaction while it is open on several shards, and ends it when the watch
 * says so. Confined to the session's event loop, but for {@link #breakDeadlock}.
 */
final class DeadlockVictim implements SpanningTransaction.Victim {
    private final Session session;
    private Optional<SpanningTransaction> open = Optional.empty();
    private long openedAt;

    DeadlockVictim(Session session) {
        this.session = session;
    }

    /** This backend's shard has joined the transaction. */
    void joined(Backend backend) {
        Set<ShardName> participants = session.transaction().participants();
        if (participants.size() < 2) {
            return;
        }
        if (open.isEmpty()) {
            openedAt = System.nanoTime();
            SpanningTransaction spanning = new SpanningTransaction("session " + session.id(), this);
            participants.forEach(shard -> session.held().find(shard).ifPresent(one -> tell(spanning, one)));
            session.combining().all().forEach(one -> tell(spanning, one));
            open = Optional.of(spanning);
            session.database().commits().opened(spanning);
        } else {
            tell(open.get(), backend);
        }
    }

    /** This backend works for the transaction without having joined it. */
    void worksBeside(Backend backend) {
        open.ifPresent(spanning -> tell(spanning, backend));
    }

    /** It does so no longer, and will serve others. */
    void noLongerBeside(Backend backend) {
        open.ifPresent(spanning -> spanning.left(backend.shard(), backend.pid().value()));
    }

    private static void tell(SpanningTransaction spanning, Backend backend) {
        spanning.joined(backend.shard(), backend.pid().value());
    }

    /** When the transaction reached its second shard, if it has. */
    Optional<Instant> since() {
        return open.map(spanning -> Instant.now().minusNanos(System.nanoTime() - openedAt));
    }

    /** The transaction has ended, or the session. */
    void ended() {
        if (open.isPresent()) {
            session.database().commits().closed(open.get());
            open = Optional.empty();
        }
    }

    /** Any thread. */
    @Override
    public void breakDeadlock(ShardName shard, int process, PgError error) {
        session.loop()
                .execute(() -> Stream.concat(session.held().find(shard).stream(), session.combining().all().stream())
                        .filter(backend -> open.isPresent()
                                && backend.shard().equals(shard)
                                && backend.pid().value() == process
                                && backend.hasOutstandingReplies())
                        .forEach(backend -> session.answers().cancel(backend, error)));
    }
}
