package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.transaction.SessionTransaction;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.Plan;
import java.util.Optional;

/**
 * A transaction block that has failed, in a database of one shard: that shard's transaction fails too, whoever has found the
 * error, and what the client says next is sent there. So it is PostgreSQL that knows which of two errors comes first: that the
 * text is wrong, that a portal is not there, or that the block has failed. Over several shards the session itself refuses all
 * but the end. Confined to the session's event loop.
 */
final class FailedBlock {
    private final Session session;

    FailedBlock(Session session) {
        this.session = session;
    }

    private boolean isFailed() {
        return session.transaction().state() == SessionTransaction.State.FAILED;
    }

    /** Before a statement that a shard is to be sent: throws when the shard would not know that the block has failed. */
    void requireJudge() {
        if (backend().isEmpty()) {
            session.requireNotFailed();
        }
    }

    /** The same before a statement with this plan: syntax errors come first, other refusals do not. */
    void requireJudge(Plan plan) {
        boolean isRefused = plan instanceof Plan.Refusal;
        boolean comesFirst =
                plan instanceof Plan.Refusal refusal && refusal.error().state() == SqlState.SYNTAX_ERROR;
        if (!isRefused) {
            requireJudge();
        } else if (!comesFirst) {
            session.requireNotFailed();
        }
    }

    /** The backend of the only shard, if the block has failed there. */
    Optional<Backend> backend() {
        return isFailed() && session.database().hasOneShard()
                ? session.held().all().stream().filter(Backend::isFailed).findFirst()
                : Optional.empty();
    }

    /**
     * False while the only shard joins a block that has failed before any shard was in it; {@link Session#resume} follows. If it
     * cannot be had, the session answers alone.
     */
    boolean isShared() {
        if (!isFailed()
                || !session.database().hasOneShard()
                || !session.transaction().participants().isEmpty()) {
            return true;
        }
        try {
            Optional<Backend> ready = session.held().ready(session.database().defaultShard());
            ready.ifPresent(backend -> {
                session.shards().enlist(backend, Access.READ);
                session.own().rounds().fail(backend);
            });
            return false;
        } catch (PgErrorException e) {
            return true;
        }
    }
}
