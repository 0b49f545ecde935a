package io.ostraka.proxy.session;

import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.ErrorFields;
import io.ostraka.proxy.wire.Parse;
import io.ostraka.proxy.wire.RowShape;
import io.ostraka.rules.config.LimitsConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.CursorCommand;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.Router;
import io.ostraka.rules.plan.SessionCommand;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A session's prepared statements by the client's names, whether the protocol has made them or SQL. A Parse is kept until it is
 * known where to: at its Bind, whose values decide, or, when something else comes first, on any shard that can judge
 * the statement. Shards know a parsed statement by its content ({@link Backend#prepare}), unless SQL speaks of it: then the
 * session keeps a backend on which it has the client's name, and that server carries out PREPARE, EXECUTE and DEALLOCATE.
 * Confined to the session's event loop.
 */
final class Statements {
    static final PgError OUTDATED_PLAN = new PgError(
                    SqlState.FEATURE_NOT_SUPPORTED, "cached plan must not change result type")
            .from(ErrorFields.OUTDATED_PLAN_ROUTINE);

    /** How many closed statements are remembered before what was sent must be answered. */
    private static final int MOST_CLOSING = 64;

    private final Session session;
    private final Pipeline pipeline;
    private final Preparing preparing;
    private final LimitsConfig limits;
    private final Map<String, PreparedStatement> byName = new HashMap<>();
    /** The characters of all their texts. */
    private long textLength;

    private Optional<PreparedStatement> unanswered = Optional.empty();
    /** The last that has taken the place of another since the last Sync. */
    private Optional<PreparedStatement> replacing = Optional.empty();
    /** The first since the last Sync that was given too many parameters, or too few. */
    private Optional<PreparedStatement> misused = Optional.empty();
    /** Statements whose descriptions are on their way, in the order of asking. */
    private final Queue<PreparedStatement> describing = new ArrayDeque<>();
    /** Those whose Close may still be skipped, in the order of closing. */
    private final List<PreparedStatement> closing = new ArrayList<>();
    /** Whether the last of them is the proxy's own question, see {@link #isCurrent}. */
    private boolean checking;
    /** Whether a shard was asked what is wrong with a statement whose name is taken. */
    private boolean refusing;

    Statements(Session session, Pipeline pipeline, LimitsConfig limits) {
        this.limits = limits;
        this.session = session;
        this.pipeline = pipeline;
        this.preparing = new Preparing(session);
    }

    /** PREPARE and EXECUTE over several shards. */
    Preparing preparing() {
        return preparing;
    }

    /** How long a text may be that the proxy makes of a client's. */
    int longestText() {
        return limits.collectedMessage();
    }

    boolean has(String name) {
        return byName.containsKey(name);
    }

    PreparedStatement named(String name) {
        PreparedStatement statement = byName.get(name);
        if (statement == null) {
            throw missing(name);
        }
        return statement;
    }

    static PgErrorException missing(String name) {
        return new PgError(
                        SqlState.INVALID_SQL_STATEMENT_NAME,
                        name.isEmpty()
                                ? "unnamed prepared statement does not exist"
                                : "prepared statement \"" + name + "\" does not exist")
                .toException();
    }

    /** A shard will refuse its Bind, and call it by the name that it shares there with all of the same content. */
    void noteMisuse(PreparedStatement statement) {
        if (misused.isEmpty()) {
            misused = Optional.of(statement);
        }
    }

    /** The name under which the client knows what a shard has by its content. */
    Optional<String> nameOf(StatementKey key) {
        if (misused.isPresent() && misused.get().key.equals(key)) {
            return Optional.of(misused.get().name);
        }
        return byName.values().stream()
                .filter(statement -> statement.isNamed() && statement.key.equals(key))
                .map(statement -> statement.name)
                .findFirst();
    }

    // ---- Parse ---------------------------------------------------------------------------------------------------

    /** Whatever is wrong with the statement itself, and can be known here, is an error now. False while a shard is asked. */
    boolean parse(Parse parse) {
        if (!parse.statement().isEmpty() && byName.containsKey(parse.statement())) {
            return refuse(parse);
        }
        Optional<PreparedStatement> replaced = remove(parse.statement());
        requireRoom(parse.sql().length());
        PreparedStatement statement = parsed(parse);
        boolean isOwn = isOwn(statement);
        if (!isOwn && !session.failedBlock().isShared()) {
            replaced.ifPresent(this::put);
            return false;
        }
        if (!isUnread(statement)) {
            requireExecutable(statement);
        }
        put(statement);
        Optional<PreparedStatement> parsed = Optional.of(statement);
        if (replaced.isPresent()) {
            statement.replaces(replaced);
            replacing = parsed;
        }
        if (isOwn) {
            statement.answered = true;
            pipeline.answerParse(statement.key);
        } else {
            unanswered = parsed;
        }
        return true;
    }

    /** The name is taken, which PostgreSQL says when nothing else is wrong with the statement: a shard is asked for that. */
    private boolean refuse(Parse parse) {
        PreparedStatement statement = parsed(parse);
        if (!isOwn(statement) && !session.failedBlock().isShared()) {
            return false;
        }
        if (!isUnread(statement)) {
            requireExecutable(statement);
        }
        if (!isOwn(statement) && !refusing) {
            Optional<Backend> backend = pipeline.turnTo(homeOf(statement), accessToJudge(statement));
            if (backend.isEmpty()) {
                return false;
            }
            backend.get().prepare(statement.key, false, Visibility.NONE);
            refusing = true;
        }
        if (!session.isQuiet()) {
            return false;
        }
        refusing = false;
        throw taken(parse.statement());
    }

    private PreparedStatement parsed(Parse parse) {
        String text = session.syntax().read(parse.sql());
        Planned planned = session.plan(text);
        if (planned.statements().size() > 1) {
            throw new PgError(SqlState.SYNTAX_ERROR, "cannot insert multiple commands into a prepared statement")
                    .toException();
        }
        Optional<Plan.Execute> execute = preparing.executeIn(planned);
        String sql = execute.map(preparing::textOf).orElse(text);
        PreparedStatement statement = PreparedStatement.parsed(
                parse.statement(),
                key(sql, parse.parameterOids()),
                execute.isPresent() ? session.plan(sql) : planned,
                session.settings());
        statement.execute = execute;
        return statement;
    }

    StatementKey key(String sql, List<Integer> parameterOids) {
        return new StatementKey(
                sql,
                parameterOids,
                session.settings().searchPath(),
                session.database().schemaAge());
    }

    /** Of all that is prepared. */
    Stream<String> texts() {
        return byName.values().stream().map(statement -> statement.key.sql());
    }

    void requireFree(String name) {
        if (!name.isEmpty() && byName.containsKey(name)) {
            throw taken(name);
        }
    }

    private static PgErrorException taken(String name) {
        return new PgError(SqlState.DUPLICATE_PREPARED_STATEMENT, "prepared statement \"" + name + "\" already exists")
                .toException();
    }

    void requireRoom(int length) {
        if (byName.size() >= limits.preparedStatements()) {
            throw full("too many prepared statements", "limits.prepared_statements is " + limits.preparedStatements());
        }
        if (textLength + length > limits.preparedText()) {
            throw full("prepared statements are too long", "limits.prepared_text is " + limits.preparedText());
        }
    }

    private static PgErrorException full(String message, String limit) {
        return new PgError(
                        SqlState.CONFIGURATION_LIMIT_EXCEEDED,
                        message,
                        "All of one session count, and " + limit + ".",
                        "Close statements that are not needed any more.")
                .toException();
    }

    private void put(PreparedStatement statement) {
        byName.put(statement.name, statement);
        textLength += statement.key.sql().length();
    }

    private Optional<PreparedStatement> remove(String name) {
        PreparedStatement gone = byName.remove(name);
        textLength -= gone == null ? 0 : gone.key.sql().length();
        return Optional.ofNullable(gone);
    }

    private void removeNamed() {
        List.copyOf(byName.keySet()).stream().filter(name -> !name.isEmpty()).forEach(this::remove);
    }

    /** In a failed transaction only its end is taken, and what is refused whatever its values is refused at once. */
    void requireExecutable(PreparedStatement statement) {
        if (statement.statements().isEmpty()) {
            return;
        }
        Plan plan = statement.statements().get(0).plan();
        boolean endsTransaction = plan instanceof Plan.Session command
                && (command.command() instanceof SessionCommand.Commit
                        || command.command() instanceof SessionCommand.Rollback
                        || command.command() instanceof SessionCommand.RollbackToSavepoint);
        if (!endsTransaction) {
            if (isOwn(statement)) {
                session.requireNotFailed();
            } else {
                session.failedBlock().requireJudge(plan);
            }
        }
        if (plan instanceof Plan.Refusal refusal) {
            throw refusal.error().toException();
        }
    }

    /** Whether it will be refused, but a shard that parses it may know better what is wrong. */
    private static boolean isUnread(PreparedStatement statement) {
        return !statement.statements().isEmpty()
                && statement.statements().get(0).plan() instanceof Plan.Refusal refusal
                && refusal.isUnread();
    }

    /** Whether the session answers the statement itself. */
    boolean isOwn(PreparedStatement statement) {
        List<Planned.Statement> statements = statement.statements();
        return statements.isEmpty()
                || (statements.get(0).plan() instanceof Plan.Session command
                        && session.own().carriesOut(command.command()));
    }

    static Optional<SessionCommand> commandOf(PreparedStatement statement) {
        return statement.statements().isEmpty()
                ? Optional.empty()
                : Portal.commandOf(statement.statements().get(0));
    }

    /** Has a Parse that is still kept answered by a shard; false while that one is on its way. */
    boolean answerParse() {
        return unanswered.isEmpty() || answerParse(unanswered.get());
    }

    /** The same, unless the Parse is that of {@code but}. */
    boolean answerParseBut(PreparedStatement but) {
        return unanswered.isEmpty() || unanswered.get() == but || answerParse(unanswered.get());
    }

    private boolean answerParse(PreparedStatement statement) {
        try {
            session.locks().beginFor(statement.statements().get(0));
            Optional<Backend> backend = pipeline.turnTo(homeOf(statement), accessToJudge(statement));
            backend.ifPresent(ready -> prepare(ready, statement, Visibility.ALL));
            return backend.isPresent();
        } catch (PgErrorException e) {
            forgetUnanswered();
            throw e;
        }
    }

    /** What a shard does that parses the statement: of most it looks the tables up, with a snapshot. */
    Access accessToJudge(PreparedStatement statement) {
        return commandOf(statement).map(OwnCommands::accessOf).orElse(Access.READ);
    }

    /** A shard that knows all tables of the statement. */
    ShardName homeOf(PreparedStatement statement) {
        if (statement.isOfSql) {
            return statement.underOwnName.orElseThrow().shard();
        }
        return homeOf(statement.statements().get(0).plan());
    }

    /** The same by its plan. */
    ShardName homeOf(Plan made) {
        Plan plan = made.unasked();
        if (pipeline.target().isPresent() && session.database().hasOneShard()) {
            return pipeline.target().get().shard();
        }
        if (plan instanceof Plan.CreateTable creation) {
            plan = creation.query().plan();
        }
        if (plan instanceof Plan.Forward query) {
            return query.router().home().orElseGet(session.shards()::anyShard);
        }
        if (plan instanceof Plan.Combine combine) {
            return combine.combination().home();
        }
        if (plan instanceof Plan.Explain explain) {
            ShardName any = session.shards().anyShard();
            List<ShardName> asked = explain.query().shards();
            return asked.contains(any) ? any : asked.get(0);
        }
        if (plan instanceof Plan.Cursor cursor) {
            return homeOf(cursor.command());
        }
        return plan instanceof Plan.Scatter scatter
                ? scatter.router().home().orElseGet(session.shards()::anyShard)
                : session.shards().anyShard();
    }

    private ShardName homeOf(CursorCommand command) {
        if (command instanceof CursorCommand.Fetch fetch) {
            return session.cursors().shardOf(fetch.name()).orElseGet(session.shards()::anyShard);
        }
        if (!(command instanceof CursorCommand.Declare declare)) {
            return session.shards().anyShard();
        }
        if (declare.query().plan() instanceof Plan.Combine combine) {
            return combine.combination().home();
        }
        Router router = declare.query().plan() instanceof Plan.Scatter scatter
                ? scatter.router()
                : ((Plan.Forward) declare.query().plan()).router();
        return router.home().orElseGet(session.shards()::anyShard);
    }

    /** The proxy answers the Parse itself, if nobody has. */
    void answerParseHere(PreparedStatement statement) {
        if (!statement.answered) {
            answered(statement);
            pipeline.answer(BackendTag.PARSE_COMPLETE);
        }
    }

    /** Its Parse was sent to a shard, whose answer the client gets. */
    void answered(PreparedStatement statement) {
        if (!statement.answered) {
            statement.answered = true;
            unanswered = Optional.empty();
        }
    }

    /** A plan made for another catalog or search path is made anew. */
    void refresh(PreparedStatement statement) {
        if (statement.planned.generation() != session.database().plans().generation()
                || !session.settings().resolvesLike(statement.settings)) {
            statement.planned = session.plan(statement.key.sql());
            statement.settings = session.settings();
        }
    }

    /** The same for one without name that the backend keeps under a name all the same. */
    byte[] prepareKept(Backend backend, PreparedStatement statement) {
        requireParsed(backend, statement);
        byte[] name = backend.prepare(statement.key, true, statement.answered ? Visibility.NONE : Visibility.ALL);
        answered(statement);
        return name;
    }

    /** Sees to it that the backend has it; returns its name there. */
    byte[] prepare(Backend backend, PreparedStatement statement, Visibility visibility) {
        if (statement.isOfSql) {
            return session.encoding().bytes(statement.name);
        }
        requireParsed(backend, statement);
        Optional<SessionCommand> command = commandOf(statement);
        if (command.isPresent()) {
            meet(command.get(), backend);
        }
        byte[] name =
                backend.prepare(statement.key, statement.isNamed(), statement.answered ? Visibility.NONE : visibility);
        answered(statement);
        return name;
    }

    /** A block that has failed takes no Parse, and a shard that knows the content already would not be sent one. */
    private void requireParsed(Backend backend, PreparedStatement statement) {
        if (!statement.answered && backend.isFailed() && backend.hasPrepared(statement.key)) {
            forgetUnanswered();
            session.requireNotFailed();
        }
    }

    /** The client has not been told that this is parsed. Another name may have the same content. */
    @SuppressWarnings("ReferenceEquality")
    void onParseSkipped(StatementKey key, boolean isRefused) {
        List<PreparedStatement> all = new ArrayList<>(byName.values());
        all.addAll(closing);
        for (PreparedStatement statement : all) {
            if (statement.key == key) {
                forget(statement);
                if (!isRefused) {
                    statement.replaced().ifPresent(this::put);
                }
            } else {
                statement.wasSkipped(key, isRefused);
            }
        }
    }

    /** A Parse that nobody has seen is forgotten. */
    void forgetUnanswered() {
        unanswered.filter(statement -> byName.get(statement.name) == statement).ifPresent(statement -> {
            forget(statement);
            statement.replaced().ifPresent(this::put);
        });
        unanswered = Optional.empty();
    }

    /** It is not there, whether closed since or not. */
    private void forget(PreparedStatement statement) {
        if (!closing.remove(statement)) {
            remove(statement.name);
        }
    }

    /** Everything up to Sync is answered. */
    void onSynced() {
        unanswered = Optional.empty();
        if (replacing.isPresent()) {
            replacing.get().replaces(Optional.empty());
            replacing = Optional.empty();
        }
        describing.clear();
        closing.clear();
        checking = false;
        refusing = false;
        misused = Optional.empty();
    }

    // ---- what a description promises -----------------------------------------------------------------------------

    void describe(Backend backend, PreparedStatement statement) {
        byte[] name = prepare(backend, statement, Visibility.ALL);
        describing.add(statement);
        backend.sendDescribeStatement(name, statement.key, Visibility.ALL);
    }

    /**
     * Whether the statement still has the result that the client knows; false while the shard is asked. A server knows that
     * of what it has prepared. Where a client's statement comes to another connection after a change of the schema, it
     * would be prepared there with the new result, and the client would misread the rows.
     */
    boolean isCurrent(Backend backend, PreparedStatement statement) {
        if (statement.result.isEmpty()
                || statement.isOfSql
                || statement.key.schemaAge() == session.database().schemaAge()) {
            return true;
        }
        if (!checking && !statement.isOutdated && !backend.hasPrepared(statement.key)) {
            byte[] name = backend.prepare(statement.key, true, Visibility.NONE);
            describing.add(statement);
            backend.sendDescribeStatement(name, statement.key, Visibility.NONE);
            checking = true;
        }
        if (checking) {
            if (!session.isQuiet()) {
                return false;
            }
            checking = false;
            if (statement.isOutdated) {
                // Others who parsed it under the same schema must find the same.
                backend.unprepare(statement.key);
            }
        }
        if (statement.isOutdated) {
            throw OUTDATED_PLAN.toException();
        }
        return true;
    }

    /** The answer to the first description that was asked for. */
    void onDescribed(Visibility visibility, RowShape result) {
        PreparedStatement statement = describing.remove();
        if (visibility == Visibility.ALL) {
            statement.result = Optional.of(result);
        } else {
            statement.isOutdated = !statement.result.equals(Optional.of(result));
        }
    }

    // ---- what SQL says of them -----------------------------------------------------------------------------------

    /** A simple query is to PostgreSQL a use of the unnamed statement. */
    void dropUnnamed() {
        if (!byName.isEmpty()) {
            remove("");
        }
    }

    /** Before a backend is sent the command: it must know the statement by the name that the command says. */
    void meet(SessionCommand command, Backend backend) {
        String name = nameIn(command);
        PreparedStatement known = name.isEmpty() ? null : byName.get(name);
        if (known == null && command instanceof SessionCommand.Prepare) {
            requireRoom(0);
        }
        boolean maySpeakOf = known != null && (!isOwn(known) || command instanceof SessionCommand.Deallocate);
        if (maySpeakOf && known.answered && known.underOwnName.isEmpty()) {
            List<String> path = known.key.searchPath();
            if (path.equals(session.settings().searchPath())) {
                backend.prepareUnder(name, known.key);
            } else {
                // What its names mean under another one is told when it is executed, not before what stands in front of
                // that.
                SearchPath.among(path, backend, () -> backend.prepareUnder(name, known.key));
            }
            known.underOwnName = Optional.of(backend);
            session.held().pin(backend.shard());
        }
    }

    private static String nameIn(SessionCommand command) {
        if (command instanceof SessionCommand.Prepare prepare) {
            return prepare.name();
        }
        if (command instanceof SessionCommand.Execute execute) {
            return execute.name();
        }
        return command instanceof SessionCommand.Deallocate deallocate ? deallocate.name() : "";
    }

    /** PREPARE has succeeded on a backend, which the session needs from now on. */
    void preparedBySql(String name, Backend backend) {
        session.held().pin(backend.shard());
        String execute = "EXECUTE \"" + name.replace("\"", "\"\"") + '"';
        put(PreparedStatement.ofSql(name, key(execute, List.of()), session.plan(execute), session.settings(), backend));
    }

    /** What PREPARE has made, in a database of several shards. */
    void keep(PreparedStatement prepared) {
        prepared.answered = true;
        put(prepared);
    }

    /** Forgets one statement, all named ones for an empty name; returns the backends that know some by the client's names. */
    Set<Backend> deallocate(String name) {
        Set<Backend> knowing = new HashSet<>();
        if (name.isEmpty()) {
            byName.values().forEach(statement -> statement.underOwnName.ifPresent(knowing::add));
            removeNamed();
            return knowing;
        }
        PreparedStatement gone = remove(name).orElseThrow(() -> missing(name));
        gone.underOwnName.ifPresent(knowing::add);
        return knowing;
    }

    /** A server has carried out DEALLOCATE. */
    void deallocatedBySql(String name, Backend backend) {
        if (name.isEmpty()) {
            backend.forgetPrepared();
            removeNamed();
        } else {
            remove(name);
        }
    }

    /** Close (F): shards keep what they know by its content, for others may have the same text. */
    boolean close(String name) {
        PreparedStatement statement = byName.get(name);
        if (statement == null) {
            pipeline.answer(BackendTag.CLOSE_COMPLETE);
            return true;
        }
        if (closing.size() == MOST_CLOSING) {
            if (!session.isQuiet()) {
                return false;
            }
            closing.clear();
        }
        if (statement.underOwnName.isPresent()) {
            Backend backend = statement.underOwnName.get();
            if (!pipeline.turnTo(backend)) {
                return false;
            }
            backend.sendCloseStatement(name, statement.key);
            closing.add(statement);
        } else if (pipeline.answerClose(statement.key)) {
            closing.add(statement);
        }
        remove(name);
        return true;
    }

    /** An error came before the Close of the statement: it is there again, and nothing that was parsed under its name behind that. */
    @SuppressWarnings("ReferenceEquality")
    void onCloseSkipped(StatementKey key) {
        closing.stream().filter(statement -> statement.key == key).findFirst().ifPresent(back -> {
            remove(back.name);
            put(back);
            closing.removeIf(other -> other.name.equals(back.name));
        });
    }
}
