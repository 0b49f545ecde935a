package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.ostraka.proxy.execute.ClientOutput;
import io.ostraka.proxy.transaction.RealTimeOrder;
import io.ostraka.proxy.wire.ClientEncoding;
import io.ostraka.proxy.wire.CorruptedFrameException;
import io.ostraka.proxy.wire.Frame;
import io.ostraka.proxy.wire.FrontendTag;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.util.Optional;

/**
 * A logged-in client's socket: cuts what it sends into frames for the {@link Session}, one at a time, and carries the answers
 * back. A frame the session cannot take yet stays where it is, and the socket is not read until it can: so a client that
 * is ahead of its shards waits, and the memory it takes is what was read at once, or one message. A large message is passed on
 * as it comes, if its beginning is enough to know where to; if not, it is gathered up to a limit.
 *
 * <p>Confined to the event loop of its channel. Owns the bytes read and not yet consumed, and those gathered
 * and not yet written.
 */
final class ClientConnection extends ChannelInboundHandlerAdapter implements ClientOutput {
    /** A longer message is passed on in pieces where its beginning says where to. */
    private static final int LARGE_BYTES = 256 << 10;

    /** How much of a large message is there when it is first looked at: the names and formats of most. */
    private static final int BEGINNING_BYTES = 16 << 10;

    /** Answers up to this size are copied: cheaper than a buffer of their own in what is written. */
    private static final int COPY_BYTES = 1024;

    private static final int GATHER_BYTES = 8192;
    private static final int GATHER_START_BYTES = 512;

    private final Channel channel;
    private final Session session;
    private final int maxCollected;
    private final Optional<RealTimeOrder> order;
    private Optional<ByteBuf> incoming = Optional.empty();
    /** Small answers, gathered into one buffer until {@link #flush}: an answer then costs one write of one buffer. */
    private Optional<ByteBuf> outgoing = Optional.empty();

    /** What is still to come of a message that is passed on as it comes. */
    private int restOfMessage;
    /** A large message that was not taken is looked at again when so much of it is there. */
    private int lookAgainAt = BEGINNING_BYTES;

    private boolean consuming;
    private boolean resumed;
    private boolean closing;
    /** Whether what is queued is sent when {@link #order} says so. */
    private boolean awaitingOrder;
    /** Nothing can be written any more, and nobody would release what is gathered. */
    private boolean removed;

    /** A message that must be whole to be understood may have {@code maxCollected} bytes. */
    ClientConnection(Channel channel, Session session, int maxCollected) {
        this.maxCollected = maxCollected;
        this.channel = channel;
        this.order = session.database().commits().order();
        this.session = session;
    }

    EventLoop loop() {
        return channel.eventLoop();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf read = (ByteBuf) message;
        if (closing) {
            read.release();
            return;
        }
        incoming = Optional.of(
                incoming.map(rest -> Frame.joined(ctx.alloc(), rest, read)).orElse(read));
        consume();
    }

    /** What the session waited for is there: it is offered the frame again. */
    void resume() {
        if (consuming) {
            resumed = true;
        } else {
            consume();
            session.onReadEnd();
        }
    }

    private void consume() {
        if (!session.hasRoom()) {
            channel.config().setAutoRead(false);
            return;
        }
        if (incoming.isEmpty()) {
            channel.config().setAutoRead(true);
            return;
        }
        consuming = true;
        try {
            boolean goOn = true;
            while (goOn && incoming.isPresent() && !closing) {
                resumed = false;
                goOn = consumeOne(incoming.get()) || resumed;
            }
        } catch (CorruptedFrameException e) {
            session.onProtocolViolation(e.getMessage());
        } finally {
            consuming = false;
        }
        session.releaseUnused();
    }

    /** Offers the next frame to the session. Returns whether it is worth going on. */
    private boolean consumeOne(ByteBuf in) {
        int readable = in.readableBytes();
        if (restOfMessage > 0) {
            return consumePiece(in);
        }
        if (readable < Frame.HEADER_BYTES) {
            return await(in);
        }
        int frame = in.readerIndex();
        int length = in.getInt(frame + 1);
        if (length < Frame.MIN_LENGTH || length > FrontendTag.maxLength(in.getByte(frame))) {
            throw new CorruptedFrameException("invalid message length");
        }
        if (readable <= length) {
            boolean isWorthALook = length > LARGE_BYTES && readable >= lookAgainAt;
            return isWorthALook ? consumeBeginning(in, frame) : await(in);
        }
        lookAgainAt = BEGINNING_BYTES;
        if (!session.onFrame(in, frame, 1 + length)) {
            channel.config().setAutoRead(false);
            return false;
        }
        // The session may have closed the connection, and with it released what was read.
        if (incoming.isPresent()) {
            in.skipBytes(1 + length);
        }
        return true;
    }

    private boolean consumeBeginning(ByteBuf in, int frame) {
        int available = in.readableBytes();
        Session.Beginning beginning = session.onBeginning(in, frame, available);
        if (beginning == Session.Beginning.TOO_SHORT) {
            if (in.getInt(frame + 1) <= maxCollected) {
                lookAgainAt = 2 * available;
                return await(in);
            }
            beginning = session.refuseBeginning(tooLong(in, frame), in.getByte(frame));
        }
        if (beginning == Session.Beginning.LATER) {
            channel.config().setAutoRead(false);
            return false;
        }
        lookAgainAt = BEGINNING_BYTES;
        if (incoming.isPresent()) {
            restOfMessage = 1 + in.getInt(frame + 1) - available;
            in.skipBytes(available);
        }
        return true;
    }

    private PgError tooLong(ByteBuf in, int frame) {
        return new PgError(
                SqlState.PROGRAM_LIMIT_EXCEEDED,
                "message of " + in.getInt(frame + 1) + " bytes is too long to be planned",
                "It must be read whole to know which shards it is for, and limits.collected_message is " + maxCollected
                        + ".",
                "Send large values as parameters, or behind the shard key.");
    }

    private boolean consumePiece(ByteBuf in) {
        int piece = Math.min(restOfMessage, in.readableBytes());
        if (piece == 0) {
            return await(in);
        }
        session.onPiece(in, in.readerIndex(), piece);
        restOfMessage -= piece;
        in.skipBytes(piece);
        return true;
    }

    private boolean await(ByteBuf in) {
        if (!in.isReadable()) {
            in.release();
            incoming = Optional.empty();
        }
        channel.config().setAutoRead(true);
        return false;
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        session.onReadEnd();
    }

    @Override
    public void write(ByteBuf owned) {
        if (removed) {
            owned.release();
            return;
        }
        int bytes = owned.readableBytes();
        if (bytes > COPY_BYTES) {
            writeGathered();
            channel.write(owned, channel.voidPromise());
            return;
        }
        if (outgoing.isPresent() && outgoing.get().readableBytes() + bytes > GATHER_BYTES) {
            writeGathered();
        }
        if (outgoing.isEmpty()) {
            outgoing = Optional.of(channel.alloc().directBuffer(GATHER_START_BYTES));
        }
        outgoing.get().writeBytes(owned);
        owned.release();
    }

    /** Counts towards what makes the channel unwritable only now: that is why little is gathered. */
    private void writeGathered() {
        if (outgoing.isPresent()) {
            ByteBuf gathered = outgoing.get();
            outgoing = Optional.empty();
            channel.write(gathered, channel.voidPromise());
        }
    }

    @Override
    public void flush() {
        if (mayTell()) {
            writeGathered();
            channel.flush();
        }
    }

    /** If not, what is queued is sent when it may. */
    private boolean mayTell() {
        if (order.isEmpty() || order.get().mayTell()) {
            return true;
        }
        if (!awaitingOrder) {
            awaitingOrder = true;
            order.get().await(loop(), this::onOrder);
        }
        return false;
    }

    private void onOrder() {
        awaitingOrder = false;
        if (removed) {
            return;
        }
        if (closing) {
            close();
        } else {
            flush();
        }
    }

    @Override
    public ByteBuf buffer() {
        return channel.alloc().buffer(64);
    }

    @Override
    public ClientEncoding encoding() {
        return session.encoding();
    }

    @Override
    public boolean isWritable() {
        return channel.isWritable();
    }

    /** Whether a frame is being taken, or was not taken yet: what it has asked for is to stay until it has used it. */
    boolean hasFrameWaiting() {
        return consuming || !channel.config().isAutoRead();
    }

    /** Sends what is queued, then closes. */
    void close() {
        closing = true;
        if (!mayTell()) {
            return;
        }
        writeGathered();
        channel.writeAndFlush(io.netty.buffer.Unpooled.EMPTY_BUFFER)
                .addListener(io.netty.channel.ChannelFutureListener.CLOSE);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        session.onClientWritability(channel.isWritable());
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        closing = true;
        session.onClientGone();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        removed = true;
        incoming.ifPresent(ByteBuf::release);
        incoming = Optional.empty();
        outgoing.ifPresent(ByteBuf::release);
        outgoing = Optional.empty();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        session.onFailure(cause);
        ctx.close();
    }
}
