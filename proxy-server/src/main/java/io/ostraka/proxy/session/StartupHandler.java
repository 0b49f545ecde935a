package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import io.ostraka.proxy.auth.LinkSecurity;
import io.ostraka.proxy.auth.LoginErrors;
import io.ostraka.proxy.auth.ScramServer;
import io.ostraka.proxy.auth.ShardLogin;
import io.ostraka.proxy.auth.ShardRoles;
import io.ostraka.proxy.auth.UserDirectory;
import io.ostraka.proxy.tls.ServerTls;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendMessages.Severity;
import io.ostraka.proxy.wire.CorruptedFrameException;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.proxy.wire.Frame;
import io.ostraka.proxy.wire.FrontendMessages;
import io.ostraka.proxy.wire.FrontendTag;
import io.ostraka.proxy.wire.StartupMessage;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A client before it is logged in: cancel, startup, SCRAM. Then a {@link ClientConnection} takes its place. What is said
 * about encryption {@link EncryptionHandler} has answered before.
 *
 * <pre>
 * EXPECTING_STARTUP --StartupMessage--> EXPECTING_FIRST_PROOF --> EXPECTING_FINAL_PROOF --> (replaced)
 * </pre>
 *
 * A second StartupMessage has no place in this: once one is read, only messages with a tag are. Confined to the channel's
 * event loop. Source: PostgreSQL manual, "Start-up".
 */
final class StartupHandler extends ByteToMessageDecoder {
    /** PostgreSQL's {@code MAX_STARTUP_PACKET_LENGTH}. */
    private static final int MAX_STARTUP_BYTES = 10_000;

    /** A SASL message is a few hundred bytes; PostgreSQL takes no password message above this. */
    private static final int MAX_PASSWORD_BYTES = 65_535;

    private static final int PROTOCOL_MAJOR = 3;

    /** The newest of PostgreSQL 18; from it on cancel keys are long. */
    private static final int PROTOCOL_MINOR = 2;

    private enum State {
        EXPECTING_STARTUP,
        EXPECTING_FIRST_PROOF,
        EXPECTING_FINAL_PROOF,
        CLOSED
    }

    private final FrontDoor door;

    private State state = State.EXPECTING_STARTUP;
    private StartupMessage startup = StartupMessage.EMPTY;
    private boolean hasLongCancelKey;
    private Optional<ScramServer> scram = Optional.empty();
    private Optional<Future<?>> timeout = Optional.empty();

    StartupHandler(FrontDoor door) {
        this.door = door;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        timeout = Optional.of(ctx.executor()
                .schedule(
                        () -> ctx.channel().close(),
                        door.limits().loginTimeout().toMillis(),
                        TimeUnit.MILLISECONDS));
    }

    /** Logged in, or gone. */
    @Override
    protected void handlerRemoved0(ChannelHandlerContext ctx) {
        door.slots().depart();
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        switch (state) {
            case EXPECTING_STARTUP -> readStartup(ctx, in);
            case EXPECTING_FIRST_PROOF, EXPECTING_FINAL_PROOF -> readProof(ctx, in);
            case CLOSED -> in.skipBytes(in.readableBytes());
        }
    }

    private void readStartup(ChannelHandlerContext ctx, ByteBuf in) {
        if (in.readableBytes() < 2 * Integer.BYTES) {
            return;
        }
        int length = in.getInt(in.readerIndex());
        if (length < 2 * Integer.BYTES || length > MAX_STARTUP_BYTES) {
            throw new CorruptedFrameException("invalid length of startup packet");
        }
        if (in.readableBytes() < length) {
            return;
        }
        int start = in.readerIndex();
        in.skipBytes(length);
        FieldReader fields = new FieldReader(in, start + Integer.BYTES, start + length);
        int code = fields.int32();
        switch (code) {
            case FrontendMessages.CANCEL_REQUEST -> {
                state = State.CLOSED;
                // To the client the end of the connection says that what it sends next will not be hit.
                door.cancel(fields.rest()).whenComplete((done, failure) -> ctx.close());
            }
            default -> onStartup(ctx, code, fields);
        }
    }

    private void onStartup(ChannelHandlerContext ctx, int version, FieldReader fields) {
        int major = version >>> 16;
        int minor = version & 0xFFFF;
        if (major != PROTOCOL_MAJOR) {
            throw new PgError(
                            SqlState.FEATURE_NOT_SUPPORTED,
                            "unsupported frontend protocol " + major + "." + minor + ": server supports 3.0 to "
                                    + PROTOCOL_MAJOR + "." + PROTOCOL_MINOR)
                    .toException();
        }
        startup = StartupMessage.read(fields);
        hasLongCancelKey = minor >= PROTOCOL_MINOR;
        ByteBuf out = ctx.alloc().buffer();
        if (minor > PROTOCOL_MINOR || !startup.protocolOptions().isEmpty()) {
            BackendMessages.negotiateProtocolVersion(out, Math.min(minor, PROTOCOL_MINOR), startup.protocolOptions());
        }
        try {
            requireWelcome(ctx);
        } catch (PgErrorException e) {
            out.release();
            throw e;
        }
        if (door.trusts()) {
            ctx.write(out);
            ShardLogin login = door.users()
                    .trustedLogin(startup.user(), roles())
                    .orElseThrow(() -> LoginErrors.unknownUser(startup.user()).toException());
            admit(ctx, login);
            return;
        }
        ScramServer exchange =
                door.users().login(startup.user(), roles(), link(ctx).channelBinding());
        scram = Optional.of(exchange);
        state = State.EXPECTING_FIRST_PROOF;
        BackendMessages.authentication(out, exchange.offer());
        ctx.writeAndFlush(out);
    }

    /** Before anything is asked: nobody shall send his proof where it may be read, nor guess passwords. */
    private void requireWelcome(ChannelHandlerContext ctx) {
        boolean mayBeRead = !address(ctx).isLoopbackAddress() && !door.allowsPlaintext();
        boolean demandsCertificate =
                door.tls().filter(ServerTls::demandsCertificate).isPresent();
        if ((mayBeRead || demandsCertificate) && !link(ctx).isEncrypted()) {
            throw LoginErrors.noEncryption(startup.user(), startup.database(), demandsCertificate)
                    .toException();
        }
        if (!door.throttle().admits(address(ctx))) {
            throw LoginErrors.tooManyFailures().toException();
        }
        if (!door.rate().admits()) {
            throw LoginErrors.tooManyLogins().toException();
        }
        SessionSlots slots = door.slots();
        slots.enter();
        ctx.channel().closeFuture().addListener(closed -> slots.leave());
    }

    private ShardRoles roles() {
        return door.roles(startup.database());
    }

    private LinkSecurity link(ChannelHandlerContext ctx) {
        return ctx.pipeline().get(SslHandler.class) == null
                ? new LinkSecurity.Plaintext()
                : door.tls().orElseThrow().link();
    }

    private void readProof(ChannelHandlerContext ctx, ByteBuf in) {
        if (in.readableBytes() < Frame.HEADER_BYTES) {
            return;
        }
        int frame = in.readerIndex();
        int length = in.getInt(frame + 1);
        if (in.getByte(frame) != FrontendTag.PASSWORD) {
            throw new CorruptedFrameException("expected SASL response, got message type " + in.getByte(frame));
        }
        if (length < Frame.MIN_LENGTH || length > MAX_PASSWORD_BYTES) {
            throw new CorruptedFrameException("invalid message length");
        }
        if (in.readableBytes() <= length) {
            return;
        }
        in.skipBytes(1 + length);
        byte[] body = FieldReader.ofFrame(in, frame).rest();
        boolean isLast = state == State.EXPECTING_FINAL_PROOF;
        ByteBuf out = ctx.alloc().buffer();
        try {
            if (isLast) {
                BackendMessages.authentication(out, scram.orElseThrow().finish(body));
            } else {
                BackendMessages.authentication(out, scram.orElseThrow().start(body));
                state = State.EXPECTING_FINAL_PROOF;
            }
        } catch (PgErrorException e) {
            out.release();
            door.throttle().failed(address(ctx));
            roles().loginFailed();
            throw e;
        }
        ctx.writeAndFlush(out);
        if (isLast) {
            admit(
                    ctx,
                    door.users().shardLogin(startup.user(), scram.orElseThrow().keys()));
        }
    }

    /** The client is who it says: from here on it has a session. */
    private void admit(ChannelHandlerContext ctx, ShardLogin login) {
        timeout.ifPresent(timer -> timer.cancel(false));
        SessionSlots slots = door.slots();
        String user = startup.user();
        slots.enter(user);
        // Not by this handler, which nothing else keeps: there may be thousands of clients.
        ctx.channel().closeFuture().addListener(closed -> slots.leave(user));
        if (startup.database().equals(ServedDatabases.CONSOLE)) {
            admitToConsole(ctx);
            return;
        }
        ServedDatabase database = door.databases().find(startup.database());
        Settings settings = StartupSettings.of(startup);
        Session session = new Session(door.sessions(), database, login, door.limits(), settings, hasLongCancelKey);
        ClientConnection connection =
                new ClientConnection(ctx.channel(), session, door.limits().collectedMessage());
        ByteBuf out = ctx.alloc().buffer();
        BackendMessages.authenticationOk(out);
        ctx.write(out);
        ctx.pipeline().addAfter(ctx.name(), "client", connection);
        session.start(connection);
        // Bytes that came early go to the session, as the decoder is removed.
        ctx.pipeline().remove(this);
    }

    private void admitToConsole(ChannelHandlerContext ctx) {
        if (door.users()
                .find(startup.user())
                .filter(UserDirectory.User::console)
                .isEmpty()) {
            throw new PgError(
                            SqlState.INSUFFICIENT_PRIVILEGE,
                            "permission denied for database \"" + ServedDatabases.CONSOLE + "\"",
                            "It is the administration console.",
                            "Give the user \"console: true\" in the configuration file.")
                    .toException();
        }
        ByteBuf out = ctx.alloc().buffer();
        BackendMessages.authenticationOk(out);
        ctx.write(out);
        ctx.pipeline().addAfter(ctx.name(), "client", door.console().open());
        ctx.pipeline().remove(this);
    }

    private static InetAddress address(ChannelHandlerContext ctx) {
        return ((InetSocketAddress) ctx.channel().remoteAddress()).getAddress();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Throwable root = cause.getCause() == null ? cause : cause.getCause();
        if (state == State.CLOSED) {
            return;
        }
        state = State.CLOSED;
        timeout.ifPresent(timer -> timer.cancel(false));
        PgError error;
        if (root instanceof PgErrorException refused) {
            error = refused.error();
        } else if (root instanceof CorruptedFrameException corrupted) {
            error = BackendMessages.protocolViolation(corrupted.getMessage());
        } else {
            ctx.close();
            return;
        }
        ByteBuf out = ctx.alloc().buffer();
        BackendMessages.error(out, Severity.FATAL, error);
        ctx.writeAndFlush(out).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        state = State.CLOSED;
        timeout.ifPresent(timer -> timer.cancel(false));
    }
}
