package io.ostraka.proxy.execute;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendMessages.Severity;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.CorruptedFrameException;
import io.ostraka.proxy.wire.ErrorFields;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.proxy.wire.RowShape;
import io.ostraka.proxy.wire.TransactionStatus;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Fragment;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * One statement answered by the combiner: rows of other shards are copied into temporary tables of its transaction, the
 * statement runs over them, and the transaction ends, which drops them.
 *
 * <pre>
 * PARSING --all parsed--> BINDING --bound in one {@link Moment}--> GATHERING
 * GATHERING --all copied--> ANSWERING --all rows passed on--> ENDING --all backends at rest--> ended
 *     +--error, or to be kept--+--------------------------------^
 * </pre>
 *
 * A shard sends its rows by the extended protocol, in binary: such a DataRow is, but for its tag, the CopyData of a binary
 * COPY. So rows go from socket to socket as they were read, tables one after the other, all shards of a table at once; while
 * the combiner cannot take more, the shards are not read. What it answers goes to the client untouched.
 *
 * <p>It is the listener of all backends it uses until {@link Host#onEnd}; the caller takes them back there, outside of any
 * transaction that was begun here. Confined to the session's event loop. A crash leaves what the servers roll back.
 */
public final class CombineRun implements ShardRun {
    /** The combiner's transaction: what it has itself is read as of one moment. */
    private static final String BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ WRITE";

    private static final String BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
    private static final String INSERTED = "INSERT 0 ";

    private static final short[] ALL_BINARY = {1};

    /** Below it, a bad plan costs less than looking for a better one. */
    private static final int ANALYZED_BYTES = 256 << 10;

    private static final int CANCELLED_AGAIN_MS = 200;

    /** One takes some milliseconds, in which one commit on a shard makes it useless. */
    private static final int MOST_TRIES = 50;

    private enum Phase {
        PARSING,
        BINDING,
        GATHERING,
        ANSWERING,
        ENDING,
        ENDED
    }

    private final Host host;
    private final CombineOrder order;
    private final Backend combiner;
    private final ArrayDeque<CombineOrder.Copy> copiesToCome;
    /** Backends whose rows of the current table are still coming. */
    private final Set<Backend> sending = new LinkedHashSet<>();
    /** Backends that are in a transaction of this run. */
    private final Set<Backend> begun = new LinkedHashSet<>();

    private final Set<Backend> gone = new HashSet<>();
    private final SourcePortals sources;
    private final CopyReducer reducer = new CopyReducer();
    private Phase phase;
    private Optional<ByteBuf> description = Optional.empty();
    private Optional<RowShape> shape = Optional.empty();
    /** RowDescription of what is kept. */
    private byte[] columns = {};

    private Optional<ByteBuf> tag = Optional.empty();
    /** The error of a shard that has come before the client could be told of the columns. */
    private Optional<ByteBuf> early = Optional.empty();

    private long copiedBytes;
    private int tries;
    private boolean paused;
    private boolean failed;
    private boolean closed;

    public CombineRun(Host host, CombineOrder order) {
        this.host = host;
        this.order = order;
        this.combiner = order.combiner();
        this.copiesToCome = new ArrayDeque<>(order.copies());
        this.sources = new SourcePortals(order);
        this.phase = order.atOneMoment() ? Phase.PARSING : Phase.GATHERING;
    }

    /** RowDescription of what was put together to be kept, once it is described. */
    public byte[] columns() {
        return columns.clone();
    }

    @Override
    public void start() {
        order.toSync().forEach(backend -> backend.sendSync(Visibility.NONE));
        begin(combiner, BEGIN);
        setAndDescribe();
        if (order.atOneMoment()) {
            // The combiner has begun too early.
            combiner.sendQuery("ROLLBACK", Visibility.NONE);
            begun.remove(combiner);
            sources.parse();
            order.participants().forEach(Backend::flush);
        } else {
            gather();
        }
    }

    private void setAndDescribe() {
        order.localSettings().forEach(statement -> combiner.sendQuery(statement, Visibility.NONE));
        if (isDescribing()) {
            // The client is told of the columns as its own statement has them; this also finds its errors at their
            // places.
            byte[] name = combiner.prepare(order.original(), false, Visibility.ROWS);
            Optional<StatementKey> query = order.keeps().flatMap(CombineOrder.Keeping::query);
            if (query.isPresent()) {
                name = combiner.prepare(query.get(), false, Visibility.ROWS);
            }
            boolean isBinary =
                    order.keeps().filter(CombineOrder.Keeping::isBinary).isPresent();
            if (order.bind().isPresent()) {
                combiner.sendBind(order.bind().get(), name, "", Visibility.ROWS);
            } else {
                combiner.sendBind(name, isBinary ? ALL_BINARY : new short[0], Visibility.ROWS);
            }
            combiner.sendDescribePortal("", Visibility.ROWS);
            combiner.sendSync(Visibility.ROWS);
            order.report().ifPresent(report -> report.describes(combiner));
        }
    }

    private void gather() {
        phase = Phase.GATHERING;
        order.copies().forEach(copy -> run(copy.fragment(), copy.fragment().creation(copy.select())));
        order.inOneSnapshot().forEach(backend -> begin(backend, BEGIN_READING));
        copyNext();
        order.participants().forEach(Backend::flush);
    }

    /** All that was sent for the moment is answered. */
    private void goOn() {
        if (order.participants().stream().anyMatch(Backend::hasOutstandingReplies)) {
            return;
        }
        if (phase == Phase.PARSING) {
            phase = Phase.BINDING;
            host.moment().await(order.participants(), this::takeSnapshots, this::haveSnapshots);
        } else if (sources.areOfOneTime()) {
            host.moment().taken();
        } else if (++tries < MOST_TRIES) {
            takeSnapshots();
        } else {
            fail(new PgError(
                    SqlState.SERIALIZATION_FAILURE,
                    "several tables of one shard could not be read at one point in time",
                    "Whenever it was tried, a transaction was committed there meanwhile.",
                    "Try it again, outside of a transaction block or in a REPEATABLE READ one."));
            host.client().flush();
        }
    }

    private void takeSnapshots() {
        if (failed || closed) {
            return;
        }
        if (begun.contains(combiner)) {
            combiner.sendQuery("ROLLBACK", Visibility.NONE);
            sources.close();
        }
        // What it has itself is read as of its first statement.
        begin(combiner, BEGIN + "; SELECT 1");
        sources.bind();
        order.participants().forEach(Backend::flush);
    }

    private void haveSnapshots(Optional<PgError> error) {
        if (failed || closed) {
            return;
        }
        if (error.isPresent()) {
            fail(error.get());
        } else {
            setAndDescribe();
            gather();
        }
        host.client().flush();
    }

    private void begin(Backend backend, String statement) {
        String imported = order.imports().get(backend);
        backend.sendQuery(imported == null ? statement : statement + "; " + imported, Visibility.NONE);
        begun.add(backend);
    }

    // ---- gathering -----------------------------------------------------------------------------------------------

    private void copyNext() {
        while (!copiesToCome.isEmpty()) {
            CombineOrder.Copy copy = copiesToCome.element();
            Fragment fragment = copy.fragment();
            // Portals that are bound already say what they were bound for.
            if (!order.atOneMoment()) {
                Optional<String> question = reducer.question(copy);
                if (question.isPresent()) {
                    combiner.sendQuery(question.get(), Visibility.ROWS);
                    combiner.flush();
                    return;
                }
                copy = reducer.reduced();
            }
            for (Backend source : copy.sources()) {
                String select = copy.select();
                order.report().ifPresent(report -> report.explain(source, fragment, select));
                if (source == combiner) {
                    order.report().ifPresent(report -> report.inserts(fragment));
                    run(fragment, "INSERT INTO " + fragment.quotedTemporary() + " " + select);
                } else {
                    sending.add(source);
                }
            }
            if (!sending.isEmpty()) {
                combiner.sendCopyIn("COPY " + fragment.quotedTemporary() + " FROM STDIN (FORMAT binary)");
                for (Backend source : sending) {
                    sources.request(source, copy, order.atOneMoment());
                    order.report().ifPresent(report -> report.sendsRows(source, fragment));
                }
                combiner.flush();
                return;
            }
            copied(fragment);
        }
        answer();
        combiner.flush();
    }

    /** Has the combiner do something for a fragment. */
    private void run(Fragment fragment, String sql) {
        if (order.bind().isEmpty() || !fragment.takesParameters()) {
            combiner.sendQuery(sql, Visibility.NONE);
            return;
        }
        byte[] name = combiner.prepare(order.original().withSql(sql), false, Visibility.NONE);
        combiner.sendBindFor("", order.bind().get(), name, new short[0], Visibility.NONE);
        combiner.sendExecute("", 0, Visibility.NONE);
        combiner.sendSync(Visibility.NONE);
    }

    private void copied(Fragment fragment) {
        copiesToCome.remove();
        if (!fragment.keyDeclaration().isEmpty()) {
            combiner.sendQuery(fragment.keyDeclaration(), Visibility.NONE);
        }
        if (copiedBytes > ANALYZED_BYTES) {
            combiner.sendQuery("ANALYZE " + fragment.quotedTemporary(), Visibility.NONE);
        }
    }

    /** Rows as DataRows, and notices between them, become CopyData. A row that is none would swallow those of other shards. */
    private void copy(Backend from, ByteBuf owned) {
        copiedBytes += owned.readableBytes();
        int rows = 0;
        int bytes = owned.readableBytes();
        if (copiedBytes > order.maxBytes()) {
            owned.release();
            fail(tooLarge());
            return;
        }
        int run = owned.readerIndex();
        int at = run;
        while (at < owned.writerIndex()) {
            int next = at + 1 + owned.getInt(at + 1);
            if (owned.getByte(at) == BackendTag.DATA_ROW) {
                if (!isWhole(owned, at)) {
                    from.distrust("a row's columns do not fill its message");
                    owned.release();
                    return;
                }
                owned.setByte(at, BackendTag.COPY_DATA);
                rows++;
            } else {
                combiner.sendCopyData(owned.retainedSlice(run, at - run));
                host.client().write(owned.retainedSlice(at, next - at));
                run = next;
            }
            at = next;
        }
        combiner.sendCopyData(owned.retainedSlice(run, at - run));
        owned.release();
        reducer.pass(copiesToCome.element().fragment(), rows);
        if (order.report().isPresent()) {
            order.report().get().pass(from, rows, bytes);
        }
        if (!combiner.isWritable()) {
            paused = true;
            sending.forEach(source -> source.setReading(false));
        }
    }

    private static boolean isWhole(ByteBuf borrowed, int row) {
        try {
            MergedRow.requireWhole(borrowed, row);
            return true;
        } catch (CorruptedFrameException e) {
            return false;
        }
    }

    private PgError tooLarge() {
        return new PgError(
                SqlState.CONFIGURATION_LIMIT_EXCEEDED,
                copiesToCome.element().fragment().subject() + " that other shards need exceed " + order.maxBytes()
                        + " bytes",
                "The statement puts rows of several shards together, and \"ostraka.statement_memory\" limits them.",
                "Restrict the rows by conditions on the shard key, or raise ostraka.statement_memory.");
    }

    // ---- answering -----------------------------------------------------------------------------------------------

    private void answer() {
        if (order.keeps().isPresent()) {
            begun.remove(combiner);
            end();
            return;
        }
        phase = Phase.ANSWERING;
        if (order.isCopy()) {
            combiner.sendQuery(order.rewritten().sql(), Visibility.ROWS);
            return;
        }
        byte[] name = combiner.prepare(order.rewritten(), false, Visibility.ROWS);
        String portal = "";
        if (order.bind().isPresent()) {
            portal = order.bind().get().portal();
            combiner.sendBind(order.bind().get(), name, Visibility.ROWS);
        } else {
            combiner.sendBind(name, new short[0], Visibility.ROWS);
        }
        combiner.sendDescribePortal(portal, Visibility.ROWS);
        combiner.sendExecute(portal, 0, Visibility.ROWS);
        combiner.sendSync(Visibility.ROWS);
        order.report().ifPresent(report -> report.answers(combiner));
    }

    @Override
    public void onBytes(Backend backend, ByteBuf owned) {
        if (failed || closed || early.isPresent()) {
            owned.release();
        } else if (backend == combiner && isAsking()) {
            reducer.read(owned, host.client()::write);
        } else if (phase == Phase.BINDING && backend != combiner) {
            sources.read(backend, owned);
        } else if (order.report().isPresent() && (backend == combiner || isExplaining(backend))) {
            if (!order.report().get().read(backend, owned, host.client()::write)) {
                fail(ExplainRun.TOO_LONG);
            }
        } else if (backend != combiner) {
            copy(backend, owned);
        } else {
            host.client().write(owned);
            if (!host.client().isWritable()) {
                combiner.setReading(false);
            }
        }
    }

    private boolean isExplaining(Backend backend) {
        return order.report().filter(report -> report.isExplaining(backend)).isPresent();
    }

    /** Whether what the combiner answers now are values: they come behind all it was asked before. */
    private boolean isAsking() {
        return reducer.isAsking()
                && !isDescribing()
                && order.report().filter(report -> report.isAnswering(combiner)).isEmpty();
    }

    /** Whether the combiner's answers are still about the client's own statement. */
    private boolean isDescribing() {
        return order.describes() && shape.isEmpty();
    }

    @Override
    public void onRowDescription(Backend backend, ByteBuf borrowed, int frame) {
        if (failed || closed || backend != combiner || isExplaining(backend) || isAsking()) {
            return;
        }
        RowShape found = RowShape.read(borrowed, frame);
        if (isDescribing()) {
            if (order.keeps().isPresent()) {
                columns = ByteBufUtil.getBytes(borrowed, frame, 1 + borrowed.getInt(frame + 1));
            } else if (!order.isCopy()
                    && order.report().map(CombineReport::isDescribed).orElse(true)) {
                description = Optional.of(borrowed.copy(frame, 1 + borrowed.getInt(frame + 1)));
            }
            shape = Optional.of(found);
            if (early.isPresent()) {
                ByteBuf error = early.get();
                early = Optional.empty();
                failRunning(error);
            }
            return;
        }
        if (!shape.orElse(found).isOfSameTypes(found)) {
            fail(new PgError(SqlState.INTERNAL_ERROR, "the combiner describes the columns of the result differently"));
            return;
        }
        description.ifPresent(host.client()::write);
        description = Optional.empty();
    }

    @Override
    public void onCommandEnd(Backend backend, Visibility visibility, ByteBuf borrowed, int frame) {
        if (order.report().isPresent() && backend == combiner && visibility == Visibility.NONE && !failed) {
            String done = FieldReader.ofFrame(borrowed, frame).string();
            if (done.startsWith(INSERTED)) {
                order.report().get().onInserted(combiner, Long.parseLong(done.substring(INSERTED.length())));
            }
        }
        if (backend == combiner && visibility == Visibility.ROWS && isAsking()) {
            reducer.end();
        }
        if (phase == Phase.ANSWERING && backend == combiner && visibility == Visibility.ROWS && !failed) {
            ByteBuf last = host.client().buffer();
            if (order.isCopy()) {
                BackendMessages.empty(last, BackendTag.COPY_DONE);
            }
            last.writeBytes(borrowed, frame, 1 + borrowed.getInt(frame + 1));
            tag = Optional.of(last);
        }
    }

    @Override
    public void onReady(Backend backend, Visibility visibility, TransactionStatus status) {
        if (closed || early.isPresent()) {
            return;
        }
        boolean isOfValues =
                backend == combiner && visibility == Visibility.ROWS && phase == Phase.GATHERING && !failed;
        if (isOfValues && reducer.take()) {
            copyNext();
            return;
        }
        boolean isPlan = visibility == Visibility.ROWS
                && order.report().map(report -> report.onReady(backend)).orElse(false);
        if (failed || phase == Phase.ENDING) {
            settle();
        } else if (isPlan) {
            return;
        } else if (phase == Phase.PARSING || phase == Phase.BINDING) {
            goOn();
        } else if (visibility == Visibility.ROWS && sending.remove(backend)) {
            // The combiner may have had no room for its last rows; whatever else it says must be heard all the same.
            backend.setReading(true);
            if (sending.isEmpty()) {
                combiner.sendCopyEnd();
                copied(copiesToCome.element().fragment());
                copyNext();
            }
        } else if (tag.isPresent()) {
            end();
        }
    }

    // ---- the end -------------------------------------------------------------------------------------------------

    private void end() {
        phase = Phase.ENDING;
        settle();
    }

    /** Ends each transaction as soon as its backend is at rest, and the run when all have ended. */
    private void settle() {
        boolean all = true;
        for (Backend backend : order.participants()) {
            if (gone.contains(backend)) {
                continue;
            }
            if (backend.hasOutstandingReplies()) {
                all = false;
            } else if (backend.isBeingCancelled()) {
                all = false;
                backend.afterCancels(this::onCancelled);
            } else if (begun.remove(backend)) {
                all = false;
                backend.sendQuery(failed ? "ROLLBACK" : "COMMIT", Visibility.NONE);
                backend.flush();
            }
        }
        if (all && phase != Phase.ENDED) {
            phase = Phase.ENDED;
            if (!failed) {
                order.report().ifPresent(this::writeReport);
                tag.ifPresent(host.client()::write);
                tag = Optional.empty();
            }
            host.onEnd(failed);
        }
    }

    private void writeReport(CombineReport report) {
        ByteBuf out = host.client().buffer();
        report.rows()
                .forEach(row -> BackendMessages.textRow(out, row, host.client().encoding()));
        host.client().write(out);
    }

    private void onCancelled() {
        if (!closed) {
            settle();
            host.client().flush();
        }
    }

    private void fail(PgError error) {
        ByteBuf out = host.client().buffer();
        BackendMessages.error(out, Severity.ERROR, error, host.client().encoding());
        fail(out);
    }

    /** Takes ownership. */
    private void fail(ByteBuf owned) {
        boolean isCopying = !sending.isEmpty();
        failed = true;
        if (phase == Phase.ENDING && order.keeps().isPresent()) {
            begun.add(combiner);
        }
        host.client().write(owned);
        release();
        for (Backend backend : order.participants()) {
            if (!gone.contains(backend) && backend.hasOutstandingReplies()) {
                if (backend == combiner && isCopying) {
                    backend.sendCopyFail("the statement has failed");
                    backend.flush();
                }
                backend.setReading(true);
                cancel(backend);
            }
        }
        sending.clear();
        settle();
    }

    /** Until it has stopped: a cancel that comes between two of its commands has no effect. */
    private void cancel(Backend backend) {
        if (closed || phase == Phase.ENDED || !backend.isOpen() || !backend.hasOutstandingReplies()) {
            return;
        }
        if (!backend.isBeingCancelled()) {
            host.cancel(backend);
        }
        backend.loop().schedule(() -> cancel(backend), CANCELLED_AGAIN_MS, TimeUnit.MILLISECONDS);
    }

    @Override
    public void cancel() {
        boolean isKeeping = phase == Phase.ENDING && order.keeps().isPresent();
        if (!failed && !closed && phase != Phase.ENDED && (phase != Phase.ENDING || isKeeping)) {
            fail(new PgError(SqlState.QUERY_CANCELED, "canceling statement due to user request"));
            host.client().flush();
        }
    }

    @Override
    public void onError(Backend backend, Visibility visibility, ByteBuf borrowed, int frame) {
        if (failed || closed) {
            return;
        }
        Optional<PgError> instead = backend.takeReplacement(ErrorFields.read(FieldReader.ofFrame(borrowed, frame)));
        if (instead.isPresent()) {
            fail(instead.get());
        } else if (backend == combiner && visibility == Visibility.ROWS && isDescribing()) {
            fail(borrowed.copy(frame, 1 + borrowed.getInt(frame + 1)));
        } else {
            // A place in a text that the client did not write.
            ByteBuf out = host.client().buffer();
            ErrorFields.copyWithoutPosition(out, borrowed, frame);
            if (backend == combiner || !isDescribing()) {
                failRunning(out);
            } else if (early.isEmpty()) {
                early = Optional.of(out);
            } else {
                out.release();
            }
        }
    }

    /** What fails while it runs fails after its columns have been told. Takes ownership. */
    private void failRunning(ByteBuf error) {
        description.ifPresent(host.client()::write);
        description = Optional.empty();
        fail(error);
    }

    @Override
    public void onClosed(Backend backend) {
        gone.add(backend);
        begun.remove(backend);
        PgError lost = host.onLost(backend);
        if (closed) {
            return;
        }
        if (failed) {
            settle();
        } else {
            fail(lost);
        }
        host.client().flush();
    }

    @Override
    public void close() {
        closed = true;
        release();
    }

    private void release() {
        early.ifPresent(ByteBuf::release);
        early = Optional.empty();
        description.ifPresent(ByteBuf::release);
        description = Optional.empty();
        tag.ifPresent(ByteBuf::release);
        tag = Optional.empty();
    }

    @Override
    public Collection<Backend> participants() {
        return order.participants();
    }

    // ---- what is passed on or of no interest ---------------------------------------------------------------------

    @Override
    public void onReadComplete(Backend backend) {
        if (!closed) {
            combiner.flush();
            host.client().flush();
        }
    }

    @Override
    public void onWritable(Backend backend) {
        if (backend == combiner && paused) {
            paused = false;
            sending.forEach(source -> source.setReading(true));
        }
    }

    @Override
    public void onParameterStatus(Backend backend, String name, String value) {
        host.onParameterStatus(backend, name, value);
    }

    @Override
    public void onAsyncMessage(Backend backend, ByteBuf owned) {
        host.onAsyncMessage(backend, owned);
    }

    @Override
    public void onParameterDescription(Backend backend, ByteBuf borrowed, int frame) {}

    @Override
    public void onDescribed(Backend backend, StatementKey statement, Visibility visibility, RowShape result) {}

    @Override
    public void onStepComplete(Backend backend, byte step) {}

    @Override
    public Optional<String> nameOf(StatementKey statement) {
        return Optional.empty();
    }

    @Override
    public void onParseSkipped(Backend backend, StatementKey statement, boolean isRefused) {}

    @Override
    public void onCopyIn(Backend backend, ByteBuf borrowed, int frame, boolean syncIgnored) {}

    @Override
    public void onCopyOut(Backend backend, ByteBuf borrowed, int frame) {
        if (!failed && !closed) {
            host.client().write(borrowed.retainedSlice(frame, 1 + borrowed.getInt(frame + 1)));
        }
    }
}
