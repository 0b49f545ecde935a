package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.backend.StatementKey;
import io.ostraka.proxy.backend.Visibility;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.BindValue;
import io.ostraka.proxy.wire.ClientEncoding;
import io.ostraka.proxy.wire.ErrorFields;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.proxy.wire.Frame;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import io.ostraka.rules.plan.Access;
import io.ostraka.rules.plan.Computed;
import io.ostraka.rules.plan.InlinedParameters;
import io.ostraka.rules.plan.Plan;
import io.ostraka.rules.plan.PreparedList;
import io.ostraka.rules.plan.Question;
import io.ostraka.rules.plan.Route;
import io.ostraka.rules.plan.ServerValues;
import io.ostraka.rules.plan.StatementValues;
import io.ostraka.rules.rule.KeyType;
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

    /** Its parameters, once their types are known. */
    private Optional<InlinedParameters> parameters = Optional.empty();
    /** Whether it has their values in its text: one shard can be sent what the client has bound. */
    private boolean isInlined;

    private Optional<Resolved> resolved = Optional.empty();
    private Optional<Asked> asked = Optional.empty();

    /** The shard that judges a Parse of the client's, and what it is sent for that. */
    record Judge(ShardName shard, StatementKey parsed) {}

    /** A statement that can go on. {@code isRewritten}: the shards get its text, and not what the client sent. */
    record Resolved(Planned.Statement statement, Plan plan, StatementValues values, boolean isRewritten) {}

    /** One question on its way. */
    private static final class Asked {
        private final Backend backend;
        /** Otherwise the client's Sync ends it. */
        private final boolean hasSync;
        /** Whether the types of parameters are all that it asks for. */
        private final boolean isAboutTypes;

        private final List<Integer> types = new ArrayList<>();
        private final List<Optional<byte[]>> values = new ArrayList<>();
        private Optional<PgError> error = Optional.empty();
        private boolean isDone;

        Asked(Backend backend, boolean hasSync, boolean isAboutTypes) {
            this.backend = backend;
            this.hasSync = hasSync;
            this.isAboutTypes = isAboutTypes;
        }
    }

    Questions(Session session) {
        this.session = session;
    }

    /**
     * The statement with all that it needs to know; empty while a shard is asked. What was learnt is kept until {@link #clear}.
     * {@code judge}: of a statement of the extended protocol, for which the client will send a Sync.
     */
    Optional<Resolved> resolve(Planned.Statement statement, StatementValues values, Optional<Judge> judge) {
        if (!waiting.equals(Optional.of(statement))) {
            clear();
            waiting = Optional.of(statement);
        }
        while (resolved.isEmpty()) {
            if (asked.filter(question -> !question.isDone).isPresent()) {
                return Optional.empty();
            }
            Planned.Statement now = rewritten.orElse(statement);
            if (!goOn(now, new Values(now, values, List.of()), judge)) {
                return Optional.empty();
            }
        }
        return resolved;
    }

    /** One step; false when it has to wait. */
    private boolean goOn(Planned.Statement statement, StatementValues values, Optional<Judge> judge) {
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
        if (plan instanceof Plan.Valued valued && !isOnOne(valued.asWritten(), values)) {
            if (judge.isEmpty()) {
                // A Query has no parameters, and a shard says so.
                resolved = Optional.of(new Resolved(statement, valued, values, rewritten.isPresent()));
                return true;
            }
            return inline(valued, statement, values, judge);
        }
        plan = plan instanceof Plan.Valued valued ? valued.asWritten() : plan;
        if (plan instanceof Plan.Clocked clocked && !isRight(clocked.asWritten(), values)) {
            if (asked.isEmpty()) {
                return ask(clocked.clock().question(statement.planned()), values, judge);
            }
            List<String> answers = answer().values.stream()
                    .map(value -> session.encoding().original(value.orElseThrow()))
                    .toList();
            String text = clocked.clock().with(statement.planned(), answers);
            rewritten = Optional.of(session.plan(text).statements().get(0));
            return true;
        }
        plan = plan instanceof Plan.Clocked clocked ? clocked.asWritten() : plan;
        if (plan instanceof Plan.Asking asking) {
            return goOn(asking, statement, values, judge);
        }
        resolved = Optional.of(new Resolved(statement, plan, values, rewritten.isPresent() && !isInlined));
        return true;
    }

    private static boolean isOnOne(Plan asWritten, StatementValues values) {
        return asWritten.unasked() instanceof Plan.Forward forward
                && !(forward.router().route(values) instanceof Route.Many);
    }

    /** Where it is judged the types of its parameters are asked for, and then their values as literals. */
    private boolean inline(
            Plan.Valued valued, Planned.Statement statement, StatementValues values, Optional<Judge> judge) {
        if (parameters.isEmpty()) {
            if (asked.isEmpty()) {
                return askForTypes(judge.orElseThrow());
            }
            parameters = Optional.of(new InlinedParameters(answer().types));
        }
        InlinedParameters known = parameters.get();
        if (known.oids().size() != values.parameterCount()) {
            // Its Bind fails, where it is judged.
            resolved = Optional.of(new Resolved(statement, valued.unasked(), values, false));
            return true;
        }
        if (asked.isEmpty()) {
            return ask(judge.orElseThrow().shard(), known.question(), known.oids(), values, judge);
        }
        List<Optional<String>> answers = answer().values.stream()
                .map(value -> value.map(bytes -> session.encoding().original(bytes)))
                .toList();
        String text = known.with(statement.text(), answers, session.statements().longestText());
        rewritten = Optional.of(session.plan(text).statements().get(0));
        isInlined = true;
        return true;
    }

    private boolean goOn(
            Plan.Asking asking, Planned.Statement statement, StatementValues values, Optional<Judge> judge) {
        ServerValues wanted = asking.values();
        List<Computed> computed = List.of();
        if (asked.isPresent()) {
            computed = computed(answer(), session.encoding());
        } else {
            Question question = wanted.question(statement.planned(), values);
            if (wanted.mayAsk(question, values)) {
                return ask(question, values, judge);
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

    private static List<Computed> computed(Asked answered, ClientEncoding encoding) {
        List<Computed> computed = new ArrayList<>();
        for (int i = 0; i < answered.values.size(); i++) {
            Optional<KeyType> type = KeyType.ofOid(answered.types.get(i));
            computed.add(answered.values
                    .get(i)
                    .map(bytes -> type.flatMap(known ->
                                    known.fromBinary(known.hasCharacters() ? encoding.originalInUtf8(bytes) : bytes))
                            .<Computed>map(Computed.Known::new)
                            .orElse(Computed.UNKNOWN))
                    .orElse(Computed.NULL));
        }
        return computed;
    }

    /** Always false: the answer takes a while. */
    private boolean ask(Question question, StatementValues values, Optional<Judge> judge) {
        List<Integer> oids =
                question.parameters().stream().map(values::parameterOid).toList();
        Set<ShardName> participants = session.transaction().participants();
        ShardName shard = participants.isEmpty()
                ? judge.map(Judge::shard).orElseGet(session.shards()::anyShard)
                : participants.iterator().next();
        return ask(shard, question, oids, values, judge);
    }

    private boolean ask(
            ShardName shard, Question question, List<Integer> oids, StatementValues values, Optional<Judge> judge) {
        Optional<Backend> ready = asking(shard, judge);
        if (ready.isEmpty()) {
            return false;
        }
        Backend backend = ready.get();
        List<BindValue> bound = BoundValues.of(values, question.parameters());
        byte[] name = backend.prepare(session.statements().key(question.sql(), oids), false, Visibility.ROWS);
        backend.sendBind(name, PORTAL, bound, Visibility.ROWS);
        backend.sendDescribePortal(PORTAL, Visibility.ROWS);
        backend.sendExecute(PORTAL, 0, Visibility.ROWS);
        backend.sendClosePortal(PORTAL, Visibility.NONE);
        return asked(backend, judge.isEmpty(), false);
    }

    /** Of the statement as the client has parsed it. Always false. */
    private boolean askForTypes(Judge judge) {
        Optional<Backend> ready = asking(judge.shard(), Optional.of(judge));
        if (ready.isEmpty()) {
            return false;
        }
        byte[] name = ready.get().prepare(judge.parsed(), false, Visibility.ROWS);
        ready.get().sendDescribeStatement(name, judge.parsed(), Visibility.ROWS);
        return asked(ready.get(), false, true);
    }

    private boolean asked(Backend backend, boolean hasSync, boolean isAboutTypes) {
        if (hasSync) {
            backend.sendSync(Visibility.ROWS);
        } else {
            session.extended().pipeline().unsynced().add(backend);
            backend.sendFlush();
        }
        backend.flush();
        asked = Optional.of(new Asked(backend, hasSync, isAboutTypes));
        return false;
    }

    /** The shard's backend, if it can be asked now. */
    private Optional<Backend> asking(ShardName shard, Optional<Judge> judge) {
        if (!session.isQuiet()) {
            return Optional.empty();
        }
        Optional<Backend> ready = session.held().ready(shard);
        // What is wrong with the client's text is told before what is wrong with its values.
        if (ready.isEmpty()
                || (judge.isPresent() && (!session.statements().answerParse() || !session.isQuietBut(ready.get())))) {
            return Optional.empty();
        }
        session.shards().enlist(ready.get(), Access.READ);
        return ready;
    }

    /** The statement goes its way, or was refused. */
    void clear() {
        waiting = Optional.empty();
        rewritten = Optional.empty();
        parameters = Optional.empty();
        isInlined = false;
        resolved = Optional.empty();
        asked = Optional.empty();
    }

    // ---- what the shard answers ----------------------------------------------------------------------------------

    /** Whether what the backend says now is the answer to a question. */
    boolean hears(Backend backend) {
        return asked.isPresent() && !asked.get().isDone && asked.get().backend == backend;
    }

    void onParameterDescription(ByteBuf borrowed, int frame) {
        FieldReader in = FieldReader.ofFrame(borrowed, frame);
        int parameters = in.count();
        for (int i = 0; i < parameters; i++) {
            asked.orElseThrow().types.add(in.int32());
        }
    }

    void onRowDescription(ByteBuf borrowed, int frame) {
        if (asked.orElseThrow().isAboutTypes) {
            // The last that comes.
            done();
            return;
        }
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
        ErrorFields error = ErrorFields.read(FieldReader.ofFrame(borrowed, frame, backend.encoding()));
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
        public byte[] inUtf8(byte[] text) {
            return values.inUtf8(text);
        }

        @Override
        public Computed computed(int number) {
            return number < computed.size() ? computed.get(number) : Computed.UNKNOWN;
        }
    }
}
