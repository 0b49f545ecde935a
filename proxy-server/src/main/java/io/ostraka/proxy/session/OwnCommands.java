package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.BackendSettings;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.transaction.SessionTransaction;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendMessages.Severity;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.SessionCommand;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Statements about the session and its transaction. Those that PostgreSQL must judge (SET, SHOW) run on a shard and take
 * effect here when it has accepted them ({@link #applyEffect}); the rest the session carries out itself, over all shards of its
 * transaction ({@link #run}). Confined to the session's event loop.
 */
final class OwnCommands {
    static final String PREFIX = "ostraka.";
    static final String SHARD = "ostraka.shard";
    private static final Set<String> NAMING = Set.of(SearchPath.NAME, "role", "session_authorization");
    private static final Set<String> NAMES = Set.of(SHARD, Combining.STATEMENT_MEMORY);

    private final Session session;
    private final BackendRounds rounds;
    private final SettingEffects settings;
    private final ClientPrepare prepare;

    OwnCommands(Session session) {
        this.session = session;
        this.rounds = new BackendRounds(session);
        this.settings = new SettingEffects(session);
        this.prepare = new ClientPrepare(session);
    }

    BackendRounds rounds() {
        return rounds;
    }

    /** Whether the session answers this itself. */
    boolean carriesOut(SessionCommand command) {
        if (command instanceof SessionCommand.Set set) {
            return set.name().startsWith(PREFIX)
                    || mustBeToldToOthers()
                    || session.locks().concerns(command);
        }
        if (command instanceof SessionCommand.Reset reset) {
            return reset.name().startsWith(PREFIX) || mustBeToldToOthers();
        }
        if (command instanceof SessionCommand.Show show) {
            return show.name().startsWith(PREFIX) || session.locks().answers(show);
        }
        if (command instanceof SessionCommand.FinishPrepared) {
            return !session.database().hasOneShard();
        }
        boolean isOfStatements = command instanceof SessionCommand.Prepare || command instanceof SessionCommand.Execute;
        return !isOfStatements
                && (!isSetting(command)
                        || mustBeToldToOthers()
                        || session.locks().concerns(command));
    }

    /** Whether {@link #run} can begin; if not, {@link Session#resume} follows. */
    boolean isReadyFor(SessionCommand command) {
        return !(command instanceof SessionCommand.PrepareTransaction) || prepare.isReady();
    }

    private static boolean isSetting(SessionCommand command) {
        return command instanceof SessionCommand.Set
                || command instanceof SessionCommand.Reset
                || command instanceof SessionCommand.SetTransaction
                || command instanceof SessionCommand.SetConstraints;
    }

    /** Of a command that a shard carries out for the session. */
    static Access accessOf(SessionCommand command) {
        boolean takesNoSnapshot = command instanceof SessionCommand.Set
                || command instanceof SessionCommand.Reset
                || command instanceof SessionCommand.SetTransaction
                || command instanceof SessionCommand.Show;
        return takesNoSnapshot ? Access.NOTHING : Access.READ;
    }

    /** Whether the transaction is on more shards than the one that would judge a setting. */
    private boolean mustBeToldToOthers() {
        ShardName judge = session.shards().anyShard();
        return session.transaction().participants().stream().anyMatch(shard -> !shard.equals(judge));
    }

    /** Commands that mean the same within a query string that goes to a shard as a whole. */
    void requireForwardable(SessionCommand command) {
        requireSupported(command);
        session.syntax().requireKept(command);
        boolean isOfSeveral = command instanceof SessionCommand.Discard
                || command instanceof SessionCommand.PrepareTransaction
                || command instanceof SessionCommand.FinishPrepared;
        boolean ownState = (isOfSeveral && !session.database().hasOneShard())
                || (carriesOut(command)
                        && (command instanceof SessionCommand.Set
                                || command instanceof SessionCommand.Reset
                                || command instanceof SessionCommand.Show));
        if (ownState) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "this command is not supported in a query string of several statements",
                            "The proxy carries it out itself.",
                            "Send it alone.")
                    .toException();
        }
    }

    /** Whether what comes after may mean other tables by the same names. */
    boolean changesNames(SessionCommand command) {
        if (command instanceof SessionCommand.Commit
                || command instanceof SessionCommand.Rollback
                || command instanceof SessionCommand.RollbackToSavepoint) {
            return session.settingState().mayMoveNamesBack();
        }
        if (command instanceof SessionCommand.Set set) {
            return NAMING.contains(set.name()) || set.name().startsWith(PREFIX);
        }
        if (command instanceof SessionCommand.Reset reset) {
            return NAMING.contains(reset.name())
                    || reset.name().equals("all")
                    || reset.name().startsWith(PREFIX);
        }
        return command instanceof SessionCommand.Discard;
    }

    /** Refuses a setting that the proxy could not live with. */
    void requireSupported(SessionCommand command) {
        session.encodingState().requireKept(command);
        session.syntax().requireSupported(command);
        session.locks().requireSupported(command);
    }

    /** What a command has changed, once a shard has accepted it. */
    void applyEffect(SessionCommand command, String text, Backend by) {
        SessionTransaction transaction = session.transaction();
        if (isSetting(command)) {
            settings.apply(command, text, List.of(by));
        } else if (command instanceof SessionCommand.Begin begin) {
            if (transaction.isOpen()) {
                begin.setTransaction().ifPresent(transaction::remember);
            } else {
                transaction.begin(text);
                transaction.join(by.shard());
                // Other statements of the string may have written already.
                transaction.wrote(by.shard());
            }
        } else if (command instanceof SessionCommand.Commit commit) {
            endedWithin(true, commit.chain(), by);
        } else if (command instanceof SessionCommand.Rollback rollback) {
            endedWithin(false, rollback.chain(), by);
        } else if (command instanceof SessionCommand.PrepareTransaction) {
            endedWithin(true, false, by);
        } else if (command instanceof SessionCommand.Prepare prepare) {
            session.statements().preparedBySql(prepare.name(), by);
        } else if (command instanceof SessionCommand.Deallocate deallocate) {
            session.statements().deallocatedBySql(deallocate.name(), by);
        } else if (transaction.isOpen()) {
            applySavepoint(command, text);
        }
    }

    private void endedWithin(boolean committed, boolean chain, Backend by) {
        SessionTransaction transaction = session.transaction();
        boolean wasOpen = transaction.isOpen();
        List<String> chained = chain ? transaction.chained() : List.of();
        // Without a block, what came before it in the same string is committed or rolled back all the same.
        session.transactionEnded(committed && transaction.state() != SessionTransaction.State.FAILED);
        if (wasOpen && chain) {
            begin(chained);
            transaction.join(by.shard());
            transaction.wrote(by.shard());
        }
    }

    private void begin(List<String> chained) {
        session.transaction().begin(chained.get(0));
        chained.stream().skip(1).forEach(session.transaction()::remember);
    }

    private void applySavepoint(SessionCommand command, String text) {
        SessionTransaction transaction = session.transaction();
        if (command instanceof SessionCommand.Savepoint savepoint) {
            transaction.savepoint(savepoint.name(), text, session.settingState().snapshot());
        } else if (command instanceof SessionCommand.ReleaseSavepoint release) {
            transaction.release(release.name());
            session.cursors().onRelease();
        } else if (command instanceof SessionCommand.RollbackToSavepoint back) {
            session.settingState().restore(transaction.rollbackTo(back.name()));
            session.cursors().onRollbackTo();
        }
    }

    // ---- carried out by the session ------------------------------------------------------------------------------

    /** Runs it to its end and answers CommandComplete; then {@code after}, when the session is available again. */
    void run(SessionCommand command, String text, Runnable after) {
        SessionTransaction transaction = session.transaction();
        if (command instanceof SessionCommand.Begin begin) {
            begin(begin, text, after);
        } else if (command instanceof SessionCommand.Commit commit) {
            end(transaction.state() == SessionTransaction.State.OPEN, "COMMIT", commit.chain(), after);
        } else if (command instanceof SessionCommand.Rollback rollback) {
            end(false, "ROLLBACK", rollback.chain(), after);
        } else if (command instanceof SessionCommand.PrepareTransaction wanted) {
            prepareTransaction(wanted.id(), text, after);
        } else if (command instanceof SessionCommand.RollbackToSavepoint back) {
            requireSavepoint(back.name(), "ROLLBACK TO SAVEPOINT");
            session.locks().requireKept(back.name());
            session.settingState().restore(transaction.rollbackTo(back.name()));
            session.cursors().onRollbackTo();
            toAll(text, "ROLLBACK", after);
        } else {
            session.requireNotFailed();
            runOpen(command, text, after);
        }
    }

    private void runOpen(SessionCommand command, String text, Runnable after) {
        SessionTransaction transaction = session.transaction();
        if (command instanceof SessionCommand.Savepoint savepoint) {
            requireBlock("SAVEPOINT");
            participants().forEach(session.shards()::importWhereUnread);
            transaction.savepoint(savepoint.name(), text, session.settingState().snapshot());
            toAll(text, "SAVEPOINT", after);
        } else if (command instanceof SessionCommand.FinishPrepared finish) {
            prepare.finish(finish, error -> {
                if (error.isPresent()) {
                    session.writeError(error.get());
                    session.extended().onOwnError();
                } else {
                    write(finish.words());
                }
                session.available();
                after.run();
            });
        } else if (command instanceof SessionCommand.ReleaseSavepoint release) {
            requireSavepoint(release.name(), "RELEASE SAVEPOINT");
            transaction.release(release.name());
            session.cursors().onRelease();
            toAll(text, "RELEASE", after);
        } else if (command instanceof SessionCommand.Set set && set.name().startsWith(PREFIX)) {
            setOwn(
                    set.name(),
                    Optional.of(set.values())
                            .filter(values -> !values.isEmpty())
                            .map(values -> values.get(0)));
            complete("SET", after);
        } else if (command instanceof SessionCommand.Reset reset && reset.name().startsWith(PREFIX)) {
            setOwn(reset.name(), Optional.empty());
            complete("RESET", after);
        } else if (command instanceof SessionCommand.Show show) {
            ByteBuf out = session.output().buffer();
            BackendMessages.textRow(out, shown(show), session.encoding());
            session.output().write(out);
            complete("SHOW", after);
        } else if (command instanceof SessionCommand.Discard discard) {
            discard(discard.what(), after);
        } else if (command instanceof SessionCommand.Deallocate deallocate) {
            deallocate(deallocate.name(), text, after);
        } else if (isSetting(command)) {
            setEverywhere(command, text, tagOf(command), after);
        } else {
            throw new IllegalStateException("not a command of the session's own: " + command);
        }
    }

    /** The value; throws for what there is not. */
    private String shown(SessionCommand.Show show) {
        if (session.locks().answers(show)) {
            return SerializableLocks.LEVEL;
        }
        requireKnown(show.name());
        return session.settings().own(show.name()).orElse(Combining.defaultOf(show.name()));
    }

    /** On all shards of the transaction, so that they go on alike. */
    private static String tagOf(SessionCommand command) {
        if (command instanceof SessionCommand.Reset) {
            return "RESET";
        }
        return command instanceof SessionCommand.SetConstraints ? "SET CONSTRAINTS" : "SET";
    }

    private void setEverywhere(SessionCommand command, String text, String tag, Runnable after) {
        requireSupported(command);
        List<Backend> all = participants();
        rounds.start(all, session.locks().told(command, text), false, () -> {
            if (rounds.step().error.isEmpty()) {
                settings.apply(command, text, all);
            }
            finish(tag, after);
        });
    }

    /** RowDescription of what {@link #run} will answer with a row: the simple protocol has no Describe to ask for it. */
    void describe(SessionCommand command) {
        if (command instanceof SessionCommand.Show show) {
            session.requireNotFailed();
            shown(show);
            ByteBuf out = session.output().buffer();
            BackendMessages.textColumn(out, show.name(), 0);
            session.output().write(out);
        }
    }

    private void begin(SessionCommand.Begin command, String text, Runnable after) {
        String tag = text.stripLeading().toLowerCase(Locale.ROOT).startsWith("start") ? "START TRANSACTION" : "BEGIN";
        if (!session.transaction().isOpen()) {
            session.transaction().begin(text);
            complete(tag, after);
            return;
        }
        session.requireNotFailed();
        warn(SqlState.ACTIVE_SQL_TRANSACTION, "there is already a transaction in progress");
        Optional<String> modes = command.setTransaction();
        if (modes.isPresent()) {
            setEverywhere(new SessionCommand.SetTransaction(false), modes.get(), tag, after);
        } else {
            complete(tag, after);
        }
    }

    private void end(boolean commits, String word, boolean chain, Runnable after) {
        SessionTransaction transaction = session.transaction();
        if (!transaction.isOpen()) {
            if (chain) {
                throw new PgError(
                                SqlState.NO_ACTIVE_SQL_TRANSACTION,
                                word + " AND CHAIN can only be used in transaction blocks")
                        .toException();
            }
            warn(SqlState.NO_ACTIVE_SQL_TRANSACTION, "there is no transaction in progress");
            complete(word, after);
            return;
        }
        Optional<List<String>> next = chain ? Optional.of(transaction.chained()) : Optional.empty();
        Optional<PgError> lost = word.equals("COMMIT") ? session.takeUntold() : Optional.empty();
        List<Backend> all = participants();
        if (commits && all.size() > 1 && !transaction.writers().isEmpty()) {
            new CommitOverShards(
                            session,
                            outcome -> whenKnown(
                                    outcome.isCommitted(),
                                    () -> {
                                        ended(outcome.isCommitted(), outcome.error(), next);
                                        after.run();
                                    },
                                    () -> {}))
                    .start(all);
            return;
        }
        rounds.start(all, commits ? "COMMIT" : "ROLLBACK", commits, () -> {
            BackendRounds.Step done = rounds.step();
            Optional<ByteBuf> error = done.error.or(() -> lost.map(this::errorOf));
            boolean committed = commits && error.isEmpty() && !done.rolledBack;
            whenKnown(
                    committed,
                    () -> {
                        ended(committed, error, next);
                        after.run();
                    },
                    () -> {});
        });
    }

    /** As in PostgreSQL, what has failed is rolled back, and that is no error. */
    private void prepareTransaction(String id, String text, Runnable after) {
        if (session.transaction().state() != SessionTransaction.State.OPEN) {
            end(false, "ROLLBACK", false, after);
            return;
        }
        Optional<PgError> lost = session.takeUntold();
        if (lost.isPresent()) {
            rounds.start(participants(), "ROLLBACK", false, () -> {
                rounds.step().error.ifPresent(ByteBuf::release);
                ended(false, lost.map(this::errorOf), Optional.empty());
                after.run();
            });
            return;
        }
        prepare.prepare(id, text, participants(), rounds, (prepared, error) -> {
            session.transactionEnded(prepared);
            if (error.isPresent()) {
                session.output().write(error.get());
                session.extended().onOwnError();
            } else {
                write(prepared ? "PREPARE TRANSACTION" : "ROLLBACK");
            }
            session.available();
            after.run();
        });
    }

    /**
     * Goes on with {@code then}, at once unless what was committed has changed the schema or roles: then when these have been read
     * again. {@code otherwise} if the client has gone meanwhile.
     */
    private void whenKnown(boolean committed, Runnable then, Runnable otherwise) {
        List<CompletableFuture<?>> readings = new ArrayList<>();
        if (committed && session.transaction().hasChangedSchema()) {
            readings.add(session.database().plans().refresh());
        }
        if (committed && session.answers().takeRoleChange()) {
            readings.add(session.database().readRoles());
        }
        if (readings.isEmpty()) {
            then.run();
            return;
        }
        session.busy();
        CompletableFuture<Void> all = CompletableFuture.allOf(readings.toArray(CompletableFuture[]::new));
        all.thenRun(() -> session.loop().execute(() -> {
            if (session.isClosed()) {
                otherwise.run();
                return;
            }
            then.run();
            session.output().flush();
            session.resume();
        }));
    }

    /**
     * Ends the session's own block around a statement; {@code tag} is the statement's, which the client gets when it is committed.
     * Then ReadyForQuery.
     */
    void endImplicit(Optional<ByteBuf> tag) {
        session.leaveString();
        List<Backend> all = participants();
        if (session.transaction().state() == SessionTransaction.State.OPEN
                && (all.size() < 2 || session.transaction().writers().isEmpty())) {
            rounds.start(all, "COMMIT", true, () -> {
                BackendRounds.Step done = rounds.step();
                boolean committed = done.error.isEmpty() && !done.rolledBack;
                whenKnown(
                        committed,
                        () -> endedImplicitly(committed, done.error, tag),
                        () -> tag.ifPresent(ByteBuf::release));
            });
            return;
        }
        if (session.transaction().state() == SessionTransaction.State.OPEN) {
            new CommitOverShards(
                            session,
                            outcome -> whenKnown(
                                    outcome.isCommitted(),
                                    () -> endedImplicitly(outcome.isCommitted(), outcome.error(), tag),
                                    () -> tag.ifPresent(ByteBuf::release)))
                    .start(all);
            return;
        }
        rounds.start(all, "ROLLBACK", false, () -> {
            rounds.step().error.ifPresent(ByteBuf::release);
            endedImplicitly(false, session.takeUntold().map(this::errorOf), tag);
        });
    }

    private void endedImplicitly(boolean committed, Optional<ByteBuf> error, Optional<ByteBuf> tag) {
        session.transactionEnded(committed);
        error.ifPresent(session.output()::write);
        if (committed) {
            tag.ifPresent(session.output()::write);
        } else {
            tag.ifPresent(ByteBuf::release);
        }
        session.available();
        session.writeReady();
        session.resume();
    }

    private ByteBuf errorOf(PgError error) {
        ByteBuf out = session.output().buffer();
        BackendMessages.error(out, Severity.ERROR, error, session.encoding());
        return out;
    }

    /** The block has ended; {@code next} begins the one that is chained to it. */
    private void ended(boolean committed, Optional<ByteBuf> error, Optional<List<String>> next) {
        session.transactionEnded(committed);
        if (error.isPresent()) {
            session.output().write(error.get());
            session.extended().onOwnError();
        } else {
            next.ifPresent(this::begin);
            write(committed ? "COMMIT" : "ROLLBACK");
        }
        session.available();
    }

    private void requireBlock(String word) {
        if (!session.transaction().isOpen()) {
            throw new PgError(SqlState.NO_ACTIVE_SQL_TRANSACTION, word + " can only be used in transaction blocks")
                    .toException();
        }
    }

    private void requireSavepoint(String name, String word) {
        requireBlock(word);
        if (!session.transaction().hasSavepoint(name)) {
            throw new PgError(SqlState.INVALID_SAVEPOINT_SPECIFICATION, "savepoint \"" + name + "\" does not exist")
                    .toException();
        }
    }

    private void setOwn(String name, Optional<String> value) {
        requireKnown(name);
        if (value.isPresent() && name.equals(Combining.STATEMENT_MEMORY)) {
            Combining.bytes(value.get());
        } else if (value.isPresent() && !session.database().hasShard(value.get())) {
            throw new PgError(
                            SqlState.INVALID_PARAMETER_VALUE,
                            "invalid value for parameter \"" + name + "\": \"" + value.get() + "\"",
                            "There is no shard of that name.",
                            "Available values: " + session.database().shards() + ".")
                    .toException();
        }
        session.settingState().are(session.settings().withOwn(name, value));
    }

    private static void requireKnown(String name) {
        if (!NAMES.contains(name)) {
            throw new PgError(
                            SqlState.UNDEFINED_OBJECT,
                            "unrecognized configuration parameter \"" + name + "\"",
                            "",
                            "Known are: " + String.join(", ", NAMES) + ".")
                    .toException();
        }
    }

    private void discard(String what, Runnable after) {
        if (what.equals("all")) {
            if (session.transaction().isOpen() || isPipelined()) {
                throw new PgError(SqlState.ACTIVE_SQL_TRANSACTION, "DISCARD ALL cannot run inside a transaction block")
                        .toException();
            }
            session.statements().deallocate("");
            session.cursors().clear();
            session.extended().portals().clear();
            session.settingState().are(session.settingState().initial());
        }
        List<Backend> holding = List.copyOf(session.held().all());
        if (what.equals("all")) {
            holding.forEach(Backend::forgetPrepared);
            // Before the servers say what their defaults are.
            holding.forEach(backend -> backend.settingsAre(BackendSettings.NONE));
            session.settingState().pathIs(session.settings().searchPath());
        }
        String tag =
                switch (what) {
                    case "all" -> "DISCARD ALL";
                    case "plans" -> "DISCARD PLANS";
                    case "sequences" -> "DISCARD SEQUENCES";
                    default -> "DISCARD TEMP";
                };
        if (isPipelined()) {
            amongPipelined(holding, tag, tag, after);
            return;
        }
        rounds.start(holding, tag, false, () -> {
            if (what.equals("all") && rounds.step().error.isEmpty()) {
                session.held().unpin();
                session.answers().reportFirstAgain();
            }
            finish(tag, after);
        });
    }

    /** Servers that SQL has told of the statement by the client's name must forget it too. */
    private void deallocate(String name, String text, Runnable after) {
        Set<Backend> knowing = session.statements().deallocate(name);
        String tag = name.isEmpty() ? "DEALLOCATE ALL" : "DEALLOCATE";
        if (knowing.isEmpty()) {
            complete(tag, after);
            return;
        }
        if (name.isEmpty()) {
            knowing.forEach(Backend::forgetPrepared);
        }
        if (isPipelined()) {
            amongPipelined(knowing, text, tag, after);
            return;
        }
        rounds.start(knowing, text, false, () -> finish(tag, after));
    }

    /** Whether statements of a pipeline were executed outside a block, in a transaction that only a Sync may end. */
    private boolean isPipelined() {
        return !session.transaction().isOpen() && session.extended().pipeline().hasExecuted();
    }

    /** A Query would leave the server in the middle of that transaction. */
    private void amongPipelined(Collection<Backend> backends, String text, String tag, Runnable after) {
        for (Backend backend : backends) {
            session.extended().pipeline().unsynced().add(backend);
            backend.sendBetween(new StatementKey(text, List.of(), List.of(), 0), Visibility.NONE);
        }
        complete(tag, after);
    }

    private void toAll(String text, String tag, Runnable after) {
        rounds.start(participants(), text, false, () -> finish(tag, after));
    }

    private void finish(String tag, Runnable after) {
        BackendRounds.Step done = rounds.step();
        if (done.error.isPresent()) {
            session.output().write(done.error.get());
            session.transaction().fail();
            session.extended().onOwnError();
        } else {
            write(tag);
        }
        session.available();
        after.run();
    }

    private void complete(String tag, Runnable after) {
        write(tag);
        after.run();
    }

    private void write(String tag) {
        ByteBuf out = session.output().buffer();
        BackendMessages.commandComplete(out, tag);
        session.output().write(out);
    }

    private void warn(SqlState state, String message) {
        ByteBuf out = session.output().buffer();
        BackendMessages.notice(out, Severity.WARNING, new PgError(state, message), session.encoding());
        session.output().write(out);
    }

    private List<Backend> participants() {
        return session.transaction().participants().stream()
                .flatMap(shard -> session.held().find(shard).stream())
                .toList();
    }
}
