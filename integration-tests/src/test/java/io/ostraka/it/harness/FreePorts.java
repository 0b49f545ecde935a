package io.ostraka.it.harness;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/** Ports of the loopback address for processes that listen where their file says. */
public final class FreePorts {
    /**
     * Bound, and open as long as this process: whoever listens where it is told to may do so beside them, but the system
     * gives the port to nobody else, neither to one who asks for any port nor to an outgoing connection.
     */
    private static final List<Socket> HELD = new ArrayList<>();

    private FreePorts() {}

    /** A port that was free, and that nobody else is given, even while its process is down. */
    public static synchronized int reserve() throws IOException {
        Socket held = new Socket();
        held.setReuseAddress(true);
        held.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0));
        HELD.add(held);
        return held.getLocalPort();
    }
}
