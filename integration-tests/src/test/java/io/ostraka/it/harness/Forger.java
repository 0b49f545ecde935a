package io.ostraka.it.harness;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/**
 * Lies between a proxy and a server on loopback, and forges those rows of the server's in which a mark stands. Connections must not be
 * encrypted. Thread-safe.
 */
public final class Forger implements AutoCloseable {
    private static final int HEADER_BYTES = 5;

    private final ServerSocket server;
    private final Endpoint to;
    private final byte[] mark;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger ended = new AtomicInteger();
    private volatile UnaryOperator<byte[]> forgery = UnaryOperator.identity();

    public Forger(Endpoint to, String mark) throws IOException {
        this.to = to;
        this.mark = mark.getBytes(StandardCharsets.UTF_8);
        this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    /** The server, as it is reached through this. */
    public Endpoint end() {
        return new Endpoint(server.getLocalPort(), to.database(), to.user(), to.password());
    }

    /** What becomes of marked DataRows from now on: whole messages, tag and length included. */
    public void forge(UnaryOperator<byte[]> change) {
        forgery = change;
    }

    /** Of how many connections with a forged row the proxy has let go. */
    public int ended() {
        return ended.get();
    }

    private static void start(Runnable work) {
        Thread thread = new Thread(work, "forger");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket from = server.accept();
                Socket onward = new Socket(InetAddress.getLoopbackAddress(), to.port());
                sockets.add(from);
                sockets.add(onward);
                AtomicInteger forged = new AtomicInteger();
                start(() -> answer(from, onward, forged));
                start(() -> ask(from, onward, forged));
            } catch (IOException e) {
                // Closed, which ends the loop.
            }
        }
    }

    private void ask(Socket from, Socket onward, AtomicInteger forged) {
        byte[] buffer = new byte[1 << 14];
        try (from;
                onward) {
            InputStream in = from.getInputStream();
            OutputStream out = onward.getOutputStream();
            for (int read; (read = in.read(buffer)) >= 0; ) {
                out.write(buffer, 0, read);
            }
        } catch (IOException e) {
            // Either side is gone: so is the other now.
        }
        if (forged.get() > 0) {
            ended.incrementAndGet();
        }
    }

    private void answer(Socket from, Socket onward, AtomicInteger forged) {
        try (from;
                onward) {
            DataInputStream in = new DataInputStream(onward.getInputStream());
            OutputStream out = from.getOutputStream();
            while (true) {
                byte tag = in.readByte();
                int length = in.readInt();
                byte[] message =
                        ByteBuffer.allocate(1 + length).put(tag).putInt(length).array();
                in.readFully(message, HEADER_BYTES, message.length - HEADER_BYTES);
                if (tag == 'D' && isMarked(message)) {
                    byte[] changed = forgery.apply(message.clone());
                    forged.addAndGet(Arrays.equals(changed, message) ? 0 : 1);
                    message = changed;
                }
                out.write(message);
            }
        } catch (IOException e) {
            // Either side is gone: so is the other now.
        }
    }

    private boolean isMarked(byte[] message) {
        return new String(message, StandardCharsets.ISO_8859_1).contains(new String(mark, StandardCharsets.ISO_8859_1));
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
