package io.ostraka.tx.peers;

import io.ostraka.rules.config.HostPort;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * Calls peers and waits for the answer. Connections are kept for the next call; each carries one call at a time, so there
 * are as many as calls under way. A call whose connection turns out to be dead is made once more on a new one: what is called
 * must not mind to be called twice. Thread-safe; blocks the caller's thread.
 */
public final class PeerCaller implements AutoCloseable {
    private final PeerSecret secret;
    private final Map<HostPort, Deque<Line>> idle = new ConcurrentHashMap<>();
    private final Set<Line> lines = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private record Line(Socket socket, SecureChannel channel) {}

    public PeerCaller(PeerSecret secret) {
        this.secret = secret;
    }

    /**
     * Makes the call. {@link PeerRefusedException} when the peer answered with an error, {@link NotAPeerException} when it
     * does not share the secret, another {@link IOException} when it cannot be known whether the peer got it.
     */
    public byte[] call(HostPort address, byte kind, byte[] body, Duration timeout) throws IOException {
        byte[] frame = Call.frame(kind, body);
        Optional<Line> kept = Optional.ofNullable(idle.computeIfAbsent(address, unused -> new ConcurrentLinkedDeque<>())
                .pollFirst());
        if (kept.isPresent()) {
            try {
                return exchange(address, kept.get(), frame, timeout);
            } catch (PeerRefusedException | SocketTimeoutException e) {
                throw e;
            } catch (IOException e) {
                // The peer has been restarted since: the other idle connections are as dead as this one.
                idle.get(address).removeIf(line -> {
                    end(line);
                    return true;
                });
            }
        }
        return exchange(address, connect(address, timeout), frame, timeout);
    }

    private Line connect(HostPort address, Duration timeout) throws IOException {
        Socket socket = new Socket();
        try {
            int millis = Math.toIntExact(timeout.toMillis());
            socket.connect(new InetSocketAddress(address.host(), address.port()), millis);
            socket.setSoTimeout(millis);
            Line line = new Line(socket, SecureChannel.call(socket, secret));
            lines.add(line);
            if (closed) {
                end(line);
                throw new IOException("this node is shutting down");
            }
            return line;
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private byte[] exchange(HostPort address, Line line, byte[] call, Duration timeout) throws IOException {
        byte[] answer;
        try {
            line.socket().setSoTimeout(Math.toIntExact(timeout.toMillis()));
            line.channel().write(call);
            answer = line.channel().read();
        } catch (IOException | RuntimeException e) {
            end(line);
            throw e;
        }
        idle.get(address).addFirst(line);
        byte[] body = Arrays.copyOfRange(answer, 1, answer.length);
        if (answer[0] == Call.REFUSED) {
            throw new PeerRefusedException(new String(body, StandardCharsets.UTF_8));
        }
        return body;
    }

    private void end(Line line) {
        lines.remove(line);
        try {
            line.channel().close();
        } catch (IOException e) {
            // It is gone either way.
        }
    }

    /** Calls under way fail. */
    @Override
    public void close() {
        closed = true;
        lines.forEach(this::end);
    }
}
