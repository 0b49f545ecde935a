package io.ostraka.tx.raft;

import io.ostraka.rules.config.HostPort;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A cable between two nodes on loopback, that can be pulled and put back. */
final class Relay implements AutoCloseable {
    private final ServerSocket server;
    private final HostPort to;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile boolean cut;

    Relay(HostPort to) throws IOException {
        this.to = to;
        this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    HostPort address() {
        return new HostPort("127.0.0.1", server.getLocalPort());
    }

    /** Connections break, new ones are refused, until {@link #mend}. */
    void cut() {
        cut = true;
        sockets.forEach(Relay::end);
    }

    void mend() {
        cut = false;
    }

    private static void start(Runnable work) {
        Thread thread = new Thread(work, "relay");
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
            Socket onward = new Socket(to.host(), to.port());
            sockets.add(onward);
            if (cut) {
                throw new IOException("cut");
            }
            start(() -> copy(onward, from));
            copy(from, onward);
        } catch (IOException e) {
            end(from);
        }
    }

    private void copy(Socket from, Socket onward) {
        byte[] buffer = new byte[1 << 14];
        try (from;
                onward) {
            InputStream in = from.getInputStream();
            OutputStream out = onward.getOutputStream();
            for (int read; !cut && (read = in.read(buffer)) >= 0; ) {
                out.write(buffer, 0, read);
            }
        } catch (IOException e) {
            // Either side is gone: so is the other now.
        }
        sockets.remove(from);
        sockets.remove(onward);
    }

    private static void end(Socket socket) {
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
