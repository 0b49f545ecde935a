package io.ostraka.proxy.backend;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Promise;
import io.ostraka.proxy.auth.BackendLogin;
import io.ostraka.proxy.auth.LinkSecurity;
import io.ostraka.proxy.auth.ScramKeyCache;
import io.ostraka.proxy.auth.ShardLogin;
import io.ostraka.proxy.wire.FrontendMessages;
import io.ostraka.rules.config.DatabaseConfig;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.SqlState;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Opens connections to shards and logs them in. Thread-safe; a connection's events come on the loop it was opened on. */
public final class BackendConnector {
    /** A server on a network that answers at all answers a connect within this. */
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(3);

    private static final Duration LOGIN_TIMEOUT = Duration.ofSeconds(10);

    private final NettyTransport transport;
    private final Executor blocking;
    private final HostNames names;
    private final ScramKeyCache keys = new ScramKeyCache();
    private final SecureRandom random = new SecureRandom();
    private final AtomicLong age = new AtomicLong();

    /** {@code blocking} derives keys from passwords, milliseconds each; {@code resolving} waits for the names of hosts. */
    public BackendConnector(NettyTransport transport, Executor blocking, Executor resolving) {
        this.transport = transport;
        this.blocking = blocking;
        this.names = new HostNames(resolving, InetAddress::getAllByName);
    }

    /** Grows whenever connections that are open may have begun otherwise than new ones would. */
    long age() {
        return age.get();
    }

    /** The defaults of settings have changed: a connection that is open now serves its borrower to the end, and no other. */
    public void retireOlder() {
        age.incrementAndGet();
    }

    /** The promise fails with {@link io.ostraka.rules.error.PgErrorException} and no other. */
    Promise<Backend> connect(EventLoop loop, ShardAddress address, ShardLogin login) {
        Promise<Backend> promise = loop.newPromise();
        open(loop, address, new Link() {
                    @Override
                    public void onOpen(ChannelPipeline pipeline, LinkSecurity security) {
                        BackendLogin handshake = new BackendLogin(address.shard(), login, security, keys, random);
                        pipeline.addLast(new BackendLoginHandler(address, login.user(), handshake, blocking, promise));
                    }

                    @Override
                    public void onFailure(PgError error) {
                        promise.tryFailure(error.toException());
                    }
                })
                .addListener((ChannelFuture connected) -> {
                    if (!connected.isSuccess()) {
                        return;
                    }
                    Channel channel = connected.channel();
                    var timer = loop.schedule(
                            () -> {
                                promise.tryFailure(noLogin(
                                                address,
                                                "It did not answer within " + LOGIN_TIMEOUT.toSeconds() + " s.")
                                        .toException());
                                channel.close();
                            },
                            LOGIN_TIMEOUT.toMillis(),
                            TimeUnit.MILLISECONDS);
                    promise.addListener(done -> timer.cancel(false));
                });
        return promise;
    }

    /**
     * Sends a CancelRequest for what the backend runs, encrypted where the backend is; keeps it from being lent to others until
     * the server has read it. Completes then, or when it cannot be reached; always normally, on the backend's event loop.
     */
    public CompletableFuture<Void> cancel(Backend backend) {
        ShardAddress address = backend.address();
        CompletableFuture<Void> ended = new CompletableFuture<>();
        backend.cancelStarted();
        open(backend.loop(), address, new Link() {
                    @Override
                    public void onOpen(ChannelPipeline pipeline, LinkSecurity security) {
                        pipeline.addLast(new CancelSender(backend.pid(), backend.cancelKey()));
                    }

                    @Override
                    public void onFailure(PgError error) {
                        // Nothing was cancelled; the connection's end is told below.
                    }
                })
                .addListener((ChannelFuture connected) -> {
                    if (!connected.isSuccess()) {
                        backend.cancelEnded();
                        ended.complete(null);
                        return;
                    }
                    Channel channel = connected.channel();
                    var timer = channel.eventLoop()
                            .schedule(() -> channel.close(), LOGIN_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
                    channel.closeFuture().addListener(closed -> {
                        timer.cancel(false);
                        backend.cancelEnded();
                        ended.complete(null);
                    });
                });
        return ended;
    }

    /** What becomes of a connection, on its event loop. */
    private interface Link {
        /** It is, or will be, as protected as it should be; the handlers added now learn when it is active. */
        void onOpen(ChannelPipeline pipeline, LinkSecurity security);

        void onFailure(PgError error);
    }

    private ChannelFuture open(EventLoop loop, ShardAddress address, Link link) {
        return bootstrap(loop)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        if (address.tls().isEmpty()) {
                            link.onOpen(channel.pipeline(), new LinkSecurity.Plaintext());
                        } else {
                            channel.pipeline().addLast(encrypting(address, link));
                        }
                    }
                })
                .connect(socketAddress(address))
                .addListener((ChannelFuture connected) -> {
                    if (!connected.isSuccess()) {
                        link.onFailure(unreachable(address, connected.cause()));
                    }
                });
    }

    private static TlsRequestHandler encrypting(ShardAddress address, Link link) {
        return new TlsRequestHandler(address, address.tls().orElseThrow(), new TlsRequestHandler.Owner() {
            @Override
            public void onEncrypted(ChannelHandlerContext ctx, LinkSecurity security) {
                link.onOpen(ctx.pipeline(), security);
                ctx.fireChannelActive();
            }

            @Override
            public void onNotEncrypted(String why) {
                link.onFailure(noTls(address, why));
            }
        });
    }

    /** Says the one thing such a connection is for. Nothing comes back: the server closes when it has sent the signal. */
    private static final class CancelSender extends ChannelInboundHandlerAdapter {
        private final BackendPid pid;
        private final byte[] key;

        CancelSender(BackendPid pid, byte[] key) {
            this.pid = pid;
            this.key = key;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            ByteBuf request = ctx.alloc().buffer();
            FrontendMessages.cancelRequest(request, pid.value(), key);
            ctx.writeAndFlush(request);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    private Bootstrap bootstrap(EventLoop loop) {
        return new Bootstrap()
                .group(loop)
                .channel(transport.clientChannel())
                .resolver(names)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.SO_KEEPALIVE, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) CONNECT_TIMEOUT.toMillis());
    }

    private static InetSocketAddress socketAddress(ShardAddress address) {
        return InetSocketAddress.createUnresolved(
                address.primary().host(), address.primary().port());
    }

    static PgError unreachable(ShardAddress address, Throwable cause) {
        return new PgError(
                SqlState.CANNOT_CONNECT_NOW,
                server(address) + " is not reachable",
                "Connecting to " + address.primary() + " failed: " + cause.getMessage(),
                isCombiner(address)
                        ? "Statements that need no rows of several shards put together go on; it is tried again with each that does."
                        : "Statements for other shards go on; this one is tried again with each statement.");
    }

    private static boolean isCombiner(ShardAddress address) {
        return address.shard().equals(DatabaseConfig.COMBINER);
    }

    private static String server(ShardAddress address) {
        return (isCombiner(address) ? "server \"" : "shard \"") + address.shard() + '"';
    }

    private static PgError noTls(ShardAddress address, String why) {
        return new PgError(
                SqlState.CANNOT_CONNECT_NOW,
                server(address) + " cannot be reached over TLS",
                why,
                "Check its tls and tls_ca, and the server's ssl and ssl_cert_file.");
    }

    static PgError noLogin(ShardAddress address, String why) {
        return new PgError(
                SqlState.CANNOT_CONNECT_NOW,
                server(address) + " does not let the proxy in",
                why,
                "Check the user's shard_user and shard_password, and the server's pg_hba.conf and log.");
    }
}
