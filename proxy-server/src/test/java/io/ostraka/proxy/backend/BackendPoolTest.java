package io.ostraka.proxy.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.ostraka.proxy.auth.ShardLogin;
import io.ostraka.proxy.auth.ShardSecret;
import io.ostraka.proxy.wire.BackendMessages;
import io.ostraka.proxy.wire.BackendMessages.Severity;
import io.ostraka.proxy.wire.BackendTag;
import io.ostraka.proxy.wire.TransactionStatus;
import io.ostraka.rules.config.HostPort;
import io.ostraka.rules.config.PoolConfig;
import io.ostraka.rules.config.ShardName;
import io.ostraka.rules.error.PgError;
import io.ostraka.rules.error.PgErrorException;
import io.ostraka.rules.error.SqlState;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A pool on two event loops, at a server whose logins the test answers by hand. */
class BackendPoolTest {
    private static final int DEADLINE_SECONDS = 120;

    private final EventLoopGroup loops =
            new MultiThreadIoEventLoopGroup(2, NettyTransport.best().handlers());
    private final EventLoop one = loops.next();
    private final EventLoop other = loops.next();
    private ServerSocket server;
    private BackendPool pool;

    @BeforeEach
    void open() throws IOException {
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        server.setSoTimeout((int) TimeUnit.SECONDS.toMillis(DEADLINE_SECONDS));
        HostPort primary = new HostPort(server.getInetAddress().getHostAddress(), server.getLocalPort());
        pool = new BackendPool(
                new BackendConnector(NettyTransport.best(), Runnable::run, Runnable::run),
                new ShardAddress(new ShardName("s0"), primary, "shop", Optional.empty()),
                new ShardLogin("app", new ShardSecret.Password("secret")),
                new PoolConfig(5, PoolConfig.Mode.TRANSACTION, Duration.ofSeconds(DEADLINE_SECONDS)));
    }

    @AfterEach
    void close() throws IOException {
        loops.shutdownGracefully(0, DEADLINE_SECONDS, TimeUnit.SECONDS).syncUninterruptibly();
        server.close();
    }

    private CompletableFuture<Backend> acquire(EventLoop loop) {
        CompletableFuture<Backend> result = new CompletableFuture<>();
        loop.execute(() -> pool.on(loop).acquire(new BackendPool.Borrower() {
            @Override
            public void onBackend(Backend backend) {
                result.complete(backend);
            }

            @Override
            public void onNoBackend(PgError error) {
                result.completeExceptionally(error.toException());
            }
        }));
        return result;
    }

    /** The next connection, whose startup packet has been read. */
    private Socket accept() throws IOException {
        Socket socket = server.accept();
        socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(DEADLINE_SECONDS));
        DataInputStream in = new DataInputStream(socket.getInputStream());
        in.readNBytes(in.readInt() - Integer.BYTES);
        return socket;
    }

    private static void send(Socket socket, Consumer<ByteBuf> messages) throws IOException {
        ByteBuf out = Unpooled.buffer();
        messages.accept(out);
        socket.getOutputStream().write(ByteBufUtil.getBytes(out));
    }

    private static void letIn(Socket socket) throws IOException {
        send(socket, out -> {
            BackendMessages.authenticationOk(out);
            BackendMessages.readyForQuery(out, TransactionStatus.IDLE);
        });
        DataInputStream in = new DataInputStream(socket.getInputStream());
        in.readByte();
        in.readNBytes(in.readInt() - Integer.BYTES);
        send(socket, out -> {
            out.writeByte(BackendTag.DATA_ROW).writeInt(0).writeShort(2);
            for (String value : new String[] {"public", "read committed"}) {
                out.writeInt(value.length()).writeCharSequence(value, StandardCharsets.US_ASCII);
            }
            out.setInt(1, out.writerIndex() - 1);
            BackendMessages.readyForQuery(out, TransactionStatus.IDLE);
        });
    }

    private static void refuse(Socket socket) throws IOException {
        send(
                socket,
                out -> BackendMessages.error(
                        out,
                        Severity.FATAL,
                        new PgError(SqlState.CANNOT_CONNECT_NOW, "the database system is starting up")));
    }

    private static Backend lent(CompletableFuture<Backend> result) throws Exception {
        return result.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    @Test
    void anAttemptThatBeganBeforeAnotherLoopReachedTheShardIsRepeatedAndNotTold() throws Exception {
        CompletableFuture<Backend> early = acquire(one);
        try (Socket slow = accept()) {
            CompletableFuture<Backend> late = acquire(other);
            try (Socket quick = accept()) {
                letIn(quick);
                assertEquals(other, lent(late).loop());
                refuse(slow);
                try (Socket again = accept()) {
                    letIn(again);
                    assertEquals(one, lent(early).loop());
                }
            }
        }
    }

    @Test
    void aLoopThatWaitsForAnOldAttemptTriesAtOnceWhenAnotherHasReachedTheShard() throws Exception {
        CompletableFuture<Backend> failed = acquire(other);
        try (Socket refused = accept()) {
            CompletableFuture<Backend> waiting = acquire(one);
            // Neither is answered: the machine is gone. The permit of the failed attempt lets the other loop try a
            // second time.
            try (Socket first = accept()) {
                refuse(refused);
                assertThrows(ExecutionException.class, () -> lent(failed));
                try (Socket second = accept()) {
                    assertTrue(first.isConnected() && second.isConnected());
                    CompletableFuture<Backend> back = acquire(other);
                    try (Socket quick = accept()) {
                        letIn(quick);
                        assertEquals(other, lent(back).loop());
                        try (Socket again = accept()) {
                            letIn(again);
                            assertEquals(one, lent(waiting).loop());
                        }
                    }
                }
            }
        }
    }

    @Test
    void withoutSuchNewsAFailedAttemptIsToldAtOnce() throws Exception {
        CompletableFuture<Backend> result = acquire(one);
        try (Socket socket = accept()) {
            refuse(socket);
            ExecutionException told = assertThrows(ExecutionException.class, () -> lent(result));
            assertEquals(
                    SqlState.CANNOT_CONNECT_NOW,
                    ((PgErrorException) told.getCause()).error().state());
        }
    }
}
