package io.ostraka.it.harness;

import java.io.IOException;
import java.util.List;

/** A group of servers with the settings shards need: SCRAM logins, prepared transactions, logical decoding. */
public interface TestServers extends AutoCloseable {
    /** In the order of the names they were started with. */
    List<? extends TestServer> servers();

    @Override
    void close() throws IOException;
}
