package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.execute.ScatterMerge;
import io.ostraka.proxy.transaction.SessionTransaction;
import io.ostraka.proxy.wire.BindValue;
import io.ostraka.proxy.wire.BindView;
import io.ostraka.proxy.wire.ErrorFields;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.KeptStatement;
import io.ostraka.rules.plan.Plan;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Statements on one row that the client has parsed anew each time, and whose shard keeps them prepared: it is sent their values. The
 * answer is always that of the client's own text. Confined to the session's event loop.
 *
 * <pre>
 * client:  Query                                      T D C Z      Parse Bind Describe Execute Sync    1 2 T D C Z
 * shard:   [Parse] Bind Describe Execute Sync   [1] 2 T D C Z            Bind Describe Execute Sync      2 T D C Z
 * </pre>
 *
 * <p>Reads, outside of a transaction block: when the shard refuses the values, or the schema has changed, it is sent what the client sent,
 * before the client has seen anything. Writes, of the simple protocol and within a block, where nothing can be taken back, but where their
 * tag need not wait for the commit either: the client's own text would have the same errors, in whose places it finds itself again.
 */
final class KeptStatements {
    private static final short[] TEXT = {};

    private final Session session;
    private Optional<Running> running = Optional.empty();

    private sealed interface Running {
        /** A Query with this text. */
        record Queried(Backend backend, String query) implements Running {}

        /** A statement without name. */
        record Bound(Backend backend, StatementKey key, BindView bind) implements Running {}
    }

    KeptStatements(Session session) {
        this.session = session;
    }

    // ---- the simple protocol -------------------------------------------------------------------------------------

    /** The values of a query that is to be run so; empty when it is not. */
    Optional<List<BindValue>> values(Optional<KeptStatement> kept, Planned.Statement statement, ShardName shard) {
        if (kept.isEmpty() || !mayRun(kept.get(), shard) || !kept.get().isFrequent()) {
            return Optional.empty();
        }
        return kept.get().values(statement.planned()).map(this::inText);
    }

    private boolean mayRun(KeptStatement kept, ShardName shard) {
        SessionTransaction transaction = session.transaction();
        boolean isItsTime = kept.writes()
                ? transaction.state() == SessionTransaction.State.OPEN && !transaction.isImplicit()
                : !transaction.isOpen();
        return isItsTime && !kept.hasParameters() && !session.held().isPinned(shard);
    }

    private List<BindValue> inText(List<byte[]> values) {
        List<BindValue> inText = new ArrayList<>(values.size());
        values.forEach(value -> inText.add(new BindValue(false, Optional.of(value))));
        return inText;
    }

    /** False while the shard's connection is on its way. */
    boolean run(KeptStatement kept, Planned.Statement statement, ShardName shard, List<BindValue> values) {
        if (kept.writes()) {
            session.shards().requireMayWrite(shard, Access.WRITE);
        }
        Optional<Backend> ready = session.held().ready(shard);
        if (ready.isEmpty()) {
            return false;
        }
        session.extended().portals().dropUnnamed();
        StatementKey key = session.statements().key(kept.text(), kept.oids());
        if (kept.writes()) {
            write(ready.get(), kept, key, statement, values);
        } else {
            read(ready.get(), key, statement, values);
        }
        session.answers().busyUntilReady(1);
        return true;
    }

    private void read(Backend backend, StatementKey key, Planned.Statement statement, List<BindValue> values) {
        session.answers().executes(statement);
        running = Optional.of(new Running.Queried(backend, statement.planned().queryText()));
        backend.sendBind(backend.prepare(key, true, Visibility.NONE), "", values, TEXT, Visibility.NONE);
        backend.sendDescribePortal("", Visibility.ALL);
        backend.sendExecute("", 0, Visibility.ALL);
        backend.sendSync(Visibility.ALL);
    }

    private void write(
            Backend backend,
            KeptStatement kept,
            StatementKey key,
            Planned.Statement statement,
            List<BindValue> values) {
        session.shards().enlist(backend, Access.WRITE);
        session.answers()
                .scatterTo(ScatterMerge.ofOne(session.output())
                        .ofOtherTexts((shard, position) -> kept.inClients(statement.planned(), position)));
        backend.sendBind(backend.prepare(key, true, Visibility.ROWS), "", values, TEXT, Visibility.ROWS);
        backend.sendExecute("", 0, Visibility.ROWS);
        backend.sendSync(Visibility.ROWS);
    }

    /** An error of what the client has not sent: whether the client's own text is run now. */
    boolean queriesAgain(Backend backend, ErrorFields error) {
        if (running.isEmpty()
                || !(running.get() instanceof Running.Queried read)
                || read.backend() != backend
                || !error.isOfStatement()) {
            return false;
        }
        ended();
        backend.sendQueryInstead(read.query());
        return true;
    }

    // ---- the extended protocol -----------------------------------------------------------------------------------

    /** Whether a backend is to keep a statement that the client has given no name, and that comes first in its pipeline. */
    boolean keeps(Plan plan, Backend backend) {
        Optional<KeptStatement> kept = of(plan);
        return kept.isPresent()
                && kept.get().hasParameters()
                && !session.transaction().isOpen()
                && !session.extended().pipeline().hasExecuted()
                && !backend.hasOutstandingReplies()
                && !session.held().isPinned(backend.shard())
                && kept.get().isFrequent();
    }

    private static Optional<KeptStatement> of(Plan plan) {
        if (plan instanceof Plan.Forward forward) {
            return forward.kept();
        }
        return plan instanceof Plan.Scatter scatter ? scatter.kept() : Optional.empty();
    }

    /** Such a statement is bound; {@code bind} is kept. */
    void binds(Backend backend, StatementKey key, BindView bind) {
        running = Optional.of(new Running.Bound(backend, key, bind));
    }

    /** Its Bind was refused, before anything else was sent than its Execute: whether it is parsed anew now. */
    boolean bindsAgain(Backend backend, ErrorFields error, boolean isDescribed) {
        if (running.isEmpty()
                || !(running.get() instanceof Running.Bound read)
                || read.backend() != backend
                || !error.isOutdatedPlan()) {
            return false;
        }
        ended();
        session.database().onSchemaChange();
        backend.sendReadInstead(read.key(), read.bind(), isDescribed);
        return true;
    }

    /** All is answered, or goes on in another way. */
    void ended() {
        running = Optional.empty();
    }
}
