package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.execute.ArgumentsRun;
import io.ostraka.proxy.execute.BindRun;
import io.ostraka.proxy.execute.JudgeRun;
import io.ostraka.proxy.execute.ScatterMerge;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.BindValue;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.proxy.wire.FrontendMessages;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.CursorCommand;
import io.ostraka.rules.plan.Merge;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.Route;
import io.ostraka.rules.plan.RowSplit;
import io.ostraka.rules.plan.SessionCommand;
import io.ostraka.rules.plan.StatementValues;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The simple protocol: one Query at a time, which may hold several statements. Confined to the session's event loop. */
final class SimpleQuery {
    private final Session session;
    private final QueryString several;
    /** The query being worked at, while it waits for backends. */
    private Optional<Planned> current = Optional.empty();
    /** What it stands for, if it is an EXECUTE. */
    private final ExecuteArguments arguments;

    SimpleQuery(Session session) {
        this.session = session;
        this.arguments = new ExecuteArguments(session);
        this.several = new QueryString(session, this);
    }

    /** The statements of a query, if it has several. */
    QueryString several() {
        return several;
    }

    boolean onQuery(ByteBuf borrowed, int frame, int bytes) {
        if (!session.isQuiet()) {
            return false;
        }
        if (session.extended().pipeline().isSkipping()) {
            return true;
        }
        if (!session.statements().answerParse()) {
            return false;
        }
        session.statements().dropUnnamed();
        session.extended().pipeline().requireSynced();
        Planned planned = current.orElseGet(() -> session.plan(session.syntax().read(text(borrowed, frame))));
        current = Optional.of(planned);
        boolean taken = run(planned, borrowed, frame, bytes);
        if (taken) {
            abandon();
        }
        return taken;
    }

    /** Nothing is left to do for the query. */
    void abandon() {
        current = Optional.empty();
        hasRun();
        several.abandon();
    }

    /** Nothing is left to do for a statement: it was sent, or refused. */
    void hasRun() {
        session.questions().clear();
        arguments.clear();
    }

    private String text(ByteBuf borrowed, int frame) {
        FieldReader fields = FieldReader.ofFrame(borrowed, frame, session.encoding());
        String text = fields.string();
        fields.end();
        return text;
    }

    private boolean run(Planned planned, ByteBuf borrowed, int frame, int bytes) {
        List<Planned.Statement> statements = planned.statements();
        if (statements.isEmpty()) {
            return answerEmpty();
        }
        if (statements.size() > 1 || several.isBegun() || session.locks().needBlock(statements.get(0))) {
            return several.run(planned, borrowed, frame, bytes);
        }
        Planned.Statement statement = statements.get(0);
        Plan plan = statement.plan();
        if (plan instanceof Plan.Session command) {
            return runCommand(statement, command.command(), borrowed, frame, bytes);
        }
        if (!session.failedBlock().isShared()) {
            return false;
        }
        session.failedBlock().requireJudge(plan);
        return runPrepared(statement, borrowed, frame, bytes);
    }

    /** One that is no command of the session's, and may be about a prepared statement; false while a backend is on its way. */
    boolean runPrepared(Planned.Statement statement, ByteBuf borrowed, int frame, int bytes) {
        session.locks().expect(statement);
        Plan plan = statement.plan();
        if (plan instanceof Plan.Prepare prepare) {
            return session.statements().preparing().start(prepare, statement, true);
        }
        return plan instanceof Plan.Execute execute
                ? execute(execute, statement)
                : run(statement, borrowed, frame, bytes);
    }

    private boolean run(Planned.Statement statement, ByteBuf borrowed, int frame, int bytes) {
        Plan plan = statement.plan();
        return plan.asks()
                ? ask(statement, borrowed, frame, bytes)
                : run(statement, plan, statement.values(), borrowed, frame, bytes);
    }

    private boolean execute(Plan.Execute plan, Planned.Statement asWritten) {
        Optional<ArgumentsRun> failed = arguments.failed();
        if (failed.isPresent()) {
            arguments.clear();
            session.output()
                    .write(session.output().buffer().writeBytes(failed.get().error()));
            session.runs().endQuery(true);
            return true;
        }
        Optional<Plan.Refusal> refusal = arguments.refusal(plan);
        if (refusal.isPresent()) {
            return refuse(refusal.get(), asWritten);
        }
        Optional<Planned.Statement> meaning = arguments.meaningOf(plan, asWritten);
        if (meaning.isEmpty()) {
            return false;
        }
        Planned.Statement statement = meaning.get();
        session.locks().expect(statement);
        ByteBuf query = query(statement);
        try {
            return run(statement, query, query.readerIndex(), query.readableBytes());
        } finally {
            query.release();
        }
    }

    /** Another Query in place of the client's; owned by the caller. */
    private ByteBuf query(Planned.Statement statement) {
        ByteBuf query = session.output().buffer();
        FrontendMessages.query(query, statement.text(), session.encoding());
        return query;
    }

    private boolean ask(Planned.Statement statement, ByteBuf borrowed, int frame, int bytes) {
        Optional<Questions.Resolved> resolved =
                session.questions().resolve(statement, statement.values(), Optional.empty());
        if (resolved.isEmpty()) {
            return false;
        }
        Questions.Resolved known = resolved.get();
        if (!known.isRewritten()) {
            return run(statement, known.plan(), known.values(), borrowed, frame, bytes);
        }
        ByteBuf query = query(known.statement());
        try {
            return run(
                    known.statement(), known.plan(), known.values(), query, query.readerIndex(), query.readableBytes());
        } finally {
            query.release();
        }
    }

    private boolean run(
            Planned.Statement statement, Plan plan, StatementValues values, ByteBuf borrowed, int frame, int bytes) {
        if (plan instanceof Plan.Combine combine) {
            if (ShardChoice.needsSeveral(combine, values)) {
                return session.combining().start(combine.combination(), statement);
            }
            plan = combine.forward();
        }
        if (plan instanceof Plan.Forward forward) {
            Route route = forward.router().route(values);
            if (route instanceof Route.Many many && forward.spread().isPresent()) {
                return spread(forward.spread().get(), statement, values, many.shards(), borrowed, frame, bytes);
            }
            ShardName shard = session.shards().shardOf(forward, route);
            Optional<List<BindValue>> kept = session.kept().values(forward.kept(), statement, shard);
            return kept.isPresent()
                    ? session.kept().run(forward.kept().get(), statement, shard, kept.get())
                    : forward(statement, shard, forward.access(), forward.pins(), borrowed, frame, bytes);
        }
        if (plan instanceof Plan.Scatter scatter) {
            List<ShardName> shards = session.shards().shardsOf(scatter, values);
            if (shards.size() > 1) {
                return scatter(scatter, statement, shards, borrowed, frame, bytes);
            }
            Optional<List<BindValue>> kept = session.kept().values(scatter.kept(), statement, shards.get(0));
            return kept.isPresent()
                    ? session.kept().run(scatter.kept().get(), statement, shards.get(0), kept.get())
                    : forward(statement, shards.get(0), scatter.access(), false, borrowed, frame, bytes);
        }
        if (plan instanceof Plan.Valued) {
            ShardName judge = session.statements().homeOf(plan);
            return forward(statement, judge, Access.READ, false, borrowed, frame, bytes);
        }
        if (plan instanceof Plan.Explain explain) {
            return new Explaining(session).start(explain, statement, true);
        }
        if (plan instanceof Plan.ChangeTables change) {
            return session.creating().start(change, statement, true);
        }
        if (plan instanceof Plan.CreateTable creation) {
            return session.creating().start(creation, statement, true);
        }
        if (plan instanceof Plan.Cursor cursor) {
            return cursor(cursor.command(), statement, borrowed, frame, bytes);
        }
        if (Copying.isOverShards(plan)) {
            return session.copying().start(plan, statement, true);
        }
        return refuse((Plan.Refusal) plan, statement);
    }

    /** A shard may know better what is wrong. */
    private boolean refuse(Plan.Refusal refusal, Planned.Statement statement) {
        if (!refusal.isUnread()) {
            throw refusal.error().toException();
        }
        String text = statement.planned().queryText();
        Optional<Backend> judge = session.held().ready(session.shards().anyShard());
        if (judge.isEmpty()) {
            return false;
        }
        session.shards().enlist(judge.get(), Access.READ);
        session.extended().portals().dropUnnamed();
        session.runs()
                .start(
                        new JudgeRun(session.runs(), judge.get(), text, refusal.error()),
                        session.runs().ending(true));
        return true;
    }

    private boolean cursor(CursorCommand command, Planned.Statement statement, ByteBuf borrowed, int frame, int bytes) {
        Cursors cursors = session.cursors();
        if (command instanceof CursorCommand.Declare declare) {
            cursors.requireFree(declare);
            Cursors.Target target = cursors.target(declare);
            if (target.isSeveral() || declare.isHeld()) {
                return cursors.declare(declare, target, statement, true);
            }
            boolean taken = forward(statement, target.shard(), target.access(), target.pins(), borrowed, frame, bytes);
            if (taken) {
                cursors.declaredOn(target.shard(), declare);
            }
            return taken;
        }
        if (command instanceof CursorCommand.Fetch fetch) {
            Optional<ShardName> shard = cursors.requireShardOf(fetch.name());
            if (shard.isPresent()) {
                return forward(statement, shard.get(), Access.READ, false, borrowed, frame, bytes);
            }
            cursors.fetch(fetch, statement.text(), Optional.empty());
            return true;
        }
        cursors.close(command.name(), true);
        return true;
    }

    private boolean answerEmpty() {
        ByteBuf out = session.output().buffer();
        BackendMessages.empty(out, BackendTag.EMPTY_QUERY_RESPONSE);
        session.output().write(out);
        session.writeReady();
        return true;
    }

    /** False while a backend is on its way. */
    boolean runCommand(Planned.Statement statement, SessionCommand command, ByteBuf borrowed, int frame, int bytes) {
        session.locks().expectNothing();
        if (session.own().carriesOut(command)) {
            if (!session.own().isReadyFor(command)) {
                return false;
            }
            session.extended().portals().dropUnnamed();
            session.own().describe(command);
            session.own().run(command, statement.text(), session::writeReady);
            return true;
        }
        if (!session.failedBlock().isShared()) {
            return false;
        }
        session.failedBlock().requireJudge();
        session.own().requireSupported(command);
        boolean isOfStatements = command instanceof SessionCommand.Prepare || command instanceof SessionCommand.Execute;
        Access access = isOfStatements ? Access.WRITE : OwnCommands.accessOf(command);
        ShardName shard = session.shards().anyShard();
        if (isOfStatements) {
            Optional<Backend> backend = session.held().ready(shard);
            if (backend.isEmpty()) {
                return false;
            }
            session.shards().enlist(backend.get(), access);
            session.statements().meet(command, backend.get());
        }
        return forward(statement, shard, access, false, borrowed, frame, bytes);
    }

    private boolean forward(
            Planned.Statement statement,
            ShardName shard,
            Access access,
            boolean pins,
            ByteBuf borrowed,
            int frame,
            int bytes) {
        session.shards().requireMayWrite(shard, access);
        Optional<Backend> backend = session.held().ready(shard);
        if (backend.isEmpty()) {
            return false;
        }
        session.shards().enlist(backend.get(), access);
        if (pins) {
            session.held().pin(shard);
        }
        session.extended().portals().dropUnnamed();
        if (keepsTag(statement)) {
            session.answers()
                    .scatterTo(ScatterMerge.concatenating(session.output(), 1).keepingTag());
            backend.get().sendQuery(borrowed, frame, bytes, Visibility.ROWS);
        } else {
            session.answers().executes(statement);
            backend.get().sendQuery(borrowed, frame, bytes, Visibility.ALL);
        }
        session.answers().busyUntilReady(1);
        return true;
    }

    /** Whether the client is told of its end when it is committed. A command of the session's has no part in that, nor has COPY. */
    private boolean keepsTag(Planned.Statement statement) {
        return several.isLastOfImplicit()
                && !(statement.plan() instanceof Plan.Session)
                && !StatementsInTurn.isCopy(statement);
    }

    private boolean scatter(
            Plan.Scatter plan,
            Planned.Statement statement,
            List<ShardName> shards,
            ByteBuf borrowed,
            int frame,
            int bytes) {
        Locking locking = new Locking(session);
        Optional<Merge.Ordered> inTurn = locking.inTurn(plan);
        if (inTurn.isPresent()) {
            return locking.start(inTurn.get(), statement, shards);
        }
        Optional<List<Backend>> backends = allReady(session, shards);
        if (backends.isEmpty()) {
            return false;
        }
        boolean atOneTime = !plan.locks() && session.shards().readsAtOneTime(shards.size());
        if (atOneTime && !session.snapshot().isReady(shards)) {
            return false;
        }
        List<String> imports = atOneTime ? imports(shards) : List.of();
        session.shards().requireOneSnapshot(backends.get());
        Access access = session.shards().accessOf(plan);
        shards.forEach(shard -> session.shards().requireMayWrite(shard, access));
        session.extended().portals().dropUnnamed();
        ScatterMerge merge = merge(session, plan, statement, statement.values(), shards.size(), true);
        if (several.isLastOfImplicit()) {
            merge.keepingTag();
        }
        if (!atOneTime && !plan.locks() && session.shards().readsTogether(shards.size())) {
            backends.get().forEach(backend -> session.shards().enlist(backend, access));
            readTogether(plan, statement, text(borrowed, frame), backends.get(), merge);
            return true;
        }
        session.answers().scatterTo(merge);
        for (int i = 0; i < shards.size(); i++) {
            Backend backend = backends.get().get(i);
            session.shards().enlist(backend, access);
            if (atOneTime) {
                backend.sendQuery(SessionSnapshot.BEGIN + "; " + imports.get(i), Visibility.NONE);
            }
            if (plan.merge() instanceof Merge.Ordered ordered) {
                sendOrdered(ordered, statement, backend);
            } else {
                backend.sendQuery(borrowed, frame, bytes, Visibility.ROWS);
            }
            if (atOneTime) {
                backend.sendQuery("COMMIT", Visibility.NONE);
            }
        }
        session.answers().busyUntilReady(shards.size() * (atOneTime ? 3 : 1));
        return true;
    }

    /** Binds first, on all shards at one moment. */
    private void readTogether(
            Plan.Scatter plan, Planned.Statement statement, String text, List<Backend> backends, ScatterMerge merge) {
        Optional<Merge.Ordered> ordered =
                plan.merge() instanceof Merge.Ordered found ? Optional.of(found) : Optional.empty();
        StatementKey key = new StatementKey(ordered.map(statement::shardText).orElse(text), List.of(), List.of(), 0);
        short[] formats = ordered.map(ScatterMerge::formats).orElseGet(() -> new short[0]);
        BindRun run = new BindRun(session.runs(), backends, new BindRun.Binding() {
            @Override
            public byte[] parse(Backend backend) {
                return backend.prepare(key, false, Visibility.ROWS);
            }

            @Override
            public void bind(Backend backend, byte[] name) {
                backend.sendBind(name, formats, Visibility.ROWS);
            }

            @Override
            public void unbind(Backend backend) {
                // The next Bind does.
            }

            @Override
            public Optional<ScatterMerge.Places> places() {
                return merge.places();
            }
        });
        session.runs().start(run, failed -> {
            if (failed) {
                merge.close();
                session.runs().endQuery(true);
                return;
            }
            session.answers().scatterTo(merge);
            for (Backend backend : backends) {
                executeUnnamed(backend);
                backend.flush();
            }
            session.answers().busyUntilReady(backends.size());
        });
    }

    private static void executeUnnamed(Backend backend) {
        backend.sendDescribePortal("", Visibility.ROWS);
        backend.sendExecute("", 0, Visibility.ROWS);
        backend.sendSync(Visibility.ROWS);
    }

    /** What each shard is told to read at the same time as the others. Throws before anything is sent. */
    private List<String> imports(List<ShardName> shards) {
        return shards.stream().map(session.snapshot()::importOn).toList();
    }

    private boolean spread(
            Plan.Spread plan,
            Planned.Statement statement,
            StatementValues values,
            List<ShardName> shards,
            ByteBuf borrowed,
            int frame,
            int bytes) {
        Optional<List<Backend>> backends = allReady(session, shards);
        if (backends.isEmpty()) {
            return false;
        }
        Optional<Map<ShardName, RowSplit.Part>> parts =
                plan.split().map(split -> split.of(statement.planned(), values));
        session.shards().beginSpread(backends.get());
        ScatterMerge merge = BindOverShards.merge(plan, session, shards.size(), values, parts);
        session.answers()
                .scatterTo(session.transaction().isImplicit() && !several.hasMore() ? merge.keepingTag() : merge);
        for (Backend backend : backends.get()) {
            session.shards().enlist(backend, Access.WRITE);
            if (parts.isPresent()) {
                sendText(backend, parts.get().get(backend.shard()).sql());
            } else {
                backend.sendQuery(borrowed, frame, bytes, Visibility.ROWS);
            }
        }
        session.answers().busyUntilReady(shards.size());
        return true;
    }

    private void sendText(Backend backend, String sql) {
        ByteBuf query = session.output().buffer();
        try {
            FrontendMessages.query(query, sql, session.encoding());
            backend.sendQuery(query, query.readerIndex(), query.readableBytes(), Visibility.ROWS);
        } finally {
            query.release();
        }
    }

    /** The merge of a scatter over so many shards, for these values. */
    static ScatterMerge merge(
            Session session,
            Plan.Scatter plan,
            Planned.Statement statement,
            StatementValues values,
            int shards,
            boolean isSimple) {
        return plan.merge() instanceof Merge.Ordered ordered
                ? ScatterMerge.ordered(
                                session.output(),
                                shards,
                                ordered,
                                ordered.limit().bounds(values),
                                isSimple)
                        .ofOtherTexts((shard, position) ->
                                statement.planned().shardPieces(ordered).inClients(position))
                : ScatterMerge.concatenating(session.output(), shards);
    }

    /** By the extended protocol, for there the hidden keys can come in binary. */
    private static void sendOrdered(Merge.Ordered plan, Planned.Statement statement, Backend backend) {
        StatementKey key = new StatementKey(statement.shardText(plan), List.of(), List.of(), 0);
        byte[] name = backend.prepare(key, false, Visibility.ROWS);
        backend.sendBind(name, ScatterMerge.formats(plan), Visibility.ROWS);
        executeUnnamed(backend);
    }

    /** The backends of all these shards, asked for at once; empty while one is on its way. */
    static Optional<List<Backend>> allReady(Session session, List<ShardName> shards) {
        List<Backend> backends = new ArrayList<>(shards.size());
        for (ShardName shard : shards) {
            session.held().ready(shard).ifPresent(backends::add);
        }
        return backends.size() == shards.size() ? Optional.of(backends) : Optional.empty();
    }

    /** A function by OID, which means the same on one shard only: where there is one, or the session is told to go to one. */
    boolean onFunctionCall(ByteBuf borrowed, int frame, int bytes) {
        if (!session.isQuiet()) {
            return false;
        }
        if (session.extended().pipeline().isSkipping()) {
            return true;
        }
        if (!session.statements().answerParse()) {
            return false;
        }
        session.extended().pipeline().requireSynced();
        session.requireNotFailed();
        session.locks().requireNoCall();
        if (!session.database().hasOneShard() && session.shards().forcedShard().isEmpty()) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "function calls by OID are not supported over several shards",
                            "A function's OID differs from shard to shard.",
                            "Call the function with SELECT.")
                    .toException();
        }
        ShardName shard = session.shards().anyShard();
        Optional<Backend> backend = session.held().ready(shard);
        if (backend.isEmpty()) {
            return false;
        }
        session.shards().enlist(backend.get(), Access.WRITE);
        backend.get().sendQuery(borrowed, frame, bytes, Visibility.ALL);
        session.receives(backend.get());
        session.answers().busyUntilReady(1);
        return true;
    }
}
