package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.execute.ArgumentsRun;
import io.ostraka.proxy.execute.ScatterMerge;
import io.ostraka.proxy.wire.BindView;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.plan.Combination;
import io.ostraka.rules.plan.Merge;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.RowLimit;
import io.ostraka.rules.plan.SessionCommand;
import java.util.List;
import java.util.Optional;

/** What Bind made: a statement with values, on the backends that have it. */
sealed interface Portal {
    /** On one backend, under the client's own portal name, made by the session's {@code number}th Bind to one backend. */
    record OnBackend(Backend backend, Planned.Statement statement, long number) implements Portal {}

    /**
     * On one backend, which judges and describes it; what it is executed by is the combiner, with the client's {@code bind}. {@code depth}
     * is how many savepoints there were.
     */
    record Combined(
            Backend backend,
            Planned.Statement statement,
            Combination combination,
            StatementKey key,
            BindView bind,
            int depth)
            implements Portal {}

    /**
     * The same when the combiner has given rows of it: some, or {@code isDone} all. {@code cursor} has them if they were not all given at
     * once; {@code home} is the backend that may still have a portal of that name.
     */
    record Fetched(Optional<Backend> home, Optional<CombinerCursor> cursor, boolean isDone, int depth)
            implements Portal {}

    /** On one backend, which judges and describes it; to execute it is to be told {@code error}, as on a server that stores rows. */
    record Doomed(Backend backend, PgError error) implements Portal {}

    /** An EXECUTE whose arguments could not be computed, which is told when it is executed. The rows were to come in these formats. */
    record Failed(ArgumentsRun arguments, List<Short> formats) implements Portal {
        public Failed {
            formats = List.copyOf(formats);
        }
    }

    /**
     * On one backend, which judges it; it is executed as over several shards: COPY, EXPLAIN, PREPARE, DECLARE and what speaks of cursors. The rows are
     * to come in these formats.
     */
    record OfRun(Backend backend, Planned.Statement statement, List<Short> formats) implements Portal {
        public OfRun {
            formats = List.copyOf(formats);
        }
    }

    /** On several backends, whose answers become one; {@code fetch} where it gives rows that come some at a time. */
    record OnMany(List<Backend> backends, ScatterMerge merge, boolean returnsRows, Optional<PortalFetch> fetch)
            implements Portal {
        public OnMany {
            backends = List.copyOf(backends);
        }
    }

    /** A cursor that SQL may have declared on the one shard that the session holds: that shard knows. */
    record Cursor(ShardName shard) implements Portal {}

    /** A command the session carries out. */
    record Own(SessionCommand command, Planned.Statement statement, short format) implements Portal {
        String text() {
            return statement.text();
        }
    }

    /** A command that was carried out, which can be done once. */
    record Spent(SessionCommand command) implements Portal {}

    /**
     * On one backend, which judges and describes it; it is executed on several, which lock no more rows than it gives, with the client's
     * {@code bind} of {@code key} and these formats for its columns and the keys behind them.
     */
    record Locking(Backend backend, Rows rows, StatementKey key, BindView bind, List<Short> formats) implements Portal {
        /** What rows, and whose. */
        record Rows(Merge.Ordered order, RowLimit.Bounds bounds, List<ShardName> shards) {
            Rows {
                shards = List.copyOf(shards);
            }
        }

        public Locking {
            formats = List.copyOf(formats);
        }
    }

    /** What a run has carried out, which can be done once. */
    record Executed(Backend backend) implements Portal {}

    /** On several backends, whose transaction has ended before the client's. */
    record Lost() implements Portal {}

    /** Nothing: an empty query. */
    record Nothing() implements Portal {}

    /** The command that the session carries out, or has. */
    default Optional<SessionCommand> ownCommand() {
        if (this instanceof Own own) {
            return Optional.of(own.command);
        }
        return this instanceof Spent spent ? Optional.of(spent.command) : Optional.empty();
    }

    /** The backend that has a portal of the same name. */
    default Optional<Backend> single() {
        if (this instanceof OnBackend on) {
            return Optional.of(on.backend());
        }
        if (this instanceof Doomed doomed) {
            return Optional.of(doomed.backend());
        }
        if (this instanceof OfRun run) {
            return Optional.of(run.backend());
        }
        if (this instanceof Locking locking) {
            return Optional.of(locking.backend());
        }
        if (this instanceof Executed executed) {
            return Optional.of(executed.backend());
        }
        if (this instanceof Fetched fetched) {
            return fetched.home();
        }
        return this instanceof Combined combined ? Optional.of(combined.backend()) : Optional.empty();
    }

    /** The statement's effect on the session, applied when it has been executed. */
    static Optional<SessionCommand> commandOf(Planned.Statement statement) {
        return statement.plan() instanceof Plan.Session session ? Optional.of(session.command()) : Optional.empty();
    }
}
