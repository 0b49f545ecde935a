package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.execute.ScatterMerge;
import io.ostraka.proxy.wire.BindView;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.plan.Combination;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.SessionCommand;
import java.util.List;
import java.util.Optional;

/** What Bind made: a statement with values, on the backends that have it. */
sealed interface Portal {
    /** On one backend, under the client's own portal name. */
    record OnBackend(Backend backend, Planned.Statement statement) implements Portal {}

    /**
     * On one backend, which judges and describes it; what it is executed by is the combiner, with the client's {@code bind}.
     */
    record Combined(
            Backend backend, Planned.Statement statement, Combination combination, StatementKey key, BindView bind)
            implements Portal {}

    /** On several backends, whose answers become one. */
    record OnMany(List<Backend> backends, ScatterMerge merge, boolean returnsRows) implements Portal {
        public OnMany {
            backends = List.copyOf(backends);
        }
    }

    /** A cursor that SQL may have declared on the one shard that the session holds: that shard knows. */
    record Cursor(ShardName shard) implements Portal {}

    /** A command the session carries out; {@code text} is the statement's. */
    record Own(SessionCommand command, String text) implements Portal {}

    /** Nothing: an empty query. */
    record Nothing() implements Portal {}

    /** The backend that has a portal of the same name. */
    default Optional<Backend> single() {
        if (this instanceof OnBackend on) {
            return Optional.of(on.backend());
        }
        return this instanceof Combined combined ? Optional.of(combined.backend()) : Optional.empty();
    }

    /** The statement's effect on the session, applied when it has been executed. */
    static Optional<SessionCommand> commandOf(Planned.Statement statement) {
        return statement.plan() instanceof Plan.Session session ? Optional.of(session.command()) : Optional.empty();
    }
}
