package io.ostraka.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.ostraka.proxy.auth.LinkSecurity;
import io.ostraka.proxy.tls.ShardTls;
import io.ostraka.proxy.wire.FrontendMessages;

/**
 * The first handler of a connection to a shard that is to be encrypted: asks for TLS, insists on it, and hands the
 * connection on when the handshake is over. An answer of more than the one byte {@code S} is refused: what somebody in the
 * middle adds to it must not pass for the server's words.
 *
 * <pre>
 * ASKED --S--> HANDSHAKE --> (gone)
 * </pre>
 *
 * Confined to the channel's event loop. Source: PostgreSQL manual, "SSL Session Encryption".
 */
final class TlsRequestHandler extends ChannelInboundHandlerAdapter {
    private static final int SSL_REQUEST_BYTES = 8;

    /** Whose connection it is. One of the two is called, once. */
    interface Owner {
        void onEncrypted(ChannelHandlerContext ctx, LinkSecurity link);

        void onNotEncrypted(String why);
    }

    private final ShardAddress address;
    private final ShardTls tls;
    private final Owner owner;
    private boolean answered;
    private boolean ended;

    TlsRequestHandler(ShardAddress address, ShardTls tls, Owner owner) {
        this.address = address;
        this.tls = tls;
        this.owner = owner;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        ByteBuf request = ctx.alloc().buffer(SSL_REQUEST_BYTES);
        request.writeInt(SSL_REQUEST_BYTES).writeInt(FrontendMessages.SSL_REQUEST);
        ctx.writeAndFlush(request);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf answer = (ByteBuf) message;
        try {
            if (answered) {
                fail(ctx, "The server spoke before it was spoken to.");
                return;
            }
            answered = true;
            if (answer.readableBytes() > 1 && answer.getByte(answer.readerIndex()) == 'S') {
                fail(ctx, "Data came in clear together with the answer to the request for TLS.");
            } else if (answer.readByte() == 'S') {
                ctx.pipeline().addBefore(ctx.name(), "tls", tls.handler(ctx.alloc(), address.primary()));
            } else {
                // What an error says at this point anybody may have written.
                fail(ctx, "The server does not offer TLS.");
            }
        } finally {
            answer.release();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake) {
            if (handshake.isSuccess()) {
                ended = true;
                owner.onEncrypted(ctx, tls.link(ctx.pipeline().get(SslHandler.class)));
                ctx.pipeline().remove(this);
            } else {
                fail(ctx, "The TLS handshake failed: " + handshake.cause().getMessage());
            }
        }
    }

    private void fail(ChannelHandlerContext ctx, String why) {
        if (!ended) {
            ended = true;
            owner.onNotEncrypted(why);
        }
        ctx.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        fail(ctx, "The server closed the connection when it was asked for TLS.");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        fail(ctx, "The connection broke off: " + cause.getMessage());
    }
}
