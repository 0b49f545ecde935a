package io.ostraka.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.concurrent.Promise;
import io.ostraka.proxy.auth.BackendLogin;
import io.ostraka.proxy.auth.ScramKeys;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.ClientEncoding;
import io.ostraka.proxy.wire.CorruptedFrameException;
import io.ostraka.proxy.wire.ErrorFields;
import io.ostraka.proxy.wire.FieldReader;
import io.ostraka.proxy.wire.Frame;
import io.ostraka.proxy.wire.FrontendMessages;
import io.ostraka.rules.error.PgErrorException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * The start of a connection to a shard, from StartupMessage to the first ReadyForQuery; then a {@link Backend} takes its
 * place in the pipeline. Confined to the channel's event loop.
 */
final class BackendLoginHandler extends ByteToMessageDecoder implements BackendLogin.Step.Handler {
    /** Messages of a login are short; an error with its context is the longest. */
    private static final int MAX_LENGTH = 64 * 1024;

    /** Settings the proxy must know and not every server reports by itself; a role's own search path may hold other functions. */
    private static final String ASKED = "SELECT pg_catalog.current_setting('" + Backend.SEARCH_PATH
            + "'), pg_catalog.current_setting('" + Backend.DEFAULT_ISOLATION + "')";

    /** What BackendKeyData has room for, in protocol 3.0 and 3.2. */
    private static final int MIN_KEY_BYTES = 4;

    private static final int MAX_KEY_BYTES = 256;

    private final ShardAddress address;
    private final String user;
    private final BackendLogin login;
    private final Executor blocking;
    private final Promise<Backend> promise;
    private final Map<String, String> parameters = new HashMap<>();
    private final Map<String, String> defaults = new HashMap<>();
    /** Whether the server has said anything. */
    private boolean heard;
    /** Whether the server has let us in, having proved what its method asks of it. */
    private boolean loggedIn;

    private BackendPid pid = new BackendPid(0);
    private byte[] cancelKey = new byte[0];
    private ChannelHandlerContext context;

    BackendLoginHandler(
            ShardAddress address, String user, BackendLogin login, Executor blocking, Promise<Backend> promise) {
        this.address = address;
        this.user = user;
        this.login = login;
        this.blocking = blocking;
        this.promise = promise;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        context = ctx;
        Map<String, String> startup = new LinkedHashMap<>();
        startup.put("user", user);
        startup.put("database", address.database());
        startup.put("client_encoding", "UTF8");
        // The proxy reads string constants so, whatever the role's default is.
        startup.put("standard_conforming_strings", "on");
        ByteBuf out = ctx.alloc().buffer();
        FrontendMessages.startup(out, startup);
        ctx.writeAndFlush(out);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (in.readableBytes() < Frame.HEADER_BYTES) {
            return;
        }
        int frame = in.readerIndex();
        int length = in.getInt(frame + 1);
        if (length < Frame.MIN_LENGTH || length > MAX_LENGTH) {
            throw new CorruptedFrameException("message length " + length + " is not in 4.." + MAX_LENGTH);
        }
        if (in.readableBytes() <= length) {
            return;
        }
        in.skipBytes(1 + length);
        onMessage(ctx, in.getByte(frame), FieldReader.ofFrame(in, frame));
    }

    private void onMessage(ChannelHandlerContext ctx, byte tag, FieldReader fields) {
        if (promise.isDone()) {
            return;
        }
        if (tag == BackendTag.NEGOTIATE_PROTOCOL_VERSION && !heard) {
            onNegotiation(fields);
            return;
        }
        heard = true;
        boolean isPartOfLogin = tag == BackendTag.AUTHENTICATION
                || tag == BackendTag.ERROR_RESPONSE
                || tag == BackendTag.NOTICE_RESPONSE;
        if (!loggedIn && !isPartOfLogin) {
            // A server that goes on without its own proof is not the one we were sent to.
            throw new CorruptedFrameException("message '" + (char) tag + "' before the end of authentication");
        }
        switch (tag) {
            case BackendTag.AUTHENTICATION ->
                login.onAuthentication(ByteBuffer.wrap(fields.rest())).handleWith(this);
            case BackendTag.ERROR_RESPONSE -> fail(ErrorFields.read(fields));
            case BackendTag.BACKEND_KEY_DATA -> {
                pid = new BackendPid(fields.int32());
                if (fields.remaining() < MIN_KEY_BYTES || fields.remaining() > MAX_KEY_BYTES) {
                    throw new CorruptedFrameException("a cancel key of " + fields.remaining() + " bytes");
                }
                cancelKey = fields.rest();
            }
            case BackendTag.PARAMETER_STATUS -> parameters.put(fields.string(), fields.string());
            case BackendTag.READY_FOR_QUERY -> onReady(ctx);
            case BackendTag.DATA_ROW -> {
                fields.count();
                defaults.put(Backend.SEARCH_PATH, text(fields));
                defaults.put(Backend.DEFAULT_ISOLATION, text(fields));
            }
            case BackendTag.NOTICE_RESPONSE, BackendTag.ROW_DESCRIPTION, BackendTag.COMMAND_COMPLETE -> {
                // Say nothing that is needed here.
            }
            default -> throw new CorruptedFrameException("message '" + (char) tag + "' during login");
        }
    }

    /** A server before version 18 says that it speaks 3.0 only; none may know less of what we asked for, which was nothing. */
    private void onNegotiation(FieldReader fields) {
        heard = true;
        int version = fields.int32();
        if (version < FrontendMessages.PROTOCOL_3_0
                || version >= FrontendMessages.PROTOCOL_3_2
                || fields.int32() != 0) {
            throw new CorruptedFrameException("an answer about protocol versions that fits no question");
        }
    }

    private static String text(FieldReader fields) {
        return new String(fields.bytes(fields.int32()), StandardCharsets.UTF_8);
    }

    private void onReady(ChannelHandlerContext ctx) {
        if (defaults.isEmpty()) {
            ByteBuf out = ctx.alloc().buffer();
            FrontendMessages.query(out, ASKED, ClientEncoding.UTF8);
            ctx.writeAndFlush(out);
            return;
        }
        Backend backend = new Backend(address.shard(), ctx.channel(), pid, cancelKey, parameters, defaults);
        ctx.pipeline().replace(this, "backend", backend);
        if (!promise.trySuccess(backend)) {
            backend.close();
        }
    }

    @Override
    public void onSend(ByteBuffer body) {
        byte[] bytes = new byte[body.remaining()];
        body.get(bytes);
        ByteBuf out = context.alloc().buffer();
        FrontendMessages.password(out, bytes);
        context.writeAndFlush(out);
    }

    @Override
    public void onDerive(Supplier<ScramKeys> job) {
        blocking.execute(() -> {
            ScramKeys keys = job.get();
            context.executor().execute(() -> resume(keys));
        });
    }

    private void resume(ScramKeys keys) {
        if (promise.isDone()) {
            return;
        }
        try {
            login.resume(keys).handleWith(this);
        } catch (PgErrorException e) {
            fail(e);
        }
    }

    @Override
    public void onAwait() {
        // The next message is the server's.
    }

    @Override
    public void onDone() {
        loggedIn = true;
    }

    private void fail(ErrorFields error) {
        fail(BackendConnector.noLogin(
                        address,
                        "It answered: " + error.severity() + ": " + error.message() + " (" + error.sqlState() + ")")
                .toException());
    }

    private void fail(PgErrorException error) {
        promise.tryFailure(error);
        context.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        promise.tryFailure(BackendConnector.noLogin(address, "It closed the connection during login.")
                .toException());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Throwable root = cause.getCause() == null ? cause : cause.getCause();
        fail(
                root instanceof PgErrorException refused
                        ? refused
                        : BackendConnector.noLogin(address, "The login broke off: " + root.getMessage())
                                .toException());
    }
}
