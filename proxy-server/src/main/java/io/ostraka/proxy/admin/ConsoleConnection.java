package io.ostraka.proxy.admin;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.ostraka.proxy.transaction.Snapshot;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendMessages.Severity;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.BindView;
import io.ostraka.proxy.wire.ClientEncoding;
import io.ostraka.proxy.wire.CorruptedFrameException;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.proxy.wire.Frame;
import io.ostraka.proxy.wire.FrontendTag;
import io.ostraka.proxy.wire.Parse;
import io.ostraka.proxy.wire.TransactionStatus;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client of the console, in both query protocols. Takes one message at a time: while an answer is being gathered, or the
 * client does not read, what comes stays in the socket.
 *
 * <p>There are no transactions here. BEGIN and COMMIT are answered because drivers send them, and an error within a block does
 * not end it: the queries with which psql completes names must do no harm.
 *
 * <p>Confined to the channel's event loop.
 */
final class ConsoleConnection extends ByteToMessageDecoder {
    private static final Logger LOG = LoggerFactory.getLogger(ConsoleConnection.class);

    private static final int MAX_MESSAGE_BYTES = 64 << 10;
    private static final int MAX_NAMES = 100;
    private static final short[] AS_TEXT = {};

    private final Console console;
    private final Views views;
    private final Marks marks;
    private final int number;
    private final BindView bind = new BindView();
    private final Map<String, Optional<Command>> statements = new HashMap<>();
    private final Map<String, Portal> portals = new HashMap<>();
    /** What {@code SNAPSHOT} has taken last. */
    private Optional<Snapshot> held = Optional.empty();

    private boolean inBlock;
    /** An answer is being gathered. */
    private boolean busy;
    /** An error was told: nothing counts before the next Sync. */
    private boolean skipping;

    private boolean closing;

    /** A bound statement. */
    private static final class Portal {
        private final Optional<Command> command;
        private final short[] formats;
        /** What has not been shown of what it answers, once it has been asked for. */
        private Optional<Iterator<List<Optional<Cell>>>> rest = Optional.empty();

        Portal(Optional<Command> command, short[] formats) {
            this.command = command;
            this.formats = formats;
        }
    }

    ConsoleConnection(Console console, Views views, Marks marks, int number) {
        this.console = console;
        this.views = views;
        this.marks = marks;
        this.number = number;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        console.opened(ctx.channel());
        ByteBuf out = ctx.alloc().buffer();
        Command.SETTINGS.forEach((name, value) -> BackendMessages.parameterStatus(out, name, value));
        // Nothing here lasts long enough to be cancelled: nobody has this key.
        byte[] key = new byte[Integer.BYTES];
        new SecureRandom().nextBytes(key);
        BackendMessages.backendKeyData(out, number, key);
        ready(out);
        ctx.writeAndFlush(out);
    }

    private void ready(ByteBuf out) {
        BackendMessages.readyForQuery(out, inBlock ? TransactionStatus.IN_TRANSACTION : TransactionStatus.IDLE);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> decoded) {
        if (closing) {
            in.skipBytes(in.readableBytes());
            return;
        }
        boolean takes = !busy && ctx.channel().isWritable();
        ctx.channel().config().setAutoRead(takes);
        if (!takes || in.readableBytes() < Frame.HEADER_BYTES) {
            return;
        }
        int frame = in.readerIndex();
        int length = in.getInt(frame + 1);
        if (length < Frame.MIN_LENGTH || length > MAX_MESSAGE_BYTES) {
            throw new CorruptedFrameException("invalid message length");
        }
        if (in.readableBytes() <= length) {
            return;
        }
        in.skipBytes(1 + length);
        byte tag = in.getByte(frame);
        try {
            onMessage(ctx, tag, in, frame);
        } catch (PgErrorException e) {
            failed(ctx, tag, e.error());
        }
    }

    private void onMessage(ChannelHandlerContext ctx, byte tag, ByteBuf in, int frame) {
        if (skipping && tag != FrontendTag.SYNC && tag != FrontendTag.TERMINATE) {
            return;
        }
        switch (tag) {
            case FrontendTag.QUERY ->
                onQuery(ctx, FieldReader.ofFrame(in, frame).string());
            case FrontendTag.PARSE -> onParse(ctx, Parse.read(in, frame, ClientEncoding.UTF8));
            case FrontendTag.BIND -> onBind(ctx, in, frame);
            case FrontendTag.DESCRIBE -> onDescribe(ctx, FieldReader.ofFrame(in, frame));
            case FrontendTag.EXECUTE -> onExecute(ctx, FieldReader.ofFrame(in, frame));
            case FrontendTag.CLOSE -> onClose(ctx, FieldReader.ofFrame(in, frame));
            case FrontendTag.FLUSH -> ctx.flush();
            case FrontendTag.SYNC -> {
                skipping = false;
                if (!inBlock) {
                    portals.clear();
                }
                ByteBuf out = ctx.alloc().buffer();
                ready(out);
                ctx.writeAndFlush(out);
            }
            case FrontendTag.TERMINATE -> {
                closing = true;
                ctx.close();
            }
            case FrontendTag.COPY_DATA, FrontendTag.COPY_DONE, FrontendTag.COPY_FAIL -> {
                // As PostgreSQL does with what is left of a copy that has failed.
            }
            case FrontendTag.FUNCTION_CALL ->
                throw new PgError(SqlState.FEATURE_NOT_SUPPORTED, "the console has no functions").toException();
            default -> throw new CorruptedFrameException("invalid frontend message type " + tag);
        }
    }

    private void failed(ChannelHandlerContext ctx, byte tag, PgError error) {
        ByteBuf out = ctx.alloc().buffer();
        BackendMessages.error(out, Severity.ERROR, error);
        if (tag == FrontendTag.QUERY || tag == FrontendTag.FUNCTION_CALL) {
            ready(out);
        } else {
            skipping = true;
        }
        ctx.writeAndFlush(out);
    }

    // The simple protocol

    private void onQuery(ChannelHandlerContext ctx, String sql) {
        List<Command> commands = Command.read(sql);
        if (commands.isEmpty()) {
            ByteBuf out = ctx.alloc().buffer();
            BackendMessages.empty(out, BackendTag.EMPTY_QUERY_RESPONSE);
            ready(out);
            ctx.writeAndFlush(out);
            return;
        }
        runAll(ctx, commands.iterator());
    }

    private void runAll(ChannelHandlerContext ctx, Iterator<Command> commands) {
        if (!commands.hasNext()) {
            ByteBuf out = ctx.alloc().buffer();
            ready(out);
            ctx.writeAndFlush(out);
            return;
        }
        Command command = commands.next();
        gather(ctx, FrontendTag.QUERY, command, rows -> {
            ByteBuf out = ctx.alloc().buffer();
            command.columns().ifPresent(columns -> {
                columns.describe(out, AS_TEXT);
                rows.all().forEach(row -> columns.row(out, AS_TEXT, row));
            });
            BackendMessages.commandComplete(out, done(command));
            ctx.write(out);
            runAll(ctx, commands);
        });
    }

    /** What {@link #gather} has gathered. */
    private interface Gathered {
        void take(Rows rows);
    }

    private void gather(ChannelHandlerContext ctx, byte tag, Command command, Gathered then) {
        if (command instanceof Command.ShowSetting setting) {
            then.take(new Rows(List.of(List.of(Rows.text(setting.value())))));
            return;
        }
        Optional<CompletableFuture<Rows>> asked = ask(ctx, command);
        if (asked.isEmpty()) {
            then.take(Rows.NONE);
            return;
        }
        busy = true;
        asked.get().whenComplete((rows, failure) -> ctx.executor().execute(() -> {
            busy = false;
            if (closing) {
                return;
            }
            if (failure != null) {
                failed(ctx, tag, reason(command, failure));
            } else {
                warn(ctx, rows.warnings());
                then.take(rows);
            }
            goOn(ctx);
        }));
    }

    /** Empty for a command that answers with no rows. */
    private Optional<CompletableFuture<Rows>> ask(ChannelHandlerContext ctx, Command command) {
        if (command instanceof Command.Show show) {
            return Optional.of(views.rows(show.view()));
        }
        if (command instanceof Command.RestorePoint point) {
            return Optional.of(marks.restorePoint(point.name(), point.database()));
        }
        return command instanceof Command.Snapshot snapshot
                ? Optional.of(marks.snapshot(snapshot.database()).thenApplyAsync(this::hold, ctx.executor()))
                : Optional.empty();
    }

    private Rows hold(Marks.Held taken) {
        release();
        if (closing) {
            taken.snapshot().release();
        } else {
            held = Optional.of(taken.snapshot());
        }
        return taken.rows();
    }

    private void release() {
        held.ifPresent(Snapshot::release);
        held = Optional.empty();
    }

    private PgError reason(Command command, Throwable failure) {
        Throwable root = failure instanceof CompletionException ? failure.getCause() : failure;
        if (root instanceof PgErrorException refused) {
            return refused.error();
        }
        LOG.error("console {}: it could not answer {}", number, command, root);
        return new PgError(SqlState.INTERNAL_ERROR, "this could not be found out: see the log");
    }

    private static void warn(ChannelHandlerContext ctx, List<String> warnings) {
        for (String warning : warnings) {
            ByteBuf out = ctx.alloc().buffer();
            BackendMessages.notice(out, Severity.WARNING, new PgError(SqlState.WARNING, warning), ClientEncoding.UTF8);
            ctx.write(out);
        }
    }

    /** What came meanwhile is taken. */
    private void goOn(ChannelHandlerContext ctx) {
        try {
            channelRead(ctx, Unpooled.EMPTY_BUFFER);
        } catch (Exception e) {
            exceptionCaught(ctx, e);
        }
        ctx.channel().config().setAutoRead(!busy && ctx.channel().isWritable());
    }

    private String done(Command command) {
        if (command instanceof Command.Block block) {
            inBlock = block.begins();
            return block.tag();
        }
        if (command instanceof Command.RestorePoint) {
            return "RESTORE POINT";
        }
        if (command instanceof Command.Snapshot) {
            return "SNAPSHOT";
        }
        return command instanceof Command.Ignored ignored ? ignored.tag() : "SHOW";
    }

    // The extended protocol

    private void onParse(ChannelHandlerContext ctx, Parse parse) {
        List<Command> commands = Command.read(parse.sql());
        if (commands.size() > 1) {
            throw new PgError(SqlState.SYNTAX_ERROR, "cannot insert multiple commands into a prepared statement")
                    .toException();
        }
        if (!parse.statement().isEmpty() && statements.containsKey(parse.statement())) {
            throw new PgError(
                            SqlState.DUPLICATE_PREPARED_STATEMENT,
                            "prepared statement \"" + parse.statement() + "\" already exists")
                    .toException();
        }
        requireRoom(statements.size());
        statements.put(parse.statement(), commands.stream().findFirst());
        complete(ctx, BackendTag.PARSE_COMPLETE);
    }

    private static void requireRoom(int names) {
        if (names >= MAX_NAMES) {
            throw new PgError(SqlState.PROGRAM_LIMIT_EXCEEDED, "the console keeps no more than " + MAX_NAMES + " names")
                    .toException();
        }
    }

    private void onBind(ChannelHandlerContext ctx, ByteBuf in, int frame) {
        bind.read(in, frame, ClientEncoding.UTF8);
        Optional<Command> command = statement(bind.statement());
        if (bind.parameterCount() > 0) {
            throw BackendMessages.protocolViolation("bind message supplies " + bind.parameterCount()
                            + " parameters, but prepared statement \"" + bind.statement() + "\" requires 0")
                    .toException();
        }
        short[] formats = new short[bind.resultFormatCount()];
        for (int i = 0; i < formats.length; i++) {
            formats[i] = bind.resultFormat(i);
        }
        command.flatMap(Command::columns).ifPresent(columns -> columns.eachOf(formats));
        requireRoom(portals.size());
        portals.put(bind.portal(), new Portal(command, formats));
        complete(ctx, BackendTag.BIND_COMPLETE);
    }

    private Optional<Command> statement(String name) {
        Optional<Command> command = statements.get(name);
        if (command == null) {
            throw new PgError(
                            SqlState.INVALID_SQL_STATEMENT_NAME,
                            name.isEmpty()
                                    ? "unnamed prepared statement does not exist"
                                    : "prepared statement \"" + name + "\" does not exist")
                    .toException();
        }
        return command;
    }

    private Portal portal(String name) {
        Portal portal = portals.get(name);
        if (portal == null) {
            throw new PgError(SqlState.INVALID_CURSOR_NAME, "portal \"" + name + "\" does not exist").toException();
        }
        return portal;
    }

    private void onDescribe(ChannelHandlerContext ctx, FieldReader in) {
        boolean ofStatement = in.int8() == 'S';
        String name = in.string();
        Optional<Command> command = ofStatement ? statement(name) : portal(name).command;
        short[] formats = ofStatement ? AS_TEXT : portal(name).formats;
        ByteBuf out = ctx.alloc().buffer();
        if (ofStatement) {
            BackendMessages.noParameters(out);
        }
        command.flatMap(Command::columns)
                .ifPresentOrElse(
                        columns -> columns.describe(out, formats),
                        () -> BackendMessages.empty(out, BackendTag.NO_DATA));
        ctx.write(out);
    }

    private void onExecute(ChannelHandlerContext ctx, FieldReader in) {
        String name = in.string();
        int maxRows = in.int32();
        Portal portal = portal(name);
        if (portal.command.isEmpty()) {
            complete(ctx, BackendTag.EMPTY_QUERY_RESPONSE);
        } else if (portal.rest.isPresent()) {
            show(ctx, portal, portal.rest.get(), maxRows);
        } else {
            gather(ctx, FrontendTag.EXECUTE, portal.command.get(), rows -> {
                Iterator<List<Optional<Cell>>> rest = rows.all().iterator();
                portal.rest = Optional.of(rest);
                show(ctx, portal, rest, maxRows);
            });
        }
    }

    private void show(ChannelHandlerContext ctx, Portal portal, Iterator<List<Optional<Cell>>> rest, int maxRows) {
        ByteBuf out = ctx.alloc().buffer();
        Command command = portal.command.orElseThrow();
        command.columns().ifPresent(columns -> {
            for (int shown = 0; rest.hasNext() && (maxRows <= 0 || shown < maxRows); shown++) {
                columns.row(out, portal.formats, rest.next());
            }
        });
        if (rest.hasNext()) {
            BackendMessages.empty(out, BackendTag.PORTAL_SUSPENDED);
        } else {
            BackendMessages.commandComplete(out, done(command));
        }
        ctx.write(out);
    }

    private void onClose(ChannelHandlerContext ctx, FieldReader in) {
        if (in.int8() == 'S') {
            statements.remove(in.string());
        } else {
            portals.remove(in.string());
        }
        complete(ctx, BackendTag.CLOSE_COMPLETE);
    }

    private static void complete(ChannelHandlerContext ctx, byte tag) {
        ByteBuf out = ctx.alloc().buffer();
        BackendMessages.empty(out, tag);
        ctx.write(out);
    }

    // The connection

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable() && !busy) {
            goOn(ctx);
        }
    }

    /** The server stops. */
    void shutDown(ChannelHandlerContext ctx) {
        end(ctx, new PgError(SqlState.ADMIN_SHUTDOWN, "terminating connection due to administrator command"));
    }

    private void end(ChannelHandlerContext ctx, PgError reason) {
        if (!closing) {
            closing = true;
            ByteBuf out = ctx.alloc().buffer();
            BackendMessages.error(out, Severity.FATAL, reason);
            ctx.writeAndFlush(out).addListener(ChannelFutureListener.CLOSE);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Throwable root = cause.getCause() == null ? cause : cause.getCause();
        if (root instanceof CorruptedFrameException corrupted) {
            end(ctx, BackendMessages.protocolViolation(corrupted.getMessage()));
            return;
        }
        if (!(root instanceof IOException)) {
            LOG.error("console {}: closed by an error of the proxy's own", number, root);
        }
        closing = true;
        ctx.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        closing = true;
        release();
    }
}
