package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.ostraka.proxy.auth.ShardLogin;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.execute.ClientOutput;
import io.ostraka.proxy.execute.CopyInRun;
import io.ostraka.proxy.transaction.SessionTransaction;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendMessages.Severity;
import io.ostraka.proxy.wire.BindView;
import io.ostraka.proxy.wire.ClientEncoding;
import io.ostraka.proxy.wire.FrontendTag;
import io.ostraka.proxy.wire.TransactionStatus;
import io.ostraka.rules.config.LimitsConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
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
final class Session {
    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    private enum Activity {
        AVAILABLE,
        BUSY
    }

    private final int id;
    private final boolean hasLongCancelKey;
    private final Sessions sessions;
    private final ServedDatabase database;
    private final SessionSettings settings;
    private final SessionEncoding encoding = new SessionEncoding(this);
    private final DeadlockVictim victim = new DeadlockVictim(this);
    private final SessionSnapshot snapshot = new SessionSnapshot(this);
    private final SessionMoment moment = new SessionMoment(this);
    private final SerializableLocks locks;
    private final ShardChoice shards;
    private final Answers answers = new Answers(this);
    private final SessionTransaction transaction = new SessionTransaction();
    private final HeldBackends held;
    private final SimpleQuery simple;
    private final KeptStatements kept;
    private final ExtendedQuery extended;
    private final OwnCommands own;
    private final FailedBlock failedBlock = new FailedBlock(this);
    private final String shardUser;
    private final Combining combining;
    private final ShardRuns runs;
    private final Copying copying;
    private final Creating creating;
    private final Cursors cursors;
    private final Executions executions = new Executions(this);
    private final Questions questions = new Questions(this);

    private Optional<ClientConnection> client = Optional.empty();
    private Optional<CancelKey> cancelKey = Optional.empty();
    private Activity activity = Activity.AVAILABLE;

    private boolean waitsForQuiet;
    private boolean closed;
    /** A backend was lost between two statements of a transaction: the next one is told. */
    private Optional<PgError> untold = Optional.empty();
    /** Why the frame that is offered next is refused, when what came before it is answered. */
    private Optional<PgError> refusal = Optional.empty();
    /** Where the rest of a message goes that is passed on in pieces; nowhere if it was refused. */
    private Optional<Backend> receiving = Optional.empty();
    /** While the session starts. */
    private Optional<SessionStart> starting = Optional.empty();

    Session(
            Sessions sessions,
            ServedDatabase database,
            ShardLogin login,
            LimitsConfig limits,
            Settings initial,
            boolean hasLongCancelKey) {
        this.hasLongCancelKey = hasLongCancelKey;
        this.shardUser = login.user();
        this.id = sessions.nextId();
        this.sessions = sessions;
        this.database = database;
        this.held = new HeldBackends(
                this, shard -> database.pool(shard, login).on(client().loop()), database.poolsBySession());
        this.settings = new SessionSettings(login.user(), initial, transaction, held);
        this.locks = new SerializableLocks(this);
        this.shards = new ShardChoice(this, victim::joined);
        this.own = new OwnCommands(this);
        this.runs = new ShardRuns(this);
        this.combining = new Combining(this, HeldBackends.apart(this, shard -> database.pool(shard, login)
                .on(client().loop())));
        this.copying = new Copying(this, limits.collectedMessage());
        this.creating = new Creating(this, limits.collectedMessage());
        this.cursors = new Cursors(this, limits.portals());
        this.simple = new SimpleQuery(this);
        this.kept = new KeptStatements(this);
        this.extended = new ExtendedQuery(this, limits);
    }

    /** The client is logged in: brings the session to its first ReadyForQuery. */
    void start(ClientConnection connection) {
        client = Optional.of(connection);
        activity = Activity.BUSY;
        starting = Optional.of(new SessionStart(this, sessions, hasLongCancelKey));
        start();
    }

    int id() {
        return id;
    }

    /** As whom its backends have logged in. */
    String shardUser() {
        return shardUser;
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

    FailedBlock failedBlock() {
        return failedBlock;
    }

    Combining combining() {
        return combining;
    }

    DeadlockVictim victim() {
        return victim;
    }

    ShardRuns runs() {
        return runs;
    }

    /** Those among which the backend is. */
    HeldBackends holderOf(Backend backend) {
        return combining.isHolding(backend) ? combining.apart() : held;
    }

    ExtendedQuery extended() {
        return extended;
    }

    Statements statements() {
        return extended.statements();
    }

    Settings settings() {
        return settings.now();
    }

    /** How the client's texts are encoded, and those of its backends. */
    ClientEncoding encoding() {
        return encoding.now();
    }

    SessionEncoding encodingState() {
        return encoding;
    }

    SessionSettings settingState() {
        return settings;
    }

    SessionSnapshot snapshot() {
        return snapshot;
    }

    SessionMoment moment() {
        return moment;
    }

    SerializableLocks locks() {
        return locks;
    }

    ShardChoice shards() {
        return shards;
    }

    Copying copying() {
        return copying;
    }

    Creating creating() {
        return creating;
    }

    Executions executions() {
        return executions;
    }

    Cursors cursors() {
        return cursors;
    }

    KeptStatements kept() {
        return kept;
    }

    Questions questions() {
        return questions;
    }

    Answers answers() {
        return answers;
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
        if (isCopyingIn() && tag != FrontendTag.TERMINATE) {
            return onMessageDuringCopy(tag);
        }
        if (activity == Activity.BUSY) {
            return false;
        }
        if (refusal.isPresent()) {
            return refuse(refusal.get(), tag);
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
        refusal = Optional.of(error);
        PgError first = error;
        try {
            // What was parsed before it is answered before it.
            if (!statements().answerParse()) {
                return false;
            }
        } catch (PgErrorException e) {
            first = e.error();
        }
        if (!isQuiet()) {
            return false;
        }
        questions.clear();
        refusal = Optional.empty();
        boolean isAnswered = extended.pipeline().isSkipping();
        if (!isAnswered) {
            transaction.fail();
            extended.fail(first);
        }
        if (tag == FrontendTag.QUERY || tag == FrontendTag.FUNCTION_CALL) {
            simple.abandon();
            if (!isAnswered) {
                extended.pipeline().sync();
            }
        } else if (tag == FrontendTag.SYNC) {
            extended.pipeline().sync();
        }
        return true;
    }

    /** What has become of a message of which only the beginning is there. */
    enum Beginning {
        /** Taken: {@link #onPiece} wants the rest. */
        TAKEN,
        /** Not yet: offer it again after {@link #resume}. */
        LATER,
        /** There must be more of it, if not all, to know where it goes. */
        TOO_SHORT
    }

    /** The same as {@link #onFrame} for a frame of which only {@code available} bytes are there. */
    Beginning onBeginning(ByteBuf borrowed, int frame, int available) {
        receiving = Optional.empty();
        byte tag = borrowed.getByte(frame);
        if (tag == FrontendTag.COPY_DATA) {
            if (onCopy(borrowed, frame, available, tag)) {
                receiving = answers.isCopyingIn() ? Optional.of(answers.copyTarget()) : Optional.empty();
                return Beginning.TAKEN;
            }
            return Beginning.LATER;
        }
        if (isCopyingIn()) {
            onMessageDuringCopy(tag);
            return Beginning.TAKEN;
        }
        if (activity == Activity.BUSY) {
            return Beginning.LATER;
        }
        if (extended.pipeline().isSkipping()) {
            return Beginning.TAKEN;
        }
        if (refusal.isPresent()) {
            return refuse(refusal.get(), tag) ? Beginning.TAKEN : Beginning.LATER;
        }
        try {
            if (tag == FrontendTag.BIND) {
                return extended.onBeginningOfBind(borrowed, frame, available) ? Beginning.TAKEN : Beginning.LATER;
            } else if (tag == FrontendTag.FUNCTION_CALL) {
                return simple.onFunctionCall(borrowed, frame, available) ? Beginning.TAKEN : Beginning.LATER;
            }
            return Beginning.TOO_SHORT;
        } catch (BindView.NotHereYet e) {
            return Beginning.TOO_SHORT;
        } catch (PgErrorException e) {
            return refuse(e.error(), tag) ? Beginning.TAKEN : Beginning.LATER;
        }
    }

    /** A message that is not read whole is refused; what comes of it goes nowhere. */
    Beginning refuseBeginning(PgError error, byte tag) {
        receiving = Optional.empty();
        if (activity == Activity.BUSY) {
            return Beginning.LATER;
        }
        return extended.pipeline().isSkipping() || refuse(error, tag) ? Beginning.TAKEN : Beginning.LATER;
    }

    /** The rest of the message that is being taken goes to this backend. */
    void receives(Backend backend) {
        receiving = Optional.of(backend);
    }

    private boolean isCopyingIn() {
        return answers.isCopyingIn()
                || copying.in().filter(CopyInRun::isCopying).isPresent();
    }

    /** More of the message that was begun. */
    void onPiece(ByteBuf borrowed, int start, int bytes) {
        if (copying.in().isPresent()) {
            copying.in().get().onData(borrowed, start, bytes);
            return;
        }
        receiving.filter(Backend::isOpen).ifPresent(backend -> backend.sendPiece(borrowed, start, bytes));
    }

    private boolean onCopy(ByteBuf borrowed, int frame, int bytes, byte tag) {
        if (copying.in().isPresent()) {
            return copying.in().get().onMessage(borrowed, frame, bytes, tag);
        }
        if (!answers.isCopyingIn()) {
            // Perhaps the answer that starts the copy is still to come. As in PostgreSQL, what is left of a copy that
            // has
            // failed is thrown away.
            return activity == Activity.AVAILABLE && isQuiet();
        }
        answers.copyTarget().sendCopy(borrowed, frame, bytes);
        if (tag != FrontendTag.COPY_DATA) {
            answers.copyDataEnded();
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
        copying.in().ifPresent(CopyInRun::onReadEnd);
        held.all().forEach(Backend::flush);
        output().flush();
    }

    void onProtocolViolation(String message) {
        if (!closed) {
            end(BackendMessages.protocolViolation(message));
        }
    }

    /** Tells the client why, if it can be told now, and ends the session. */
    void end(PgError reason) {
        if (held.all().stream().noneMatch(Backend::isInsideMessage)) {
            ByteBuf out = output().buffer();
            BackendMessages.error(out, Severity.FATAL, reason, encoding());
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
        combining.all().forEach(backend -> backend.setReading(writable));
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
        answers.close();
        extended.portals().clear();
        cursors.clear();
        victim.ended();
        snapshot.release();
        moment.abandon();
        cancel();
        runs.close();
        combining.close();
        held.close();
        cancelKey.ifPresent(sessions::remove);
    }

    /** Tells the client that the server stops, and closes; unless {@code always}, only between transactions. */
    void shutDown(boolean always) {
        loop().execute(() -> {
            boolean isInUse = activity == Activity.BUSY
                    || transaction.isOpen()
                    || !extended.pipeline().isSynced();
            if (!closed && (always || !isInUse)) {
                end(new PgError(SqlState.ADMIN_SHUTDOWN, "terminating connection due to administrator command"));
            }
        });
    }

    EventLoop loop() {
        return client().loop();
    }

    /** Its transaction, if it has one. */
    Optional<SessionReport> report(int pid) {
        if (closed || !transaction.isOpen()) {
            return Optional.empty();
        }
        return Optional.of(new SessionReport(
                id,
                pid,
                shardUser,
                database.name(),
                transaction.state(),
                List.copyOf(transaction.participants()),
                List.copyOf(transaction.writers()),
                victim.since()));
    }

    /**
     * Cancels what runs now, on each shard where something does. Completes, always normally, when nothing that comes after can be hit
     * by it.
     */
    CompletableFuture<Void> cancel() {
        if (runs.cancel()) {
            return CompletableFuture.completedFuture(null);
        }
        return CompletableFuture.allOf(held.all().stream()
                .filter(Backend::hasOutstandingReplies)
                .map(database::cancel)
                .toArray(CompletableFuture<?>[]::new));
    }

    // ---- what the protocols share --------------------------------------------------------------------------------

    /** Nothing more is run of the query string. */
    void leaveString() {
        simple.several().leave();
    }

    /** Whether another statement of the same query string follows the one that runs. */
    boolean hasMoreStatements() {
        return simple.several().hasMore();
    }

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

    /** What was sent may all be answered now: a frame that waited for it is worth offering again. */
    void onQuiet() {
        if (waitsForQuiet && held.all().stream().noneMatch(Backend::hasOutstandingReplies)) {
            waitsForQuiet = false;
            resume();
        }
    }

    /** Like {@link #isQuiet}, but {@code target} may go on answering. */
    boolean isQuietBut(Backend target) {
        for (Backend backend : held.all()) {
            if (backend != target && backend.hasOutstandingReplies()) {
                return isQuiet();
            }
        }
        return true;
    }

    /** How the session's texts are read. */
    StringSyntax syntax() {
        return new StringSyntax(this);
    }

    /** Of what the client has said, see {@link StringSyntax#read}. */
    Planned plan(String text) {
        Optional<ShardName> forced = shards.forcedShard();
        return forced.isPresent()
                ? database.plans().planOn(forced.get(), text)
                : database.plans().plan(text, settings.now().searchPath());
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

    /** What the next statement of the transaction is to be told. */
    void tellLater(Optional<PgError> lost) {
        untold = lost;
    }

    boolean isClosed() {
        return closed;
    }

    boolean isStarting() {
        return starting.isPresent();
    }

    boolean isClientWritable() {
        return client().isWritable();
    }

    /** An own command waits for backends. */
    void busy() {
        activity = Activity.BUSY;
    }

    /** Whether a Query is being answered, behind which nothing was taken. */
    boolean isInQuery() {
        return activity == Activity.BUSY && extended.pipeline().isSynced();
    }

    void available() {
        activity = Activity.AVAILABLE;
    }

    /** The transaction has ended; what was set in it stays or goes with it. */
    void transactionEnded(boolean committed) {
        if (committed) {
            settings.keep();
        } else {
            settings.revert();
        }
        transaction.end();
        cursors.onTransactionEnd(committed);
        victim.ended();
        snapshot.release();
        untold = Optional.empty();
        extended.onTransactionEnd();
        locks.onTransactionEnd();
        answers.tellSchemaChange();
    }

    /** Backends that nothing waits for go back to the pool. */
    void releaseUnused() {
        if (!closed
                && activity == Activity.AVAILABLE
                && !transaction.isOpen()
                && extended.pipeline().isSynced()
                && !client().hasFrameWaiting()) {
            snapshot.release();
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
        if (answers.readsOtherwise()) {
            end(StringSyntax.unsupported());
            return;
        }
        if (simple.several().goesOn()) {
            return;
        }
        if (transaction.isImplicit()) {
            own.endImplicit(Optional.empty());
            return;
        }
        shards.onReady();
        answers.onSynced();
        extended.onSynced();
        if (!transaction.isOpen()) {
            snapshot.release();
            settings.keep();
            held.releaseIdle();
        }
        answers.passHeld();
        output().write(ReadyMessages.of(status()));
    }

    void writeError(PgError error) {
        ByteBuf out = output().buffer();
        BackendMessages.error(out, Severity.ERROR, error, encoding());
        output().write(out);
    }

    /** A message of the proxy's own, behind the answers that are due before it. */
    void writeInOrder(ByteBuf owned, Optional<Backend> behind) {
        if (behind.filter(Backend::hasOutstandingReplies).isPresent()) {
            behind.get().answerInOrder(owned);
        } else {
            output().write(owned);
        }
    }

    private void start() {
        Optional<CancelKey> told = starting.orElseThrow().proceed();
        if (told.isEmpty() || closed) {
            return;
        }
        starting = Optional.empty();
        cancelKey = told;
        held.all().stream()
                .findFirst()
                .ifPresent(first -> shards.defaultIsolationIs(first.defaultOf(Backend.DEFAULT_ISOLATION)));
        writeReady();
        output().flush();
        activity = Activity.AVAILABLE;
    }
}
