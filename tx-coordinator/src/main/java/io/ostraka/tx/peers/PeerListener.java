package io.ostraka.tx.peers;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers peers' calls: a thread for each connection, one call at a time on each. Strangers are let go within seconds, and
 * there are never many of them at a time. Thread-safe.
 */
public final class PeerListener implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PeerListener.class);

    /** A peer needs two round trips and some arithmetic. */
    private static final long HANDSHAKE_SECONDS = 5;

    private static final int HANDSHAKES_AT_A_TIME = 16;

    private final ServerSocket server;
    private final PeerSecret secret;
    private final Handler handler;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Semaphore handshakes = new Semaphore(HANDSHAKES_AT_A_TIME);
    /** Done when the port is no longer listened on: the kernel listens as long as a thread waits in its call. */
    private final CompletableFuture<Void> left = new CompletableFuture<>();

    /** Answers a call; what it throws is told to the caller. Called by many threads. */
    public interface Handler {
        byte[] answer(byte kind, byte[] body) throws IOException;
    }

    private PeerListener(ServerSocket server, PeerSecret secret, Handler handler) {
        this.server = server;
        this.secret = secret;
        this.handler = handler;
    }

    /** Listens from now on. */
    public static PeerListener open(InetSocketAddress address, PeerSecret secret, Handler handler) throws IOException {
        ServerSocket server = new ServerSocket();
        try {
            server.setReuseAddress(true);
            server.bind(address, 64);
        } catch (IOException e) {
            server.close();
            throw e;
        }
        PeerListener listener = new PeerListener(server, secret, handler);
        start("peers-accept", listener::accept);
        return listener;
    }

    /** With the port that was really taken. */
    public InetSocketAddress address() {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    private static void start(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        try {
            acceptUntilClosed();
        } finally {
            left.complete(null);
        }
    }

    private void acceptUntilClosed() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                open.add(socket);
                if (server.isClosed() || !handshakes.tryAcquire()) {
                    end(socket);
                } else {
                    start("peers-" + socket.getPort(), () -> serve(socket));
                }
            } catch (SocketException e) {
                if (!server.isClosed()) {
                    LOG.warn("peers: a connection could not be accepted: {}", e.getMessage());
                }
            } catch (IOException e) {
                LOG.warn("peers: a connection could not be accepted: {}", e.getMessage());
            }
        }
    }

    private void serve(Socket socket) {
        try (SecureChannel channel = shakeHands(socket)) {
            while (true) {
                byte[] call = channel.read();
                channel.write(answerTo(call));
            }
        } catch (EOFException | SocketException e) {
            LOG.debug("peers: {} is gone", socket.getRemoteSocketAddress());
        } catch (IOException e) {
            LOG.debug("peers: {} is let go: {}", socket.getRemoteSocketAddress(), e.getMessage());
        } finally {
            end(socket);
        }
    }

    private SecureChannel shakeHands(Socket socket) throws IOException {
        CompletableFuture<SecureChannel> shaken = new CompletableFuture<>();
        shaken.orTimeout(HANDSHAKE_SECONDS, TimeUnit.SECONDS).exceptionally(tooLate -> {
            end(socket);
            throw new CompletionException(tooLate);
        });
        try {
            SecureChannel channel = SecureChannel.answer(socket, secret);
            shaken.complete(channel);
            return channel;
        } finally {
            handshakes.release();
        }
    }

    private byte[] answerTo(byte[] call) throws IOException {
        if (call.length == 0) {
            throw new IOException("an empty call");
        }
        byte[] answer;
        byte outcome;
        try {
            answer = handler.answer(call[0], Arrays.copyOfRange(call, 1, call.length));
            outcome = Call.ANSWERED;
        } catch (IOException | RuntimeException e) {
            answer = Call.said(e).getBytes(StandardCharsets.UTF_8);
            outcome = Call.REFUSED;
        }
        return Call.frame(outcome, answer);
    }

    private void end(Socket socket) {
        open.remove(socket);
        try {
            socket.close();
        } catch (IOException e) {
            LOG.debug("peers: a socket did not close: {}", e.getMessage());
        }
    }

    /** Calls under way get no answer. The port can be taken again afterwards. */
    @Override
    public void close() throws IOException {
        server.close();
        open.forEach(this::end);
        left.join();
    }
}
