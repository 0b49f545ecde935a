package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.ostraka.proxy.backend.Backend;
import io.ostraka.proxy.execute.ArgumentsRun;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.CorruptedFrameException;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.proxy.wire.FrontendTag;
import io.ostraka.proxy.wire.Parse;
import io.ostraka.rules.config.LimitsConfig;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.plan.Plan;
import java.util.Optional;

/**
 * The extended protocol: {@link Statements} are bound to {@link Portals}, whose shards the values decide. After an error all is
 * skipped up to Sync, as on the server. Confined to the session's event loop.
 */
final class ExtendedQuery {
    private final Session session;
    private final Pipeline pipeline;
    private final Statements statements;
    private final Portals portals;
    private final ExecuteArguments arguments;
    private final Binding binding;

    ExtendedQuery(Session session, LimitsConfig limits) {
        this.session = session;
        this.pipeline = new Pipeline(session);
        this.statements = new Statements(session, pipeline, limits);
        this.portals = new Portals(session, pipeline, limits.portals());
        this.arguments = new ExecuteArguments(session);
        this.binding = new Binding(session, pipeline, statements, portals, arguments);
    }

    Pipeline pipeline() {
        return pipeline;
    }

    Statements statements() {
        return statements;
    }

    Portals portals() {
        return portals;
    }

    boolean onMessage(ByteBuf borrowed, int frame, byte tag) {
        if (tag == FrontendTag.SYNC) {
            return onSync();
        }
        if (pipeline.isSkipping()) {
            return true;
        }
        if (!pipeline.isEffectKnown()) {
            return false;
        }
        session.locks().expectNothing();
        return switch (tag) {
            case FrontendTag.PARSE -> onParse(borrowed, frame);
            case FrontendTag.BIND -> binding.onBind(borrowed, frame);
            case FrontendTag.DESCRIBE -> onDescribe(fields(borrowed, frame));
            case FrontendTag.EXECUTE -> onExecute(fields(borrowed, frame));
            case FrontendTag.CLOSE -> onClose(fields(borrowed, frame));
            case FrontendTag.FLUSH -> onFlush();
            default -> throw new IllegalStateException("not a message of the extended protocol: " + tag);
        };
    }

    private FieldReader fields(ByteBuf borrowed, int frame) {
        return FieldReader.ofFrame(borrowed, frame, session.encoding());
    }

    // ---- Parse ---------------------------------------------------------------------------------------------------

    private boolean onParse(ByteBuf borrowed, int frame) {
        if (!statements.answerParse() || !pipeline.mayAnswer()) {
            return false;
        }
        portals.forgetQuery();
        return statements.parse(Parse.read(borrowed, frame, session.encoding()));
    }

    // ---- Bind ----------------------------------------------------------------------------------------------------

    /** A Bind of which only {@code available} bytes are there, which may be enough: what decides mostly comes first. */
    boolean onBeginningOfBind(ByteBuf borrowed, int frame, int available) {
        return pipeline.isEffectKnown() && binding.onBeginning(borrowed, frame, available);
    }

    // ---- Describe, Execute, Close --------------------------------------------------------------------------------

    private boolean onDescribe(FieldReader fields) {
        byte kind = fields.int8();
        String name = fields.string();
        fields.end();
        return switch (kind) {
            case 'S' -> describeStatement(statements.named(name));
            case 'P' -> statements.answerParse() && portals.describe(name);
            default -> throw new CorruptedFrameException("invalid DESCRIBE message subtype " + kind);
        };
    }

    private boolean describeStatement(PreparedStatement statement) {
        if (!statements.answerParseBut(statement) || !pipeline.mayAnswer()) {
            return false;
        }
        if (statements.isOwn(statement)) {
            ByteBuf out = session.output().buffer();
            BackendMessages.noParameters(out);
            Portals.describeOwn(out, Statements.commandOf(statement), 0);
            session.writeInOrder(out, pipeline.target());
            return true;
        }
        statements.refresh(statement);
        Optional<byte[]> columns =
                session.executions().columns(statement.statements().get(0));
        if (columns.isPresent()) {
            // Only the session knows that there is such a cursor.
            statements.answerParseHere(statement);
            ByteBuf out = session.output().buffer();
            BackendMessages.noParameters(out);
            out.writeBytes(columns.get());
            session.writeInOrder(out, pipeline.target());
            return true;
        }
        if (statement.statements().get(0).plan() instanceof Plan.Execute execute
                && !execute.isExplained()
                && statements.preparing().isThere(execute)) {
            return describeExecuted(execute);
        }
        session.locks().beginFor(statement.statements().get(0));
        Optional<Backend> backend = pipeline.turnTo(statements.homeOf(statement), statements.accessToJudge(statement));
        if (backend.isEmpty() || !statements.isCurrent(backend.get(), statement)) {
            return false;
        }
        statements.describe(backend.get(), statement);
        return true;
    }

    /** The columns are those of the statement that is executed, which has parameters, while EXECUTE has none. */
    private boolean describeExecuted(Plan.Execute execute) {
        session.requireNotFailed();
        Optional<ArgumentsRun> described = arguments.mayBeAsked() ? arguments.describe(execute) : Optional.empty();
        if (described.isEmpty()) {
            return false;
        }
        if (described.get().hasFailed()) {
            return arguments.tell(described.get());
        }
        arguments.clear();
        ByteBuf out = session.output().buffer();
        BackendMessages.noParameters(out);
        session.output().write(out.writeBytes(described.get().columns()));
        return true;
    }

    private boolean onExecute(FieldReader fields) {
        String name = fields.string();
        int maxRows = fields.int32();
        fields.end();
        if (maxRows > 0) {
            session.kept().ended();
        }
        if (!statements.answerParse()) {
            return false;
        }
        session.locks().executes(name);
        return portals.execute(name, maxRows);
    }

    private boolean onClose(FieldReader fields) {
        byte kind = fields.int8();
        String name = fields.string();
        fields.end();
        if (!statements.answerParse() || !pipeline.mayAnswer()) {
            return false;
        }
        return switch (kind) {
            case 'S' -> statements.close(name);
            case 'P' -> portals.close(name);
            default -> throw new CorruptedFrameException("invalid CLOSE message subtype " + kind);
        };
    }

    // ---- Flush, Sync, errors -------------------------------------------------------------------------------------

    private boolean onFlush() {
        if (!statements.answerParse()) {
            return false;
        }
        for (Backend backend : pipeline.unsynced()) {
            backend.sendFlush();
            backend.flush();
        }
        return true;
    }

    private boolean onSync() {
        if (!pipeline.isSkipping() && !statements.answerParse()) {
            return false;
        }
        // Sync commits: what one shard has done must not be, while another may still fail.
        if (pipeline.unsynced().size() > 1 && !session.isQuiet()) {
            return false;
        }
        pipeline.sync();
        return true;
    }

    /** Everything up to Sync is answered. */
    void onSynced() {
        pipeline.onSynced();
        statements.onSynced();
        if (!session.transaction().isOpen()) {
            portals.clear();
            session.locks().onTransactionEnd();
        }
    }

    /** Portals do not outlive the transaction they were made in. */
    void onTransactionEnd() {
        portals.clear();
    }

    /** A refusal of the proxy's own, all that came before it being answered. */
    void fail(PgError error) {
        session.writeError(error);
        skipToSync();
        pipeline.poison(Optional.empty());
    }

    /** A shard has refused something the client sent, and the client knows. */
    void onBackendError(Backend backend) {
        if (pipeline.unsynced().contains(backend)) {
            skipToSync();
            pipeline.poison(Optional.of(backend));
        }
    }

    /** The error of a round over shards has been told. */
    void onOwnError() {
        pipeline.skip();
    }

    /** Whether an error in what the proxy sent on its own account is news to the client. */
    boolean onHiddenError(Backend backend) {
        if (pipeline.isPoisoned(backend)) {
            return false;
        }
        onBackendError(backend);
        return true;
    }

    /** A statement that the combiner was to answer has failed. */
    void onCombineError() {
        skipToSync();
        pipeline.poison(Optional.empty());
    }

    /** What was bound up to now is gone with the transaction it was bound in. */
    void onCombined() {
        pipeline.unsynced().clear();
        portals.loseUnfetched();
    }

    void onBackendGone(Backend backend) {
        if (pipeline.gone(backend)) {
            skipToSync();
            pipeline.poison(Optional.of(backend));
        }
        portals.onBackendGone(backend);
    }

    private void skipToSync() {
        arguments.clear();
        pipeline.skip();
        statements.forgetUnanswered();
        portals.forgetSkipped();
    }
}
