package io.ostraka.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetAddress;

/**
 * A proxy that understands nothing: each client gets a connection of its own to one server, and bytes are copied both
 * ways. What a proxy on Netty cannot do better than; the measure for Ostraka. Both sides of a
 * client are on the same one. Reading one side stops while the other cannot be written.
 *
 * <p>Arguments: how many event loops; a port to listen on and a server's port, both on 127.0.0.1, and more such pairs. Ends with its process.
 */
final class Relay {
    private static final boolean EPOLL = Epoll.isAvailable();

    private Relay() {}

    public static void main(String[] arguments) throws InterruptedException {
        MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(
                Integer.parseInt(arguments[0]), EPOLL ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
        for (int i = 1; i < arguments.length; i += 2) {
            listen(loops, Integer.parseInt(arguments[i]), Integer.parseInt(arguments[i + 1]));
        }
        loops.terminationFuture().sync();
    }

    private static void listen(MultiThreadIoEventLoopGroup loops, int listenPort, int serverPort)
            throws InterruptedException {
        Class<? extends ServerChannel> serverChannel =
                EPOLL ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
        new ServerBootstrap()
                .group(loops)
                .channel(serverChannel)
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelActive(ChannelHandlerContext client) {
                        connect(client.channel(), serverPort);
                    }

                    @Override
                    public boolean isSharable() {
                        return true;
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), listenPort)
                .sync();
    }

    private static void connect(Channel client, int serverPort) {
        Class<? extends Channel> channel = EPOLL ? EpollSocketChannel.class : NioSocketChannel.class;
        new Bootstrap()
                .group(client.eventLoop())
                .channel(channel)
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.TCP_NODELAY, true)
                .handler(new Copy(client))
                .connect(InetAddress.getLoopbackAddress(), serverPort)
                .addListener((ChannelFutureListener) connected -> {
                    if (!connected.isSuccess()) {
                        ChannelFuture unused = client.close();
                        return;
                    }
                    client.pipeline().addLast(new Copy(connected.channel()));
                    client.config().setAutoRead(true);
                    connected.channel().config().setAutoRead(true);
                });
    }

    /** Hands what this channel reads to {@code peer}, which is on the same event loop. */
    private static final class Copy extends ChannelInboundHandlerAdapter {
        private final Channel peer;

        Copy(Channel peer) {
            this.peer = peer;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object owned) {
            // A failed write closes the channel by itself, through exceptionCaught.
            ChannelFuture unused = peer.write(owned, peer.voidPromise());
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            peer.flush();
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            peer.config().setAutoRead(context.channel().isWritable());
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            peer.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable broken) {
            ChannelFuture unused = context.close();
        }
    }
}
