package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.BindValue;
import io.ostraka.proxy.wire.BindView;
import io.ostraka.proxy.wire.ErrorFields;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.PointRead;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads of one row by its key, outside of a transaction block, that the client has parsed anew each time: the shard keeps them
 * prepared, and is sent their values. When it refuses these, or the schema has changed, it is sent what the client sent, before the
 * client has seen anything: the answer is always that of the client's own text. Confined to the session's event loop.
 *
 * <pre>
 * client:  Query                                      T D C Z      Parse Bind Describe Execute Sync    1 2 T D C Z
 * shard:   [Parse] Bind Describe Execute Sync   [1] 2 T D C Z            Bind Describe Execute Sync      2 T D C Z
 * </pre>
 */
final class PointReads {
    private static final short[] TEXT = {};

    private final Session session;
    private Optional<Running> running = Optional.empty();

    private sealed interface Running {
        /** A Query with this text. */
        record Queried(Backend backend, String query) implements Running {}

        /** A statement without name. */
        record Bound(Backend backend, StatementKey key, BindView bind) implements Running {}
    }

    PointReads(Session session) {
        this.session = session;
    }

    // ---- the simple protocol -------------------------------------------------------------------------------------

    /** The values of a query that is to be read so; empty when it is not. */
    Optional<List<BindValue>> values(Plan.Scatter plan, Planned.Statement statement, ShardName shard) {
        if (plan.point().isEmpty()
                || plan.point().get().hasParameters()
                || session.transaction().isOpen()
                || session.held().isPinned(shard)
                || !plan.point().get().isFrequent()) {
            return Optional.empty();
        }
        return plan.point().get().values(statement.planned()).map(this::inText);
    }

    private List<BindValue> inText(List<byte[]> values) {
        List<BindValue> inText = new ArrayList<>(values.size());
        values.forEach(value ->
                inText.add(new BindValue(false, Optional.of(session.encoding().ofUtf8(value)))));
        return inText;
    }

    /** False while the shard's connection is on its way. */
    boolean read(PointRead point, Planned.Statement statement, ShardName shard, List<BindValue> values) {
        Optional<Backend> ready = session.held().ready(shard);
        if (ready.isEmpty()) {
            return false;
        }
        Backend backend = ready.get();
        session.extended().portals().dropUnnamed();
        session.answers().executes(statement);
        running = Optional.of(new Running.Queried(backend, statement.planned().queryText()));
        StatementKey key = session.statements().key(point.text(), point.oids());
        backend.sendBind(backend.prepare(key, true, Visibility.NONE), "", values, TEXT, Visibility.NONE);
        backend.sendDescribePortal("", Visibility.ALL);
        backend.sendExecute("", 0, Visibility.ALL);
        backend.sendSync(Visibility.ALL);
        session.answers().busyUntilReady(1);
        return true;
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
        return plan instanceof Plan.Scatter scatter
                && scatter.point().isPresent()
                && scatter.point().get().hasParameters()
                && !session.transaction().isOpen()
                && !session.extended().pipeline().hasExecuted()
                && !backend.hasOutstandingReplies()
                && !session.held().isPinned(backend.shard())
                && scatter.point().get().isFrequent();
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
