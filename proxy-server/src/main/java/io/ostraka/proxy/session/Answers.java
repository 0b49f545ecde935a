package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.BackendListener;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.execute.ScatterMerge;
import io.ostraka.proxy.transaction.SessionTransaction;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.ClientEncoding;
import io.ostraka.proxy.wire.CommandTag;
import io.ostraka.proxy.wire.ErrorFields;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.proxy.wire.Frame;
import io.ostraka.proxy.wire.RowShape;
import io.ostraka.proxy.wire.TransactionStatus;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.ServerChange;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What the backends of one {@link Session} answer, on its way to the client: rows as they come, errors and endings with what
 * they mean for the session. Confined to the session's event loop.
 */
final class Answers implements BackendListener {
    private final Session session;
    /** Statements sent whose end has not come, for what they do to the session when it does. */
    private final ArrayDeque<Planned.Statement> executing = new ArrayDeque<>();
    /** What the client knows of the settings that servers report. */
    private final Map<String, String> reported = new HashMap<>();
    /** What it was told first. */
    private Map<String, String> firstReport = Map.of();

    /** Settings that were reported while statements of a query string were still to come: the client is told what they are at its end. */
    private final Map<String, String> reportedInString = new LinkedHashMap<>();

    /** Messages that came while the session carried out a command, and stand before its ReadyForQuery; owned. */
    private final ArrayDeque<ByteBuf> held = new ArrayDeque<>();

    private Optional<ScatterMerge> scatter = Optional.empty();
    private Optional<PortalFetch> fetch = Optional.empty();
    private int readiesToCome;
    private boolean copyingIn;
    private Optional<Backend> copyTarget = Optional.empty();
    /** Whether the session itself has cancelled statements: what comes next must not be hit. */
    private boolean cancelsOwn;
    /** What the server says of {@link StringSyntax#SETTING}. */
    private boolean isSyntaxOn = true;
    /** Whether the transaction has changed the schema. */
    private boolean changesSchema;
    /** Whether the transaction has changed what new connections begin with. */
    private boolean changesDefaults;
    /** Whether it, or one before it that was undone, has changed roles. */
    private boolean changesRoles;

    Answers(Session session) {
        this.session = session;
    }

    /** The settings that a new client is told of. */
    Map<String, String> firstReport(Map<String, String> parameters) {
        reported.putAll(parameters);
        firstReport = Map.copyOf(reported);
        return reported;
    }

    /** All settings are as at the session's start, which a backend that is lent to it next may not tell of any more. */
    void reportFirstAgain() {
        firstReport.forEach((name, value) -> {
            if (!value.equals(reported.put(name, value))) {
                held.add(parameterStatus(name, value));
            }
        });
    }

    private ByteBuf parameterStatus(String name, String value) {
        ByteBuf out = session.output().buffer();
        BackendMessages.parameterStatus(out, name, value, session.encoding());
        return out;
    }

    boolean isCopyingIn() {
        return copyingIn;
    }

    Backend copyTarget() {
        return copyTarget.orElseThrow();
    }

    /** The client has said the last of its copy data. */
    void copyDataEnded() {
        copyingIn = false;
    }

    /** Nothing that was sent waits for its end. */
    void onSynced() {
        executing.clear();
    }

    void executes(Planned.Statement statement) {
        executing.add(statement);
        Optional<ServerChange> change = changeOf(statement);
        if (change.isPresent() && change.get() instanceof ServerChange.DropDatabase drop) {
            session.database().leave(drop.names());
        }
    }

    private static Optional<ServerChange> changeOf(Planned.Statement statement) {
        return statement.plan() instanceof Plan.Forward forward ? forward.change() : Optional.empty();
    }

    /** Nothing but copy data is taken until {@code readies} backends are ready and their listener is done. */
    void busyUntilReady(int readies) {
        session.busy();
        readiesToCome = readies;
    }

    void scatterTo(ScatterMerge merge) {
        scatter = Optional.of(merge);
    }

    /** What comes next is one shard's, and is passed on as it is. */
    void scatterEnds() {
        scatter = Optional.empty();
    }

    /** The client is gone. */
    void close() {
        scatter.ifPresent(ScatterMerge::close);
        held.forEach(ByteBuf::release);
        held.clear();
    }

    /** Whom the ends of the shards' portals are told, while some rows of several shards are fetched. */
    void fetches(Optional<PortalFetch> some) {
        fetch = some;
    }

    Optional<ScatterMerge> scatter() {
        return scatter;
    }

    @Override
    public void onBytes(Backend backend, ByteBuf owned) {
        if (session.questions().hears(backend)) {
            session.questions().onBytes(owned);
            return;
        }
        if (session.isClosed() || scatter.filter(ScatterMerge::isFailed).isPresent()) {
            owned.release();
            return;
        }
        if (scatter.isPresent()) {
            scatter(scatter.get(), backend, owned);
        } else {
            session.output().write(owned);
        }
        if (!session.isClientWritable()) {
            session.onClientWritability(false);
        }
    }

    private void scatter(ScatterMerge merge, Backend backend, ByteBuf owned) {
        try {
            merge.onBytes(backend, owned);
        } catch (PgErrorException e) {
            scatterFailed(e.error());
            session.transaction().fail();
        }
    }

    @Override
    public void onRowDescription(Backend backend, ByteBuf borrowed, int frame) {
        if (session.questions().hears(backend)) {
            session.questions().onRowDescription(borrowed, frame);
            return;
        }
        try {
            scatter.orElseThrow().onRowDescription(backend, borrowed, frame);
        } catch (PgErrorException e) {
            scatterFailed(e.error());
        }
    }

    @Override
    public void onParameterDescription(Backend backend, ByteBuf borrowed, int frame) {
        session.questions().onParameterDescription(borrowed, frame);
    }

    @Override
    public void onDescribed(Backend backend, StatementKey statement, Visibility visibility, RowShape result) {
        if (!session.questions().hears(backend)) {
            session.statements().onDescribed(visibility, result);
        }
    }

    @Override
    public boolean triesAgain(Backend backend, ErrorFields error, boolean isDescribed) {
        boolean again = session.kept().bindsAgain(backend, error, isDescribed);
        if (again) {
            readiesToCome++;
            session.extended().portals().bindsAgain();
        }
        return again;
    }

    @Override
    public Optional<String> nameOf(StatementKey statement) {
        return session.statements().nameOf(statement);
    }

    @Override
    public void onStepComplete(Backend backend, byte tag) {
        if (!session.questions().hears(backend)) {
            scatter.orElseThrow().onStep(backend, tag);
        }
    }

    @Override
    public void onCommandEnd(Backend backend, Visibility visibility, ByteBuf borrowed, int frame) {
        if (session.transaction().isOpen()) {
            noteEffect(backend, visibility, borrowed, frame);
        }
        switch (visibility) {
            case ALL, BUT_ERRORS -> {
                onTag(borrowed, frame);
                Planned.Statement ended = executing.poll();
                if (ended != null) {
                    applyEffect(ended, backend);
                }
            }
            case ROWS -> {
                if (session.questions().hears(backend)) {
                    session.questions().onCommandEnd();
                    return;
                }
                onTag(borrowed, frame);
                try {
                    if (fetch.isPresent()) {
                        fetch.get().onEnd(backend, borrowed, frame);
                    } else {
                        scatter.orElseThrow().onCommandEnd(backend, borrowed, frame);
                    }
                } catch (PgErrorException e) {
                    scatterFailed(e.error());
                    session.transaction().fail();
                }
            }
            case NONE -> session.own().rounds().onCommandEnd(backend, borrowed, frame);
        }
    }

    private void applyEffect(Planned.Statement ended, Backend backend) {
        if (ended.plan() instanceof Plan.Session command) {
            session.own().applyEffect(command.command(), ended.text(), backend);
        }
        changesRoles |=
                changeOf(ended).filter(ServerChange.Roles.class::isInstance).isPresent();
    }

    private void noteEffect(Backend backend, Visibility visibility, ByteBuf borrowed, int frame) {
        if (CommandTag.hasChangedRows(borrowed, frame)) {
            session.transaction().changed(backend.shard());
        } else if (visibility != Visibility.NONE && CommandTag.mayLockOutReaders(borrowed, frame)) {
            session.transaction().changesTables();
        }
    }

    private void onTag(ByteBuf borrowed, int frame) {
        if (!mayChangeMuch(borrowed, frame)) {
            return;
        }
        String tag = FieldReader.ofFrame(borrowed, frame).string();
        // Who may log in to a database that is in the file can be read once it is there.
        changesRoles |= tag.endsWith(" ROLE") || tag.equals("CREATE DATABASE");
        if (tag.equals("CREATE ROLE") || tag.startsWith("CREATE D")) {
            return;
        }
        session.database().onSchemaChange();
        changesSchema = true;
        if (tag.equals("ALTER ROLE") || tag.equals("ALTER DATABASE")) {
            // New connections begin otherwise.
            session.database().onDefaultsChange();
            changesDefaults = true;
        }
    }

    /** Whether roles were changed that the proxy has not read since. */
    boolean takeRoleChange() {
        boolean taken = changesRoles;
        changesRoles = false;
        return taken;
    }

    /**
     * Whether a command's tag says that statements prepared before may have another result now, or others may log in: ALTER ..., DROP
     * ..., CREATE VIEW, CREATE ROLE, CREATE DATABASE.
     */
    private static boolean mayChangeMuch(ByteBuf borrowed, int frame) {
        if (borrowed.getByte(frame) != BackendTag.COMMAND_COMPLETE) {
            return false;
        }
        int tag = frame + Frame.HEADER_BYTES;
        return switch (borrowed.getByte(tag)) {
            case 'A' -> borrowed.getByte(tag + 1) == 'L';
            case 'D' -> borrowed.getByte(tag + 1) == 'R';
            case 'C' ->
                borrowed.getByte(tag + 1) == 'R' && isViewRoleOrDatabase(borrowed.getByte(tag + "CREATE ".length()));
            default -> false;
        };
    }

    /** VIEW, ROLE, DATABASE, and what else begins as they do. */
    private static boolean isViewRoleOrDatabase(byte letter) {
        return letter == 'V' || letter == 'R' || letter == 'D';
    }

    @Override
    public void onError(Backend backend, Visibility visibility, ByteBuf borrowed, int frame) {
        ErrorFields error = ErrorFields.read(FieldReader.ofFrame(borrowed, frame));
        if (error.isOutdatedPlan()) {
            session.database().onSchemaChange();
        }
        if (session.holderOf(backend).isPending(backend)) {
            session.holderOf(backend).onSettingsError(backend, notAdjusted(backend, error));
            return;
        }
        if (visibility == Visibility.NONE && session.kept().queriesAgain(backend, error)) {
            readiesToCome++;
            return;
        }
        boolean isInFrontOfQuestion = session.questions().hears(backend);
        if (isInFrontOfQuestion) {
            if (visibility == Visibility.ROWS) {
                session.questions().onError(backend, borrowed, frame);
                return;
            }
            // The client's own Parse has failed.
            session.questions().clear();
        }
        copyingIn = false;
        executing.clear();
        Optional<PgError> instead = backend.takeReplacement(error);
        switch (visibility) {
            case ALL, BUT_ERRORS -> {
                instead.ifPresent(session::writeError);
                session.extended().onBackendError(backend);
            }
            case ROWS -> {
                if (!scatter.orElseThrow().isFailed()) {
                    instead.ifPresentOrElse(session::writeError, () -> writeError(backend, borrowed, frame));
                    scatterFailed();
                    session.extended().onBackendError(backend);
                }
            }
            case NONE -> {
                if (!session.own().rounds().onError(backend, borrowed, frame)
                        && session.extended().onHiddenError(backend)
                        // Else the client has been told why, and this is the cancel that followed.
                        && scatter.filter(ScatterMerge::isFailed).isEmpty()) {
                    instead.or(() -> session.snapshot().gone(error))
                            .or(() -> session.locks().refused(error))
                            .ifPresentOrElse(session::writeError, () -> writeError(backend, borrowed, frame));
                    if (scatter.isPresent()) {
                        scatterFailed();
                    }
                }
            }
        }
        if (session.transaction().isOpen()) {
            session.transaction().fail();
        } else {
            // Statements before it in the same query string or pipeline are rolled back, their SETs too.
            session.settingState().revert();
        }
        if (isInFrontOfQuestion) {
            // The Bind that waits for the answer is to be skipped, and nothing else will come from this backend before
            // Sync.
            session.resume();
        }
    }

    /** As it came; with the place in the client's text, when the shard has got another one. */
    private void writeError(Backend backend, ByteBuf borrowed, int frame) {
        Optional<ScatterMerge.Places> places = scatter.flatMap(ScatterMerge::places);
        if (places.isEmpty()) {
            session.output().write(borrowed.retainedSlice(frame, 1 + borrowed.getInt(frame + 1)));
            return;
        }
        ByteBuf out = session.output().buffer();
        ErrorFields.copyWithPosition(
                out, borrowed, frame, position -> places.get().inClients(backend.shard(), position));
        session.output().write(out);
    }

    private static PgError notAdjusted(Backend backend, ErrorFields error) {
        return new PgError(
                SqlState.of(error.sqlState()).orElse(SqlState.CONNECTION_FAILURE),
                error.message(),
                "The session's settings could not be made on shard \"" + backend.shard() + "\".",
                "");
    }

    /** A shard is gone while another's rows were fetched. */
    void fetchFailed(Backend backend) {
        scatterFailed(lost(backend));
        session.extended().onBackendError(backend);
    }

    private void scatterFailed(PgError error) {
        session.writeError(error);
        scatterFailed();
    }

    /** Ends what runs on one backend; the client is told {@code reason}. */
    void cancel(Backend backend, PgError reason) {
        backend.replaceCancelError(reason);
        cancelsOwn = true;
        session.database().cancel(backend);
    }

    /** The others need not go on: their rows would be thrown away. */
    private void scatterFailed() {
        scatter.orElseThrow().onError();
        fetch = Optional.empty();
        cancelsOwn = true;
        session.cancel();
    }

    @Override
    public void onParseSkipped(Backend backend, StatementKey statement, boolean isRefused) {
        session.statements().onParseSkipped(statement, isRefused);
    }

    @Override
    public void onBindSkipped(Backend backend) {
        session.extended().portals().onBindSkipped();
    }

    @Override
    public void onCloseSkipped(Backend backend, StatementKey statement) {
        session.statements().onCloseSkipped(statement);
    }

    @Override
    public void onCopyOut(Backend backend, ByteBuf borrowed, int frame) {
        throw new IllegalStateException("a scatter copies nothing");
    }

    @Override
    public void onCopyIn(Backend backend, ByteBuf borrowed, int frame, boolean syncIgnored) {
        copyingIn = true;
        copyTarget = Optional.of(backend);
        if (syncIgnored) {
            // The client will send another, when it has sent its data.
            readiesToCome--;
            session.available();
        }
        session.output().flush();
        // In the simple protocol the session is busy with the copy, and its data is taken all the same.
        session.resume();
    }

    @Override
    public void onReady(Backend backend, Visibility visibility, TransactionStatus status) {
        if (session.holderOf(backend).isPending(backend)) {
            session.holderOf(backend).onSettingsMade(backend);
            return;
        }
        if (session.questions().hears(backend)) {
            session.questions().onReady();
            return;
        }
        if (visibility == Visibility.NONE && session.own().rounds().onReady(backend)) {
            return;
        }
        copyingIn = false;
        readiesToCome--;
        if (readiesToCome > 0) {
            return;
        }
        session.kept().ended();
        if (endsImplicit()) {
            return;
        }
        scatter = Optional.empty();
        if (status == TransactionStatus.IDLE) {
            tellSchemaChange();
        }
        if (status != TransactionStatus.IDLE
                && !session.transaction().isOpen()
                && session.snapshot().isHeld()) {
            // A cancel has hit the end of a read at one time.
            session.own().rounds().start(session.held().all(), "ROLLBACK", false, this::answered);
            return;
        }
        if (status != TransactionStatus.IDLE && !session.transaction().isOpen()) {
            session.end(
                    new PgError(SqlState.INTERNAL_ERROR, "a transaction was begun that the proxy does not know of"));
            return;
        }
        reconcile(status);
        if (!session.transaction().isOpen() && takeRoleChange()) {
            session.busy();
            session.database().readRoles().thenRun(() -> session.loop().execute(this::answeredLater));
        } else {
            answered();
        }
    }

    private void answeredLater() {
        if (!session.isClosed()) {
            answered();
            session.output().flush();
        }
    }

    /** A block of the session's own is over when all of its statement is answered: it is committed first. */
    private boolean endsImplicit() {
        if (!session.transaction().isImplicit()) {
            return false;
        }
        if (session.hasMoreStatements() && session.status() != TransactionStatus.FAILED) {
            return false;
        }
        Optional<ByteBuf> tag = scatter.flatMap(ScatterMerge::takeTag);
        scatter = Optional.empty();
        afterOwnCancels(() -> session.own().endImplicit(tag));
        return true;
    }

    /** The one shard of a transaction knows best where it stands: a procedure may have ended it. */
    private void reconcile(TransactionStatus status) {
        if (session.transaction().participants().size() > 1) {
            return;
        }
        if (status == TransactionStatus.FAILED) {
            session.transaction().fail();
        } else if (status == TransactionStatus.IDLE
                && !session.transaction().participants().isEmpty()) {
            session.transactionEnded(session.transaction().state() == SessionTransaction.State.OPEN);
        }
    }

    /** All of the query, or of the messages up to Sync, is answered. */
    private void answered() {
        afterOwnCancels(() -> {
            session.available();
            session.writeReady();
            session.resume();
        });
    }

    /** What is sent next must not be hit by a cancel that was meant for what came before. */
    private void afterOwnCancels(Runnable then) {
        if (cancelsOwn) {
            Optional<Backend> hit = session.held().all().stream()
                    .filter(Backend::isBeingCancelled)
                    .findFirst();
            if (hit.isPresent()) {
                hit.get().afterCancels(() -> {
                    if (!session.isClosed()) {
                        afterOwnCancels(then);
                        session.output().flush();
                    }
                });
                return;
            }
            cancelsOwn = false;
            session.held().all().forEach(Backend::forgetCancelError);
        }
        then.run();
    }

    @Override
    public void onParameterStatus(Backend backend, String name, String value) {
        if (session.isClosed() || session.isStarting() || session.combining().isHolding(backend)) {
            // What is set beside the session's transaction was set in it before, or is for a moment.
            return;
        }
        if (name.equals(SearchPath.NAME) && !session.held().isPending(backend)) {
            session.settingState().onPathReported(backend, value);
        }
        if (name.equals(ClientEncoding.SETTING)) {
            session.encodingState().onReported(backend, value);
            tellInTime(name, session.encoding().name());
            return;
        }
        tellInTime(name, value);
        if (name.equals(StringSyntax.SETTING)) {
            isSyntaxOn = value.equals("on");
        }
    }

    /**
     * Whether the server reads string constants otherwise than the session: a function has told it to. In a block that has failed
     * it has returned already to what it will be after the block.
     */
    boolean readsOtherwise() {
        return isSyntaxOn == session.settings().made().backslashesEscape()
                && session.status() != TransactionStatus.FAILED;
    }

    private void tellInTime(String name, String value) {
        reportedInString.remove(name);
        if (session.hasMoreStatements()) {
            reportedInString.put(name, value);
        } else if (!value.equals(reported.put(name, value))) {
            tell(name, value);
        }
    }

    private void tell(String name, String value) {
        if (session.own().rounds().isRunning()) {
            // PostgreSQL sends it behind the end of the command.
            held.add(parameterStatus(name, value));
        } else {
            session.output().write(parameterStatus(name, value));
        }
    }

    @Override
    public void onAsyncMessage(Backend backend, ByteBuf owned) {
        if (session.questions().hears(backend)) {
            session.output().write(owned);
        } else if (session.own().rounds().isRunning()) {
            // PostgreSQL sends it behind the end of the command.
            held.add(owned);
        } else {
            onBytes(backend, owned);
        }
    }

    /** Before ReadyForQuery: what came while the session carried out a command. */
    void passHeld() {
        if (!reportedInString.isEmpty()) {
            reportedInString.forEach((name, value) -> {
                if (!value.equals(reported.put(name, value))) {
                    held.add(parameterStatus(name, value));
                }
            });
            reportedInString.clear();
        }
        while (!held.isEmpty()) {
            session.output().write(held.remove());
        }
    }

    @Override
    public void onReadComplete(Backend backend) {
        if (session.isClosed()) {
            return;
        }
        session.output().flush();
        session.onQuiet();
    }

    @Override
    public void onWritable(Backend backend) {
        session.resume();
    }

    @Override
    public void onClosed(Backend backend) {
        boolean awaited = backend.hasOutstandingReplies();
        int awaitedReadies = backend.awaitedReadies();
        boolean isApart = session.combining().isHolding(backend);
        PgError error = forget(backend);
        if (session.isClosed() || isApart) {
            return;
        }
        boolean failsTransaction = session.transaction().hasJoined(backend.shard());
        if (session.own().rounds().onClosed(backend, error)) {
            session.output().flush();
            return;
        }
        // What it did since the last Sync is undone, though it has answered.
        boolean undoes = !awaited && session.extended().pipeline().undoes(backend);
        if (failsTransaction) {
            boolean hadFailed = session.transaction().state() == SessionTransaction.State.FAILED;
            session.transaction().fail();
            if (awaited || undoes) {
                session.tellLater(Optional.empty());
            } else if (!hadFailed) {
                session.tellLater(Optional.of(error));
            }
        }
        if (session.questions().hears(backend)) {
            session.questions().onClosed(error);
        } else if (awaited || undoes) {
            lostInUse(backend, error, awaitedReadies);
        }
        session.output().flush();
    }

    /** A backend is gone; the session may end with it. Returns what the client is to be told. */
    PgError forget(Backend backend) {
        PgError error = lost(backend);
        HeldBackends holder = session.holderOf(backend);
        boolean isPinned = holder.isPinned(backend.shard());
        holder.onClosed(backend, error);
        if (!session.isClosed() && (isPinned || backend.isInsideMessage())) {
            // What only that connection had, or the rest of the message, cannot be had again.
            session.end(error);
        }
        return error;
    }

    private void lostInUse(Backend backend, PgError error, int awaitedReadies) {
        executing.clear();
        copyingIn = false;
        if (scatter.isEmpty()) {
            session.writeError(error);
        } else if (!scatter.get().isFailed()) {
            scatterFailed(error);
        }
        session.extended().onBackendGone(backend);
        if (awaitedReadies > 0) {
            readiesToCome -= awaitedReadies;
            if (readiesToCome <= 0 && !endsImplicit()) {
                scatter = Optional.empty();
                answered();
            }
        } else {
            session.resume();
        }
    }

    /** Others may have prepared statements under the old schema up to now. */
    void tellSchemaChange() {
        if (changesSchema) {
            changesSchema = false;
            session.database().onSchemaChange();
        }
        if (changesDefaults) {
            changesDefaults = false;
            session.database().onDefaultsChange();
        }
    }

    /** What is to be said of a shard that went away: a write that nobody confirmed may have happened. */
    private PgError lost(Backend backend) {
        boolean mayHaveCommitted = session.shards().writesImplicitly(backend.shard());
        if (!mayHaveCommitted && backend.distrust().isPresent()) {
            return backend.distrust().get();
        }
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
}
