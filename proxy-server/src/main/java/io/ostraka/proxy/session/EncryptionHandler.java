package io.ostraka.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import io.ostraka.proxy.tls.ServerTls;
import io.ostraka.proxy.wire.CorruptedFrameException;
import io.ostraka.proxy.wire.FrontendMessages;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The first handler of a connection: answers SSLRequest and GSSENCRequest, notices TLS that begins at once, and goes away
 * with the first thing that is neither. What was read and not used then goes on to the next handler, which is the TLS
 * handler if there is one: so no byte that came in clear can pass for one that was encrypted.
 *
 * <p>Confined to the channel's event loop. Source: PostgreSQL manual, "SSL Session Encryption".
 */
final class EncryptionHandler extends ByteToMessageDecoder {
    /** The type of the record that every TLS connection begins with. No startup packet is so long that it could. */
    private static final byte TLS_HANDSHAKE = 0x16;

    private static final int REQUEST_BYTES = 2 * Integer.BYTES;

    private final Optional<ServerTls> tls;
    private final Set<Integer> refused = new HashSet<>();

    EncryptionHandler(Optional<ServerTls> tls) {
        this.tls = tls;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        int start = in.readerIndex();
        if (in.getByte(start) == TLS_HANDSHAKE) {
            onDirectTls(ctx, in);
            return;
        }
        if (in.readableBytes() < REQUEST_BYTES) {
            return;
        }
        int code = in.getInt(start + Integer.BYTES);
        boolean isRequest = in.getInt(start) == REQUEST_BYTES
                && (code == FrontendMessages.SSL_REQUEST || code == FrontendMessages.GSSENC_REQUEST);
        // As in PostgreSQL each may be asked for once; what comes after that is taken for a version of the protocol.
        if (!isRequest || !refused.add(code)) {
            ctx.pipeline().remove(this);
            return;
        }
        in.skipBytes(REQUEST_BYTES);
        if (code == FrontendMessages.SSL_REQUEST && tls.isPresent()) {
            ctx.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {'S'}));
            encrypt(ctx);
        } else {
            refuse(ctx, in, code);
        }
    }

    private static void refuse(ChannelHandlerContext ctx, ByteBuf in, int code) {
        if (in.isReadable()) {
            throw new CorruptedFrameException(
                    code == FrontendMessages.SSL_REQUEST
                            ? "received unencrypted data after SSL request"
                            : "received unencrypted data after GSSAPI encryption request");
        }
        ctx.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {'N'}));
    }

    /** Without asking first, which saves a round trip; the name for ALPN must be there in place of the question. */
    private void onDirectTls(ChannelHandlerContext ctx, ByteBuf in) {
        if (tls.isEmpty()) {
            in.skipBytes(in.readableBytes());
            ctx.close();
            return;
        }
        SslHandler handler = encrypt(ctx);
        handler.handshakeFuture().addListener((Future<Object> done) -> {
            if (done.isSuccess() && handler.applicationProtocol() == null) {
                handler.closeOutbound();
                ctx.channel().close();
            }
        });
    }

    private SslHandler encrypt(ChannelHandlerContext ctx) {
        SslHandler handler = tls.orElseThrow().handler(ctx.alloc());
        ctx.pipeline().replace(this, "tls", handler);
        return handler;
    }
}
