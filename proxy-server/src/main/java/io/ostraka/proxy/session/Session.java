package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.ostraka.proxy.auth.ShardLogin;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.BackendListener;
import io.ostraka.proxy.backend.BackendSettings;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.execute.ClientOutput;
import io.ostraka.proxy.execute.ScatterMerge;
import io.ostraka.proxy.transaction.SessionTransaction;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendMessages.Severity;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.ErrorFields;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.proxy.wire.Frame;
import io.ostraka.proxy.wire.FrontendTag;
import io.ostraka.proxy.wire.RowShape;
import io.ostraka.proxy.wire.TransactionStatus;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.Route;
import io.ostraka.rules.plan.StatementValues;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One logged-in client. Takes its frames in order, each when all that came before has gone far enough, sends them to the
 * backends that their plans name, and carries the answers back in the order of the questions.
 *
 * <pre>
 * AVAILABLE --Query, Sync, own command--> BUSY --all of it answered--> AVAILABLE
 * </pre>
 *
 * While BUSY no frame but copy data is taken. Between Syncs messages stream to one backend at a time; turning to another
 * waits until the one before has answered ({@link #isQuiet}). A frame that must wait is offered again by {@link
 * ClientConnection} after {@link #resume}, so each handler may be entered more than once before it does anything.
 *
 * <p>Confined to the event loop of its socket, which is that of its backends too. A crash leaves what the shards roll back.
 */
final class Session implements BackendListener {
    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    private enum Activity {
        AVAILABLE,
        BUSY
    }

    private final int id;
    private final Sessions sessions;
    private final ServedDatabase database;
    private final String user;
    private final SessionTransaction transaction = new SessionTransaction();
    private final HeldBackends held;
    private final SimpleQuery simple;
    private final ExtendedQuery extended;
    private final OwnCommands own;
    /** Statements sent whose end has not come, for what they do to the session when it does. */
    private final ArrayDeque<Planned.Statement> executing = new ArrayDeque<>();

    private Optional<ClientConnection> client = Optional.empty();
    private Activity activity = Activity.AVAILABLE;
    private Settings settings;
    private Settings initialSettings;
    /** The settings to return to when the transaction is rolled back. */
    private Settings settingsBefore;

    private Optional<ShardName> implicitWriter = Optional.empty();
    private Optional<ScatterMerge> scatter = Optional.empty();
    private int readiesToCome;
    private boolean copyingIn;
    private Optional<Backend> copyTarget = Optional.empty();
    private boolean waitsForQuiet;
    /** Whether the session itself has cancelled statements: what comes next must not be hit. */
    private boolean cancelsOwn;

    private boolean closed;
    /** Whether the transaction has changed the schema. */
    private boolean changesSchema;
    /** What the client knows of the settings that servers report. */
    private final Map<String, String> reported = new HashMap<>();
    /** A backend was lost between two statements of a transaction: the next one is told. */
    private Optional<PgError> untold = Optional.empty();
    /** While the session starts: the shards that may yet be asked for its first backend. */
    private Optional<Iterator<ShardName>> starting = Optional.empty();

    private ShardName startingAt;

    Session(Sessions sessions, ServedDatabase database, ShardLogin login, Settings initial) {
        this.id = sessions.nextId();
        this.sessions = sessions;
        this.user = login.user();
        this.database = database;
        this.startingAt = database.defaultShard();
        this.settings = initial.withSearchPath(resolved(initial.searchPath()));
        this.initialSettings = settings;
        this.settingsBefore = settings;
        this.held = new HeldBackends(
                this, shard -> database.pool(shard, login).on(client().loop()), database.poolsBySession());
        this.own = new OwnCommands(this);
        this.simple = new SimpleQuery(this);
        this.extended = new ExtendedQuery(this);
    }

    /** The client is logged in: brings the session to its first ReadyForQuery. */
    void start(ClientConnection connection) {
        client = Optional.of(connection);
        activity = Activity.BUSY;
        List<ShardName> candidates = new ArrayList<>(database.shards());
        candidates.remove(database.defaultShard());
        starting = Optional.of(candidates.iterator());
        startingAt = database.defaultShard();
        start();
    }

    int id() {
        return id;
    }

    ServedDatabase database() {
        return database;
    }

    SessionTransaction transaction() {
        return transaction;
    }

    HeldBackends held() {
        return held;
    }

    OwnCommands own() {
        return own;
    }

    ExtendedQuery extended() {
        return extended;
    }

    Settings settings() {
        return settings;
    }

    Settings initialSettings() {
        return initialSettings;
    }

    ClientOutput output() {
        return client();
    }

    private ClientConnection client() {
        return client.orElseThrow();
    }

    // ---- frames from the client ----------------------------------------------------------------------------------

    /** Takes the frame at {@code frame} of a borrowed buffer; false: not yet, offer it again after {@link #resume}. */
    boolean onFrame(ByteBuf borrowed, int frame, int bytes) {
        byte tag = borrowed.getByte(frame);
        if (tag == FrontendTag.COPY_DATA || tag == FrontendTag.COPY_DONE || tag == FrontendTag.COPY_FAIL) {
            return onCopy(borrowed, frame, bytes, tag);
        }
        if (copyingIn && tag != FrontendTag.TERMINATE) {
            return onMessageDuringCopy(tag);
        }
        if (activity == Activity.BUSY) {
            return false;
        }
        try {
            return switch (tag) {
                case FrontendTag.QUERY -> simple.onQuery(borrowed, frame, bytes);
                case FrontendTag.FUNCTION_CALL -> simple.onFunctionCall(borrowed, frame, bytes);
                case FrontendTag.PARSE,
                        FrontendTag.BIND,
                        FrontendTag.DESCRIBE,
                        FrontendTag.EXECUTE,
                        FrontendTag.CLOSE,
                        FrontendTag.FLUSH,
                        FrontendTag.SYNC -> extended.onMessage(borrowed, frame, tag);
                case FrontendTag.TERMINATE -> {
                    end();
                    yield true;
                }
                default -> {
                    onProtocolViolation("invalid frontend message type " + tag);
                    yield true;
                }
            };
        } catch (PgErrorException e) {
            return refuse(e.error(), tag);
        }
    }

    /** A refusal of the proxy's own, at its place among the answers. */
    private boolean refuse(PgError error, byte tag) {
        if (!isQuiet()) {
            return false;
        }
        transaction.fail();
        if (tag == FrontendTag.QUERY || tag == FrontendTag.FUNCTION_CALL) {
            simple.abandon();
            extended.fail(error);
            extended.sync();
        } else {
            extended.fail(error);
        }
        return true;
    }

    private boolean onCopy(ByteBuf borrowed, int frame, int bytes, byte tag) {
        if (!copyingIn) {
            // Perhaps the answer that starts the copy is still to come. As in PostgreSQL, what is left of a copy that
            // has
            // failed is thrown away.
            return activity == Activity.AVAILABLE && isQuiet();
        }
        Backend target = copyTarget.orElseThrow();
        target.sendCopy(borrowed, frame, bytes);
        if (tag != FrontendTag.COPY_DATA) {
            copyingIn = false;
        }
        return true;
    }

    /** As in PostgreSQL: Sync and Flush are ignored during a copy, anything else ends the session. */
    private boolean onMessageDuringCopy(byte tag) {
        if (tag != FrontendTag.SYNC && tag != FrontendTag.FLUSH) {
            writeError(BackendMessages.protocolViolation(
                    String.format(Locale.ROOT, "unexpected message type 0x%02X during COPY from stdin", tag)));
            end(BackendMessages.protocolViolation("terminating connection because protocol synchronization was lost"));
        }
        return true;
    }

    /** All that was read has been taken, or waits. */
    void onReadEnd() {
        held.all().forEach(Backend::flush);
        output().flush();
    }

    void onProtocolViolation(String message) {
        if (!closed) {
            end(BackendMessages.protocolViolation(message));
        }
    }

    /** Tells the client why, if it can be told now, and ends the session. */
    private void end(PgError reason) {
        if (held.all().stream().noneMatch(Backend::isInsideMessage)) {
            ByteBuf out = output().buffer();
            BackendMessages.error(out, Severity.FATAL, reason);
            output().write(out);
        }
        end();
    }

    /** Gives back or closes all backends at once: the client may be slow to take its last messages. */
    private void end() {
        client().close();
        onClientGone();
    }

    /** Whether more may be taken from the client: neither its answers nor what goes to the shards has piled up. */
    boolean hasRoom() {
        for (Backend backend : held.all()) {
            if (!backend.isWritable()) {
                return false;
            }
        }
        return client().isWritable();
    }

    void onClientWritability(boolean writable) {
        held.all().forEach(backend -> backend.setReading(writable));
        if (writable) {
            resume();
        }
    }

    void onFailure(Throwable cause) {
        if (cause instanceof IOException) {
            LOG.debug("session {}: its client is gone: {}", id, cause.getMessage());
            return;
        }
        LOG.error("session {}: closed by an error of the proxy's own", id, cause);
    }

    void onClientGone() {
        if (closed) {
            return;
        }
        closed = true;
        cancel();
        held.close();
        sessions.remove(this);
    }

    /** Tells the client that the server stops, and closes; unless {@code always}, only between transactions. */
    void shutDown(boolean always) {
        loop().execute(() -> {
            boolean isInUse = activity == Activity.BUSY || transaction.isOpen() || !extended.isSynced();
            if (!closed && (always || !isInUse)) {
                end(new PgError(SqlState.ADMIN_SHUTDOWN, "terminating connection due to administrator command"));
            }
        });
    }

    EventLoop loop() {
        return client().loop();
    }

    /** Cancels what runs now, on each shard where something does. */
    void cancel() {
        for (Backend backend : held.all()) {
            if (backend.hasOutstandingReplies()) {
                database.cancel(backend);
            }
        }
    }

    // ---- what the protocols share --------------------------------------------------------------------------------

    /** A frame that was not taken is worth offering again. */
    void resume() {
        if (closed) {
            return;
        }
        if (starting.isPresent()) {
            start();
        }
        client().resume();
    }

    /** Whether each backend has answered all it was sent; if not, it is asked to, and {@link #resume} follows. */
    boolean isQuiet() {
        boolean quiet = true;
        for (Backend backend : held.all()) {
            if (backend.hasOutstandingReplies()) {
                backend.sendFlush();
                backend.flush();
                quiet = false;
            }
        }
        waitsForQuiet = !quiet;
        return quiet;
    }

    /** The same, but for {@code target}, which may go on answering. */
    boolean isQuietBut(Backend target) {
        for (Backend backend : held.all()) {
            if (backend != target && backend.hasOutstandingReplies()) {
                return isQuiet();
            }
        }
        return true;
    }

    /** A search path with the user's name where it says {@code $user}. */
    List<String> resolved(List<String> path) {
        return path.stream().map(name -> name.equals("$user") ? user : name).toList();
    }

    Planned plan(String text) {
        Optional<ShardName> forced = forcedShard();
        return forced.isPresent()
                ? database.plans().planOn(forced.get(), text)
                : database.plans().plan(text, settings.searchPath());
    }

    Optional<ShardName> forcedShard() {
        return settings.own(OwnCommands.SHARD).map(ShardName::new);
    }

    /** In a failed transaction nothing but its end is accepted. */
    void requireNotFailed() {
        if (transaction.state() == SessionTransaction.State.FAILED) {
            takeUntold().ifPresent(lost -> {
                throw lost.toException();
            });
            throw new PgError(
                            SqlState.IN_FAILED_SQL_TRANSACTION,
                            "current transaction is aborted, commands ignored until end of transaction block")
                    .toException();
        }
    }

    /** The loss of a backend between two statements of the transaction, to be told now. */
    Optional<PgError> takeUntold() {
        Optional<PgError> lost = untold;
        untold = Optional.empty();
        return lost;
    }

    /** The shard of a route that is one shard's; throws what the plan says otherwise. */
    ShardName shardOf(Plan.Forward plan, StatementValues values) {
        Route route = plan.router().route(values);
        if (route instanceof Route.One one) {
            return one.shard();
        }
        if (route instanceof Route.Any) {
            return anyShard();
        }
        if (route instanceof Route.Refused refused) {
            throw refused.error().toException();
        }
        throw plan.whenMany().toException();
    }

    /** The shards of a scatter; one when its values come down to one. */
    List<ShardName> shardsOf(Plan.Scatter plan, StatementValues values) {
        Route route = plan.router().route(values);
        if (route instanceof Route.Many many) {
            return many.shards();
        }
        if (route instanceof Route.One one) {
            return List.of(one.shard());
        }
        if (route instanceof Route.Refused refused) {
            throw refused.error().toException();
        }
        return List.of(anyShard());
    }

    /** A shard for what every shard would answer alike: one that is at hand, so that no other has to join. */
    ShardName anyShard() {
        if (forcedShard().isPresent()) {
            return forcedShard().get();
        }
        if (transaction.participants().isEmpty()) {
            return database.defaultShard();
        }
        return transaction.participants().contains(database.defaultShard())
                ? database.defaultShard()
                : transaction.participants().iterator().next();
    }

    /** Before anything is sent: a second shard must not be written to until commits can span two. */
    void requireOneWriter(ShardName shard, Access access) {
        Optional<ShardName> writer = transaction.writer().or(() -> implicitWriter);
        if (access == Access.WRITE
                && writer.filter(other -> !other.equals(shard)).isPresent()) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "a transaction that writes on several shards is not supported yet",
                            "It has written, or locked rows, on shard \"" + writer.get()
                                    + "\"; this statement would on shard \"" + shard + "\".",
                            "Commit first, or keep the transaction to keys of one shard.")
                    .toException();
        }
    }

    /** Tells a shard that joins the transaction what it has missed, in front of the statement that makes it join. */
    void enlist(Backend backend, Access access) {
        ShardName shard = backend.shard();
        if (transaction.isOpen() && !transaction.hasJoined(shard)) {
            requireOneSnapshot(List.of(backend));
            transaction.script().forEach(backend::sendHidden);
            backend.settingsAre(settings.made());
            transaction.join(shard);
        }
        if (access == Access.WRITE) {
            if (transaction.isOpen()) {
                transaction.wrote(shard);
            } else {
                implicitWriter = Optional.of(shard);
            }
        }
    }

    /** Snapshots of two shards are taken at two points in time: no isolation level above READ COMMITTED may mix them. */
    void requireOneSnapshot(List<Backend> needed) {
        if (!transaction.isOpen()) {
            return;
        }
        Set<ShardName> all = new LinkedHashSet<>(transaction.participants());
        needed.forEach(backend -> all.add(backend.shard()));
        if (all.size() < 2) {
            return;
        }
        Backend joining = needed.get(0);
        String level = transaction
                .isolationLevel()
                .or(() -> settings.made().statement(Backend.DEFAULT_ISOLATION).map(SessionTransaction::levelIn))
                .orElseGet(() -> joining.defaultOf(Backend.DEFAULT_ISOLATION));
        if (level.equals("repeatable read") || level.equals("serializable")) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "a transaction with isolation level " + level.toUpperCase(Locale.ROOT)
                                    + " that reaches several shards is not supported yet",
                            "With this statement it would run on the shards " + all + ".",
                            "Use READ COMMITTED, or keep the transaction to keys of one shard.")
                    .toException();
        }
    }

    void executes(Planned.Statement statement) {
        executing.add(statement);
    }

    /** Nothing but copy data is taken until {@code readies} backends are ready and their listener is done. */
    void busyUntilReady(int readies) {
        activity = Activity.BUSY;
        readiesToCome = readies;
    }

    void scatterTo(ScatterMerge merge) {
        scatter = Optional.of(merge);
    }

    Optional<ScatterMerge> scatter() {
        return scatter;
    }

    /** An own command waits for backends. */
    void busy() {
        activity = Activity.BUSY;
    }

    void available() {
        activity = Activity.AVAILABLE;
    }

    void settingsAre(Settings changed) {
        settings = changed;
    }

    /** The transaction has ended; what was set in it stays or goes with it. */
    void transactionEnded(boolean committed) {
        if (committed) {
            keepSettings();
        } else {
            revertSettings();
        }
        transaction.end();
        untold = Optional.empty();
        extended.onTransactionEnd();
        tellSchemaChange();
    }

    /** Others may have prepared statements under the old schema up to now. */
    private void tellSchemaChange() {
        if (changesSchema) {
            changesSchema = false;
            database.onSchemaChange();
        }
    }

    /** The settings as a savepoint keeps them: those of the session, and of each backend, which may have missed some. */
    private record Kept(Settings settings, Map<Backend, BackendSettings> made) {}

    Object settingsNow() {
        Map<Backend, BackendSettings> made = new HashMap<>();
        held.all().forEach(backend -> made.put(backend, backend.settings()));
        return new Kept(settings, made);
    }

    /** ROLLBACK TO; a shard that has joined since had its script run, and so the session's settings, at the savepoint. */
    void restore(Object savepoint) {
        Kept kept = (Kept) savepoint;
        settings = kept.settings();
        held.all().stream()
                .filter(backend -> transaction.hasJoined(backend.shard()))
                .forEach(backend -> backend.settingsAre(kept.made().getOrDefault(backend, settings.made())));
    }

    private void keepSettings() {
        settingsBefore = settings;
        held.all().forEach(Backend::keepSettings);
    }

    private void revertSettings() {
        settings = settingsBefore;
        held.all().forEach(Backend::revertSettings);
    }

    /** What a backend must have been told before it is used: the settings of now, or those the transaction began with. */
    Settings settingsFor(Backend backend) {
        return transaction.isOpen() && !transaction.hasJoined(backend.shard()) ? settingsBefore : settings;
    }

    /** Backends that nothing waits for go back to the pool. */
    void releaseUnused() {
        if (!closed
                && activity == Activity.AVAILABLE
                && !transaction.isOpen()
                && extended.isSynced()
                && !client().hasFrameWaiting()) {
            held.releaseIdle();
        }
    }

    TransactionStatus status() {
        return switch (transaction.state()) {
            case NONE -> TransactionStatus.IDLE;
            case OPEN -> TransactionStatus.IN_TRANSACTION;
            case FAILED -> TransactionStatus.FAILED;
        };
    }

    void writeReady() {
        implicitWriter = Optional.empty();
        executing.clear();
        extended.onSynced();
        if (!transaction.isOpen()) {
            keepSettings();
            held.releaseIdle();
        }
        output().write(ReadyMessages.of(status()));
    }

    void writeError(PgError error) {
        ByteBuf out = output().buffer();
        BackendMessages.error(out, Severity.ERROR, error);
        output().write(out);
    }

    // ---- answers from the backends -------------------------------------------------------------------------------

    @Override
    public void onBytes(Backend backend, ByteBuf owned) {
        if (closed || scatter.filter(ScatterMerge::isFailed).isPresent()) {
            owned.release();
            return;
        }
        client().write(owned);
        if (!client().isWritable()) {
            onClientWritability(false);
        }
    }

    @Override
    public void onRowDescription(Backend backend, ByteBuf borrowed, int frame) {
        try {
            scatter.orElseThrow().onRowDescription(backend, borrowed, frame);
        } catch (PgErrorException e) {
            scatterFailed(e.error());
        }
    }

    @Override
    public void onParameterDescription(Backend backend, ByteBuf borrowed, int frame) {
        throw new IllegalStateException("a scatter describes portals only");
    }

    @Override
    public void onDescribed(Backend backend, StatementKey statement, Visibility visibility, RowShape result) {
        extended.onDescribed(visibility, result);
    }

    @Override
    public void onStepComplete(Backend backend, byte tag) {
        scatter.orElseThrow().onStep(backend, tag);
    }

    @Override
    public void onCommandEnd(Backend backend, Visibility visibility, ByteBuf borrowed, int frame) {
        switch (visibility) {
            case ALL -> {
                if (changesResults(borrowed, frame)) {
                    database.onSchemaChange();
                    changesSchema = true;
                }
                Planned.Statement ended = executing.poll();
                if (ended != null && ended.plan() instanceof Plan.Session session) {
                    own.applyEffect(session.command(), ended.text(), backend);
                }
            }
            case ROWS -> scatter.orElseThrow().onCommandEnd(borrowed, frame);
            case NONE -> own.onCommandEnd(backend, borrowed, frame);
        }
    }

    /** Whether a command's tag says that statements prepared before may have another result now: ALTER ..., DROP ..., CREATE VIEW. */
    private static boolean changesResults(ByteBuf borrowed, int frame) {
        if (borrowed.getByte(frame) != BackendTag.COMMAND_COMPLETE) {
            return false;
        }
        int tag = frame + Frame.HEADER_BYTES;
        return switch (borrowed.getByte(tag)) {
            case 'A' -> borrowed.getByte(tag + 1) == 'L';
            case 'D' -> borrowed.getByte(tag + 1) == 'R';
            case 'C' -> borrowed.getByte(tag + 1) == 'R' && borrowed.getByte(tag + "CREATE ".length()) == 'V';
            default -> false;
        };
    }

    @Override
    public void onError(Backend backend, Visibility visibility, ByteBuf borrowed, int frame) {
        ErrorFields error = ErrorFields.read(FieldReader.ofFrame(borrowed, frame));
        if (error.isOutdatedPlan()) {
            database.onSchemaChange();
        }
        if (held.isPending(backend)) {
            held.onSettingsError(backend, notAdjusted(backend, error));
            return;
        }
        copyingIn = false;
        executing.clear();
        switch (visibility) {
            case ALL -> extended.onBackendError(backend);
            case ROWS -> {
                if (!scatter.orElseThrow().isFailed()) {
                    output().write(borrowed.retainedSlice(frame, 1 + borrowed.getInt(frame + 1)));
                    scatterFailed();
                    extended.onBackendError(backend);
                }
            }
            case NONE -> {
                if (!own.onError(backend, borrowed, frame) && extended.onHiddenError(backend)) {
                    output().write(borrowed.retainedSlice(frame, 1 + borrowed.getInt(frame + 1)));
                    if (scatter.isPresent()) {
                        scatterFailed();
                    }
                }
            }
        }
        if (transaction.isOpen()) {
            transaction.fail();
        } else {
            // Statements before it in the same query string or pipeline are rolled back, their SETs too.
            revertSettings();
        }
    }

    private static PgError notAdjusted(Backend backend, ErrorFields error) {
        return new PgError(
                SqlState.of(error.sqlState()).orElse(SqlState.CONNECTION_FAILURE),
                error.message(),
                "The session's settings could not be made on shard \"" + backend.shard() + "\".",
                "");
    }

    private void scatterFailed(PgError error) {
        writeError(error);
        scatterFailed();
    }

    /** The others need not go on: their rows would be thrown away. */
    private void scatterFailed() {
        scatter.orElseThrow().onError();
        cancelsOwn = true;
        cancel();
    }

    @Override
    public void onParseSkipped(Backend backend, StatementKey statement) {
        extended.onParseSkipped(statement);
    }

    @Override
    public void onCopyIn(Backend backend, boolean syncIgnored) {
        copyingIn = true;
        copyTarget = Optional.of(backend);
        if (syncIgnored) {
            // The client will send another, when it has sent its data.
            readiesToCome--;
            activity = Activity.AVAILABLE;
        }
        output().flush();
        // In the simple protocol the session is busy with the copy, and its data is taken all the same.
        resume();
    }

    @Override
    public void onReady(Backend backend, Visibility visibility, TransactionStatus status) {
        if (held.isPending(backend)) {
            held.onSettingsMade(backend);
            return;
        }
        if (visibility == Visibility.NONE && own.onReady(backend)) {
            return;
        }
        copyingIn = false;
        readiesToCome--;
        if (readiesToCome > 0) {
            return;
        }
        scatter = Optional.empty();
        if (status == TransactionStatus.IDLE) {
            tellSchemaChange();
        }
        if (status != TransactionStatus.IDLE && !transaction.isOpen()) {
            end(new PgError(SqlState.INTERNAL_ERROR, "a transaction was begun that the proxy does not know of"));
            return;
        }
        reconcile(status);
        answered();
    }

    /** The one shard of a transaction knows best where it stands: a procedure may have ended it. */
    private void reconcile(TransactionStatus status) {
        if (transaction.participants().size() > 1) {
            return;
        }
        if (status == TransactionStatus.FAILED) {
            transaction.fail();
        } else if (status == TransactionStatus.IDLE
                && !transaction.participants().isEmpty()) {
            transactionEnded(transaction.state() == SessionTransaction.State.OPEN);
        }
    }

    /** All of the query, or of the messages up to Sync, is answered. */
    private void answered() {
        if (cancelsOwn) {
            Optional<Backend> hit =
                    held.all().stream().filter(Backend::isBeingCancelled).findFirst();
            if (hit.isPresent()) {
                hit.get().afterCancels(() -> {
                    if (!closed) {
                        answered();
                        output().flush();
                    }
                });
                return;
            }
            cancelsOwn = false;
        }
        activity = Activity.AVAILABLE;
        writeReady();
        resume();
    }

    @Override
    public void onParameterStatus(Backend backend, String name, String value) {
        if (closed || starting.isPresent() || value.equals(reported.put(name, value))) {
            return;
        }
        ByteBuf out = output().buffer();
        BackendMessages.parameterStatus(out, name, value);
        output().write(out);
    }

    @Override
    public void onAsyncMessage(Backend backend, ByteBuf owned) {
        onBytes(backend, owned);
    }

    @Override
    public void onReadComplete(Backend backend) {
        if (closed) {
            return;
        }
        output().flush();
        if (waitsForQuiet && held.all().stream().noneMatch(Backend::hasOutstandingReplies)) {
            waitsForQuiet = false;
            resume();
        }
    }

    @Override
    public void onWritable(Backend backend) {
        resume();
    }

    @Override
    public void onClosed(Backend backend) {
        boolean awaited = backend.hasOutstandingReplies();
        boolean wasWaitingForReady = backend.isWaitingForReady();
        PgError error = lost(backend);
        boolean isPinned = held.isPinned(backend.shard());
        held.onClosed(backend, error);
        if (closed) {
            return;
        }
        if (isPinned || backend.isInsideMessage()) {
            // What only that connection had, or the rest of the message, cannot be had again.
            end(error);
            return;
        }
        boolean failsTransaction = transaction.hasJoined(backend.shard());
        if (own.onClosed(backend, error)) {
            output().flush();
            return;
        }
        if (failsTransaction) {
            transaction.fail();
            untold = awaited ? Optional.empty() : Optional.of(error);
        }
        if (awaited) {
            lostInUse(backend, error, wasWaitingForReady);
        }
        output().flush();
    }

    private void lostInUse(Backend backend, PgError error, boolean wasWaitingForReady) {
        executing.clear();
        copyingIn = false;
        if (scatter.isEmpty()) {
            writeError(error);
        } else if (!scatter.get().isFailed()) {
            scatterFailed(error);
        }
        extended.onBackendGone(backend);
        if (wasWaitingForReady) {
            readiesToCome--;
            if (readiesToCome <= 0) {
                scatter = Optional.empty();
                answered();
            }
        } else {
            resume();
        }
    }

    /** What is to be said of a shard that went away: a write that nobody confirmed may have happened. */
    private PgError lost(Backend backend) {
        boolean mayHaveCommitted = !transaction.isOpen()
                && implicitWriter.filter(backend.shard()::equals).isPresent();
        return mayHaveCommitted
                ? new PgError(
                        SqlState.TRANSACTION_RESOLUTION_UNKNOWN,
                        "connection to shard \"" + backend.shard() + "\" was lost while it was writing",
                        "The statement may have been committed or not.",
                        "Look at the rows before you try it again.")
                : new PgError(
                        SqlState.CONNECTION_FAILURE,
                        "connection to shard \"" + backend.shard() + "\" was lost",
                        "Nothing of the statement or transaction was committed there.",
                        "Try it again; the proxy connects anew when the server is back.");
    }

    /** A message of the proxy's own, behind the answers that are due before it. */
    void writeInOrder(ByteBuf owned, Optional<Backend> behind) {
        if (behind.filter(Backend::hasOutstandingReplies).isPresent()) {
            behind.get().answerInOrder(owned);
        } else {
            output().write(owned);
        }
    }

    /**
     * The end of the startup: a backend of any shard has taken the client's settings, and what it reports is passed on. Called
     * again by {@link #resume} until one is there.
     */
    private void start() {
        Optional<Backend> first = firstBackend();
        if (first.isEmpty() || starting.isEmpty()) {
            return;
        }
        starting = Optional.empty();
        ByteBuf out = output().buffer();
        reported.putAll(first.get().parameters());
        reported.forEach((name, value) -> BackendMessages.parameterStatus(out, name, value));
        BackendMessages.backendKeyData(out, id, sessions.add(this).bytes());
        output().write(out);
        if (settings.searchPath().isEmpty()) {
            settings = settings.withSearchPath(
                    resolved(SearchPath.parse(first.get().defaultOf(Backend.SEARCH_PATH))));
            initialSettings = settings;
            settingsBefore = settings;
        }
        writeReady();
        output().flush();
        activity = Activity.AVAILABLE;
    }

    /** The default shard's, or another's when that one is down: statements for the others must go on. */
    private Optional<Backend> firstBackend() {
        Iterator<ShardName> candidates = starting.orElseThrow();
        while (true) {
            try {
                return held.ready(startingAt);
            } catch (PgErrorException e) {
                if (!candidates.hasNext() || e.error().state() != SqlState.CANNOT_CONNECT_NOW) {
                    starting = Optional.empty();
                    refuseLogin(e.error());
                    return Optional.empty();
                }
                startingAt = candidates.next();
            }
        }
    }

    private void refuseLogin(PgError error) {
        end(error);
    }
}
