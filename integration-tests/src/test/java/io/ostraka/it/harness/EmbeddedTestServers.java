package io.ostraka.it.harness;

import io.ostraka.proxy.demo.EmbeddedServers;
import io.ostraka.proxy.demo.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;

/** Servers from the binaries that Maven delivers: the demo's own. */
final class EmbeddedTestServers implements TestServers {
    private final EmbeddedServers servers;

    EmbeddedTestServers(List<String> names) throws IOException {
        this.servers = EmbeddedServers.temporary(names);
    }

    @Override
    public List<? extends TestServer> servers() {
        return servers.servers().stream().map(Embedded::new).toList();
    }

    @Override
    public void close() throws IOException {
        servers.close();
    }

    private record Embedded(PostgresServer server) implements TestServer {
        @Override
        public String name() {
            return server.name();
        }

        @Override
        public int port() {
            return server.port();
        }

        @Override
        public String superuser() {
            return PostgresServer.SUPERUSER;
        }

        @Override
        public String superuserPassword() {
            return server.superuserPassword();
        }

        @Override
        public void kill() throws IOException {
            server.kill();
        }

        @Override
        public void start() throws IOException {
            server.start();
        }

        @Override
        public String log() throws IOException {
            return Files.readString(server.log());
        }
    }
}
