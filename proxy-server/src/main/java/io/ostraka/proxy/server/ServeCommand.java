package io.ostraka.proxy.server;

import io.ostraka.rules.config.ClusterConfig;
import io.ostraka.rules.config.ConfigReader;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code ostraka serve}: the proxy, until SIGTERM or SIGINT. */
@Command(name = "serve", description = "Runs the proxy. SIGTERM tells the clients, waits briefly for them, and stops.")
final class ServeCommand implements Callable<Integer> {
    private static final Logger log = LoggerFactory.getLogger(ServeCommand.class);

    @Parameters(paramLabel = "FILE", description = "The configuration file.")
    private Path file;

    @Override
    public Integer call() throws Exception {
        ClusterConfig config = ConfigReader.read(file);
        StopSignal stop = new StopSignal();
        // Java's own answer to a hang-up is to end.
        StopSignal.on(
                "HUP", () -> log.warn("reload: not supported yet, the configuration read at the start stays in force"));
        try (OstrakaServer server = OstrakaServer.start(config)) {
            for (InetSocketAddress address : server.addresses()) {
                log.info("listening on {}:{}", address.getHostString(), address.getPort());
            }
            stop.await();
            log.info("stopping");
        }
        log.info("stopped");
        return 0;
    }
}
