package io.ostraka.rules.plan;

import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.sql.TableCreation;
import java.util.List;
import java.util.Optional;

/**
 * What will be done with a statement. Immutable, cached by the statement's template, shared by all sessions of a
 * database whose catalog version and search path are the same.
 */
public sealed interface Plan {

    /** Whether a shard may have to be asked for a value or the time first. */
    default boolean asks() {
        return false;
    }

    /** What would be done without asking. */
    default Plan unasked() {
        return this;
    }

    /**
     * Forwarded in the client's own bytes to one shard. On a route to several it is spread over them, if it may be, or answered
     * with {@code whenMany}, before anything ran. {@code pins} is true when the statement leaves state behind that lives in
     * the backend connection; {@code change} is what the server is not afterwards what it was. One shard may keep it as {@code kept}.
     */
    record Forward(
            Router router,
            Access access,
            boolean pins,
            PgError whenMany,
            Optional<Spread> spread,
            Optional<ServerChange> change,
            Optional<KeptStatement> kept)
            implements Plan {
        /** One that never runs on several shards. */
        public Forward(Router router, Access access, boolean pins, PgError whenMany) {
            this(router, access, pins, whenMany, Optional.empty());
        }

        public Forward(Router router, Access access, boolean pins, PgError whenMany, Optional<Spread> spread) {
            this(router, access, pins, whenMany, spread, Optional.empty(), Optional.empty());
        }

        Forward changing(Optional<ServerChange> found) {
            return new Forward(router, access, pins, whenMany, spread, found, kept);
        }

        Forward keptAs(Optional<KeptStatement> found) {
            return new Forward(router, access, pins, whenMany, spread, change, found);
        }
    }

    /**
     * A statement that writes may run, in the client's own bytes, on all shards of its route: in the client's transaction or in one
     * of its own, on all or on none. The shards' counts are added up; with {@code copies} every shard writes the same rows, and
     * they are counted once. {@code returnsRows} when it has RETURNING. With {@code split} each shard gets a text of its own.
     */
    record Spread(boolean copies, boolean returnsRows, Optional<RowSplit> split) {
        /** One whose text goes to all shards as it is. */
        public Spread(boolean copies, boolean returnsRows) {
            this(copies, returnsRows, Optional.empty());
        }

        /** Whether it may run on several shards with these values. */
        public boolean isPossible(StatementValues values) {
            return split.filter(rows -> !rows.isPossible(values)).isEmpty();
        }
    }

    /**
     * Reads on all shards of its route; {@code merge} makes the answer of their rows. One shard answers by itself. {@code locks}
     * when each shard locks the rows that it puts out; one shard may keep it as {@code kept}.
     */
    record Scatter(Router router, Merge merge, boolean locks, Optional<KeptStatement> kept) implements Plan {
        /** One that may read many rows. */
        public Scatter(Router router, Merge merge, boolean locks) {
            this(router, merge, locks, Optional.empty());
        }

        /** The rows in order of which only so many as are put out may be locked, so that the shards are asked for one at a time. */
        public Optional<Merge.Ordered> lockedInTurn() {
            return locks
                            && merge instanceof Merge.Ordered ordered
                            && ordered.limit().count().isPresent()
                    ? Optional.of(ordered)
                    : Optional.empty();
        }

        /** How a shard is used by it that answers by itself, or within a transaction block. */
        public Access access() {
            return locks ? Access.WRITE : Access.READ;
        }
    }

    /**
     * Read by the combiner, a server that is lent the rows of the other shards; by one shard when it has all of them.
     * {@code forward.whenMany()} tells why the rows of each shard would not do.
     */
    record Combine(Forward forward, Combination combination) implements Plan {}

    /** COPY of what each of these shards has to the client; {@code hasHeader}: each puts one in front of its rows. */
    record CopyOut(List<ShardName> shards, boolean isBinary, boolean hasHeader) implements Plan {
        public CopyOut {
            shards = List.copyOf(shards);
        }
    }

    /** COPY of a query to the client that the combiner answers: {@code query} stands between the two texts. */
    record CombinedCopy(String before, PlannedStatement query, Combination combination, String behind) implements Plan {
        /** The whole with another query in it. */
        public String text(String inside) {
            return before + inside + behind;
        }
    }

    /** COPY from the client into a table of several shards. */
    record CopyIn(CopyTarget target, CopyLayout layout) implements Plan {}

    /**
     * A table is made, on all its shards, and gets the rows of {@code query}. {@code notApart}: why these must not be read and written by
     * different shards.
     */
    record CreateTable(NewTable table, TableCreation creation, PlannedStatement query, Optional<PgError> notApart)
            implements Plan {
        /** A statement that makes the table; {@code moved}: how far the client's text has moved in it. */
        public record Text(String sql, int moved) {}

        /** Whether it gets the rows at all. */
        public boolean withData() {
            return creation.withData();
        }

        /** Makes the table with its rows, or without. */
        public Text text(boolean withRows) {
            TableCreation.Text text = creation.text(table.quoted(), withRows);
            return new Text(text.sql(), text.moved());
        }
    }

    /**
     * DROP TABLE and its kin: each of these shards does the same, in one transaction.
     *
     * @param made the table that it makes
     * @param makesKnown whether the catalog knows a table of that name
     * @param uncovers whether what it makes or drops has a namesake in another schema, which the name may mean before or after it
     * @param ownDefaults asks a shard for what it has filled new columns with by itself
     */
    record ChangeTables(
            List<ShardName> shards,
            Optional<NewTable> made,
            boolean makesKnown,
            boolean uncovers,
            Optional<String> ownDefaults)
            implements Plan {
        public ChangeTables {
            shards = List.copyOf(shards);
        }

        /** What the first shard is asked for when it has done it. */
        public Optional<String> question() {
            return made.filter(NewTable::isKeyed).map(NewTable::columnsQuery).or(() -> ownDefaults);
        }
    }

    /**
     * EXPLAIN of a query over several shards: each part of it is explained by its shards, {@code before} standing before it as it does
     * before the query itself, {@code body}. With ANALYZE
     * {@code combined} is the query, when the combiner answers it, and must be run to be shown.
     */
    record Explain(
            String before, String body, DistributedPlan query, Format format, Optional<PlannedStatement> combined)
            implements Plan {
        /** Of EXPLAIN's answer. */
        public enum Format {
            TEXT,
            JSON,
            XML,
            YAML
        }
    }

    /** A cursor is declared, read or closed, on the shards that the session knows. */
    record Cursor(CursorCommand command) implements Plan {}

    /**
     * PREPARE in a database of several shards: one of them judges it. {@code types} are those declared; {@code body} is the text of
     * what is prepared, and {@code bodyStart} where that starts in the statement.
     */
    record Prepare(String name, List<String> types, String body, int bodyStart) implements Plan {
        public Prepare {
            types = List.copyOf(types);
        }
    }

    /**
     * EXECUTE in a database of several shards: the session knows the text that it stands for. {@code before} is what stands in front of it,
     * as it is written: EXPLAIN with its options, or nothing.
     */
    record Execute(String before, String name, ExecutedText text) implements Plan {
        public boolean isExplained() {
            return !before.isEmpty();
        }
    }

    /** A shard is asked for {@code values}, which the router of {@code then} needs. */
    record Asking(ServerValues values, Plan then) implements Plan {
        @Override
        public boolean asks() {
            return true;
        }

        @Override
        public Plan unasked() {
            return then;
        }
    }

    /**
     * {@code asWritten} is right on one shard, when that is the one whose clock the transaction has. Otherwise the clock is
     * asked first, and the statement planned with what it says.
     */
    record Clocked(ClockText clock, Plan asWritten) implements Plan {
        @Override
        public boolean asks() {
            return true;
        }

        @Override
        public Plan unasked() {
            return asWritten.unasked();
        }
    }

    /** Reads {@code pg_prepared_xacts}, which is what the session knows, put in front of the statement: {@link PreparedList}. */
    record Listed(Plan asWritten) implements Plan {
        @Override
        public boolean asks() {
            return true;
        }

        @Override
        public Plan unasked() {
            return asWritten.unasked();
        }
    }

    /**
     * EXPLAIN, DECLARE or CREATE TABLE AS with parameters, which over several shards is planned again with their values in the text;
     * {@code asWritten} tells where it is judged, and is done where one shard does all of it.
     */
    record Valued(Plan asWritten) implements Plan {
        @Override
        public boolean asks() {
            return true;
        }

        @Override
        public Plan unasked() {
            return asWritten.unasked();
        }
    }

    /** Answered, or carried out on the shards of the transaction, by the session itself. */
    record Session(SessionCommand command) implements Plan {}

    /** Not supported, whatever the values; {@code isUnread}: lexer or grammar do not know it, and perhaps PostgreSQL's do not either. */
    record Refusal(PgError error, boolean isUnread) implements Plan {
        /** Of what is understood. */
        public Refusal(PgError error) {
            this(error, false);
        }
    }
}
