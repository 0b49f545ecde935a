package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.BindValue;
import io.ostraka.proxy.wire.ErrorFields;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.proxy.wire.Frame;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.Computed;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.PreparedList;
import io.ostraka.rules.plan.Question;
import io.ostraka.rules.plan.Route;
import io.ostraka.rules.plan.ServerValues;
import io.ostraka.rules.plan.StatementValues;
import io.ostraka.rules.rule.KeyType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a shard is asked before a statement can go on: the time, or the value of an expression that the shard key is compared
 * with. The statement's frame waits meanwhile, and is offered again when the answer is here. Confined to the session's event
 * loop.
 *
 * <p>Within a transaction block it is the first shard of it that is asked, so that {@code now()} is the same everywhere.
 */
final class Questions {
    private static final String PORTAL = "ostraka: question";

    private final Session session;
    /** The statement that waits, as it was planned first. */
    private Optional<Planned.Statement> waiting = Optional.empty();
    /** The same with the time in it, once that is known. */
    private Optional<Planned.Statement> rewritten = Optional.empty();

    private Optional<Resolved> resolved = Optional.empty();
    private Optional<Asked> asked = Optional.empty();

    /** A statement that can go on. {@code isRewritten}: the shards get its text, and not what the client sent. */
    record Resolved(Planned.Statement statement, Plan plan, StatementValues values, boolean isRewritten) {}

    /** One question on its way. */
    private static final class Asked {
        private final Backend backend;
        /** Otherwise the client's Sync ends it. */
        private final boolean hasSync;

        private final List<Integer> types = new ArrayList<>();
        private final List<Optional<byte[]>> values = new ArrayList<>();
        private Optional<PgError> error = Optional.empty();
        private boolean isDone;

        Asked(Backend backend, boolean hasSync) {
            this.backend = backend;
            this.hasSync = hasSync;
        }
    }

    Questions(Session session) {
        this.session = session;
    }

    /**
     * The statement with all that it needs to know; empty while a shard is asked. What was learnt is kept until {@link #clear}.
     * {@code home}: of a statement of the extended protocol, the shard that judges its Parse; the client will send a Sync.
     */
    Optional<Resolved> resolve(Planned.Statement statement, StatementValues values, Optional<ShardName> home) {
        if (!waiting.equals(Optional.of(statement))) {
            clear();
            waiting = Optional.of(statement);
        }
        while (resolved.isEmpty()) {
            if (asked.filter(question -> !question.isDone).isPresent()) {
                return Optional.empty();
            }
            Planned.Statement now = rewritten.orElse(statement);
            if (!goOn(now, new Values(now, values, List.of()), home)) {
                return Optional.empty();
            }
        }
        return resolved;
    }

    /** One step; false when it has to wait. */
    private boolean goOn(Planned.Statement statement, StatementValues values, Optional<ShardName> home) {
        Plan plan = statement.plan();
        if (plan instanceof Plan.Listed listed) {
            if (rewritten.isEmpty()) {
                String text = PreparedList.with(
                        statement.text(), session.database().commits().preparedByClients());
                rewritten = Optional.of(session.plan(text).statements().get(0));
                return true;
            }
            plan = listed.asWritten();
        }
        if (plan instanceof Plan.Clocked clocked && !isRight(clocked.asWritten(), values)) {
            if (asked.isEmpty()) {
                return ask(clocked.clock().question(statement.planned()), values, home);
            }
            List<String> answers = answer().values.stream()
                    .map(value -> new String(value.orElseThrow(), StandardCharsets.UTF_8))
                    .toList();
            String text = clocked.clock().with(statement.planned(), answers);
            rewritten = Optional.of(session.plan(text).statements().get(0));
            return true;
        }
        plan = plan instanceof Plan.Clocked clocked ? clocked.asWritten() : plan;
        if (plan instanceof Plan.Asking asking) {
            return goOn(asking, statement, values, home);
        }
        resolved = Optional.of(new Resolved(statement, plan, values, rewritten.isPresent()));
        return true;
    }

    private boolean goOn(
            Plan.Asking asking, Planned.Statement statement, StatementValues values, Optional<ShardName> home) {
        ServerValues wanted = asking.values();
        List<Computed> computed = List.of();
        if (asked.isPresent()) {
            computed = computed(answer());
        } else {
            Question question = wanted.question(statement.planned(), values);
            if (wanted.mayAsk(question, values)) {
                return ask(question, values, home);
            }
        }
        StatementValues known = new Values(statement, values, computed);
        resolved = Optional.of(new Resolved(statement, asking.then(), known, rewritten.isPresent()));
        return true;
    }

    /** Whether every shard that the statement goes to has the transaction's clock, or it has none yet. */
    private boolean isRight(Plan asWritten, StatementValues values) {
        Plan plan = asWritten instanceof Plan.Combine combine ? combine.forward() : asWritten;
        if (!(plan instanceof Plan.Forward forward)) {
            return false;
        }
        Route route = forward.router().route(values);
        if (route instanceof Route.Many) {
            return false;
        }
        Set<ShardName> participants = session.transaction().participants();
        if (participants.isEmpty() || route instanceof Route.Refused) {
            return true;
        }
        ShardName shard =
                route instanceof Route.One one ? one.shard() : session.shards().anyShard();
        return participants.iterator().next().equals(shard);
    }

    private Asked answer() {
        Asked answered = asked.orElseThrow();
        // Kept until it is told, which may take another attempt.
        answered.error.ifPresent(error -> {
            throw error.toException();
        });
        asked = Optional.empty();
        return answered;
    }

    private static List<Computed> computed(Asked answered) {
        List<Computed> computed = new ArrayList<>();
        for (int i = 0; i < answered.values.size(); i++) {
            Optional<KeyType> type = KeyType.ofOid(answered.types.get(i));
            computed.add(answered.values
                    .get(i)
                    .map(bytes -> type.flatMap(known -> known.fromBinary(bytes))
                            .<Computed>map(Computed.Known::new)
                            .orElse(Computed.UNKNOWN))
                    .orElse(Computed.NULL));
        }
        return computed;
    }

    /** Always false: the answer takes a while. */
    private boolean ask(Question question, StatementValues values, Optional<ShardName> home) {
        if (!session.isQuiet()) {
            return false;
        }
        Set<ShardName> participants = session.transaction().participants();
        ShardName shard = participants.isEmpty()
                ? home.orElseGet(session.shards()::anyShard)
                : participants.iterator().next();
        Optional<Backend> ready = session.held().ready(shard);
        if (ready.isEmpty()) {
            return false;
        }
        Backend backend = ready.get();
        // What is wrong with the client's text is told before what is wrong with its values.
        if (home.isPresent() && (!session.statements().answerParse() || !session.isQuietBut(backend))) {
            return false;
        }
        session.shards().enlist(backend, Access.READ);
        List<Integer> oids =
                question.parameters().stream().map(values::parameterOid).toList();
        List<BindValue> bound = BoundValues.of(values, question.parameters());
        StatementKey key = new StatementKey(
                question.sql(),
                oids,
                session.settings().searchPath(),
                session.database().schemaAge());
        byte[] name = backend.prepare(key, false, Visibility.ROWS);
        backend.sendBind(name, PORTAL, bound, Visibility.ROWS);
        backend.sendDescribePortal(PORTAL, Visibility.ROWS);
        backend.sendExecute(PORTAL, 0, Visibility.ROWS);
        backend.sendClosePortal(PORTAL, Visibility.NONE);
        if (home.isPresent()) {
            session.extended().pipeline().unsynced().add(backend);
            backend.sendFlush();
        } else {
            backend.sendSync(Visibility.ROWS);
        }
        backend.flush();
        asked = Optional.of(new Asked(backend, home.isEmpty()));
        return false;
    }

    /** The statement goes its way, or was refused. */
    void clear() {
        waiting = Optional.empty();
        rewritten = Optional.empty();
        resolved = Optional.empty();
        asked = Optional.empty();
    }

    // ---- what the shard answers ----------------------------------------------------------------------------------

    /** Whether what the backend says now is the answer to a question. */
    boolean hears(Backend backend) {
        return asked.isPresent() && !asked.get().isDone && asked.get().backend == backend;
    }

    void onRowDescription(ByteBuf borrowed, int frame) {
        FieldReader in = FieldReader.ofFrame(borrowed, frame);
        int columns = in.count();
        for (int i = 0; i < columns; i++) {
            in.skipString();
            in.skip(Integer.BYTES + Short.BYTES);
            asked.orElseThrow().types.add(in.int32());
            in.skip(Short.BYTES + Integer.BYTES + Short.BYTES);
        }
    }

    /**
     * Whole frames: the row, or a notice, which is of no interest, or what the client's Parse in front of the question is answered,
     * which is the client's. Takes ownership.
     */
    void onBytes(ByteBuf owned) {
        try {
            int at = owned.readerIndex();
            while (at < owned.writerIndex()) {
                byte tag = owned.getByte(at);
                int length = 1 + owned.getInt(at + Frame.HEADER_BYTES - Integer.BYTES);
                if (tag == BackendTag.DATA_ROW) {
                    onRow(FieldReader.ofFrame(owned, at));
                } else if (tag == BackendTag.PARSE_COMPLETE || tag == BackendTag.ERROR_RESPONSE) {
                    session.output().write(owned.retainedSlice(at, length));
                }
                at += length;
            }
        } finally {
            owned.release();
        }
    }

    private void onRow(FieldReader in) {
        int columns = in.count();
        for (int i = 0; i < columns; i++) {
            int length = in.int32();
            asked.orElseThrow().values.add(length < 0 ? Optional.empty() : Optional.of(in.bytes(length)));
        }
    }

    void onCommandEnd() {
        if (!asked.orElseThrow().hasSync) {
            done();
        }
    }

    void onError(Backend backend, ByteBuf borrowed, int frame) {
        ErrorFields error = ErrorFields.read(FieldReader.ofFrame(borrowed, frame));
        Optional<SqlState> state = SqlState.of(error.sqlState());
        asked.orElseThrow().error = Optional.of(new PgError(
                state.orElse(SqlState.DATA_EXCEPTION),
                error.message(),
                "Shard \"" + backend.shard() + "\" was asked for a value that the statement needs"
                        + (state.isPresent() ? "." : ", and answered with SQLSTATE " + error.sqlState() + "."),
                ""));
        if (!asked.get().hasSync) {
            session.extended().pipeline().failed(backend);
            done();
        }
    }

    void onReady() {
        done();
    }

    void onClosed(PgError lost) {
        asked.orElseThrow().error = Optional.of(lost);
        done();
    }

    private void done() {
        asked.orElseThrow().isDone = true;
        session.resume();
    }

    /** The literals of a statement, the client's parameters, and what a shard said. */
    private record Values(Planned.Statement statement, StatementValues values, List<Computed> computed)
            implements StatementValues {
        Values {
            computed = List.copyOf(computed);
        }

        @Override
        public CharSequence literal(int index) {
            return statement.planned().literal(index);
        }

        @Override
        public int parameterCount() {
            return values.parameterCount();
        }

        @Override
        public boolean parameterIsNull(int number) {
            return values.parameterIsNull(number);
        }

        @Override
        public int parameterOid(int number) {
            return values.parameterOid(number);
        }

        @Override
        public boolean parameterIsBinary(int number) {
            return values.parameterIsBinary(number);
        }

        @Override
        public byte[] parameter(int number) {
            return values.parameter(number);
        }

        @Override
        public Computed computed(int number) {
            return number < computed.size() ? computed.get(number) : Computed.UNKNOWN;
        }
    }
}
