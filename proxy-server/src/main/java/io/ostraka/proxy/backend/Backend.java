package io.ostraka.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.BindValue;
import io.ostraka.proxy.wire.BindView;
import io.ostraka.proxy.wire.ClientEncoding;
import io.ostraka.proxy.wire.CorruptedFrameException;
import io.ostraka.proxy.wire.ErrorFields;
import io.ostraka.proxy.wire.Frame;
import io.ostraka.proxy.wire.FrontendMessages;
import io.ostraka.proxy.wire.Parse;
import io.ostraka.proxy.wire.TransactionStatus;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One logged-in connection to a shard, lent to one {@link BackendListener} at a time.
 *
 * <p>Each message sent puts an entry into a queue of expected replies, which says whose it is: the client's, or the proxy's
 * own. Frames are matched to the head of the queue, and runs of frames that the client is to see are passed on as one
 * slice of what was read, uncopied and undecoded.
 *
 * <pre>
 * sent:      Parse(ours)  Bind   Execute  Sync
 * expected:  PARSE/NONE   BIND   EXECUTE  SYNC
 * received:  1            2 | D D D C |   Z      -> one slice to the client, then ReadyForQuery as an event
 * </pre>
 *
 * After an error the server skips all up to Sync, and so does the queue ({@link Replies}). Messages gather in one outgoing
 * buffer until {@link #flush}. Confined to the event loop of its channel, which its pool may change while it is at rest. A crash of the proxy leaves a connection that the
 * server rolls back and closes. Source of the rules: PostgreSQL manual, "Message Flow".
 */
public final class Backend extends ChannelInboundHandlerAdapter {
    public static final String SEARCH_PATH = "search_path";
    public static final String DEFAULT_ISOLATION = "default_transaction_isolation";

    private static final Logger LOG = LoggerFactory.getLogger(Backend.class);

    /** Frames up to this size are copied into the outgoing buffer: cheaper than a write of their own. */
    private static final int COPY_BYTES = 4096;

    private static final String QUERY_CANCELED = "57014";

    private static final byte[] UNNAMED = new byte[0];
    private static final short[] ALL_BINARY = {1};
    private static final String BETWEEN = "ostraka: a command of its own";

    private final ShardName shard;
    private final Channel channel;
    private final BackendPid pid;
    private final byte[] cancelKey;
    private final Map<String, String> parameters = new HashMap<>();
    private final Map<String, String> defaults;
    private final Replies replies = new Replies(this);
    private final PreparedNames prepared = new PreparedNames();

    private Optional<BackendListener> listener = Optional.empty();
    private Optional<StatementKey> unnamed = Optional.empty();
    private Optional<ByteBuf> outgoing = Optional.empty();
    private Optional<ByteBuf> incoming = Optional.empty();

    private BackendSettings settings = BackendSettings.NONE;
    /** What {@link #settings} were before the transaction, explicit or implicit, that runs now. */
    private BackendSettings settingsBefore = BackendSettings.NONE;
    /** Whether messages of the extended protocol were sent since the last Sync: the server is in a transaction then. */
    private boolean needsSync;

    /** See {@link BackendConnector#age}. */
    private long age;

    /** Where its server is; set by its pool before it is lent. */
    private Optional<ShardAddress> address = Optional.empty();

    /** Bytes of a client's message that have not come yet; nothing may be sent between. */
    private int restOfMessage;

    private boolean closing;
    /** What the server has sent that no PostgreSQL sends. */
    private Optional<String> broken = Optional.empty();

    /** Whether the client takes answers, and whether the run that merges them waits for other shards' first. */
    private boolean isTaken = true;

    private boolean isAhead;

    /** What the client is told instead of "canceling statement due to user request". */
    private Optional<PgError> cancelError = Optional.empty();

    private int cancelsInFlight;
    private Optional<Runnable> afterCancels = Optional.empty();

    Backend(
            ShardName shard,
            Channel channel,
            BackendPid pid,
            byte[] cancelKey,
            Map<String, String> parameters,
            Map<String, String> defaults) {
        this.defaults = Map.copyOf(defaults);
        this.shard = shard;
        this.channel = channel;
        this.pid = pid;
        this.cancelKey = cancelKey.clone();
        this.parameters.putAll(parameters);
    }

    public ShardName shard() {
        return shard;
    }

    /** The server's process: what {@code pg_backend_pid()} says there. */
    public BackendPid pid() {
        return pid;
    }

    /** As its server tells of it, unless it comes from no port. Any thread. */
    Optional<BackendProcess> process() {
        return channel.localAddress() instanceof InetSocketAddress from
                ? Optional.of(new BackendProcess(pid.value(), from.getPort()))
                : Optional.empty();
    }

    long age() {
        return age;
    }

    void bornAt(long time, ShardAddress there) {
        age = time;
        address = Optional.of(there);
    }

    ShardAddress address() {
        return address.orElseThrow();
    }

    /** In which life of its shard it was opened: it leads to the primary of that life. */
    public long shardEpoch() {
        return address().epoch();
    }

    /** Cuts the connection. Any thread. */
    void abandon() {
        channel.close();
    }

    public EventLoop loop() {
        return channel.eventLoop();
    }

    public boolean isOpen() {
        return channel.isActive();
    }

    /** What the server reported last, by name. A view, valid on the event loop. */
    public Map<String, String> parameters() {
        return Map.copyOf(parameters);
    }

    /** The server's own value of {@link #SEARCH_PATH} or {@link #DEFAULT_ISOLATION}, as it was at login. */
    public String defaultOf(String setting) {
        return defaults.get(setting);
    }

    /** The settings that were made on this connection, beyond those of its start. */
    public BackendSettings settings() {
        return settings;
    }

    /** How its texts are encoded, those that it is sent and those that it answers. */
    public ClientEncoding encoding() {
        return settings.encoding();
    }

    /** Settings were made, in the transaction that runs now if there is one. */
    public void settingsAre(BackendSettings made) {
        settings = made;
    }

    /** The transaction was committed, and its settings with it. */
    public void keepSettings() {
        settingsBefore = settings;
    }

    /** The transaction was rolled back: the server undid its settings. */
    public void revertSettings() {
        settings = settingsBefore;
    }

    /** Whether a message that was sent has not been answered in full. */
    public boolean hasOutstandingReplies() {
        return !replies.areAllHere();
    }

    /** How often ReadyForQuery is still to come. */
    public int awaitedReadies() {
        return replies.awaitedReadies();
    }

    /** Whether it serves nobody: outside a transaction, with nothing to be answered. */
    boolean isAtRest() {
        return isOpen()
                && replies.areAllHere()
                && restOfMessage == 0
                && !needsSync
                && replies.status() == TransactionStatus.IDLE;
    }

    /** Whether the client has had only a part of a message: nothing else can be said to it before the rest. */
    public boolean isInsideMessage() {
        return replies.isInsideMessage();
    }

    public void attach(BackendListener borrower) {
        assert loop().inEventLoop();
        if (listener.isPresent()) {
            throw new IllegalStateException("backend " + pid + " of shard " + shard + " is lent out already");
        }
        listener = Optional.of(borrower);
        readOn();
    }

    /**
     * Takes it, at rest and lent to nobody, to another event loop of the same transport, or closes it. {@code then} runs on that loop
     * afterwards, in either case.
     */
    void moveTo(EventLoop loop, Runnable then) {
        channel.deregister().addListener(left -> loop.register(channel).addListener(there -> loop.execute(then)));
    }

    /** Runs {@code action} on the event loop once the connection is closed. */
    void onClose(Runnable action) {
        channel.closeFuture().addListener(closed -> action.run());
    }

    public void detach() {
        listener = Optional.empty();
        // Its last borrower may have had no room: the server's goodbye must be heard all the same.
        readOn();
    }

    // ---- sending -------------------------------------------------------------------------------------------------

    /**
     * A Query or FunctionCall of the client's, as it came, {@code bytes} long at {@code frame}. Ends with ReadyForQuery. If that is
     * not all of it, {@link #sendPiece} brings the rest; so for CopyData and Bind.
     */
    public void sendQuery(ByteBuf borrowed, int frame, int bytes, Visibility visibility) {
        appendMessage(borrowed, frame, bytes);
        unnamed = Optional.empty();
        expect(Expected.Kind.QUERY, visibility);
    }

    public void sendQuery(String sql, Visibility visibility) {
        unnamed = Optional.empty();
        FrontendMessages.query(out(), sql, encoding());
        expect(Expected.Kind.QUERY, visibility);
    }

    /**
     * A Query in the place of what the server skips up to the last Sync, after an error that is not to be told: that Sync's
     * ReadyForQuery is not shown.
     */
    public void sendQueryInstead(String sql) {
        replies.hideSync();
        sendQuery(sql, Visibility.ALL);
        flush();
    }

    /** The same with a statement that is parsed for it. */
    public void sendReadInstead(StatementKey key, BindView bind, boolean isDescribed) {
        replies.hideSync();
        sendBind(bind, prepare(key, false, Visibility.NONE), Visibility.ALL);
        if (isDescribed) {
            sendDescribePortal(bind.portal(), Visibility.ALL);
        }
        sendExecute(bind.portal(), 0, Visibility.ALL);
        sendSync(Visibility.ALL);
        flush();
    }

    /** Runs a statement of the proxy's own; its ReadyForQuery is that of the Sync or Query which follows. */
    public void sendHidden(String sql) {
        FrontendMessages.parseBindExecute(out(), sql, encoding());
        unnamed = Optional.empty();
        expect(Expected.Kind.PARSE, Visibility.NONE);
        expect(Expected.Kind.BIND, Visibility.NONE);
        expect(Expected.Kind.EXECUTE, Visibility.NONE);
    }

    /** Whether the server was in a failed transaction when it was ready last. */
    public boolean isFailed() {
        return replies.status() == TransactionStatus.FAILED;
    }

    /** Makes the server fail the transaction: executes a portal that cannot exist. */
    public void sendPoison() {
        FrontendMessages.execute(out(), "ostraka: statement refused by the proxy", 0, encoding());
        expect(Expected.Kind.EXECUTE, Visibility.NONE);
    }

    /**
     * Sees to it that a statement is prepared here and returns the name it has. {@code visibility} is for ParseComplete:
     * when nothing needs to be sent and the client is to see one, one of ours takes its place.
     */
    public byte[] prepare(StatementKey key, boolean named, Visibility visibility) {
        if (!named) {
            if (visibility != Visibility.NONE || unnamed.filter(key::equals).isEmpty()) {
                Parse.write(out(), "", key.sql(), key.parameterOids(), encoding());
                unnamed = Optional.of(key);
                expect(Expected.parse(key, false, visibility));
            }
            return UNNAMED;
        }
        Optional<byte[]> known = prepared.find(key);
        if (known.isPresent()) {
            if (visibility == Visibility.ALL) {
                ByteBuf complete = channel.alloc().buffer(Frame.HEADER_BYTES);
                BackendMessages.empty(complete, BackendTag.PARSE_COMPLETE);
                replies.answerInOrder(Expected.ownParse(key, complete), complete);
            }
            return known.get();
        }
        prepared.evict().ifPresent(name -> {
            FrontendMessages.close(out(), 'S', encoding().text(name), encoding());
            expect(Expected.Kind.CLOSE, Visibility.NONE);
        });
        byte[] name = prepared.create(key);
        Parse.write(out(), encoding().text(name), key.sql(), key.parameterOids(), encoding());
        expect(Expected.parse(key, true, visibility));
        return name;
    }

    /** Whether {@link #prepare} under a name would have nothing to send. */
    public boolean hasPrepared(StatementKey key) {
        return prepared.find(key).isPresent();
    }

    /** Drops what is prepared here. */
    public void unprepare(StatementKey key) {
        prepared.find(key).ifPresent(name -> {
            prepared.forget(key);
            FrontendMessages.close(out(), 'S', encoding().text(name), encoding());
            expect(Expected.Kind.CLOSE, Visibility.NONE);
        });
    }

    /** A command of the client's among its pipelined messages, whose unnamed portal stays. {@code visibility} is for its answer. */
    public void sendBetween(StatementKey key, Visibility visibility) {
        byte[] name = prepare(key, true, Visibility.NONE);
        FrontendMessages.bind(out(), BETWEEN, name, new short[0], encoding());
        expect(Expected.Kind.BIND, Visibility.NONE);
        sendExecute(BETWEEN, 0, visibility);
        sendClosePortal(BETWEEN, Visibility.NONE);
    }

    /** Prepares a statement under the client's own name, for SQL that speaks of it. */
    public void prepareUnder(String name, StatementKey key) {
        Parse.write(out(), name, key.sql(), key.parameterOids(), encoding());
        expect(Expected.Kind.PARSE, Visibility.NONE);
    }

    /** Drops what {@link #prepareUnder} has prepared, if that was taken. */
    public void dropUnder(String name) {
        FrontendMessages.close(out(), 'S', name, encoding());
        expect(Expected.Kind.CLOSE, Visibility.NONE);
    }

    /** The client drops a statement that has its own name here; {@link BackendListener#onCloseSkipped} tells if that is skipped. */
    public void sendCloseStatement(String name, StatementKey key) {
        FrontendMessages.close(out(), 'S', name, encoding());
        expect(Expected.close(key));
    }

    /** A Bind of the client's, under the statement name that {@link #prepare} returned. */
    public void sendBind(BindView bind, byte[] statement, Visibility visibility) {
        bind.writeWithStatement(out(), statement);
        if (bind.bytesToCome() > 0) {
            writeGathered();
            restOfMessage = bind.bytesToCome();
        }
        expect(Expected.Kind.BIND, visibility);
    }

    /** The same, with other formats for the result's columns. */
    public void sendBind(BindView bind, byte[] statement, short[] resultFormats, Visibility visibility) {
        bind.writeWithStatement(out(), statement, resultFormats);
        expect(Expected.Kind.BIND, visibility);
    }

    /** The same for a portal of the proxy's own. */
    public void sendBind(BindView bind, byte[] statement, String portal, Visibility visibility) {
        bind.writeUnder(out(), encoding().bytes(portal), statement);
        expect(Expected.Kind.BIND, visibility);
    }

    /** The same parameters for another portal, whatever the client's is. */
    public void sendBindFor(
            String portal, BindView bind, byte[] statement, short[] resultFormats, Visibility visibility) {
        bind.writeFor(out(), encoding().bytes(portal), statement, resultFormats);
        expect(Expected.Kind.BIND, visibility);
    }

    /** A Bind of the proxy's own, without parameters, to the unnamed portal. */
    public void sendBind(byte[] statement, short[] resultFormats, Visibility visibility) {
        FrontendMessages.bind(out(), "", statement, resultFormats, encoding());
        expect(Expected.Kind.BIND, visibility);
    }

    /** A Bind of the proxy's own with values of the client's; its result comes in binary. */
    public void sendBind(byte[] statement, String portal, List<BindValue> values, Visibility visibility) {
        sendBind(statement, portal, values, ALL_BINARY, visibility);
    }

    /** The same with these formats for the result's columns. */
    public void sendBind(
            byte[] statement, String portal, List<BindValue> values, short[] resultFormats, Visibility visibility) {
        FrontendMessages.bind(out(), portal, statement, values, resultFormats, encoding());
        expect(Expected.Kind.BIND, visibility);
    }

    /** {@link BackendListener#onDescribed} tells the result. */
    public void sendDescribeStatement(byte[] name, StatementKey key, Visibility visibility) {
        FrontendMessages.describe(out(), 'S', encoding().text(name), encoding());
        expect(Expected.describe(key, visibility));
    }

    public void sendDescribePortal(String portal, Visibility visibility) {
        FrontendMessages.describe(out(), 'P', portal, encoding());
        expect(Expected.Kind.DESCRIBE, visibility);
    }

    public void sendExecute(String portal, int maxRows, Visibility visibility) {
        FrontendMessages.execute(out(), portal, maxRows, encoding());
        expect(Expected.Kind.EXECUTE, visibility);
    }

    public void sendClosePortal(String portal, Visibility visibility) {
        FrontendMessages.close(out(), 'P', portal, encoding());
        expect(Expected.Kind.CLOSE, visibility);
    }

    public void sendSync(Visibility visibility) {
        FrontendMessages.sync(out());
        expect(Expected.Kind.SYNC, visibility);
    }

    /** Asks the server to answer what it has, without ending anything. */
    public void sendFlush() {
        FrontendMessages.flush(out());
    }

    /** CopyData, CopyDone or CopyFail of the client's: answered by the statement that is copying. */
    public void sendCopy(ByteBuf borrowed, int frame, int bytes) {
        appendMessage(borrowed, frame, bytes);
    }

    /** More of a message whose beginning was sent. */
    public void sendPiece(ByteBuf borrowed, int start, int bytes) {
        restOfMessage -= bytes;
        channel.write(borrowed.retainedSlice(start, bytes), channel.voidPromise());
    }

    /** A COPY of the proxy's own, in binary; its rows follow. */
    public void sendCopyIn(String sql) {
        sendQuery(sql, Visibility.NONE);
        FrontendMessages.copyBinaryStart(out());
    }

    /** CopyData, in whole messages. Takes ownership. */
    public void sendCopyData(ByteBuf owned) {
        writeGathered();
        channel.write(owned, channel.voidPromise());
    }

    /** The end of the rows of {@link #sendCopyIn}. */
    public void sendCopyEnd() {
        FrontendMessages.copyBinaryEnd(out());
    }

    /** The end of copy data that say themselves where they end. */
    public void sendCopyDone() {
        FrontendMessages.copyDone(out());
    }

    public void sendCopyFail(String reason) {
        FrontendMessages.copyFail(out(), reason, encoding());
    }

    /** Puts bytes of the proxy's own at their place among the replies. Takes ownership. */
    public void answerInOrder(ByteBuf owned) {
        replies.answerInOrder(Expected.own(owned), owned);
    }

    /** The same for the answer to a Parse, which {@link BackendListener#onParseSkipped} tells of if it is skipped. */
    public void answerParseInOrder(StatementKey key, ByteBuf owned) {
        replies.answerInOrder(Expected.ownParse(key, owned), owned);
    }

    /** The same for the answer to the Close of a statement, and {@link BackendListener#onCloseSkipped}. */
    public void answerCloseInOrder(StatementKey key, ByteBuf owned) {
        replies.answerInOrder(Expected.ownClose(key, owned), owned);
    }

    /** Forgets which statements are prepared here, after something dropped them all. */
    public void forgetPrepared() {
        prepared.clear();
        unnamed = Optional.empty();
    }

    /** Sends what has gathered. */
    public void flush() {
        if (outgoing.isPresent() && restOfMessage == 0) {
            ByteBuf bytes = outgoing.get();
            outgoing = Optional.empty();
            channel.writeAndFlush(bytes, channel.voidPromise());
        } else {
            channel.flush();
        }
    }

    /** Whether more may be sent; nothing piles up at one that has closed, even before {@link BackendListener#onClosed} tells. */
    public boolean isWritable() {
        return channel.isWritable() || !channel.isActive();
    }

    /** Whether the shard's answers are read: false while the client cannot take them. */
    public void setReading(boolean reading) {
        isTaken = reading;
        channel.config().setAutoRead(isTaken && !isAhead);
    }

    /** The shard's answers are not read either while they wait for those of others, whatever the client can take meanwhile. */
    public void setAhead(boolean ahead) {
        isAhead = ahead;
        channel.config().setAutoRead(isTaken && !isAhead);
    }

    private void readOn() {
        isAhead = false;
        setReading(true);
    }

    /** Says goodbye and closes; the server rolls back what is open. */
    public void close() {
        closing = true;
        FrontendMessages.terminate(out());
        flush();
        channel.close();
    }

    private ByteBuf out() {
        if (outgoing.isEmpty()) {
            outgoing = Optional.of(channel.alloc().buffer());
        }
        return outgoing.get();
    }

    /** A message of the client's, or its beginning. */
    private void appendMessage(ByteBuf borrowed, int frame, int bytes) {
        append(borrowed, frame, bytes);
        int rest = 1 + borrowed.getInt(frame + 1) - bytes;
        if (rest > 0) {
            writeGathered();
            restOfMessage = rest;
        }
    }

    /** Appends a frame of the client's: small ones are copied, large ones are written as a slice. */
    private void append(ByteBuf borrowed, int start, int bytes) {
        if (bytes <= COPY_BYTES) {
            out().writeBytes(borrowed, start, bytes);
            return;
        }
        writeGathered();
        channel.write(borrowed.retainedSlice(start, bytes), channel.voidPromise());
    }

    /** What the proxy says while a client's message is on its way waits in the next gathering. */
    private void writeGathered() {
        outgoing.ifPresent(gathered -> channel.write(gathered, channel.voidPromise()));
        outgoing = Optional.empty();
    }

    private void expect(Expected.Kind kind, Visibility visibility) {
        expect(Expected.of(kind, visibility));
    }

    private void expect(Expected reply) {
        replies.expect(reply);
        needsSync = !reply.endsWithReady();
    }

    // ---- distrust ------------------------------------------------------------------------------------------------

    /** The server has sent what no PostgreSQL sends, which may have shown later than it was read: the connection is closed. */
    public void distrust(String why) {
        if (broken.isEmpty()) {
            broken = Optional.of(why);
            LOG.warn("shard {}: closing backend {}: {}", shard, pid.value(), why);
            channel.close();
        }
    }

    /** What a client is told of it, if the server has done so. */
    public Optional<PgError> distrust() {
        return broken.map(why -> new PgError(
                SqlState.PROTOCOL_VIOLATION,
                "shard \"" + shard + "\" has broken the protocol",
                "What it has sent is no message of PostgreSQL's: " + why + ".",
                "Its connection is closed. Look at the server, and at what lies between."));
    }

    // ---- cancelling ----------------------------------------------------------------------------------------------

    /** The next error that a cancel causes here is to be this one; its listener has to say so. */
    public void replaceCancelError(PgError error) {
        cancelError = Optional.of(error);
    }

    /** What an error is to be replaced by; at most once. */
    public Optional<PgError> takeReplacement(ErrorFields error) {
        Optional<PgError> instead = replaces(error) ? cancelError : Optional.empty();
        if (instead.isPresent()) {
            cancelError = Optional.empty();
        }
        return instead;
    }

    /** The cancel came too late, or has done its work. */
    public void forgetCancelError() {
        cancelError = Optional.empty();
    }

    boolean replaces(ErrorFields error) {
        return cancelError.isPresent() && error.sqlState().equals(QUERY_CANCELED);
    }

    byte[] cancelKey() {
        return cancelKey.clone();
    }

    /** While a cancel is on its way this connection must not serve anybody else: it could hit the wrong statement. */
    void cancelStarted() {
        cancelsInFlight++;
    }

    void cancelEnded() {
        cancelsInFlight--;
        if (cancelsInFlight == 0) {
            Optional<Runnable> waiting = afterCancels;
            afterCancels = Optional.empty();
            waiting.ifPresent(Runnable::run);
        }
    }

    /** Whether a cancel is on its way. */
    public boolean isBeingCancelled() {
        return cancelsInFlight > 0;
    }

    /** Runs {@code action} now, or when the last cancel on its way has arrived. */
    public void afterCancels(Runnable action) {
        if (cancelsInFlight == 0) {
            action.run();
        } else {
            afterCancels = Optional.of(action);
        }
    }

    // ---- what the replies tell -----------------------------------------------------------------------------------

    Optional<BackendListener> lentTo() {
        return listener;
    }

    /** The statement that has this name here. */
    Optional<StatementKey> statementNamed(String name) {
        return prepared.named(name);
    }

    void forget(StatementKey key) {
        prepared.forget(key);
    }

    void forgetUnnamed() {
        unnamed = Optional.empty();
    }

    /** A Sync that was sent has been thrown away. */
    void needsSync() {
        needsSync = true;
    }

    /** In the place of a message that is skipped, its reply being expected already. */
    void sendSyncInPlace() {
        FrontendMessages.sync(out());
        flush();
    }

    void reported(String name, String value) {
        parameters.put(name, value);
    }

    // ---- receiving -----------------------------------------------------------------------------------------------

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf read = (ByteBuf) message;
        if (incoming.isPresent()) {
            read = Frame.joined(ctx.alloc(), incoming.get(), read);
            incoming = Optional.empty();
        }
        int rest;
        try {
            rest = replies.consume(read);
        } catch (CorruptedFrameException e) {
            if (closing) {
                // Its borrower went away among these replies.
                read.release();
                return;
            }
            read.release();
            distrust(e.getMessage());
            return;
        } catch (RuntimeException e) {
            read.release();
            throw e;
        }
        if (rest == read.writerIndex()) {
            read.release();
        } else {
            read.readerIndex(rest);
            incoming = Optional.of(read);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        listener.ifPresent(borrower -> borrower.onReadComplete(this));
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (channel.isWritable()) {
            listener.ifPresent(borrower -> borrower.onWritable(this));
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        listener.ifPresent(borrower -> borrower.onClosed(this));
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        incoming.ifPresent(ByteBuf::release);
        incoming = Optional.empty();
        outgoing.ifPresent(ByteBuf::release);
        outgoing = Optional.empty();
        replies.release();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.info("shard {}: backend {} failed: {}", shard, pid.value(), cause.toString());
        ctx.close();
    }
}
