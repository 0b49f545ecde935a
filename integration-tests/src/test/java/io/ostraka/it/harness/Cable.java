package io.ostraka.it.harness;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** What lies between a proxy and a server on loopback, and can be cut, and mended. Thread-safe. */
public final class Cable implements AutoCloseable {
    private final ServerSocket server;
    private final Endpoint to;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile State state = State.WHOLE;

    private enum State {
        WHOLE,
        /** What the server says is lost. */
        DEAF,
        CUT
    }

    public Cable(Endpoint to) throws IOException {
        this.to = to;
        this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    /** The server, as it is reached through the cable. */
    public Endpoint end() {
        return new Endpoint(server.getLocalPort(), to.database(), to.user(), to.password());
    }

    /** Connections break, new ones are refused. */
    public void cut() {
        state = State.CUT;
        sockets.forEach(Cable::close);
    }

    /** What is said to the server comes there from now on; its answers do not come back. */
    public void loseAnswers() {
        state = State.DEAF;
    }

    /** New connections are as they should be. */
    public void mend() {
        cut();
        state = State.WHOLE;
    }

    private static void start(Runnable work) {
        Thread thread = new Thread(work, "cable");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket from = server.accept();
                sockets.add(from);
                start(() -> connect(from));
            } catch (IOException e) {
                // Closed, which ends the loop.
            }
        }
    }

    private void connect(Socket from) {
        try {
            Socket onward = new Socket(InetAddress.getLoopbackAddress(), to.port());
            sockets.add(onward);
            if (state == State.CUT) {
                throw new IOException("cut");
            }
            start(() -> copy(onward, from, true));
            copy(from, onward, false);
        } catch (IOException e) {
            close(from);
        }
    }

    private void copy(Socket from, Socket onward, boolean answers) {
        byte[] buffer = new byte[1 << 14];
        try (from;
                onward) {
            InputStream in = from.getInputStream();
            OutputStream out = onward.getOutputStream();
            for (int read; state != State.CUT && (read = in.read(buffer)) >= 0; ) {
                if (state == State.WHOLE || !answers) {
                    out.write(buffer, 0, read);
                }
            }
        } catch (IOException e) {
            // Either side is gone: so is the other now.
        }
        sockets.remove(from);
        sockets.remove(onward);
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // Gone either way.
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        cut();
    }
}
