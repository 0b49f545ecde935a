package io.ostraka.it.harness;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.Ports;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.postgresql.PostgreSQLContainer;
import org.testcontainers.utility.DockerImageName;

/** Servers in containers of the official image, where Docker runs. */
final class ContainerTestServers implements TestServers {
    private static final DockerImageName IMAGE = DockerImageName.parse("postgres:18");
    private static final int POSTGRES_PORT = 5432;

    private final List<Container> servers = new ArrayList<>();

    ContainerTestServers(List<String> names) throws IOException {
        try {
            for (String name : names) {
                Container server = new Container(name, FreePorts.reserve());
                servers.add(server);
                server.container.start();
            }
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    static boolean dockerRuns() {
        return DockerClientFactory.instance().isDockerAvailable();
    }

    @Override
    public List<? extends TestServer> servers() {
        return List.copyOf(servers);
    }

    @Override
    public void close() {
        servers.forEach(server -> server.container.close());
    }

    /** Bound to one port of ours for all its life: a port that Docker chooses would be another after a restart. */
    private static final class Container implements TestServer {
        private final String name;
        private final int port;
        private final PostgreSQLContainer container;

        Container(String name, int port) {
            this.name = name;
            this.port = port;
            this.container = new PostgreSQLContainer(IMAGE)
                    .withUsername("postgres")
                    .withPassword("container-superuser")
                    .withDatabaseName("postgres")
                    .withEnv("POSTGRES_INITDB_ARGS", "--auth=scram-sha-256 --locale-provider=builtin --locale=C.UTF-8")
                    .withCommand(
                            "postgres",
                            "-c",
                            "max_prepared_transactions=100",
                            "-c",
                            "wal_level=logical",
                            "-c",
                            "max_connections=200",
                            "-c",
                            "timezone=UTC",
                            "-c",
                            "fsync=off")
                    .withCreateContainerCmdModifier(create -> create.getHostConfig()
                            .withPortBindings(new PortBinding(
                                    Ports.Binding.bindIpAndPort("127.0.0.1", port), new ExposedPort(POSTGRES_PORT))));
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public int port() {
            return port;
        }

        @Override
        public String superuser() {
            return container.getUsername();
        }

        @Override
        public String superuserPassword() {
            return container.getPassword();
        }

        @Override
        public void kill() {
            docker().killContainerCmd(container.getContainerId())
                    .withSignal("KILL")
                    .exec();
        }

        @Override
        public void start() {
            if (!container.isRunning()) {
                docker().startContainerCmd(container.getContainerId()).exec();
                Wait.forListeningPort().waitUntilReady(container);
                Await.until("server " + name + " takes connections", () -> {
                    connect("postgres").close();
                    return true;
                });
            }
        }

        @Override
        public String log() {
            return container.getLogs();
        }

        private static DockerClient docker() {
            return DockerClientFactory.lazyClient();
        }
    }
}
