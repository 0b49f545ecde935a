package io.ostraka.tx.peers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ostraka.rules.config.HostPort;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the network may do to peers, and strangers to their ports. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class SecureChannelTest {
    private static final PeerSecret SECRET = new PeerSecret("only peers know this");
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final byte ECHO = 7;

    private final AtomicInteger answered = new AtomicInteger();
    private PeerListener listener;
    private PeerCaller caller;
    private HostPort address;

    @BeforeEach
    void listen() throws IOException {
        listener =
                PeerListener.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), SECRET, (kind, body) -> {
                    answered.incrementAndGet();
                    if (kind != ECHO) {
                        throw new IOException("kind " + kind + " is not known here");
                    }
                    return body;
                });
        address = new HostPort("127.0.0.1", listener.address().getPort());
        caller = new PeerCaller(SECRET);
    }

    @AfterEach
    void close() throws IOException {
        caller.close();
        listener.close();
    }

    private byte[] echo(String text) throws IOException {
        return caller.call(address, ECHO, text.getBytes(StandardCharsets.UTF_8), PATIENCE);
    }

    @Test
    void callsAreAnsweredOnOneConnectionAfterTheOther() throws IOException {
        assertArrayEquals("ναός".getBytes(StandardCharsets.UTF_8), echo("ναός"));
        assertArrayEquals(new byte[0], echo(""));
        byte[] large = new byte[5_000_000];
        Arrays.fill(large, (byte) 42);
        assertArrayEquals(large, caller.call(address, ECHO, large, PATIENCE));
        PeerRefusedException refused =
                assertThrows(PeerRefusedException.class, () -> caller.call(address, (byte) 8, new byte[0], PATIENCE));
        assertEquals("kind 8 is not known here", refused.getMessage());
        assertArrayEquals("again".getBytes(StandardCharsets.UTF_8), echo("again"));
    }

    @Test
    void aRestartedPeerIsCalledOnANewConnection() throws IOException {
        for (byte life = 0; life < 50; life++) {
            byte[] own = {life};
            echo("before");
            listener.close();
            listener = PeerListener.open(
                    new InetSocketAddress(address.host(), address.port()), SECRET, (kind, body) -> own);
            assertArrayEquals(own, echo("after"));
        }
    }

    @Test
    void whoDoesNotKnowTheSecretIsNotAnsweredAndNotBelieved() throws IOException {
        try (PeerCaller stranger = new PeerCaller(new PeerSecret("something else, guessed"))) {
            assertThrows(NotAPeerException.class, () -> stranger.call(address, ECHO, new byte[0], PATIENCE));
        }
        assertEquals(0, answered.get());
        try (PeerListener fake = PeerListener.open(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new PeerSecret("something else, guessed"),
                (kind, body) -> body)) {
            HostPort there = new HostPort("127.0.0.1", fake.address().getPort());
            assertThrows(IOException.class, () -> caller.call(there, ECHO, new byte[0], PATIENCE));
        }
    }

    @Test
    void aSecretThatCanBeGuessedIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new PeerSecret("fifteen letters"));
        assertFalse(SECRET.toString().contains("peers know"));
    }

    @Test
    void whatIsNotTheHandshakeIsLetGo() throws IOException {
        try (Socket socket = new Socket(address.host(), address.port())) {
            socket.setSoTimeout(Math.toIntExact(PATIENCE.toMillis()));
            socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".repeat(10).getBytes(StandardCharsets.US_ASCII));
            assertTrue(isEndedBy(socket.getInputStream()));
        }
        try (Socket silent = new Socket(address.host(), address.port())) {
            silent.setSoTimeout(Math.toIntExact(PATIENCE.toMillis()));
            assertTrue(isEndedBy(silent.getInputStream()), "who says nothing is not kept either");
        }
        assertArrayEquals(new byte[] {'x'}, echo("x"));
    }

    private static boolean isEndedBy(InputStream in) {
        try {
            return in.read() < 0;
        } catch (IOException reset) {
            return !(reset instanceof SocketTimeoutException);
        }
    }

    /** A wire that lets the handshake through and then changes, repeats or swallows what the caller sends. */
    private interface Tampering {
        byte[] change(byte[] frame);
    }

    private void overABadWire(Tampering tampering) throws Exception {
        try (ServerSocket wire = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CompletableFuture<Void> relaying = CompletableFuture.runAsync(() -> relay(wire, tampering));
            HostPort through = new HostPort("127.0.0.1", wire.getLocalPort());
            assertThrows(
                    IOException.class,
                    () -> caller.call(through, ECHO, "transfer 10".getBytes(StandardCharsets.UTF_8), PATIENCE));
            relaying.get(60, TimeUnit.SECONDS);
        }
    }

    private void relay(ServerSocket wire, Tampering tampering) {
        try (Socket from = wire.accept();
                Socket onward = new Socket(address.host(), address.port())) {
            InputStream in = from.getInputStream();
            OutputStream out = onward.getOutputStream();
            out.write(in.readNBytes(8 + 44));
            from.getOutputStream().write(onward.getInputStream().readNBytes(8 + 44));
            out.write(in.readNBytes(32));
            from.getOutputStream().write(onward.getInputStream().readNBytes(32));
            ByteArrayOutputStream frame = new ByteArrayOutputStream();
            byte[] length = in.readNBytes(4);
            frame.writeBytes(length);
            frame.writeBytes(in.readNBytes(ByteBuffer.wrap(length).getInt()));
            out.write(tampering.change(frame.toByteArray()));
            assertTrue(isEndedBy(onward.getInputStream()), "the listener hangs up instead of answering");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aChangedFrameIsNoticedAndNotActedOn() throws Exception {
        overABadWire(frame -> {
            frame[frame.length - 20] ^= 1;
            return frame;
        });
        assertEquals(0, answered.get());
    }

    @Test
    void aFrameWhoseLengthLiesIsNoticed() throws Exception {
        overABadWire(frame -> {
            frame[0] = 0x7f;
            return frame;
        });
        assertEquals(0, answered.get());
    }
}
