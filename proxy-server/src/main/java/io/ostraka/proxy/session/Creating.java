package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.execute.FillRun;
import io.ostraka.proxy.execute.TableRun;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendMessages.Severity;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.CopyTarget;
import io.ostraka.rules.plan.NewTable;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.Route;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * CREATE TABLE AS and SELECT INTO in a database with several shards, and what changes tables on all their shards alike. Where the rows and
 * the table are on one shard, that shard carries it out. Otherwise the rows are read on a connection beside the transaction, the table is made empty on all its shards, and filled:
 *
 * <pre>
 * rows put together by the combiner, or found on one shard --> table made, {@link TableRun} --> filled, {@link FillRun}
 * </pre>
 *
 * The table is made and filled in the client's transaction or in one of the session's own, so that it is on all its shards or on none. When
 * that is committed, the catalog is read again before the client is told. Confined to the session's event loop.
 */
final class Creating {
    private static final String TRUNCATE = "TRUNCATE";
    /** A table, or an index, which keeps nobody from reading. */
    private static final String CREATE = "CREATE";

    private final Session session;
    private final int maxRowBytes;

    /** One statement under way. */
    private record Order(Plan plan, List<Backend> targets, String blanks, boolean isSimple) {
        Plan.CreateTable creation() {
            return (Plan.CreateTable) plan;
        }

        NewTable table() {
            return creation().table();
        }
    }

    /** What gives the rows; it is closed when they have been read, or will not be. */
    private record Rows(FillRun.Source source, Runnable close) {}

    Creating(Session session, int maxRowBytes) {
        this.session = session;
        this.maxRowBytes = maxRowBytes;
    }

    /** Asked for in a Query, if {@code isSimple}, or an Execute; false while backends are on their way. */
    boolean start(Plan.CreateTable plan, Planned.Statement statement, boolean isSimple) {
        session.encodingState().requireUtf8("a change of tables over several shards");
        if (!isSimple) {
            session.extended().pipeline().requireNothingExecuted();
        }
        Optional<ShardName> only = only(plan);
        List<ShardName> shards = plan.table().shards();
        boolean isWhole = only.filter(shard -> shards.equals(List.of(shard))).isPresent();
        if (isWhole && plan.notApart().isPresent() && !hasClockOf(only.get())) {
            throw plan.notApart().get().toException();
        }
        boolean isThere = plan.table().isKnown();
        requireNotRemade(isThere);
        boolean takesRows = plan.withData() && !isThere;
        if (!isWhole && takesRows) {
            requireApart(plan, only);
        }
        Optional<List<Backend>> targets = SimpleQuery.allReady(session, shards);
        if (targets.isEmpty()) {
            return false;
        }
        Order order = new Order(plan, targets.get(), statement.planned().blanksTo(0), isSimple);
        if (isWhole || !takesRows) {
            dropUnnamed(order);
            begin(order);
            make(order, isWhole, Optional.empty());
            return true;
        }
        return only.isPresent() ? readOn(only.get(), order) : readCombined(order);
    }

    /** DROP TABLE and its kin, on each shard alike; asked for in the same ways. */
    boolean start(Plan.ChangeTables plan, Planned.Statement statement, boolean isSimple) {
        session.encodingState().requireUtf8("a change of tables over several shards");
        if (!isSimple) {
            session.extended().pipeline().requireNothingExecuted();
        }
        requireNotRemade(plan.makesKnown());
        if (plan.uncovers() && session.transaction().isOpen()) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "a table with a namesake in another schema is not made or dropped in a transaction block",
                            "Its name might mean the other one before it, or after it, in the same transaction.",
                            "Do it outside of the block.")
                    .toException();
        }
        Optional<List<Backend>> targets = SimpleQuery.allReady(session, plan.shards());
        if (targets.isEmpty()) {
            return false;
        }
        Order order = new Order(plan, targets.get(), statement.planned().blanksTo(0), isSimple);
        dropUnnamed(order);
        begin(order);
        TableRun run =
                new TableRun(session.runs(), order.targets(), order.blanks() + statement.text(), 0, plan.question());
        session.runs().start(run, failed -> {
            Optional<PgError> unfit = failed ? Optional.empty() : unfit(plan, run);
            if (failed) {
                ended(order, Optional.empty());
            } else if (unfit.isPresent()) {
                fail(order, unfit.get());
            } else {
                made(order, run.madeTag());
            }
        });
        return true;
    }

    /** What is wrong with what was made, as the shard that was asked for it tells. */
    private static Optional<PgError> unfit(Plan.ChangeTables plan, TableRun run) {
        if (plan.made().isPresent()) {
            NewTable table = plan.made().get();
            if (run.isSkippedInPart()) {
                return Optional.of(changedMeanwhile(table));
            }
            try {
                if (table.isKeyed() && !run.isSkipped()) {
                    table.target(run.columns());
                }
            } catch (PgErrorException unfit) {
                return Optional.of(unfit.error());
            }
        } else if (!run.columns().isEmpty()) {
            return Optional.of(new PgError(
                    SqlState.FEATURE_NOT_SUPPORTED,
                    "ALTER TABLE with ADD COLUMN with a computed default is not supported in a database with several shards",
                    "The default is that of domain \"" + run.columns().get(0).type() + "\".",
                    "Give the column a constant default of its own."));
        }
        return Optional.empty();
    }

    /** What the catalog knows of a name would be taken for what was made under it since. */
    private void requireNotRemade(boolean isKnown) {
        if (isKnown && session.transaction().hasChangedSchema()) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "a table whose name is known cannot be made in a transaction that has changed tables",
                            "Its columns would not be known before the transaction is committed.",
                            "Commit before it.")
                    .toException();
        }
    }

    private void dropUnnamed(Order order) {
        if (order.isSimple()) {
            session.extended().portals().dropUnnamed();
        }
    }

    /** The one shard that has the rows, if it is one. */
    private Optional<ShardName> only(Plan.CreateTable plan) {
        Plan.Forward forward = plan.query().plan() instanceof Plan.Combine combine
                ? combine.forward()
                : (Plan.Forward) plan.query().plan();
        Route route = forward.router().route(plan.query().values());
        if (route instanceof Route.Many && plan.query().plan() instanceof Plan.Combine) {
            return Optional.empty();
        }
        List<ShardName> shards = plan.table().shards();
        return Optional.of(
                route instanceof Route.Any && shards.size() == 1
                        ? shards.get(0)
                        : session.shards().shardOf(forward, route));
    }

    /** Whether the shard's clock is that of the transaction, or there is none yet. */
    private boolean hasClockOf(ShardName shard) {
        Set<ShardName> participants = session.transaction().participants();
        return participants.isEmpty() || participants.iterator().next().equals(shard);
    }

    /** Throws when the rows must be read by who writes them. */
    private void requireApart(Plan.CreateTable plan, Optional<ShardName> only) {
        plan.notApart().ifPresent(why -> {
            throw why.toException();
        });
        boolean writes = plan.query().plan() instanceof Plan.Forward forward && forward.access() == Access.WRITE;
        if (writes) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "CREATE TABLE AS of a query that may write is not supported where the rows go to other shards",
                            "The rows are read on shard \"" + only.orElseThrow() + "\"; table \""
                                    + plan.table().name() + "\" belongs on "
                                    + plan.table().shards() + ".",
                            "Create the table first, and INSERT the rows.")
                    .toException();
        }
        if (only.isPresent() && !session.shards().mayReadApart(only.get())) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "CREATE TABLE AS of rows of one shard for others is not supported in this transaction",
                            "The rows are on shard \"" + only.get()
                                    + "\", and would be read on another connection, which does not"
                                    + " see what the transaction has written there.",
                            "Commit before it.")
                    .toException();
        }
    }

    // ---- the rows ------------------------------------------------------------------------------------------------

    private boolean readCombined(Order order) {
        Plan.Combine combine = (Plan.Combine) order.creation().query().plan();
        return session.combining()
                .open(
                        order.creation().query(),
                        combine.combination(),
                        order.blanks(),
                        order.isSimple(),
                        (cursor, text) -> {
                            dropUnnamed(order);
                            FillRun.Source source = new FillRun.Source(cursor.combiner(), List.of(), text.sql());
                            makeFrom(order, new Rows(source, cursor::close));
                        });
    }

    private boolean readOn(ShardName shard, Order order) {
        Optional<Backend> reader = session.combining().lendApart(shard);
        if (reader.isEmpty()) {
            return false;
        }
        dropUnnamed(order);
        List<String> opening = new ArrayList<>();
        opening.add("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        if (session.transaction().isOpen() && session.snapshot().isHeld()) {
            opening.add(session.snapshot().importOn(shard));
        }
        opening.addAll(session.combining().localSettings());
        FillRun.Source source = new FillRun.Source(
                reader.get(), opening, order.creation().query().text());
        makeFrom(order, new Rows(source, () -> session.combining().endKept(reader.get())));
        return true;
    }

    /** Outside of where a frame is taken: errors are told here. */
    private void makeFrom(Order order, Rows rows) {
        try {
            requireOpen(order);
            begin(order);
        } catch (PgErrorException refused) {
            rows.close().run();
            fail(order, refused.error());
            return;
        }
        make(order, false, Optional.of(rows));
    }

    private static void requireOpen(Order order) {
        order.targets().stream()
                .filter(backend -> !backend.isOpen())
                .findFirst()
                .ifPresent(gone -> {
                    throw new PgError(
                                    SqlState.CONNECTION_FAILURE,
                                    "connection to shard \"" + gone.shard() + "\" was lost",
                                    "Nothing of the statement was committed there.",
                                    "Try it again; the proxy connects anew when the server is back.")
                            .toException();
                });
    }

    // ---- the table -----------------------------------------------------------------------------------------------

    private void begin(Order order) {
        boolean isOfOneShard =
                order.targets().size() == 1 && session.transaction().isOpen();
        if (isOfOneShard) {
            session.shards().requireMayWrite(order.targets().get(0).shard(), Access.WRITE);
        } else {
            session.shards().beginSpread(order.targets());
        }
        if (!order.isSimple()) {
            session.extended().pipeline().executed(true);
        }
        order.targets().forEach(backend -> session.shards().enlist(backend, Access.WRITE));
    }

    /** {@code isWhole}: with its rows; otherwise they follow, if there are any. */
    private void make(Order order, boolean isWhole, Optional<Rows> rows) {
        Plan.CreateTable.Text text = order.creation().text(isWhole);
        Optional<String> columns = rows.filter(some -> order.table().isKeyed())
                .map(some -> order.table().columnsQuery());
        TableRun run =
                new TableRun(session.runs(), order.targets(), order.blanks() + text.sql(), text.moved(), columns);
        session.runs().start(run, failed -> {
            boolean isExpected =
                    isWhole || rows.isPresent() || !order.creation().withData();
            if (failed) {
                rows.ifPresent(some -> some.close().run());
                ended(order, Optional.empty());
            } else if (run.isSkippedInPart() || (!isExpected && !run.isSkipped())) {
                rows.ifPresent(some -> some.close().run());
                fail(order, changedMeanwhile(order.table()));
            } else if (rows.isPresent() && !run.isSkipped()) {
                fill(order, rows.get(), run);
            } else {
                rows.ifPresent(some -> some.close().run());
                made(order, run.madeTag());
            }
        });
    }

    private static PgError changedMeanwhile(NewTable table) {
        return new PgError(
                SqlState.SERIALIZATION_FAILURE,
                "table \"" + table.name() + "\" is there on some of its shards only",
                "It was made or dropped elsewhere, or its shards differ.",
                "Try it again.");
    }

    private void fill(Order order, Rows rows, TableRun made) {
        Optional<CopyTarget> target;
        try {
            target = order.table().isKeyed() ? Optional.of(order.table().target(made.columns())) : Optional.empty();
        } catch (PgErrorException unfit) {
            rows.close().run();
            fail(order, unfit.error());
            return;
        }
        FillRun run = new FillRun(
                session.runs(), rows.source(), order.targets(), order.table().quoted(), target, maxRowBytes);
        session.runs().start(run, failed -> {
            rows.close().run();
            if (failed) {
                ended(order, Optional.empty());
            } else {
                made(order, "SELECT " + run.filled());
            }
        });
    }

    // ---- the end -------------------------------------------------------------------------------------------------

    private void made(Order order, String tag) {
        if (!tag.startsWith(TRUNCATE)) {
            session.transaction().changesSchema();
            session.database().onSchemaChange();
        }
        if (order.plan() instanceof Plan.ChangeTables change && change.made().isEmpty() && !tag.startsWith(CREATE)) {
            session.transaction().changesTables();
        }
        ByteBuf out = session.output().buffer();
        BackendMessages.commandComplete(out, tag);
        ended(order, Optional.of(out));
    }

    private void fail(Order order, PgError error) {
        ByteBuf out = session.output().buffer();
        BackendMessages.error(out, Severity.ERROR, error, session.encoding());
        session.output().write(out);
        ended(order, Optional.empty());
    }

    /** {@code tag} unless it has failed. What is implicit is committed here, or at Sync. */
    private void ended(Order order, Optional<ByteBuf> tag) {
        boolean isCommittedHere = order.isSimple() && session.transaction().isImplicit();
        if (!isCommittedHere) {
            tag.ifPresent(session.output()::write);
            session.runs().end(tag.isEmpty(), order.isSimple());
            return;
        }
        if (tag.isEmpty()) {
            session.transaction().fail();
        }
        session.own().endImplicit(tag);
        session.output().flush();
    }
}
